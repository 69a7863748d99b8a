import type { ObservedRecord } from '../detections/observed-record.js';
import type { FindingSink } from '../findings/finding-sink.js';
import { type AssetVolumes, At, Bin } from './asset-volumes.js';
import type { ShortBins } from './volume-consumer.js';

/** Out and in: whether inbound. */
const WAYS = [false, true] as const;

/**
 * Collects for the newest short bin of each direction, as the tally does for its slice, so that a usual record does not touch the bins.
 *
 *   record ──► within the newest bin ──► its sums ──► no room left ──► take, check
 *          └─► begins a bin, or late ────────────────────────────────► take, each
 */
export class NewestBins {
  /** Number of the detection whose bins they are. */
  readonly number: number;
  private readonly bins: ShortBins<object>;

  constructor(bins: ShortBins<object>, number: number) {
    this.bins = bins;
    this.number = number;
  }

  /** Counts a record in the directions in which it has octets. */
  count(record: ObservedRecord, volumes: AssetVolumes, findings: FindingSink): void {
    const { octetsOut, octetsIn, packetsOut, packetsIn } = record;
    if (octetsOut > 0) this.countWay(false, record, octetsOut, packetsOut, volumes, findings);
    if (octetsIn > 0) this.countWay(true, record, octetsIn, packetsIn, volumes, findings);
  }

  /** Gives the detection what was collected: another sampling interval begins. */
  flush(volumes: AssetVolumes): void {
    for (const inbound of WAYS) this.flushWay(inbound, volumes);
  }

  /** Sets how much may come before the detection has to look, which changes when learning ends. */
  measure(volumes: AssetVolumes, nowMs: number): void {
    for (const inbound of WAYS) this.measureWay(inbound, volumes, nowMs);
  }

  private countWay(
    inbound: boolean,
    record: ObservedRecord,
    octets: number,
    packets: number,
    volumes: AssetVolumes,
    findings: FindingSink,
  ): void {
    const { sums } = volumes;
    const bin = inbound ? At.binIn : At.binOut;
    const inNewest = record.startMs >= sums[bin + Bin.from]! && record.endMs < sums[bin + Bin.to]!;
    if (inNewest && collect(record, bin, octets, packets, sums)) return;
    const state = volumes.states[this.number]!;
    this.flushWay(inbound, volumes);
    if (inNewest) this.bins.check(state, inbound, record, findings);
    else this.bins.each(state, inbound, record, findings);
    this.measureWay(inbound, volumes, record.endMs);
  }

  private flushWay(inbound: boolean, { sums, states }: AssetVolumes): void {
    const bin = inbound ? At.binIn : At.binOut;
    if (sums[bin + Bin.records] === 0) return;
    this.bins.take(states[this.number]!, inbound, sums, bin);
    sums.fill(0, bin + Bin.octets, bin + Bin.sessions + 1);
  }

  private measureWay(inbound: boolean, { sums, states }: AssetVolumes, nowMs: number): void {
    const bin = inbound ? At.binIn : At.binOut;
    const state = states[this.number]!;
    sums[bin + Bin.from] = this.bins.newestFromMs(state, inbound);
    sums[bin + Bin.to] = this.bins.newestToMs(state, inbound);
    sums[bin + Bin.room] = this.bins.room(state, inbound, nowMs) - sums[bin + Bin.octets]!;
  }
}

/** Adds a record that lies within the bin whose sums begin at `bin`. False when the detection has to look. */
function collect(record: ObservedRecord, bin: number, octets: number, packets: number, sums: Float64Array): boolean {
  const scaled = octets * record.sampling;
  sums[bin + Bin.octets]! += scaled;
  sums[bin + Bin.packets]! += packets;
  sums[bin + Bin.records]! += 1;
  if (record.sessionStarts) sums[bin + Bin.sessions]! += 1;
  const room = sums[bin + Bin.room]! - scaled;
  sums[bin + Bin.room] = room;
  return room > 0;
}
