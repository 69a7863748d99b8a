import { DAY_MS } from '../../flow/time.js';
import { finishHash, mixWord } from '../baseline/hash.js';
import type { NumberPool } from '../baseline/number-pool.js';
import { hashesAtHand as hashes } from '../baseline/peer-hashes.js';
import { NO_DOUBLES, NO_SHORTS, RecentKeys } from '../baseline/recent-keys.js';
import { StartRings } from '../baseline/start-rings.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { ObservedRecord } from './observed-record.js';

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
  private facts: Float64Array = NO_DOUBLES;
  private once: Uint16Array | undefined;
  private readonly pool: NumberPool;

  constructor(assets: number, pool: NumberPool) {
    this.pool = pool;
    let most = ROWS_PER_ASSET;
    while (most < MOST_ROWS && most < ROWS_PER_ASSET * assets) most *= 2;
    this.keys = new RecentKeys(most, pool);
    this.rings = new StartRings(STARTS, 0, pool);
  }

  fact(row: number, fact: number): number {
    return this.facts[row * FACTS + fact]!;
  }

  setFact(row: number, fact: number, value: number): void {
    this.facts[row * FACTS + fact] = value;
  }

  add(row: number, fact: number, value: number): void {
    this.facts[row * FACTS + fact]! += value;
  }

  /** Address of the peer. */
  peerOf(row: number): Uint8Array {
    const at = this.facts.byteOffset + (row * FACTS + Fact.peer) * 8;
    return new Uint8Array(this.facts.buffer).slice(at, at + 16);
  }

  isLearned(row: number): boolean {
    return this.facts[row * FACTS + Fact.periodMs] !== 0;
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
      this.once ??= this.pool.shorts(ONCE_SEEN);
      if (this.once[slot] !== tag) {
        this.once[slot] = tag;
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
    const at = row * FACTS + Fact.known;
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
      const first = row * FACTS + Fact.known;
      const last = first + KNOWN_PERIODS - 1;
      if (this.facts[last - 1] === 0 || Math.fround(this.fact(row, Fact.periodMs)) !== this.facts[last]) continue;
      this.setFact(row, Fact.periodMs, this.facts[last - 1]!);
      this.facts.copyWithin(first + 1, first, last);
      this.facts[first] = 0;
      this.setFact(row, Fact.runs, 0);
    }
  }

  isKnown(row: number, periodMs: number, share: number): boolean {
    const first = row * FACTS + Fact.known;
    for (let at = first; at < first + KNOWN_PERIODS; at++) if (Math.abs(this.facts[at]! - periodMs) <= periodMs * share) return true;
    return false;
  }

  save(writer: StateWriter): void {
    this.keys.save(writer);
    this.rings.save(writer);
    writer.numbers(this.facts);
    writer.numbers(this.once ?? NO_SHORTS);
  }

  load(reader: StateReader): void {
    this.keys.load(reader);
    this.rings.load(reader, this.keys.capacity);
    this.facts = this.pool.doubles(this.keys.capacity * FACTS);
    reader.numbers(this.facts);
    const once = this.pool.shorts(reader.nextLength());
    reader.numbers(once);
    this.once = once.length === 0 ? undefined : once;
  }

  private begin(record: ObservedRecord, responderPort: number, a: number, b: number): number {
    const row = this.keys.add(a, b);
    const { capacity } = this.keys;
    if (this.facts.length < capacity * FACTS) {
      this.rings.resize(capacity);
      this.facts = this.pool.grownDoubles(this.facts, capacity * FACTS);
    }
    this.restart(row);
    this.facts.fill(0, row * FACTS, (row + 1) * FACTS);
    this.setFact(row, Fact.firstMs, record.startMs);
    this.setFact(row, Fact.latestMs, record.startMs);
    this.setFact(row, Fact.asset, record.asset);
    this.setFact(row, Fact.ports, responderPort);
    this.setFact(row, Fact.protocol, record.protocol);
    this.setFact(row, Fact.began, record.initiator);
    const peer = new Uint8Array(this.facts.buffer, this.facts.byteOffset + (row * FACTS + Fact.peer) * 8, 16);
    peer.set(record.peerBytes.subarray(record.peerOffset, record.peerOffset + 16));
    return row;
  }
}
