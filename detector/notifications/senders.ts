import { createSocket } from 'node:dgram';
import { connect as connectTcp, isIPv6, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { SECOND_MS } from '../../flow/time.js';
import { cefOf } from './cef.js';
import type { Notice } from './notice.js';
import { ocsfOf } from './ocsf.js';
import { type Send, SendError } from './outbox.js';
import { framed, type SyslogHeader, syslogMessage } from './syslog.js';

/** Longest that one attempt may take. */
const ATTEMPT_MS = 15 * SECOND_MS;
/** Octets that every syslog receiver over UDP should take (RFC 5426 §3.2): a longer message is sent without its evidence. */
const UDP_OCTETS = 2048;
/** Characters of the sentence in a short CEF message. */
const SHORT_SENTENCE = 300;

export interface WebhookSettings {
  readonly url: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string;
  readonly version: string;
}

/** Posts the OCSF event as JSON. The header `Idempotency-Key` is the notice: a receiver that saw it before may leave it out. */
export function createWebhookSender({ url, token, version }: WebhookSettings): Send {
  return async (notice) => {
    const headers = {
      'content-type': 'application/json',
      'user-agent': `cordon/${version}`,
      'idempotency-key': notice.id,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    let response: Response;
    try {
      const body = JSON.stringify(ocsfOf(notice, { version }));
      response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal: AbortSignal.timeout(ATTEMPT_MS) });
      await response.body?.cancel();
    } catch (error) {
      throw new SendError(reasonOf(error));
    }
    if (response.ok) return;
    // Too early, too many, too late: those change by themselves. What else the receiver blames on us does not.
    const permanent = response.status >= 400 && response.status < 500 && ![401, 403, 408, 425, 429].includes(response.status);
    throw new SendError(`the webhook answers ${response.status}`, permanent);
  };
}

export interface SyslogSettings {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly host: string;
  readonly port: number;
  readonly format: 'ocsf' | 'cef';
  readonly facility?: number;
  readonly hostname: string;
  readonly processId: number;
  readonly version: string;
  /** PEM; of TLS. Without `ca` the system's authorities are trusted. */
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * Sends RFC 5424 messages. Over TCP and TLS every notice has a connection of its own, and counts as sent when the receiver has acknowledged all of it and closed:
 * syslog has no answers, and a message written into a connection that is half dead would be lost without a word. Over UDP it is sent, no more.
 */
export function createSyslogSender(settings: SyslogSettings): Send {
  return settings.transport === 'udp'
    ? (notice) => sendDatagram(settings, datagramOf(notice, settings))
    : (notice) => sendStream(settings, framed(messageOf(notice, settings)));
}

function datagramOf(notice: Notice, settings: SyslogSettings): Buffer {
  const whole = messageOf(notice, settings);
  return whole.length <= UDP_OCTETS ? whole : messageOf(notice, settings, true);
}

function messageOf(notice: Notice, settings: SyslogSettings, short = false): Buffer {
  const { format, version, hostname, processId, facility } = settings;
  const { severity, lastSeenMs } = notice.incident;
  const text =
    format === 'cef'
      ? cefOf(notice, short ? { version, mostCharacters: SHORT_SENTENCE } : { version })
      : asciiJson(ocsfOf(notice, { version, compact: short }));
  const header: SyslogHeader = {
    severity,
    timeMs: lastSeenMs,
    hostname,
    processId,
    version,
    ...(facility === undefined ? {} : { facility }),
  };
  return syslogMessage(header, text);
}

/** JSON that is ASCII: nothing in it ends a line or reorders it, whatever the receiver shows it with. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

async function sendDatagram({ host, port }: SyslogSettings, message: Buffer): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.send(message, port, host, (error) => (error === null ? resolve() : reject(error)));
    });
  } catch (error) {
    throw new SendError(reasonOf(error));
  } finally {
    socket.close();
  }
}

function sendStream(settings: SyslogSettings, message: Buffer): Promise<void> {
  const { host, port, transport, ca, cert, key } = settings;
  return new Promise((resolve, reject) => {
    const isTls = transport === 'tls';
    const options: ConnectionOptions = {
      ...{ host, port, minVersion: 'TLSv1.2' },
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    const socket: Socket = isTls ? connectTls(options) : connectTcp({ host, port });
    let finished = false;
    const timer = setTimeout(() => socket.destroy(new Error(`no end within ${ATTEMPT_MS / SECOND_MS} s`)), ATTEMPT_MS);
    socket.once('error', (error) => reject(new SendError(reasonOf(error))));
    socket.once('finish', () => {
      finished = true;
    });
    socket.once('close', (hadError) => {
      clearTimeout(timer);
      if (!hadError && finished) resolve();
      else reject(new SendError('the receiver closed the connection before it had the message'));
    });
    socket.resume();
    socket.once(isTls ? 'secureConnect' : 'connect', () => socket.end(message));
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  const { code } = cause as NodeJS.ErrnoException;
  return code ?? cause.message;
}
