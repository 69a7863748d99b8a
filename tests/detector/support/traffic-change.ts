import type { TrafficChange } from '../../../detector/tools/diff.js';
import { parseAddress, parsePrefix } from '../../../flow/address.js';
import { PrefixTable } from '../../../flow/prefix-table.js';

/** An exchange as a claim sees it. */
export interface Seen {
  readonly peer: string;
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  /** The responder's. */
  readonly port: number;
  readonly began: 'subject' | 'peer';
  /** Address of the asset, where it matters. */
  readonly asset?: string;
}

/** True when the change is about the exchange. `isInternet` tells which peers both files call internet. */
export function covers(change: TrafficChange, seen: Seen, isInternet: (address: string) => boolean): boolean {
  if (change.initiator !== 'any' && change.initiator !== seen.began) return false;
  if (change.subjects !== undefined && seen.asset !== undefined && !change.subjects.some((text) => within(text, seen.asset!))) return false;
  const port = change.ports.some((text) => {
    const [protocol, range] = text.split('/');
    if (text === 'any') return true;
    if (protocol !== seen.protocol) return false;
    const [low = 0, high = low] = (range ?? '0-65535').split('-').map(Number);
    return seen.port >= low && seen.port <= high;
  });
  if (!port) return false;
  const inPeers = change.peers.some((text) => text === 'any' || (text === 'internet' ? isInternet(seen.peer) : within(text, seen.peer)));
  return inPeers !== change.except;
}

function within(prefix: string, address: string): boolean {
  return new PrefixTable([{ prefix: parsePrefix(prefix), value: 1 }]).lookup(parseAddress(address), 0) === 1;
}
