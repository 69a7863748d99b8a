import { DAY_MS } from '../../flow/time.js';
import { finishHash, mixWord } from '../baseline/hash.js';
import { PeerHashes } from '../baseline/peer-hashes.js';
import { grownTo, RecentKeys } from '../baseline/recent-keys.js';
import { StartRings } from '../baseline/start-rings.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { ObservedRecord } from './observed-record.js';

/*
 * Rhythms of an asset's exchanges: by asset, peer, responder's port, protocol and who began. A key gets a row with its second start that follows the first without
 * 256 others between them (1 KiB a unit), so that a scan pushes out nothing that was learned. A row keeps the last 24 intervals and what was learned from them,
 * 345 bytes with its key; at most 32 an asset and 1024 a unit; beyond, newcomers wait until
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
} as const;
const FACTS = 6;

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}

export class RhythmRows {
  readonly rings: StartRings;
  readonly keys: RecentKeys;
  facts: Float64Array;
  /** Periods known, newest last; 0 where there are fewer. */
  known: Float32Array;
  /** Looks that passed running while unlearned; beats running that were off while learned. */
  runs: Uint8Array;
  /** Looks that failed running, as an exponent; starts still to be passed over for it. */
  failures: Uint8Array;
  skips: Uint16Array;
  /** 1: the end of the rhythm was told. 2: that it took over another's. */
  told: Uint8Array;
  /** Active minutes of the asset at the latest start. */
  activeAt: Uint32Array;
  // Who it is about, for what is told when its own records have ceased.
  asset: Uint32Array;
  peer: Uint8Array;
  ports: Uint32Array;
  protocol: Uint8Array;
  began: Uint8Array;
  private readonly once = new Uint32Array(ONCE_SEEN);
  private readonly hashes = new PeerHashes();

  constructor(assets: number) {
    let most = ROWS_PER_ASSET;
    while (most < MOST_ROWS && most < ROWS_PER_ASSET * assets) most *= 2;
    this.keys = new RecentKeys(most);
    const { capacity } = this.keys;
    this.rings = new StartRings(STARTS, capacity);
    this.facts = new Float64Array(capacity * FACTS);
    this.known = new Float32Array(capacity * KNOWN_PERIODS);
    this.runs = new Uint8Array(capacity);
    this.failures = new Uint8Array(capacity);
    this.skips = new Uint16Array(capacity);
    this.told = new Uint8Array(capacity);
    this.activeAt = new Uint32Array(capacity);
    this.asset = new Uint32Array(capacity);
    this.peer = new Uint8Array(capacity * 16);
    this.ports = new Uint32Array(capacity);
    this.protocol = new Uint8Array(capacity);
    this.began = new Uint8Array(capacity);
  }

  fact(row: number, fact: number): number {
    return this.facts[row * FACTS + fact]!;
  }

  setFact(row: number, fact: number, value: number): void {
    this.facts[row * FACTS + fact] = value;
  }

  isLearned(row: number): boolean {
    return this.facts[row * FACTS + Fact.periodMs] !== 0;
  }

  /** The row of the record's exchange, made now when it has earned one. −1: it has none. */
  rowOf(record: ObservedRecord, responderPort: number): number {
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const key = ((record.protocol << 16) | responderPort) ^ (record.initiator << 28);
    const a = finishHash(mixWord(mixWord(this.hashes.peerA, key), record.asset));
    const b = finishHash(mixWord(mixWord(this.hashes.peerB, key), record.asset));
    let row = this.keys.find(a, b);
    if (row < 0 && !this.isTaken(record.startMs)) {
      const slot = a & (ONCE_SEEN - 1);
      if (this.once[slot] !== b) {
        this.once[slot] = b;
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
    this.runs[row] = 0;
  }

  remember(row: number, periodMs: number): void {
    const at = row * KNOWN_PERIODS;
    this.known.copyWithin(at, at + 1, at + KNOWN_PERIODS);
    this.known[at + KNOWN_PERIODS - 1] = periodMs;
  }

  /**
   * Of the asset's rows with this peer: the period that was told last is usual no more, the one before it is. Nothing happens where a row knows one only, or
   * has come back to an earlier one. Port and protocol 0: any.
   */
  unlearn(asset: number, peer: Uint8Array, protocol: number, port: number): void {
    for (let row = 0; row < this.keys.end; row++) {
      if (!this.keys.isUsed(row) || this.asset[row] !== asset || !sameBytes(this.peer.subarray(row * 16, row * 16 + 16), peer)) continue;
      if ((port !== 0 && this.ports[row] !== port) || (protocol !== 0 && this.protocol[row] !== protocol)) continue;
      if (this.told[row] === 2) this.told[row] = 0;
      const last = (row + 1) * KNOWN_PERIODS - 1;
      if (this.known[last - 1] === 0 || Math.fround(this.fact(row, Fact.periodMs)) !== this.known[last]) continue;
      this.setFact(row, Fact.periodMs, this.known[last - 1]!);
      this.known.copyWithin(row * KNOWN_PERIODS + 1, row * KNOWN_PERIODS, last);
      this.known[row * KNOWN_PERIODS] = 0;
      this.runs[row] = 0;
    }
  }

  isKnown(row: number, periodMs: number, share: number): boolean {
    for (let at = row * KNOWN_PERIODS; at < (row + 1) * KNOWN_PERIODS; at++) {
      if (Math.abs(this.known[at]! - periodMs) <= periodMs * share) return true;
    }
    return false;
  }

  save(writer: StateWriter): void {
    this.keys.save(writer);
    this.rings.save(writer);
    for (const values of this.arrays()) writer.numbers(values);
    writer.numbers(this.once);
  }

  load(reader: StateReader): void {
    this.keys.load(reader);
    this.grow();
    this.rings.load(reader, this.keys.capacity);
    for (const values of this.arrays()) reader.numbers(values);
    reader.numbers(this.once);
  }

  private begin(record: ObservedRecord, responderPort: number, a: number, b: number): number {
    const row = this.keys.add(a, b);
    this.grow();
    this.restart(row);
    this.facts.fill(0, row * FACTS, (row + 1) * FACTS);
    this.setFact(row, Fact.firstMs, record.startMs);
    this.setFact(row, Fact.latestMs, record.startMs);
    this.known.fill(0, row * KNOWN_PERIODS, (row + 1) * KNOWN_PERIODS);
    this.failures[row] = 0;
    this.skips[row] = 0;
    this.told[row] = 0;
    this.activeAt[row] = 0;
    this.asset[row] = record.asset;
    this.peer.set(record.peerBytes.subarray(record.peerOffset, record.peerOffset + 16), row * 16);
    this.ports[row] = responderPort;
    this.protocol[row] = record.protocol;
    this.began[row] = record.initiator;
    return row;
  }

  private arrays() {
    const { facts, known, runs, failures, skips, told, activeAt, asset, peer, ports, protocol, began } = this;
    return [facts, known, runs, failures, skips, told, activeAt, asset, peer, ports, protocol, began];
  }

  private grow(): void {
    const { capacity } = this.keys;
    if (this.runs.length >= capacity) return;
    this.rings.resize(capacity);
    this.facts = grownTo(this.facts, capacity * FACTS);
    this.known = grownTo(this.known, capacity * KNOWN_PERIODS);
    this.runs = grownTo(this.runs, capacity);
    this.failures = grownTo(this.failures, capacity);
    this.skips = grownTo(this.skips, capacity);
    this.told = grownTo(this.told, capacity);
    this.activeAt = grownTo(this.activeAt, capacity);
    this.asset = grownTo(this.asset, capacity);
    this.peer = grownTo(this.peer, capacity * 16);
    this.ports = grownTo(this.ports, capacity);
    this.protocol = grownTo(this.protocol, capacity);
    this.began = grownTo(this.began, capacity);
  }
}
