import { formatAddress } from '../../flow/address.js';
import { HOUR_MS } from '../../flow/time.js';
import { PeerHashes } from '../baseline/peer-hashes.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { EvidenceRow, Finding } from '../findings/finding.js';

/** The first record by which an asset sent something to a peer outside. */
export interface Contact {
  readonly asset: number;
  readonly peer: string;
  readonly protocol: number;
  /** The responder's, as rollups have it (`responderPortOf`). */
  readonly port: number;
  readonly initiator: Finding['initiator'];
  /** Begin of the record. */
  readonly atMs: number;
  readonly evidence: EvidenceRow;
}

/** An asset and a peer outside, by the hours (since the epoch) of their first and last record. */
export interface Meeting {
  readonly asset: number;
  readonly peer: string;
  readonly firstHour: number;
  readonly lastHour: number;
}

/** Whom assets met outside, and when first. Its sources are batches in memory and the store. */
export interface ContactView {
  /** Contacts that began in [fromMs, untilMs), of pairs that had no record before the hour of `fromMs`; in the order of time, asset and peer. */
  contacts(fromMs: number, untilMs: number): readonly Contact[];
  /** Everyone outside whom members of the fleet met, as far as it is remembered. */
  meetings(fleet: number): readonly Meeting[];
  /** The hour of the first record on each responder's port that members of the fleet had to do with, by `portKey`; MOST_PORTS at most. */
  ports(fleet: number): ReadonlyMap<number, number>;
}

export function portKey(protocol: number, port: number): number {
  return protocol * 65_536 + port;
}

/** As the store's rollups tell it: who did not begin has it; where nobody knows who began, the lower one; 0 for protocols without ports. */
export function responderPortOf(protocol: number, initiator: Finding['initiator'], assetPort: number, peerPort: number): number {
  if (protocol !== 6 && protocol !== 17 && protocol !== 132) return 0;
  if (initiator === 'unknown') return Math.min(assetPort, peerPort);
  return initiator === 'asset' ? peerPort : assetPort;
}

export function compareContacts(a: Contact, b: Contact): number {
  return a.atMs - b.atMs || a.asset - b.asset || (a.peer < b.peer ? -1 : a.peer > b.peer ? 1 : 0);
}

/** Peers of one asset that are remembered; one that meets more is no closed equipment, and what it meets further is not looked at. */
const MOST_PEERS = 4096;
/** Responders' ports of one fleet that are remembered; one that has so many knows all. */
export const MOST_PORTS = 8192;

interface Pair {
  readonly asset: number;
  readonly peer: string;
  firstMs: number;
  lastMs: number;
  contact: Contact | undefined;
}

export interface ContactRecord {
  readonly asset: number;
  /** The peer's address: bytes at `row` × 16, and the same as words. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly row: number;
  readonly protocol: number;
  readonly assetPort: number;
  readonly peerPort: number;
  readonly initiator: Finding['initiator'];
  readonly startMs: number;
  readonly sent: boolean;
  readonly evidenceOf: () => EvidenceRow;
}

/** Contacts from records as they come: at most 4 096 peers an asset and 8 192 ports a fleet. Adding the same again changes nothing. */
export class ContactBook implements ContactView {
  private readonly claims: CompiledClaims;
  private readonly hashes = new PeerHashes();
  /** By asset and hash of the peer; null where it is not outside. */
  private readonly pairs = new Map<number, Map<number, Pair | null>>();
  private readonly portsOf = new Map<number, Map<number, number>>();

  constructor(claims: CompiledClaims) {
    this.claims = claims;
  }

  add(record: ContactRecord): void {
    const { asset, startMs, protocol, initiator, assetPort, peerPort } = record;
    const port = responderPortOf(protocol, initiator, assetPort, peerPort);
    this.addPort(this.claims.assets[asset]!.fleet, portKey(protocol, port), Math.floor(startMs / HOUR_MS));
    const pair = this.pairOf(record);
    if (pair === undefined) return;
    pair.firstMs = Math.min(pair.firstMs, startMs);
    pair.lastMs = Math.max(pair.lastMs, startMs);
    if (!record.sent || (pair.contact !== undefined && pair.contact.atMs <= startMs)) return;
    pair.contact = { asset, peer: pair.peer, protocol, port, initiator, atMs: startMs, evidence: record.evidenceOf() };
  }

  contacts(fromMs: number, untilMs: number): readonly Contact[] {
    const fromHourMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS;
    const found: Contact[] = [];
    for (const pairs of this.pairs.values())
      for (const pair of pairs.values()) {
        if (pair?.contact === undefined || pair.firstMs < fromHourMs) continue;
        if (pair.contact.atMs >= fromMs && pair.contact.atMs < untilMs) found.push(pair.contact);
      }
    return found.sort(compareContacts);
  }

  meetings(fleet: number): readonly Meeting[] {
    return this.claims.fleets[fleet]!.members.flatMap((member) =>
      [...(this.pairs.get(member)?.values() ?? [])].flatMap((pair) =>
        pair === null
          ? []
          : [
              {
                asset: pair.asset,
                peer: pair.peer,
                firstHour: Math.floor(pair.firstMs / HOUR_MS),
                lastHour: Math.floor(pair.lastMs / HOUR_MS),
              },
            ],
      ),
    );
  }

  ports(fleet: number): ReadonlyMap<number, number> {
    return this.portsOf.get(fleet) ?? new Map();
  }

  private addPort(fleet: number, key: number, hour: number): void {
    let ports = this.portsOf.get(fleet);
    if (ports === undefined) {
      ports = new Map();
      this.portsOf.set(fleet, ports);
    }
    const known = ports.get(key);
    if (known === undefined ? ports.size < MOST_PORTS : hour < known) ports.set(key, hour);
  }

  private pairOf({ asset, words, bytes, row, startMs }: ContactRecord): Pair | undefined {
    let pairs = this.pairs.get(asset);
    if (pairs === undefined) {
      pairs = new Map();
      this.pairs.set(asset, pairs);
    }
    this.hashes.take(words, row * 4);
    const key = this.hashes.peerA * 2 ** 21 + (this.hashes.peerB >>> 11);
    const known = pairs.get(key);
    if (known !== undefined) return known ?? undefined;
    if (pairs.size >= MOST_PEERS) return undefined;
    const outside = this.claims.isOutside(bytes, row * 16);
    const pair = outside ? { asset, peer: formatAddress(bytes, row * 16), firstMs: startMs, lastMs: startMs, contact: undefined } : null;
    pairs.set(key, pair);
    return pair ?? undefined;
  }
}
