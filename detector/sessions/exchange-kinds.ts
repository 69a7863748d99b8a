import { finishHash, mixWord } from '../baseline/hash.js';
import { Began, type ObservedRecord } from '../detections/observed-record.js';

/*
 * Equipment repeats itself: the same few peers, ports and sides. So kinds of exchange are numbered, and what detections decide once per kind they
 * find again in its row. One table for all units of a partition: a cache of pairs of rows, whose contents change no result, so it is not in snapshots.
 *
 *   row  peer address 4 · port or ports · asset <<10 | protocol <<2 | began · serial number, 0 in a free row · class of the peer (PeerClasses)
 *        · eight words of the detections (KindWord), 0 until they are decided: 64 octets in all, a line of the processor's cache
 */

/** Kinds remembered for each asset: some hundred peers. */
const KINDS_PER_ASSET = 512;
/** Kinds of all assets together, at most: 64 MiB, of which only what is used takes memory. */
const MOST_KINDS = 1 << 20;
const FIRST_KINDS = 512;
const WORDS = 16;
const PORTS = 4;
const REST = 5;
const SERIAL = 6;
const PEER_CLASS = 7;
const OWN = 8;

/** What detections keep with a kind of exchange. */
export const KindWord = {
  /** Traits of the peer and the port (exchange-traits.ts), and that they are decided. */
  traits: 8,
  /** What the claims make of it (claim-plans.ts). */
  plan: 9,
  /** Which detections want to see it (engine/attention.ts). */
  attention: 10,
  /** Since when all is known of it, for new-destination. */
  knownSince: 11,
  knownEpoch: 12,
  /** Whether agreed times bind it, for vendor-access. */
  windows: 13,
  /** Its group of peers, and what is known of that (baseline/peer-groups.ts). */
  group: 14,
  groupFacts: 15,
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

  /** Sets the record's kind, from its asset, peer, what is known of the peer, protocol, ports, and who began (Began.*). */
  find(record: ObservedRecord, began: number): void {
    const { assetPort, peerPort, peerClass, peerWords, peerWordsOffset: at } = record;
    // The port of the end that began does not matter; when nobody knows who began, both may.
    const ports = began === Began.asset ? peerPort : began === Began.peer ? assetPort : ((assetPort << 16) | peerPort) >>> 0;
    const rest = ((record.asset << 10) | (record.protocol << 2) | began) >>> 0;
    const a = peerWords[at]!;
    const b = peerWords[at + 1]!;
    const c = peerWords[at + 2]!;
    const d = peerWords[at + 3]!;
    const hash = hashOf(a, b, c, d, ports, rest, peerClass);
    let kind = hash & this.mask;
    if (!this.isAt(kind, a, b, c, d, ports, rest, peerClass)) {
      // The other of the pair. When it is neither, a free one, or the two take turns in giving way.
      kind ^= 1;
      if (!this.isAt(kind, a, b, c, d, ports, rest, peerClass)) {
        if (this.taken * 2 > this.mask && this.mask + 1 < this.most) this.grow();
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

  private place(hash: number): number {
    const kind = hash & this.mask;
    if (this.words[kind * WORDS + SERIAL] === 0) return kind;
    return this.words[(kind ^ 1) * WORDS + SERIAL] === 0 ? kind ^ 1 : kind ^ (this.serials & 1);
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

  /** Twice the rows. Where three of the old ones come to one pair, one is forgotten. */
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

function hashOf(a: number, b: number, c: number, d: number, ports: number, rest: number, peerClass: number): number {
  return finishHash(mixWord(mixWord(mixWord(mixWord(a ^ c, b), d), ports), rest ^ (peerClass << 16)));
}
