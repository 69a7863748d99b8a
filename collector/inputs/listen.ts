import { isIPv6 } from 'node:net';
import { type Prefix, parseAddress } from '../../flow/address.js';
import { PrefixTable } from '../../flow/prefix-table.js';
import { errorCode, InputError } from './input-error.js';

/** What an input listens on. */
export interface ListenAddress {
  /** An IPv4 or IPv6 address of this machine; `0.0.0.0` and `::` are all of its IPv4 or IPv6 addresses. */
  readonly address: string;
  /** 0 asks for a free port; `bind` tells which. */
  readonly port: number;
}

/** What `createSocket` wants for an address. IPv6 sockets take IPv6 alone, so that '::' and '0.0.0.0' may be listened on with the same port. */
export function socketOptions(address: string): { type: 'udp4' | 'udp6'; ipv6Only: boolean } {
  return isIPv6(address) ? { type: 'udp6', ipv6Only: true } : { type: 'udp4', ipv6Only: false };
}

/** As people say it: `UDP port 2055 on 192.0.2.1`. */
export function listenName(protocol: 'UDP' | 'TCP', { address, port }: ListenAddress): string {
  return `${protocol} port ${port} on ${address}`;
}

/** The InputError of a port that could not be opened. */
export function bindError(protocol: 'UDP' | 'TCP', listen: ListenAddress, error: unknown): InputError {
  const name = listenName(protocol, listen);
  const code = errorCode(error);
  const cause = { cause: error };
  switch (code) {
    case 'EADDRINUSE': {
      const shows = protocol === 'UDP' ? 'ss -lunp' : 'ss -ltnp';
      return new InputError(
        'port-in-use',
        `${name} is in use by another program; stop it ('${shows}' shows which) or give another port`,
        cause,
      );
    }
    case 'EACCES':
      return new InputError('port-not-permitted', `${name} may not be opened by this user; give a port above 1023`, cause);
    case 'EADDRNOTAVAIL':
      return new InputError('address-not-available', `${name}: this machine has no such address; 'ip address' shows which it has`, cause);
    default:
      return new InputError('socket-failed', `${name} cannot be opened (${code})`, cause);
  }
}

/** Who may send: everybody when undefined, nobody when empty. */
export function createAllowList(allow: readonly Prefix[] | undefined): (address: Uint8Array) => boolean {
  if (allow === undefined) return () => true;
  const table = new PrefixTable(allow.map((prefix) => ({ prefix, value: 0 })));
  return (address) => table.lookup(address) >= 0;
}

/** 16 bytes of a sender's address as Node writes it: with the interface behind a link-local one (`fe80::1%eth0`). */
export function senderAddress(text: string): Uint8Array {
  return parseAddress(text.replace(/%.*$/, ''));
}
