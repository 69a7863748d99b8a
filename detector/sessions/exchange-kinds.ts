import { finishHash, mixWord } from '../baseline/hash.js';
import { Began, type ObservedRecord } from '../detections/observed-record.js';

/*
 * Equipment repeats itself: the same few peers, ports and sides. So kinds of exchange are numbered, and what detections decide once per kind they
 * find again by number. A cache of pairs of rows, whose contents change no result: it is not in snapshots.
 *
 *   row  peer address 4 · port or ports · asset <<10 | protocol <<2 | began · serial number, 0 in a free row · class of the peer (PeerClasses)
 */

/** Kinds remembered per asset of a unit, powers of two: some hundred peers, fewer where there are many assets. With what detections keep by kind, each takes about 100 bytes. */
const KINDS_PER_ASSET = 512;
const LEAST_KINDS_PER_ASSET = 64;
/** Kinds of all assets of the claims together, about: a hundred megabytes. */
const KINDS_IN_ALL = 1 << 20;
/** Units of many assets: at most this many kinds, 128 KiB. */
const MAX_KINDS = 4096;
const WORDS = 8;
const PORTS = 4;
const REST = 5;
const SERIAL = 6;
const PEER_CLASS = 7;

/** Kinds that a unit of so many assets numbers, of so many in all: the bound of `ObservedRecord.kind`. */
export function kindsOf(assets: number, assetsInAll = assets): number {
  let perAsset = KINDS_PER_ASSET;
  while (perAsset > LEAST_KINDS_PER_ASSET && perAsset * assetsInAll > KINDS_IN_ALL) perAsset /= 2;
  let kinds = perAsset;
  while (kinds < MAX_KINDS && kinds < perAsset * assets) kinds *= 2;
  return kinds;
}

export class ExchangeKinds {
  private readonly words: Uint32Array;
  private readonly mask: number;
  private serials = 0;

  /** `kinds` is a power of two. */
  constructor(kinds: number) {
    this.words = new Uint32Array(kinds * WORDS);
    this.mask = kinds - 1;
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
    const hash = finishHash(mixWord(mixWord(mixWord(mixWord(a ^ c, b), d), ports), rest ^ (peerClass << 16)));
    let kind = hash & this.mask;
    if (!this.isAt(kind, a, b, c, d, ports, rest, peerClass)) {
      // The other of the pair. When it is neither, the two take turns in giving way.
      kind ^= 1;
      if (!this.isAt(kind, a, b, c, d, ports, rest, peerClass)) {
        kind ^= this.serials & 1;
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

  private put(kind: number, a: number, b: number, c: number, d: number, ports: number, rest: number, peerClass: number): void {
    const { words } = this;
    const row = kind * WORDS;
    words[row] = a;
    words[row + 1] = b;
    words[row + 2] = c;
    words[row + 3] = d;
    words[row + PORTS] = ports;
    words[row + REST] = rest;
    words[row + PEER_CLASS] = peerClass;
    this.serials = (this.serials + 1) >>> 0 || 1;
    words[row + SERIAL] = this.serials;
  }
}
