import { parsePrefix } from '../../../flow/address.js';
import { HOUR_MS, SECOND_MS } from '../../../flow/time.js';
import { finishHash, mixWord } from '../../baseline/hash.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import { grownTo, NO_BYTES, NO_DOUBLES, NO_FLOATS, NO_SHORTS, NO_WORDS, RecentKeys } from '../../baseline/recent-keys.js';
import { StartRings } from '../../baseline/start-rings.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { Totals } from '../../findings/finding-sink.js';
import { exchangeStarts, type ObservedRecord } from '../observed-record.js';

/*
 * What beacons are looked for in: for each asset, peer or network of peers (/24, /48), responder's port and protocol. In two stages, so that addresses that are
 * tried once cost little and push out nothing that repeats itself:
 *
 *   candidate   its first two starts                          at most 256 an asset, 4096 a unit,   57 bytes each with its key
 *   row         48 intervals, sizes of 48 connections, sums   at most  64 an asset, 1024 a unit,  789 bytes each with its key
 *
 * A candidate becomes a row with its third start; one of a network only when it has more than one peer. Beyond the bounds
 * of candidates, who was seen least recently goes; of rows, newcomers wait until somebody was not there for an hour, or has shown for long that he has no rhythm.
 */

/** Intervals that a row keeps (detection.md D08). */
export const BEACON_INTERVALS = 48;
const STARTS = BEACON_INTERVALS + 1;
const CANDIDATES_PER_ASSET = 256;
const MOST_CANDIDATES = 4096;
const ROWS_PER_ASSET = 64;
const MOST_ROWS = 1024;
const PROMOTED_WITH = 3;
/** A row whose key was there within this time is not given to another. */
const FRESH_MS = HOUR_MS;

const NETWORK_SEED = 0x51ed270b;
/** Sums of a row, as doubles: since its first start, as far as they could be counted. */
const Sum = {
  firstMs: 0,
  lastMs: 1,
  octetsOut: 2,
  octetsIn: 3,
  packetsOut: 4,
  packetsIn: 5,
  records: 6,
  sessions: 7,
  session: 8,
  lengthMs: 9,
  regularSinceMs: 10,
  toldFromMs: 11,
  toldUntilMs: 12,
  toldMedianMs: 13,
} as const;
const SUMS = 14;

/** What is sorted, of all keys: nothing is kept in it. */
const sortedAtHand = new Float64Array(STARTS);

export class BeaconKeys {
  readonly rings: StartRings;
  /** By row: starts taken in, looks passed running, 1 while all connections came from one port of the asset. */
  beats = NO_WORDS;
  passes = NO_BYTES;
  samePort = NO_BYTES;
  /** Looks that failed running. */
  failures = NO_BYTES;
  /** Whether the last `peerRow` or `networkRow` took in a start. */
  isNew = false;
  private readonly candidates: RecentKeys;
  private readonly rows: RecentKeys;
  private readonly hashes = hashesAtHand;
  private a = 0;
  private b = 0;
  // By candidate.
  private firstMs = NO_DOUBLES;
  private latestMs = NO_DOUBLES;
  private startCounts = NO_BYTES;
  private firstPeer = NO_WORDS;
  private several = NO_BYTES;
  // By row.
  private sums = NO_DOUBLES;
  private ports = NO_SHORTS;
  private sizes = NO_FLOATS;
  /** Tags of the peers of the latest starts: who they were, as far as a byte tells. */
  private tags = NO_BYTES;
  /** Asset of the row; hashes of its peer (0 for a network's row) and of its network. */
  private owner = NO_WORDS;
  private whom = NO_WORDS;

  constructor(assets: number) {
    this.candidates = new RecentKeys(bound(assets, CANDIDATES_PER_ASSET, MOST_CANDIDATES));
    this.rows = new RecentKeys(bound(assets, ROWS_PER_ASSET, MOST_ROWS));
    this.rings = new StartRings(STARTS, 0);
  }

  /** Takes the record into the row of its peer. −1: there is none yet. */
  peerRow(record: ObservedRecord): number {
    this.hash(record);
    let row = this.rows.find(this.a, this.b);
    if (row < 0) {
      if (!exchangeStarts(record)) return -1;
      row = this.nominate(record, this.a, this.b, false);
      if (row < 0) return -1;
    } else if (exchangeStarts(record)) this.enter(record, row);
    else if (this.sums[row * SUMS + Sum.session] !== record.session) return row;
    this.count(record, row);
    return row;
  }

  /** After `peerRow`: takes the start of a session into the row of its network. −1: there is none yet. */
  networkRow(record: ObservedRecord): number {
    const key = ((record.protocol << 16) | record.peerPort) ^ NETWORK_SEED;
    const a = finishHash(mixWord(mixWord(this.hashes.networkA, key), record.asset));
    const b = finishHash(mixWord(mixWord(this.hashes.networkB, key), record.asset));
    let row = this.rows.find(a, b);
    if (row < 0) {
      row = this.nominate(record, a, b, true);
      if (row < 0) return -1;
    } else this.enter(record, row);
    this.count(record, row);
    return row;
  }

  /** Lets a key that shows no rhythm go, where others wait for a row. */
  giveUp(row: number): void {
    if (this.rows.nextToGo >= 0) this.rows.remove(row);
  }

  /** Share of the measured starts that went to other peers of the network than the latest one. */
  shareOfOthers(row: number): number {
    const count = this.rings.count(row);
    const first = row * STARTS;
    const own = this.tags[first + ((this.beats[row]! - 1) % STARTS)]!;
    let others = 0;
    for (let i = 0; i < count; i++) if (this.tags[first + i] !== own) others += 1;
    return others / count;
  }

  /** Since when (ms) all looks at the row have passed, but for few; set by `regularFrom`. */
  regularSinceMs(row: number): number {
    return this.sums[row * SUMS + Sum.regularSinceMs]!;
  }

  regularFrom(row: number, ms: number): void {
    this.sums[row * SUMS + Sum.regularSinceMs] = ms;
  }

  /** What was last told of the row: since when the rhythm had lasted, until when it was told, and its period then. `untilMs` 0: nothing yet. */
  toldOf(row: number): { readonly fromMs: number; readonly untilMs: number; readonly medianMs: number } {
    const at = row * SUMS;
    return {
      fromMs: this.sums[at + Sum.toldFromMs]!,
      untilMs: this.sums[at + Sum.toldUntilMs]!,
      medianMs: this.sums[at + Sum.toldMedianMs]!,
    };
  }

  tell(row: number, fromMs: number, untilMs: number, medianMs: number): void {
    const at = row * SUMS;
    this.sums[at + Sum.toldFromMs] = fromMs;
    this.sums[at + Sum.toldUntilMs] = untilMs;
    this.sums[at + Sum.toldMedianMs] = medianMs;
  }

  /** As if nothing had been told of the asset's rows that are about this peer or its network; '': of all its rows; a prefix: of that network's. */
  tellAnew(asset: number, peer: string): void {
    if (peer !== '') this.hashes.take(new Uint32Array(parsePrefix(peer).bytes.slice().buffer), 0);
    const { peerA, networkA } = this.hashes;
    for (let row = 0; row < this.owner.length; row++) {
      if (this.owner[row] !== asset) continue;
      const [ofPeer, ofNetwork] = [this.whom[2 * row]!, this.whom[2 * row + 1]!];
      if (peer === '' || ofPeer === peerA || (ofNetwork === networkA && (ofPeer === 0 || peer.includes('/')))) {
        this.sums[row * SUMS + Sum.toldUntilMs] = 0;
      }
    }
  }

  /** Whether one of the rows that are about the network's own peers is such a one. */
  hasPeerRow(networkRow: number, isSuch: (row: number) => boolean): boolean {
    const [asset, network] = [this.owner[networkRow]!, this.whom[2 * networkRow + 1]!];
    for (let row = 0; row < this.rows.end; row++) {
      const isPeer = this.rows.isUsed(row) && this.owner[row] === asset && this.whom[2 * row] !== 0 && this.whom[2 * row + 1] === network;
      if (isPeer && isSuch(row)) return true;
    }
    return false;
  }

  /** Mean length of the first records of sessions, in ms. */
  meanLengthMs(row: number): number {
    return this.sums[row * SUMS + Sum.lengthMs]! / Math.max(1, this.sums[row * SUMS + Sum.sessions]!);
  }

  totalsOf(row: number): Totals {
    const at = row * SUMS;
    const sum = (field: number): number => this.sums[at + field]!;
    return {
      firstMs: sum(Sum.firstMs),
      lastMs: sum(Sum.lastMs),
      octetsOut: sum(Sum.octetsOut),
      octetsIn: sum(Sum.octetsIn),
      packetsOut: sum(Sum.packetsOut),
      packetsIn: sum(Sum.packetsIn),
      records: sum(Sum.records),
      sessions: sum(Sum.sessions),
    };
  }

  /** Median of the octets that the latest connections sent, and the median deviation from it as a share of it. */
  sizesOf(row: number): { median: number; spread: number } {
    const count = Math.min(STARTS, this.beats[row]!);
    const sorted = sortedAtHand.subarray(0, count);
    for (let i = 0; i < count; i++) sorted[i] = this.sizes[row * STARTS + i]!;
    const median = sorted.sort()[count >>> 1]!;
    for (let i = 0; i < count; i++) sorted[i] = Math.abs(sorted[i]! - median);
    return { median, spread: sorted.sort()[count >>> 1]! / Math.max(1, median) };
  }

  /** Octets a second that went out with the latest starts, as many as the row keeps. */
  octetsPerSecond(row: number): number {
    const { rings, sizes } = this;
    let octets = 0;
    for (let at = row * STARTS; at < row * STARTS + rings.count(row); at++) octets += sizes[at]!;
    return (SECOND_MS * octets) / (rings.latest(row) - rings.at(row, 0));
  }

  save(writer: StateWriter): void {
    this.candidates.save(writer);
    for (const values of [this.firstMs, this.latestMs, this.startCounts, this.firstPeer, this.several]) writer.numbers(values);
    this.rows.save(writer);
    this.rings.save(writer);
    for (const values of this.perRow()) writer.numbers(values);
  }

  load(reader: StateReader): void {
    this.candidates.load(reader);
    this.resizeCandidates();
    for (const values of [this.firstMs, this.latestMs, this.startCounts, this.firstPeer, this.several]) reader.numbers(values);
    this.rows.load(reader);
    this.resizeRows();
    this.rings.load(reader, this.rows.capacity);
    for (const values of this.perRow()) reader.numbers(values);
  }

  private perRow() {
    return [this.beats, this.passes, this.samePort, this.failures, this.sums, this.ports, this.sizes, this.tags, this.owner, this.whom];
  }

  private hash(record: ObservedRecord): void {
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const key = ((record.protocol << 16) | record.peerPort) ^ (record.asset << 24);
    this.a = finishHash(mixWord(mixWord(this.hashes.peerA, key), record.asset));
    this.b = finishHash(mixWord(mixWord(this.hashes.peerB, key), record.asset));
  }

  /** True while no row can be had: who has one was there within the hour. */
  private isTaken(nowMs: number): boolean {
    const row = this.rows.nextToGo;
    return row >= 0 && nowMs - this.rings.latest(row) < FRESH_MS;
  }

  /** Counts a start of a key that has no row. Its row, when this start has earned it one. */
  private nominate(record: ObservedRecord, a: number, b: number, ofNetwork: boolean): number {
    this.isNew = false;
    if (this.isTaken(record.startMs)) return -1;
    const { candidates } = this;
    const peer = this.hashes.peerA;
    let at = candidates.find(a, b);
    if (at < 0) {
      at = candidates.add(a, b);
      this.resizeCandidates();
      this.firstMs[at] = record.startMs;
      this.latestMs[at] = record.startMs;
      this.startCounts[at] = 1;
      this.firstPeer[at] = peer;
      this.several[at] = 0;
      return -1;
    }
    candidates.touch(at);
    if (peer !== this.firstPeer[at]) this.several[at] = 1;
    const starts = this.startCounts[at]! + 1;
    if (starts < PROMOTED_WITH || (ofNetwork && this.several[at] === 0)) {
      this.startCounts[at] = Math.min(PROMOTED_WITH, starts);
      this.latestMs[at] = record.startMs;
      return -1;
    }
    const row = this.promote(record, at, a, b, ofNetwork);
    // Of a network, the first start may lie long before the others.
    if (!ofNetwork) this.beat(row, this.firstMs[at]!, peer);
    this.beat(row, this.latestMs[at]!, this.firstPeer[at]!);
    this.sums[row * SUMS + Sum.sessions] = this.beats[row]!;
    this.sums[row * SUMS + Sum.records] = this.beats[row]!;
    candidates.remove(at);
    this.enter(record, row);
    return row;
  }

  private promote(record: ObservedRecord, at: number, a: number, b: number, ofNetwork: boolean): number {
    const row = this.rows.add(a, b);
    this.resizeRows();
    this.rings.clear(row);
    this.beats[row] = 0;
    this.passes[row] = 0;
    this.samePort[row] = 1;
    this.failures[row] = 0;
    this.ports[row] = record.assetPort;
    this.sums.fill(0, row * SUMS, (row + 1) * SUMS);
    this.sums[row * SUMS + Sum.firstMs] = this.firstMs[at]!;
    this.sizes.fill(0, row * STARTS, (row + 1) * STARTS);
    this.owner[row] = record.asset;
    this.whom[2 * row] = ofNetwork ? 0 : this.hashes.peerA;
    this.whom[2 * row + 1] = this.hashes.networkA;
    return row;
  }

  private enter(record: ObservedRecord, row: number): void {
    this.rows.touch(row);
    this.isNew = this.beat(row, record.startMs, tagOf(record));
    if (record.assetPort !== this.ports[row]) this.samePort[row] = 0;
    this.sums[row * SUMS + Sum.session] = record.session;
    this.sums[row * SUMS + Sum.sessions]! += 1;
    this.sums[row * SUMS + Sum.lengthMs]! += record.endMs - record.startMs;
  }

  private beat(row: number, ms: number, peer: number): boolean {
    if (!this.rings.add(row, ms)) return false;
    const slot = row * STARTS + (this.beats[row]! % STARTS);
    this.tags[slot] = peer & 0xff;
    this.sizes[slot] = 0;
    this.beats[row]! += 1;
    return true;
  }

  /** Adds what the record counted, to the sums and to the size of the latest connection. */
  private count(record: ObservedRecord, row: number): void {
    const { sums } = this;
    const at = row * SUMS;
    if (record.endMs > sums[at + Sum.lastMs]!) sums[at + Sum.lastMs] = record.endMs;
    sums[at + Sum.octetsOut]! += record.octetsOut;
    sums[at + Sum.octetsIn]! += record.octetsIn;
    sums[at + Sum.packetsOut]! += record.packetsOut;
    sums[at + Sum.packetsIn]! += record.packetsIn;
    sums[at + Sum.records]! += record.records;
    this.sizes[row * STARTS + ((this.beats[row]! - 1) % STARTS)]! += record.octetsOut;
  }

  private resizeCandidates(): void {
    const { capacity } = this.candidates;
    if (this.firstMs.length >= capacity) return;
    this.firstMs = grownTo(this.firstMs, capacity);
    this.latestMs = grownTo(this.latestMs, capacity);
    this.startCounts = grownTo(this.startCounts, capacity);
    this.firstPeer = grownTo(this.firstPeer, capacity);
    this.several = grownTo(this.several, capacity);
  }

  private resizeRows(): void {
    const { capacity } = this.rows;
    if (this.beats.length >= capacity) return;
    this.rings.resize(capacity);
    this.beats = grownTo(this.beats, capacity);
    this.passes = grownTo(this.passes, capacity);
    this.samePort = grownTo(this.samePort, capacity);
    this.failures = grownTo(this.failures, capacity);
    this.sums = grownTo(this.sums, capacity * SUMS);
    this.ports = grownTo(this.ports, capacity);
    this.sizes = grownTo(this.sizes, capacity * STARTS);
    this.tags = grownTo(this.tags, capacity * STARTS);
    this.owner = grownTo(this.owner, capacity);
    this.whom = grownTo(this.whom, 2 * capacity);
  }
}

/** The last byte of the peer's address: which host of a /24, and of an IPv6 network as far as a byte tells. */
function tagOf({ peerWords, peerWordsOffset }: ObservedRecord): number {
  return peerWords[peerWordsOffset + 3]! >>> 24;
}

/** A power of two: as many an asset, or the most of a unit. */
function bound(assets: number, perAsset: number, most: number): number {
  let rows = perAsset;
  while (rows < most && rows < perAsset * assets) rows *= 2;
  return rows;
}
