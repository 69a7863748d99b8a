import { isMappedIPv4Words } from '../../flow/address.js';
import { finishHash, mixWord } from '../baseline/hash.js';
import { Began, type ObservedRecord } from '../detections/observed-record.js';

/*
 * Equipment repeats itself: the same few peers, ports and sides. So kinds of exchange are numbered, and what detections decide once per kind they
 * find again in its row. One table for all units of a partition: a cache of sets of four rows, whose contents change no result, so it is not in snapshots.
 * Assets of one fleet share their kinds: claims are about fleets, and of the asset itself it matters only whether the peer lies in its subnet. What one asset
 * has met of a kind is kept with the asset (baseline/known-kinds.ts).
 *
 *   row  peer address 4 · port or ports · fleet <<11 | peer in the asset's subnet <<10 | protocol <<2 | began · serial number, 0 in a free row
 *        · class of the peer (PeerClasses) · words of the detections (KindWord), 0 until they are decided: 64 octets in all, a line of the processor's cache
 */

/** Kinds remembered for each asset: some hundred peers, none of which another asset has. */
const KINDS_PER_ASSET = 512;
/** Kinds of all assets together, at most: 64 MiB, of which only what is used takes memory. */
const MOST_KINDS = 1 << 20;
const FIRST_KINDS = 512;
/** Most rows for each kind; fewer where none gives way to another. */
const ROWS_PER_KIND = 4;
const WORDS = 16;
const SET = 4;
const PORTS = 4;
const REST = 5;
const SERIAL = 6;
const PEER_CLASS = 7;
const OWN = 8;
const NEAR = 1 << 10;
/** The first three bytes of an IPv4 address, of its word read little-endian. */
const V4_SUBNET = 0x00ff_ffff;

/** What detections keep with a kind of exchange. */
export const KindWord = {
  /** Traits of the peer and the port (exchange-traits.ts), and that they are decided. */
  traits: 8,
  /** What the claims make of it (claim-plans.ts). */
  plan: 9,
  /** Which detections want to see it (engine/attention.ts). */
  attention: 10,
  /** Whether agreed times bind it, for vendor-access. */
  windows: 11,
  /** Its group of peers, and what is known of that (baseline/peer-groups.ts). */
  group: 12,
  groupFacts: 13,
} as const;

/** Kinds that a partition of so many assets numbers at most. */
export function kindsOf(assets: number): number {
  let kinds = KINDS_PER_ASSET;
  while (kinds < MOST_KINDS && kinds < KINDS_PER_ASSET * assets) kinds *= 2;
  return kinds;
}

export class ExchangeKinds {
  private words: Uint32Array;
  private mask: number;
  private readonly most: number;
  private serials = 0;
  private taken = 0;

  /** `most` kinds, a power of two; the table grows as they come. */
  constructor(most: number) {
    const first = Math.min(FIRST_KINDS, most);
    this.most = most;
    this.words = new Uint32Array(first * WORDS);
    this.mask = first - 1;
  }

  /** A word that a detection has kept with the record's kind; 0: nothing yet. */
  word(record: ObservedRecord, word: number): number {
    return this.words[record.kind * WORDS + word]!;
  }

  keep(record: ObservedRecord, word: number, value: number): void {
    this.words[record.kind * WORDS + word] = value;
  }

  /** Sets the record's kind, from its fleet, subnet, peer, what is known of the peer, protocol, ports, and who began (Began.*). */
  find(record: ObservedRecord, began: number): void {
    const { assetPort, peerPort, peerClass, peerWords, peerWordsOffset: at } = record;
    // The port of the end that began does not matter; when nobody knows who began, both may.
    const ports = began === Began.asset ? peerPort : began === Began.peer ? assetPort : ((assetPort << 16) | peerPort) >>> 0;
    const rest = ((record.fleet << 11) | (isInSubnet(record) ? NEAR : 0) | (record.protocol << 2) | began) >>> 0;
    const a = peerWords[at]!;
    const b = peerWords[at + 1]!;
    const c = peerWords[at + 2]!;
    const d = peerWords[at + 3]!;
    const hash = hashOf(a, b, c, d, ports, rest, peerClass);
    let kind = hash & this.mask;
    if (!this.isAt(kind, a, b, c, d, ports, rest, peerClass)) {
      // The others of the set. When it is none of them, a free one, or they take turns in giving way.
      let other = 1;
      while (other < SET && !this.isAt(kind ^ other, a, b, c, d, ports, rest, peerClass)) other += 1;
      if (other < SET) kind ^= other;
      else {
        if (this.isTight(hash)) this.grow();
        kind = this.place(hash);
        this.put(kind, a, b, c, d, ports, rest, peerClass);
      }
    }
    record.kind = kind;
    record.kindSerial = this.words[kind * WORDS + SERIAL]!;
  }

  private isAt(kind: number, a: number, b: number, c: number, d: number, ports: number, rest: number, peerClass: number): boolean {
    const { words } = this;
    const row = kind * WORDS;
    return (
      words[row + 3] === d &&
      words[row + PORTS] === ports &&
      words[row + REST] === rest &&
      words[row + PEER_CLASS] === peerClass &&
      words[row] === a &&
      words[row + 1] === b &&
      words[row + 2] === c &&
      words[row + SERIAL] !== 0
    );
  }

  /** True where twice the rows are worth their memory: half are taken, or a quarter and one that is in use would give way. */
  private isTight(hash: number): boolean {
    if (this.mask + 1 >= this.most || this.taken * ROWS_PER_KIND < this.mask) return false;
    return this.taken * 2 > this.mask || this.words[this.place(hash) * WORDS + SERIAL] !== 0;
  }

  private place(hash: number): number {
    const kind = hash & this.mask;
    for (let other = 0; other < SET; other++) if (this.words[(kind ^ other) * WORDS + SERIAL] === 0) return kind ^ other;
    return kind ^ (this.serials % SET);
  }

  private put(kind: number, a: number, b: number, c: number, d: number, ports: number, rest: number, peerClass: number): void {
    const { words } = this;
    const row = kind * WORDS;
    if (words[row + SERIAL] === 0) this.taken += 1;
    words[row] = a;
    words[row + 1] = b;
    words[row + 2] = c;
    words[row + 3] = d;
    words[row + PORTS] = ports;
    words[row + REST] = rest;
    words[row + PEER_CLASS] = peerClass;
    this.serials = (this.serials + 1) >>> 0 || 1;
    words[row + SERIAL] = this.serials;
    for (let word = OWN; word < WORDS; word++) words[row + word] = 0;
  }

  /** Twice the rows. Where five of the old ones come to one set, one is forgotten. */
  private grow(): void {
    const before = this.words;
    this.words = new Uint32Array(before.length * 2);
    this.mask = this.mask * 2 + 1;
    this.taken = 0;
    for (let row = 0; row < before.length; row += WORDS) {
      if (before[row + SERIAL] === 0) continue;
      const [a, b, c, d] = [before[row]!, before[row + 1]!, before[row + 2]!, before[row + 3]!];
      const kind = this.place(hashOf(a, b, c, d, before[row + PORTS]!, before[row + REST]!, before[row + PEER_CLASS]!));
      if (this.words[kind * WORDS + SERIAL] === 0) this.taken += 1;
      for (let word = 0; word < WORDS; word++) this.words[kind * WORDS + word] = before[row + word]!;
    }
  }
}

/** True where the peer lies in the /24 or /64 of the asset's address. */
export function isInSubnet({ assetWords, assetWordsOffset: asset, peerWords, peerWordsOffset: peer }: ObservedRecord): boolean {
  const isV4 = isMappedIPv4Words(assetWords, asset);
  if (isV4 !== isMappedIPv4Words(peerWords, peer)) return false;
  if (isV4) return ((assetWords[asset + 3]! ^ peerWords[peer + 3]!) & V4_SUBNET) === 0;
  return assetWords[asset] === peerWords[peer] && assetWords[asset + 1] === peerWords[peer + 1];
}

function hashOf(a: number, b: number, c: number, d: number, ports: number, rest: number, peerClass: number): number {
  return finishHash(mixWord(mixWord(mixWord(mixWord(a ^ c, b), d), ports), rest ^ (peerClass << 16)));
}
