import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate and its key, as files. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export const hasOpenssl = ['/usr/bin/openssl', '/usr/local/bin/openssl', '/opt/homebrew/bin/openssl'].some(existsSync);

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** An authority for tests, made by the openssl program in `folder`. */
export function makeAuthority(folder: string, name: string): Pair {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  openssl([
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-keyout', pair.key, '-out', pair.cert],
  ]);
  return pair;
}

/** A certificate signed by `authority`, for a common name and, as subjectAltName, `alternatives` such as DNS:edge-1.example. */
export function makeCertificate(folder: string, authority: Pair, commonName: string, alternatives: readonly string[]): Pair {
  const pair = { cert: join(folder, `${commonName}.pem`), key: join(folder, `${commonName}.key`) };
  const request = join(folder, `${commonName}.csr`);
  const extensions = join(folder, `${commonName}.ext`);
  writeFileSync(extensions, alternatives.length === 0 ? '' : `subjectAltName=${alternatives.join(',')}\n`);
  openssl([
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${commonName}`],
    ...['-keyout', pair.key, '-out', request],
  ]);
  openssl([
    ...['x509', '-req', '-in', request, '-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', '-days', '2'],
    ...['-extfile', extensions, '-out', pair.cert],
  ]);
  return pair;
}

export function pem(pair: Pair): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(pair.cert), key: readFileSync(pair.key) };
}
