import { finishHash, mixWord } from '../baseline/hash.js';
import { NumberPool } from '../baseline/number-pool.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import { Began, type ObservedRecord } from '../detections/observed-record.js';

/*
 * Who has begun exchanges without connections (UDP and the like) between an asset and a peer on a port of the responder, of one unit. Where the records of an exchange do
 * not tell who began, or tell two things, those before it do.
 *
 * Sets of four rows, one with the first note, twice as many when one is full, 64 at most: 9 KiB. Then the row of a full set gives way that is least worth: one that only
 * suspects before one that knows, then the oldest.
 *
 *   row  peer address 4 · asset · port <<8 | protocol, 0 in a free row · last noted, s since the epoch
 *        · who began, as sets of Began.*: by ports <<2 | by the order of packets
 *   of a pair of ends (PAIR for the port): instead of the last word two, suspicions of the asset and of the peer, each
 *        · highest port that it has spoken from <<16 | how many
 */

const MOST_SETS = 64;
const WAYS = 4;
const WORDS = 9;
const SET_WORDS = WAYS * WORDS;
/** An asset without datagrams has none. */
const NONE: Uint32Array = new Uint32Array(0);
const ASSET = 4;
const KEY = 5;
const NOTED = 6;
const STATE = 7;
/** Of a pair of ends: the word of suspicions is this one and who is suspected (Began.*). */
const SUSPECTED = STATE - Began.asset;

const BOTH = Began.asset | Began.peer;
const BY_PORTS_SHIFT = 2;
/** In the place of a port, and none: what is kept of a pair of ends whatever their ports. */
const PAIR = 1 << 16;
/**
 * An end that has spoken first, from so many ports, each higher than the one before, to an end that the ports say is its client, is no server of so many services: it sends
 * from the ports that its system gives it in turn. Less than what makes a scan (scan.ts: 15 ports).
 */
export const PORTS_OF_A_CALLER = 8;

export class Precedents {
  /** Start of the unit's earliest record without a connection; +∞ before it. What goes on since before then shows no begin. */
  sinceMs = Number.POSITIVE_INFINITY;
  private words = NONE;
  private readonly pool: NumberPool;

  constructor(pool = new NumberPool()) {
    this.pool = pool;
  }

  /** `began` (Began.*) has begun an exchange with the other's `port`: by the order of its packets, or as its ports suggest. */
  note(record: ObservedRecord, port: number, began: number, byOrder: boolean): void {
    const at = this.placeFor(record, port);
    this.words[at + STATE]! |= byOrder ? began : began << BY_PORTS_SHIFT;
  }

  /** `began` was heard first, from a port that says that it only answers. */
  suspect(record: ObservedRecord, began: number): void {
    const at = this.placeFor(record, PAIR) + SUSPECTED + began;
    const ownPort = began === Began.asset ? record.assetPort : record.peerPort;
    const known = this.words[at]!;
    const count = known & 0xffff;
    if (count < PORTS_OF_A_CALLER && ownPort > known >>> 16) this.words[at] = ((ownPort << 16) | (count + 1)) >>> 0;
  }

  /** True when `began` is known to begin exchanges with `port`, in whatever way. */
  isCaller(record: ObservedRecord, port: number, began: number): boolean {
    const at = this.find(record, port);
    const state = at < 0 ? 0 : this.words[at + STATE]!;
    if (((state | (state >>> BY_PORTS_SHIFT)) & began) !== 0) return true;
    const pair = this.find(record, PAIR);
    return pair >= 0 && (this.words[pair + SUSPECTED + began]! & 0xffff) >= PORTS_OF_A_CALLER;
  }

  /** Began.* of the one end that was seen to begin exchanges with `port`, by the order of packets; unknown where neither or both were. */
  onlyCaller(record: ObservedRecord, port: number): number {
    const at = this.find(record, port);
    const seen = at < 0 ? Began.unknown : this.words[at + STATE]! & BOTH;
    return seen === BOTH ? Began.unknown : seen;
  }

  save(writer: StateWriter): void {
    writer.f64(this.sinceMs);
    writer.u32(this.words.length);
    writer.numbers(this.words);
  }

  load(reader: StateReader): void {
    this.sinceMs = reader.f64();
    this.words = this.pool.words(reader.u32());
    reader.numbers(this.words);
  }

  /** Word at which the row begins, −1 when there is none. */
  private find(record: ObservedRecord, port: number): number {
    const { words } = this;
    if (words.length === 0) return -1;
    const set = setOf(words, hashOf(record.peerWords, record.peerWordsOffset, record.asset, keyOf(record, port)));
    for (let at = set; at < set + SET_WORDS; at += WORDS) if (isOf(words, at, record, port)) return at;
    return -1;
  }

  /** The row, made if need be, noted at the record's time. */
  private placeFor(record: ObservedRecord, port: number): number {
    if (record.startMs < this.sinceMs) this.sinceMs = record.startMs;
    let at = this.find(record, port);
    if (at < 0) {
      const { peerWords, peerWordsOffset, asset } = record;
      const key = keyOf(record, port);
      at = this.roomFor(hashOf(peerWords, peerWordsOffset, asset, key));
      this.words.fill(0, at, at + WORDS);
      for (let word = 0; word < 4; word++) this.words[at + word] = peerWords[peerWordsOffset + word]!;
      this.words[at + ASSET] = asset;
      this.words[at + KEY] = key;
    }
    this.words[at + NOTED] = Math.max(0, record.startMs / 1000);
    return at;
  }

  /** A free row, or one that gives way. */
  private roomFor(hash: number): number {
    for (;;) {
      const { words } = this;
      const at = words.length === 0 ? -1 : leastOf(words, setOf(words, hash));
      if (at >= 0 && (words[at + KEY] === 0 || words.length === MOST_SETS * SET_WORDS)) return at;
      this.words = this.pool.words(Math.max(SET_WORDS, words.length * 2));
      for (let row = 0; row < words.length; row += WORDS) {
        if (words[row + KEY] === 0) continue;
        // A set becomes two: there is a free row.
        const to = leastOf(this.words, setOf(this.words, hashOf(words, row, words[row + ASSET]!, words[row + KEY]!)));
        for (let word = 0; word < WORDS; word++) this.words[to + word] = words[row + word]!;
      }
      this.pool.give(words);
    }
  }
}

function keyOf({ protocol }: ObservedRecord, port: number): number {
  return (port << 8) | protocol;
}

/** `peer`: four words of the address at `at`. */
function hashOf(peer: Uint32Array, at: number, asset: number, key: number): number {
  const hash = mixWord(mixWord(peer[at]! ^ peer[at + 2]!, peer[at + 1]!), peer[at + 3]!);
  return finishHash(mixWord(mixWord(hash, key), asset));
}

function setOf(words: Uint32Array, hash: number): number {
  return (hash & (words.length / SET_WORDS - 1)) * SET_WORDS;
}

function isOf(words: Uint32Array, row: number, record: ObservedRecord, port: number): boolean {
  const { peerWords, peerWordsOffset: at } = record;
  return (
    words[row + KEY] === keyOf(record, port) &&
    words[row + ASSET] === record.asset &&
    words[row + 3] === peerWords[at + 3] &&
    words[row + 2] === peerWords[at + 2] &&
    words[row + 1] === peerWords[at + 1] &&
    words[row] === peerWords[at]
  );
}

/** The row of the set that gives way: a free one, else one that only suspects, else the one noted longest ago. */
function leastOf(words: Uint32Array, set: number): number {
  let least = set;
  let worth = Number.POSITIVE_INFINITY;
  for (let at = set; at < set + SET_WORDS; at += WORDS) {
    if (words[at + KEY] === 0) return at;
    const knows = words[at + KEY]! >>> 8 === PAIR ? 0 : 2 ** 32;
    if (knows + words[at + NOTED]! < worth) {
      worth = knows + words[at + NOTED]!;
      least = at;
    }
  }
  return least;
}
