import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsSettings } from '../../collector/inputs/tcp.js';
import type { Config } from '../../flow/service/config.js';
import { UsageError } from '../errors.js';

/**
 * Reads the files of collector.tls; undefined where nothing listens with TLS. Throws an Error that names the setting, the file and what to do, before
 * anything is opened.
 */
export function loadTls({ tls }: Config['collector']): TlsSettings | undefined {
  if (tls.listen.length === 0) return undefined;
  const cert = readPem('cert', tls.cert, 'our certificate', 'CERTIFICATE');
  const key = readPem('key', tls.key, 'its private key', 'PRIVATE KEY');
  if (tls.requireClientCertificate && tls.ca === undefined) {
    throw new Error(
      "collector.tls.ca is missing: without it no exporter can be trusted; name the PEM file of those who sign exporters' certificates, or set collector.tls.requireClientCertificate to false",
    );
  }
  const ca = tls.requireClientCertificate ? readPem('ca', tls.ca, 'the authority of the exporters', 'CERTIFICATE') : undefined;
  const settings = ca === undefined ? { cert, key } : { cert, key, ca };
  try {
    createSecureContext(settings);
  } catch (error) {
    throw new Error(
      `collector.tls: ${tls.cert} and ${tls.key} cannot be used together (${reasonOf(error)}); check that the key is the certificate's and has no passphrase`,
    );
  }
  return settings;
}

/** Reads the files of console.tls; undefined where neither is named. Throws a UsageError that names the setting, the file and what to do. */
export function consoleTls(tls: Config['console']['tls']): ServerTls | undefined {
  return serverTls('console.tls', "the console's certificate", tls);
}

/** The same for front.tls. */
export function frontTls(tls: Config['front']['tls']): ServerTls | undefined {
  return serverTls('front.tls', "the HTTP front's certificate", tls);
}

interface ServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

function serverTls(section: string, what: string, { cert, key }: Config['console']['tls']): ServerTls | undefined {
  if (cert === undefined && key === undefined) return undefined;
  try {
    const settings = {
      cert: readPem('cert', cert, what, 'CERTIFICATE', section),
      key: readPem('key', key, 'its private key', 'PRIVATE KEY', section),
    };
    createSecureContext(settings);
    return settings;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(section)) throw new UsageError(error.message);
    throw new UsageError(
      `${section}: ${cert} and ${key} cannot be used together (${reasonOf(error)}); check that the key is the certificate's and has no passphrase`,
    );
  }
}

function readPem(setting: string, path: string | undefined, what: string, label: string, section = 'collector.tls'): Buffer {
  if (path === undefined) throw new Error(`${section}.${setting} is missing; name the PEM file of ${what}`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new Error(`${section}.${setting}: ${path} cannot be read (${reasonOf(error)}); check the path and who may read it`);
  }
  if (!new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(bytes.toString('latin1'))) {
    throw new Error(`${section}.${setting}: ${path} holds no PEM block '${label}'; it should be ${what}`);
  }
  return bytes;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('reason' in error && typeof error.reason === 'string') return error.reason;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
