import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';

/** Nothing but this server's own files and answers may run, style, load or frame the page. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const COOKIE = 'cordon_console';
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1'];

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
}

/**
 * True when the Host header names us. A page of another site that points its own name at our address (DNS rebinding) fails here;
 * an address cannot be rebound, so beyond loopback any address passes, and names only when they are the host we were told to listen on.
 */
export function hostIsOurs(request: IncomingMessage, host: string): boolean {
  const name = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(request.headers.host ?? '');
  const asked = (name?.[1] ?? name?.[2] ?? '').toLowerCase();
  if (LOOPBACK_NAMES.includes(asked) || asked === host.toLowerCase()) return true;
  return !isLoopback(host) && isIP(asked) !== 0;
}

/** True when a browser did not send this from a page of another origin. Programs that send neither header pass: they carry no one's cookie. */
export function originIsOurs(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = request.headers;
  return origin === undefined || origin === `http://${request.headers.host}` || origin === `https://${request.headers.host}`;
}

function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Who asks: those who decide, and those who look. */
export type Role = 'decide' | 'read';

/** The secrets that open the console. `read`: for auditors, who look and do not decide; only beside `decide`. */
export interface Tokens {
  readonly decide?: string;
  readonly read?: string;
}

function roleOfSecret(given: string, { decide, read }: Tokens): Role | undefined {
  // Both are compared, so that the time taken does not tell which one was nearer.
  const [decides, reads] = [decide !== undefined && sameSecret(given, decide), read !== undefined && sameSecret(given, read)];
  return decides ? 'decide' : reads ? 'read' : undefined;
}

/** The role of the token that the request carries, as `Authorization: Bearer` or in our cookie; 'decide' for all when the console has none. */
export function roleOf(request: IncomingMessage, tokens: Tokens): Role | undefined {
  if (tokens.decide === undefined) return 'decide';
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  // Whoever shows a token is who it says; a cookie that lies about does not make more of a reader.
  if (bearer !== undefined) return roleOfSecret(bearer, tokens);
  const cookie = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1];
  return cookie === undefined ? undefined : roleOfSecret(decoded(cookie), tokens);
}

function decoded(cookie: string): string {
  try {
    return decodeURIComponent(cookie);
  } catch {
    return '';
  }
}

/** Where to go after `/?token=…`: the same address without the token, and the cookie that stands for it. Undefined when no right token is given. */
export function tokenLogin(url: URL, tokens: Tokens, secure: boolean): { location: string; cookie: string } | undefined {
  const given = url.searchParams.get('token');
  if (tokens.decide === undefined || given === null || roleOfSecret(given, tokens) === undefined) return undefined;
  url.searchParams.delete('token');
  return {
    location: `${url.pathname}${url.search}`,
    cookie: `${COOKIE}=${encodeURIComponent(given)}; Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`,
  };
}
