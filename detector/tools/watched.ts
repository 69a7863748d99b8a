import { formatPrefix, type Prefix } from '../../flow/address.js';
import type { CompiledClaims } from '../claims/compiled.js';
import { compileTexts } from '../claims/load.js';

/** Most addresses of watched prefixes that become assets of their own; the rest of a prefix is one asset together. */
export const MAX_WATCHED_ADDRESSES = 4096;
/** Id of the claim set, and name of its one fleet. */
export const WATCHED = 'watched';

export interface Watched {
  readonly prefixes: readonly Prefix[];
  /** Addresses inside the prefixes, each an asset of its own, as text. */
  readonly addresses: readonly string[];
  /** True where there were more addresses: then whatever else lies in a prefix is one asset. */
  readonly more: boolean;
  /** Sensor that tells of them. */
  readonly sensor: string;
}

/**
 * An inventory without claims, for telemetry that nobody wrote a claim file for: the assets are what was seen to send inside the prefixes. Nothing is
 * claimed of them, so there are no verdicts, and detections judge by what they learn.
 */
export function watchedClaims({ prefixes, addresses, more, sensor }: Watched): CompiledClaims {
  const single = addresses.slice(0, MAX_WATCHED_ADDRESSES).map((address) => ({ name: address, ip: [address] }));
  const rest = more || single.length === 0 ? prefixes.map((prefix) => ({ name: formatPrefix(prefix), subnet: formatPrefix(prefix) })) : [];
  const document = {
    version: 1,
    id: WATCHED,
    owner: 'nobody',
    timezone: 'UTC',
    fleets: { [WATCHED]: { vendor: 'not told', site: 'not told', members: [...single, ...rest] } },
    sensors: { [sensor]: { kind: 'pcap', exporter: '::/128', sees: ['north-south', 'east-west'] } },
    // A claim file has one claim at least. This one is taken out again: it must neither be judged nor shown.
    claims: [
      {
        ...{ id: 'none', text: 'Nothing is claimed.', subject: WATCHED, severity: 'info' },
        ...{ assert: { never: [{ peer: { cidr: ['::/128'] } }] }, coverage: { sensors: [sensor], time: '0%', max_gap: 'P1D' } },
      },
    ],
  };
  const { claims } = compileTexts([{ file: '--watch', text: JSON.stringify(document) }]).compilation;
  return { ...claims, fleets: claims.fleets.map((fleet) => ({ ...fleet, claims: [] })), claims: [] };
}

/** Gathers the addresses inside watched prefixes as they are seen to send; bounded. */
export class SenderList {
  readonly prefixes: readonly Prefix[];
  private readonly seen = new Set<string>();
  /** True once there were more than MAX_WATCHED_ADDRESSES. */
  more = false;

  constructor(prefixes: readonly Prefix[]) {
    this.prefixes = prefixes;
  }

  /** The 16 bytes at `offset` have sent; `text` formats them, called for addresses that are watched. */
  add(bytes: Uint8Array, offset: number, text: (bytes: Uint8Array, offset: number) => string): void {
    if (!this.prefixes.some((prefix) => liesIn(prefix, bytes, offset))) return;
    const name = text(bytes, offset);
    if (this.seen.has(name)) return;
    if (this.seen.size >= MAX_WATCHED_ADDRESSES) this.more = true;
    else this.seen.add(name);
  }

  /** Sorted, so that the inventory does not depend on the order in which they were met. */
  get addresses(): string[] {
    return [...this.seen].sort();
  }
}

function liesIn({ bytes: network, length }: Prefix, bytes: Uint8Array, offset: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (bytes[offset + i] !== network[i]) return false;
  const rest = length & 7;
  return rest === 0 || ((bytes[offset + whole]! ^ network[whole]!) & (0xff << (8 - rest)) & 0xff) === 0;
}
