import { HOUR_MS } from '../../../flow/time.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { Totals } from '../../findings/finding-sink.js';
import type { ObservedRecord } from '../observed-record.js';

export const MOST_PEERS = 32;
/** Of each peer: octets and packets out, and tries. */
const SUMS = 3;

/**
 * The last 32 peers that an asset has tried in vain, 1 kB: when each was tried first and last without an hour between two tries, and what was sent. An answer takes the peer out;
 * beyond the bound, who was tried longest ago goes.
 */
export class TriedPeers {
  private readonly hashes = new Uint32Array(MOST_PEERS);
  private readonly firstMs = new Float64Array(MOST_PEERS);
  /** 0 in free places. */
  private readonly lastMs = new Float64Array(MOST_PEERS);
  private readonly sums = new Float32Array(MOST_PEERS * SUMS);
  /** How many were told last, and when. */
  private told = 0;
  private toldMs = Number.NEGATIVE_INFINITY;

  /** Counts an attempt. How many peers were tried within the hour before it (MOST_PEERS at most), 0 where this one was among them before. */
  add(peer: number, { startMs, octetsOut, packetsOut }: ObservedRecord, tries: number): number {
    const { hashes, firstMs, lastMs, sums } = this;
    const sinceMs = startMs - HOUR_MS;
    let at = -1;
    let oldest = 0;
    let count = 0;
    for (let i = 0; i < MOST_PEERS; i++) {
      if (lastMs[i] !== 0 && hashes[i] === peer) at = i;
      if (lastMs[i]! < lastMs[oldest]!) oldest = i;
      if (this.isSince(i, sinceMs)) count += 1;
    }
    const known = at >= 0 && lastMs[at]! >= sinceMs;
    if (at < 0) {
      at = oldest;
      if (this.isSince(at, sinceMs)) count -= 1;
    }
    if (!known) {
      hashes[at] = peer;
      firstMs[at] = startMs;
      lastMs[at] = startMs;
      sums.fill(0, at * SUMS, (at + 1) * SUMS);
    }
    firstMs[at] = Math.min(firstMs[at]!, startMs);
    lastMs[at] = Math.max(lastMs[at]!, startMs);
    sums[at * SUMS]! += octetsOut;
    sums[at * SUMS + 1]! += packetsOut;
    sums[at * SUMS + 2]! += tries;
    return known ? 0 : count + 1;
  }

  answer(peer: number): void {
    const at = this.hashes.indexOf(peer);
    if (at >= 0) this.lastMs[at] = 0;
  }

  /** True when so many peers are to be told: twice as many as last time, as many as are counted, or after an hour. In a scan each try would be. */
  tells(count: number, startMs: number): boolean {
    const isNews = startMs - this.toldMs > HOUR_MS || count >= 2 * this.told || (count === MOST_PEERS && this.told < MOST_PEERS);
    if (isNews) {
      this.told = count;
      this.toldMs = startMs;
    }
    return isNews;
  }

  /** What was sent to the peers tried since `sinceMs`; `firstMs` is when the first of them was tried first. */
  totals(sinceMs: number, lastMs: number): Totals {
    const totals = { firstMs: lastMs, lastMs, octetsOut: 0, octetsIn: 0, packetsOut: 0, packetsIn: 0, records: 0, sessions: 0 };
    for (let i = 0; i < MOST_PEERS; i++) {
      if (!this.isSince(i, sinceMs)) continue;
      totals.firstMs = Math.min(totals.firstMs, this.firstMs[i]!);
      totals.octetsOut += this.sums[i * SUMS]!;
      totals.packetsOut += this.sums[i * SUMS + 1]!;
      totals.records += this.sums[i * SUMS + 2]!;
    }
    totals.sessions = totals.records;
    return totals;
  }

  save(writer: StateWriter): void {
    for (const numbers of [this.hashes, this.firstMs, this.lastMs, this.sums]) writer.numbers(numbers);
    writer.u32(this.told);
    writer.f64(this.toldMs);
  }

  load(reader: StateReader): void {
    for (const numbers of [this.hashes, this.firstMs, this.lastMs, this.sums]) reader.numbers(numbers);
    this.told = reader.u32();
    this.toldMs = reader.f64();
  }

  private isSince(at: number, sinceMs: number): boolean {
    return this.lastMs[at]! >= sinceMs && this.lastMs[at] !== 0;
  }
}
