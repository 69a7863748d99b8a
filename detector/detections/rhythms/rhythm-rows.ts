import { DAY_MS } from '../../../flow/time.js';
import { finishHash, mixWord } from '../../baseline/hash.js';
import { bytesOf, NO_CHUNK, type NumberPool, type Piece } from '../../baseline/number-pool.js';
import { hashesAtHand as hashes } from '../../baseline/peer-hashes.js';
import { RecentKeys } from '../../baseline/recent-keys.js';
import { StartRings } from '../../baseline/start-rings.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { ObservedRecord } from '../observed-record.js';

/*
 * Rhythms of an asset's exchanges: by asset, peer, responder's port, protocol and who began. A key gets a row with its second start that follows the first without
 * 256 others between them (512 octets a unit), so that a scan pushes out nothing that was learned. A row keeps the last 24 intervals and what was learned from them,
 * 404 bytes with its key; at most 32 an asset and 1024 a unit; beyond, newcomers wait until
 * somebody has not beaten for a day, or has shown for long that he has no rhythm.
 */

/** Intervals by which a rhythm is learned, and those by which its change is told. */
export const LEARN_INTERVALS = 24;
export const CHANGE_INTERVALS = 12;
export const KNOWN_PERIODS = 4;
const STARTS = LEARN_INTERVALS + 1;
const ROWS_PER_ASSET = 32;
const MOST_ROWS = 1024;
/** A row whose key has beaten within this time is not given to another. */
const FRESH_MS = DAY_MS;
const ONCE_SEEN = 256;
const ONCE_BYTES = 2 * ONCE_SEEN;

/** Doubles of a row. */
export const Fact = {
  /** First start of the key, in ms. */
  firstMs: 0,
  /** Period that was learned, 0 while there is none; and its spread, as StartRings.measure gives it. */
  periodMs: 1,
  spread: 2,
  /** Longest pause between two starts, but for those that were reported; longest time from a start until its record came. */
  longestMs: 3,
  lagMs: 4,
  /** Latest start, also where the ring is being filled anew. */
  latestMs: 5,
  /** Looks that passed running while unlearned; beats running that were off while learned. */
  runs: 6,
  /** Looks that failed running, as an exponent; starts still to be passed over for it. */
  failures: 7,
  skips: 8,
  /** 1: the end of the rhythm was told. 2: that it took over another's. */
  told: 9,
  /** Active minutes of the asset at the latest start. */
  activeAt: 10,
  // Who it is about, for what is told when its own records have ceased.
  asset: 11,
  ports: 12,
  protocol: 13,
  began: 14,
  /** Periods known, newest last, to single precision; 0 where there are fewer. */
  known: 15,
  /** Address of the peer: 16 octets. */
  peer: 19,
} as const;
const FACTS = 21;

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export class RhythmRows {
  readonly rings: StartRings;
  readonly keys: RecentKeys;
  /** Facts of all rows, from this double on. */
  private facts = NO_CHUNK.doubles;
  private first = 0;
  private rows = 0;
  private piece: Piece | undefined;
  private once: Piece | undefined;
  private readonly pool: NumberPool;

  constructor(assets: number, pool: NumberPool) {
    this.pool = pool;
    let most = ROWS_PER_ASSET;
    while (most < MOST_ROWS && most < ROWS_PER_ASSET * assets) most *= 2;
    this.keys = new RecentKeys(most, pool);
    this.rings = new StartRings(STARTS, 0, pool);
  }

  fact(row: number, fact: number): number {
    return this.facts[this.at(row) + fact]!;
  }

  setFact(row: number, fact: number, value: number): void {
    this.facts[this.at(row) + fact] = value;
  }

  add(row: number, fact: number, value: number): void {
    this.facts[this.at(row) + fact]! += value;
  }

  /** Address of the peer. */
  peerOf(row: number): Uint8Array {
    return this.peerBytes(row).slice();
  }

  isLearned(row: number): boolean {
    return this.fact(row, Fact.periodMs) !== 0;
  }

  /** The row of the record's exchange, made now when it has earned one. −1: it has none. */
  rowOf(record: ObservedRecord, responderPort: number): number {
    hashes.take(record.peerWords, record.peerWordsOffset);
    const key = ((record.protocol << 16) | responderPort) ^ (record.initiator << 28);
    const a = finishHash(mixWord(mixWord(hashes.peerA, key), record.asset));
    const b = finishHash(mixWord(mixWord(hashes.peerB, key), record.asset));
    let row = this.keys.find(a, b);
    if (row < 0 && !this.isTaken(record.startMs)) {
      const slot = a & (ONCE_SEEN - 1);
      const tag = b >>> 16;
      this.once ??= this.pool.piece(ONCE_BYTES);
      const { chunk, from } = this.once;
      if (chunk.shorts[from / 2 + slot] !== tag) {
        chunk.shorts[from / 2 + slot] = tag;
        return -1;
      }
      row = this.begin(record, responderPort, a, b);
    }
    return row;
  }

  /** True while no row can be had. */
  private isTaken(nowMs: number): boolean {
    const row = this.keys.nextToGo;
    return row >= 0 && nowMs - this.fact(row, Fact.latestMs) < FRESH_MS;
  }

  /** Lets a key without a rhythm go, where others wait for a row. True when it went. */
  giveUp(row: number): boolean {
    if (this.keys.nextToGo < 0) return false;
    this.keys.remove(row);
    return true;
  }

  /** Forgets the starts of the row: what comes is measured on its own. */
  restart(row: number): void {
    this.rings.clear(row);
    this.setFact(row, Fact.runs, 0);
  }

  remember(row: number, periodMs: number): void {
    const at = this.at(row) + Fact.known;
    this.facts.copyWithin(at, at + 1, at + KNOWN_PERIODS);
    this.facts[at + KNOWN_PERIODS - 1] = Math.fround(periodMs);
  }

  /**
   * Of the asset's rows with this peer: the period that was told last is usual no more, the one before it is. Nothing happens where a row knows one only, or
   * has come back to an earlier one. Port and protocol 0: any.
   */
  unlearn(asset: number, peer: Uint8Array, protocol: number, port: number): void {
    for (let row = 0; row < this.keys.end; row++) {
      if (!this.keys.isUsed(row) || this.fact(row, Fact.asset) !== asset || !sameBytes(this.peerOf(row), peer)) continue;
      if ((port !== 0 && this.fact(row, Fact.ports) !== port) || (protocol !== 0 && this.fact(row, Fact.protocol) !== protocol)) continue;
      if (this.fact(row, Fact.told) === 2) this.setFact(row, Fact.told, 0);
      const first = this.at(row) + Fact.known;
      const last = first + KNOWN_PERIODS - 1;
      if (this.facts[last - 1] === 0 || Math.fround(this.fact(row, Fact.periodMs)) !== this.facts[last]) continue;
      this.setFact(row, Fact.periodMs, this.facts[last - 1]!);
      this.facts.copyWithin(first + 1, first, last);
      this.facts[first] = 0;
      this.setFact(row, Fact.runs, 0);
    }
  }

  isKnown(row: number, periodMs: number, share: number): boolean {
    const first = this.at(row) + Fact.known;
    for (let at = first; at < first + KNOWN_PERIODS; at++) if (Math.abs(this.facts[at]! - periodMs) <= periodMs * share) return true;
    return false;
  }

  save(writer: StateWriter): void {
    this.keys.save(writer);
    this.rings.save(writer);
    writer.numbers(this.factsOfAll());
    writer.u32(this.once === undefined ? 0 : 1);
    if (this.once !== undefined) writer.numbers(bytesOf(this.once));
  }

  load(reader: StateReader): void {
    this.keys.load(reader);
    this.rings.load(reader, this.keys.capacity);
    this.resize(this.keys.capacity);
    reader.numbers(this.factsOfAll());
    this.once = reader.u32() === 0 ? undefined : this.pool.piece(ONCE_BYTES);
    if (this.once !== undefined) reader.numbers(bytesOf(this.once));
  }

  private begin(record: ObservedRecord, responderPort: number, a: number, b: number): number {
    const row = this.keys.add(a, b);
    const { capacity } = this.keys;
    if (this.rows < capacity) {
      this.rings.resize(capacity);
      this.resize(capacity);
    }
    this.restart(row);
    this.facts.fill(0, this.at(row), this.at(row + 1));
    this.setFact(row, Fact.firstMs, record.startMs);
    this.setFact(row, Fact.latestMs, record.startMs);
    this.setFact(row, Fact.asset, record.asset);
    this.setFact(row, Fact.ports, responderPort);
    this.setFact(row, Fact.protocol, record.protocol);
    this.setFact(row, Fact.began, record.initiator);
    this.peerBytes(row).set(record.peerBytes.subarray(record.peerOffset, record.peerOffset + 16));
    return row;
  }

  private resize(rows: number): void {
    const before = this.factsOfAll();
    const { piece } = this;
    this.piece = this.pool.piece(8 * rows * FACTS);
    this.facts = this.piece.chunk.doubles;
    this.first = this.piece.from / 8;
    this.rows = rows;
    this.facts.set(before, this.first);
    if (piece !== undefined) this.pool.release(piece);
  }

  private at(row: number): number {
    return this.first + row * FACTS;
  }

  private factsOfAll(): Float64Array {
    return this.facts.subarray(this.first, this.at(this.rows));
  }

  private peerBytes(row: number): Uint8Array {
    return new Uint8Array(this.facts.buffer, 8 * (this.at(row) + Fact.peer), 16);
  }
}
