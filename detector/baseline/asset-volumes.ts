import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import { Began, type ObservedRecord } from '../detections/observed-record.js';
import type { NumberPool } from './number-pool.js';
import { MOST_PEER_GROUPS, PeerGroups } from './peer-groups.js';
import type { StateReader, StateWriter } from './state.js';

/** Most that a slice holds: an hour of UTC, or what of it lies in one day of the time zone. */
export const SLICE_MS = HOUR_MS;

/** Where the numbers of an asset lie that are about all its groups of peers. */
export const At = {
  /** Bounds of the slice at hand, and the sampling interval of all that it holds. */
  from: 0,
  to: 1,
  sampling: 2,
  /** A bit for each minute of the hour of which a record tells: 30 in each of two numbers. */
  minutes: 3,
  /** Octets (scaled by sampling) that may come before a detection has to look: counted down. */
  roomOut: 5,
  roomIn: 6,
  /** Records; and those of sessions that the peer began. */
  pending: 7,
  called: 8,
  /** The newest short bin of each direction (Bin). */
  binOut: 10,
  binIn: 18,
  /** By place of the group of peers, its key and one: 0 behind the last. */
  keys: 26,
} as const;
const HEAD = At.keys + MOST_PEER_GROUPS;

/** What is collected for the newest short bin in one direction, a line of the cache: its bounds, sums since the detection took them, and octets until it has to look. */
export const Bin = { from: 0, to: 1, octets: 2, packets: 3, records: 4, sessions: 5, room: 6 } as const;

/** What is summed for each group of peers. Octets and payload are scaled by sampling, packets as counted. */
export const Sum = {
  out: 0,
  in: 1,
  packetsOut: 2,
  packetsIn: 3,
  /** Octets without headers; and of those sent what no claim admits. */
  payloadOut: 4,
  payloadIn: 5,
  unclaimed: 6,
  /** Records and sessions begun: all · with octets out · with octets in · with octets. */
  records: 7,
  recordsOut: 8,
  recordsIn: 9,
  recordsAny: 10,
  sessions: 11,
  sessionsOut: 12,
  sessionsIn: 13,
  sessionsAny: 14,
} as const;
const WIDTH = 15;
export const TOTAL_WIDTH = WIDTH;
const FIRST_GROUPS = 4;
const HALF_HOUR = 30;

/** IP and TCP headers without options, which every acknowledgement has (RFC 791, RFC 9293): taken off, so that a download is none of an upload. */
const HEADER_OCTETS = 40;

export function payloadOf(octets: number, packets: number): number {
  return Math.max(0, octets - HEADER_OCTETS * packets);
}

/** Where the sums of the group at `place` begin. */
export function sumAt(place: number): number {
  return HEAD + place * WIDTH;
}

/** What the tally needs of a unit. */
export interface TalliedUnit {
  /** Indexes into the claims' assets. */
  readonly assets: readonly number[];
  readonly pool: NumberPool;
}

/** The slice at hand of one asset, and what each detection keeps of it. 816 bytes for four groups of peers, 2.3 kB for the sixteen that are kept. */
export class AssetVolumes {
  /** Whose asset it is: a unit that was made anew knows nothing of before. */
  readonly unit: TalliedUnit;
  readonly groups: PeerGroups;
  /** By number of the detection; undefined until it has begun. */
  readonly states: (object | undefined)[];
  sums: Float64Array;
  private readonly pool: NumberPool;

  constructor(unit: TalliedUnit, consumers: number) {
    this.unit = unit;
    this.pool = unit.pool;
    this.sums = this.pool.doubles(sumAt(FIRST_GROUPS));
    this.groups = new PeerGroups(this.pool);
    this.states = new Array<object | undefined>(consumers).fill(undefined);
    this.sums[At.from] = Number.NaN;
    this.sums[At.to] = Number.NaN;
    for (const bin of [At.binOut, At.binIn]) this.sums[bin + Bin.to] = Number.NaN;
  }

  get fromMs(): number {
    return this.sums[At.from]!;
  }

  /** Place of the group with this key; −1 when it has none. */
  placeOf(key: number): number {
    const { sums } = this;
    const wanted = key + 1;
    for (let place = 0; place < MOST_PEER_GROUPS; place++) {
      const known = sums[At.keys + place]!;
      if (known === wanted) return place;
      if (known === 0) break;
    }
    return -1;
  }

  /** Makes room for the sums of a group that got this place, which begin at 0. */
  begin(place: number, key: number): void {
    if (sumAt(place + 1) > this.sums.length) this.sums = this.pool.outgrown(this.sums, sumAt(place + 1));
    this.sums.fill(0, sumAt(place), sumAt(place + 1));
    this.sums[At.keys + place] = key + 1;
  }

  /** One of the sums, of all groups. */
  collected(field: number): number {
    let sum = 0;
    for (let place = 0; place < this.groups.size; place++) sum += this.sums[sumAt(place) + field]!;
    return sum;
  }

  /** The slice begins anew; the groups stay, and so do the short bins. */
  clear(): void {
    const { sums } = this;
    for (let place = 0; place < this.groups.size; place++) sums.fill(0, sumAt(place), sumAt(place + 1));
    for (const field of [At.minutes, At.minutes + 1, At.pending, At.called]) sums[field] = 0;
  }

  save(writer: StateWriter): void {
    this.groups.save(writer);
    writer.u32(this.sums.length);
    writer.numbers(this.sums);
  }

  load(reader: StateReader): void {
    this.groups.load(reader);
    this.sums = this.pool.outgrown(this.sums, reader.u32());
    reader.numbers(this.sums);
  }
}

/** Adds a record that lies within the slice. False when a detection has to look. */
export function collect(record: ObservedRecord, place: number, sums: Float64Array): boolean {
  const { octetsOut, octetsIn, packetsOut, packetsIn, sampling, sessionStarts } = record;
  const at = HEAD + place * WIDTH;
  markMinutes(sums, At.minutes, record.startMs, record.endMs, Math.floor(record.startMs / HOUR_MS));
  sums[At.pending]! += 1;
  if (record.initiator === Began.peer) sums[At.called]! += 1;
  sums[at + Sum.records]! += 1;
  if (sessionStarts) sums[at + Sum.sessions]! += 1;
  if (octetsOut > 0) {
    const octets = octetsOut * sampling;
    const payload = payloadOf(octetsOut, packetsOut) * sampling;
    sums[At.roomOut]! -= octets;
    sums[at + Sum.out]! += octets;
    sums[at + Sum.payloadOut]! += payload;
    if (!record.admitted) sums[at + Sum.unclaimed]! += payload;
    sums[at + Sum.recordsOut]! += 1;
    if (sessionStarts) sums[at + Sum.sessionsOut]! += 1;
  }
  if (octetsIn > 0) {
    const octets = octetsIn * sampling;
    sums[At.roomIn]! -= octets;
    sums[at + Sum.in]! += octets;
    sums[at + Sum.payloadIn]! += payloadOf(octetsIn, packetsIn) * sampling;
    sums[at + Sum.recordsIn]! += 1;
    if (sessionStarts) sums[at + Sum.sessionsIn]! += 1;
  }
  sums[at + Sum.packetsOut]! += packetsOut;
  sums[at + Sum.packetsIn]! += packetsIn;
  if (octetsOut > 0 || octetsIn > 0) {
    sums[at + Sum.recordsAny]! += 1;
    if (sessionStarts) sums[at + Sum.sessionsAny]! += 1;
  }
  return sums[At.roomOut]! > 0 && sums[At.roomIn]! > 0;
}

/** Marks the minutes of the hour (counted from the epoch) that the time covers, 30 bits in each of two numbers from `at` on. */
export function markMinutes(numbers: Float64Array, at: number, startMs: number, endMs: number, hour: number): void {
  const first = Math.max(0, Math.floor(startMs / MINUTE_MS) - hour * 2 * HALF_HOUR);
  const last = Math.min(2 * HALF_HOUR - 1, Math.floor(endMs / MINUTE_MS) - hour * 2 * HALF_HOUR);
  if (first < HALF_HOUR) numbers[at] = numbers[at]! | bits(first, Math.min(last, HALF_HOUR - 1));
  if (last >= HALF_HOUR) numbers[at + 1] = numbers[at + 1]! | bits(Math.max(first, HALF_HOUR) - HALF_HOUR, last - HALF_HOUR);
}

/** Bits `first` to `last`, below 30. */
function bits(first: number, last: number): number {
  return (1 << (last + 1)) - (1 << first);
}

/** Sums all groups into `total`, and counts what each has exchanged towards who stays when there are too many. */
export function flushInto({ groups, sums }: AssetVolumes, total: Float64Array): void {
  total.fill(0);
  for (let place = 0; place < groups.size; place++) {
    const at = sumAt(place);
    if (sums[at + Sum.records] === 0) continue;
    groups.add(place, sums[at + Sum.out]! + sums[at + Sum.in]!);
    for (let field = 0; field < WIDTH; field++) total[field]! += sums[at + field]!;
  }
}
