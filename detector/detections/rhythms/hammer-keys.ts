import { ByAsset } from '../../baseline/by-asset.js';
import { finishHash, mixWord } from '../../baseline/hash.js';
import { HourCounts } from '../../baseline/hour-counts.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import { grownTo, NO_DOUBLES, RecentKeys } from '../../baseline/recent-keys.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import { MOST_SYNS } from '../../sessions/session-table.js';
import type { ObservedRecord } from '../observed-record.js';
import { TriedPeers } from './tried-peers.js';

/*
 * Attempts that nobody answered: by asset, peer, responder's port and protocol, counts of the last hour, at most 128 an asset and 1024 a unit, 88 bytes each with its
 * key; by asset, the last 32 peers. Beyond the bounds, who was tried least recently goes. An answer takes everything back.
 */

const ROWS_PER_ASSET = 128;
const MOST_ROWS = 1024;
/** Sums of a row: since when it counts, of the attempts since then: octets and packets out, their number, and the start of the latest. */
const SUMS = 5;

const TCP = 6;
/** One record is not told as more. */
const MOST_TRIES = 64;

/** How many tries an unanswered record is, at least: no stack sends more SYNs for one than MOST_SYNS. */
export function triesOf({ protocol, packetsOut }: ObservedRecord): number {
  return protocol === TCP ? Math.max(1, Math.min(MOST_TRIES, Math.ceil(packetsOut / MOST_SYNS))) : 1;
}

export class HammerKeys {
  private readonly rows: RecentKeys;
  private readonly hashes = hashesAtHand;
  private readonly hours: HourCounts;
  private sums = NO_DOUBLES;
  private readonly peersOf = new ByAsset<TriedPeers>();

  constructor(assets: number) {
    let most = ROWS_PER_ASSET;
    while (most < MOST_ROWS && most < ROWS_PER_ASSET * assets) most *= 2;
    this.rows = new RecentKeys(most);
    this.hours = new HourCounts();
  }

  /** Counts an attempt that nobody has answered. Its row. */
  attempt(record: ObservedRecord): number {
    const { startMs } = record;
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const [a, b] = this.keyOf(record);
    let row = this.rows.find(a, b);
    if (row < 0) {
      row = this.rows.add(a, b);
      this.resize();
      this.hours.clear(row);
      this.sums.fill(0, row * SUMS, (row + 1) * SUMS);
      this.sums[row * SUMS] = startMs;
    } else this.rows.touch(row);
    const tries = triesOf(record);
    for (let i = 0; i < tries; i++) this.hours.add(row, startMs);
    const at = row * SUMS;
    this.sums[at + 1]! += record.octetsOut;
    this.sums[at + 2]! += record.packetsOut;
    this.sums[at + 3]! += tries;
    this.sums[at + 4] = Math.max(this.sums[at + 4]!, startMs);
    return row;
  }

  /** Somebody answered there: what was counted is none any more. */
  answer(record: ObservedRecord): void {
    if (this.rows.end === 0) return;
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const [a, b] = this.keyOf(record);
    const row = this.rows.find(a, b);
    if (row >= 0) this.rows.remove(row);
    this.peersOf.get(record.asset)?.answer(this.hashes.peerA);
  }

  /** Attempts of the last hour, and since when (ms) they count. */
  count(row: number): number {
    return this.hours.sum(row);
  }
  fromMs(row: number): number {
    return Math.max(this.hours.fromMs(row), this.sums[row * SUMS]!);
  }
  /** Since when the row counts, and what was sent since. */
  firstMs(row: number): number {
    return this.sums[row * SUMS]!;
  }
  octetsOut(row: number): number {
    return this.sums[row * SUMS + 1]!;
  }
  packetsOut(row: number): number {
    return this.sums[row * SUMS + 2]!;
  }
  attempts(row: number): number {
    return this.sums[row * SUMS + 3]!;
  }
  latestMs(row: number): number {
    return this.sums[row * SUMS + 4]!;
  }

  /** After `attempt`: the peers that the asset has tried in vain, this one among them, and how many of them within the last hour, 0 where this one was tried within it before. */
  peersTried(record: ObservedRecord): { readonly peers: TriedPeers; readonly count: number } {
    let peers = this.peersOf.get(record.asset);
    if (peers === undefined) {
      peers = new TriedPeers();
      this.peersOf.set(record.asset, peers);
    }
    return { peers, count: peers.add(this.hashes.peerA, record, triesOf(record)) };
  }

  save(writer: StateWriter): void {
    this.rows.save(writer);
    this.hours.save(writer);
    writer.numbers(this.sums);
    writer.byAsset(this.peersOf, (peers) => peers.save(writer));
  }

  load(reader: StateReader): void {
    this.rows.load(reader);
    const { capacity } = this.rows;
    this.hours.load(reader, capacity);
    this.sums = new Float64Array(capacity * SUMS);
    reader.numbers(this.sums);
    for (let left = reader.u32(); left > 0; left--) {
      const peers = new TriedPeers();
      this.peersOf.set(reader.u32(), peers);
      peers.load(reader);
    }
  }

  private keyOf(record: ObservedRecord): [number, number] {
    const key = (record.protocol << 16) | record.peerPort;
    return [
      finishHash(mixWord(mixWord(this.hashes.peerA, key), record.asset)),
      finishHash(mixWord(mixWord(this.hashes.peerB, key), record.asset)),
    ];
  }

  private resize(): void {
    const { capacity } = this.rows;
    if (this.sums.length >= capacity * SUMS) return;
    this.hours.resize(capacity);
    this.sums = grownTo(this.sums, capacity * SUMS);
  }
}
