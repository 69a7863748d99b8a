import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Send } from '../../detector/notifications/outbox.js';
import { createSyslogSender, createWebhookSender, type SyslogSettings } from '../../detector/notifications/senders.js';
import type { NotificationTarget } from '../../flow/service/config.js';
import { programVersion } from '../../flow/service/paths.js';

/** A receiver of incidents, ready to be told. */
export interface ReadyTarget {
  readonly name: string;
  readonly send: Send;
}

const WEBHOOK_KEYS = ['url', 'tokenFile'] as const;
const SYSLOG_KEYS = ['address', 'transport', 'format', 'facility', 'ca', 'cert', 'key'] as const;

/** The targets with their secrets and certificates read. Throws an Error that names the target and what to do. */
export function notificationTargets(targets: readonly NotificationTarget[]): ReadyTarget[] {
  const names = new Set<string>();
  return targets.map((target) => {
    const { name, kind } = target;
    if (names.has(name)) throw new Error(`two targets are called ${name}; give each a name of its own`);
    names.add(name);
    const foreign = (kind === 'webhook' ? SYSLOG_KEYS : WEBHOOK_KEYS).find((key) => target[key] !== undefined);
    if (foreign !== undefined) throw new Error(`${name}: a ${kind} has no ${foreign}; leave it out`);
    return { name, send: kind === 'webhook' ? webhookOf(target) : createSyslogSender(syslogOf(target)) };
  });
}

function webhookOf({ name, url, tokenFile }: NotificationTarget): Send {
  if (url === undefined || !URL.canParse(url)) throw new Error(`${name}: a webhook needs a url, such as https://soc.example/hook`);
  const { username, password } = new URL(url);
  if (username !== '' || password !== '')
    throw new Error(`${name}: the url holds a password, which would end up in logs; put the secret into a tokenFile`);
  const token = tokenFile === undefined ? undefined : fileOf(name, 'tokenFile', tokenFile).toString('utf8').trim();
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new Error(`${name}: ${tokenFile} holds no token; write it there in one line`);
  return createWebhookSender({ url, version: programVersion(), ...(token === undefined ? {} : { token }) });
}

function syslogOf({ name, address, transport = 'tcp', format = 'ocsf', facility, ca, cert, key }: NotificationTarget): SyslogSettings {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(address ?? '');
  const port = Number(match?.[3]);
  if (match === null || !(port > 0 && port <= 65_535)) throw new Error(`${name}: syslog needs an address, such as siem.example:6514`);
  if (transport !== 'tls' && (ca ?? cert ?? key) !== undefined)
    throw new Error(`${name}: certificates are of transport tls; write it, or leave them out`);
  if ((cert === undefined) !== (key === undefined)) throw new Error(`${name}: cert and key belong together; give both or neither`);
  return {
    ...{ transport, host: (match[1] ?? match[2])!, port, format, hostname: hostname(), processId: process.pid, version: programVersion() },
    ...(facility === undefined ? {} : { facility }),
    ...(ca === undefined ? {} : { ca: fileOf(name, 'ca', ca) }),
    ...(cert === undefined ? {} : { cert: fileOf(name, 'cert', cert) }),
    ...(key === undefined ? {} : { key: fileOf(name, 'key', key) }),
  };
}

function fileOf(name: string, setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(
      `${name}: ${setting} ${path} cannot be read (${(error as NodeJS.ErrnoException).code}); check the path and who may read it`,
    );
  }
}
