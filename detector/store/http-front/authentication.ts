import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** User and password of a request: Basic authentication, or ClickHouse's own headers. Never from the URL, which ends up in logs. */
export function credentialsOf(request: IncomingMessage): Credentials | undefined {
  const user = request.headers['x-clickhouse-user'];
  const key = request.headers['x-clickhouse-key'];
  if (typeof user === 'string' || typeof key === 'string') return { username: String(user ?? ''), password: String(key ?? '') };
  const basic = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic === undefined) return undefined;
  const text = Buffer.from(basic, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Compares in a time that does not depend on where the difference lies. */
export function sameCredentials(given: Credentials, expected: Credentials): boolean {
  const user = timingSafeEqual(digest(given.username), digest(expected.username));
  const password = timingSafeEqual(digest(given.password), digest(expected.password));
  return user && password;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
