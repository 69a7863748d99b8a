import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsSettings } from '../../collector/inputs/tcp.js';
import type { Config } from '../../flow/service/config.js';

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

function readPem(setting: string, path: string | undefined, what: string, label: string): Buffer {
  if (path === undefined) throw new Error(`collector.tls.${setting} is missing; name the PEM file of ${what}`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new Error(`collector.tls.${setting}: ${path} cannot be read (${reasonOf(error)}); check the path and who may read it`);
  }
  if (!new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(bytes.toString('latin1'))) {
    throw new Error(`collector.tls.${setting}: ${path} holds no PEM block '${label}'; it should be ${what}`);
  }
  return bytes;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('reason' in error && typeof error.reason === 'string') return error.reason;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
