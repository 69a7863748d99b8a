import { formatDuration, HOUR_MS } from '../../../flow/time.js';
import { type AssetVolumes, payloadOf, Sum, sumAt } from '../../baseline/asset-volumes.js';
import type { NumberPool } from '../../baseline/number-pool.js';
import { OpenHours, shareOfHour } from '../../baseline/open-hours.js';
import type { PeerGroups } from '../../baseline/peer-groups.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { VolumeConsumer } from '../../baseline/volume-consumer.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatOctets } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
import type { ParameterValues, UnitContext } from '../detection.js';
import type { ObservedRecord } from '../observed-record.js';
import { ASYMMETRY_FLIP_ID, type ASYMMETRY_FLIP_PARAMETERS } from './asymmetry-flip-parameters.js';
import { laneRule } from './peer-lane.js';

/** Share that is sent (0–1): at most so much in a download; nearly all in an upload to nobody known. r of −0.2 and 0.9 in the document. */
const DOWNLOAD_SHARE = 0.4;
const UNCLAIMED_SHARE = 0.95;
/** Mean deviations from the usual share that are a flip, the least deviation that counts, and the least difference. r counts double. */
const DEVIATIONS = 5;
const LEAST_DEVIATION = 0.025;
const LEAST_DIFFERENCE = 0.3;
const LEARNED_HOURS = 8;
const MEMORY_HOURS = 16;
const FIRING_WEIGHT = 0.05;
/** Packets counted: the share that a few sampled packets show is no share. */
const LEAST_PACKETS = 30;
/**
 * Before the hour has settled, so many packets must have come back for each one sent: of one-way records, those of the way back may still be on their way. TCP
 * acknowledges every other segment (RFC 9293 §3.8.6.3), QUIC every second packet or so (RFC 9000 §13.2.2), and both less where a card joins segments.
 */
const LEAST_ANSWERED = 1 / 16;
/** An upload that was looked at and not told is looked at again when this share of what makes one has come in addition. */
const LOOK_AGAIN = 1 / 4;

// Numbers of a group of peers.
const Group = {
  /** Of the two open hours, at `hour & 1`: payload up and down, packets out and in, records, sessions, payload up that no claim admits. */
  up: 0,
  down: 2,
  packetsOut: 4,
  packetsIn: 6,
  records: 8,
  sessions: 10,
  unclaimed: 12,
  /** 1 where the upload of the hour was told before it settled. */
  told: 14,
  /** Usual share, its mean deviation, hours learned; 1 where the group lies outside. */
  share: 16,
  deviation: 17,
  learned: 18,
  outside: 19,
} as const;
const NUMBERS = 20;
const OPEN = 16;
const FIRST_PLACES = 4;

/** 160 bytes a group of peers, 2.5 kB for the sixteen that are kept. */
interface Watched {
  readonly firstMs: number;
  readonly hours: OpenHours;
  numbers: Float64Array;
}

export class FlipConsumer implements VolumeConsumer<Watched> {
  readonly unit: UnitContext;
  private readonly pool: NumberPool;
  private readonly warmUpMs: number;
  private readonly leastOctets: number;
  private readonly leastUnclaimed: number;
  private readonly leastWhileLearning: number;
  private readonly uploadShare: number;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof ASYMMETRY_FLIP_PARAMETERS>) {
    this.unit = unit;
    this.pool = unit.pool;
    this.warmUpMs = parameters.warmUpHours * HOUR_MS;
    this.leastOctets = parameters.leastMegabytes * 1e6;
    this.leastUnclaimed = parameters.leastMegabytesUnclaimed * 1e6;
    this.leastWhileLearning = parameters.leastMegabytesWhileLearning * 1e6;
    this.uploadShare = parameters.uploadPercent / 100;
  }

  begin(record: ObservedRecord): Watched {
    return { firstMs: record.startMs, hours: new OpenHours(), numbers: this.pool.doubles(FIRST_PLACES * NUMBERS) };
  }

  dueMs({ hours }: Watched): number {
    return hours.dueMs;
  }

  advance(watched: Watched, volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void {
    const { hours } = watched;
    if (record.endMs >= hours.dueMs) hours.advance(record.endMs, (hour) => this.close(hour, watched, volumes, record, findings));
  }

  enter(watched: Watched, _volumes: AssetVolumes, place: number, record: ObservedRecord): void {
    const { numbers } = watched;
    if ((place + 1) * NUMBERS > numbers.length) {
      watched.numbers = this.pool.outgrown(numbers, (place + 1) * NUMBERS);
    }
    watched.numbers.fill(0, place * NUMBERS, (place + 1) * NUMBERS);
    const outside = this.unit.claims.isOutside(record.peerBytes, record.peerOffset);
    watched.numbers[place * NUMBERS + Group.outside] = outside ? 1 : 0;
  }

  take({ numbers }: Watched, { groups, sums, fromMs }: AssetVolumes): void {
    const side = Math.floor(fromMs / HOUR_MS) & 1;
    for (let place = 0; place < groups.size; place++) {
      const from = sumAt(place);
      if (sums[from + Sum.records] === 0) continue;
      const at = place * NUMBERS + side;
      numbers[at + Group.up]! += sums[from + Sum.payloadOut]!;
      numbers[at + Group.down]! += sums[from + Sum.payloadIn]!;
      numbers[at + Group.packetsOut]! += sums[from + Sum.packetsOut]!;
      numbers[at + Group.packetsIn]! += sums[from + Sum.packetsIn]!;
      numbers[at + Group.records]! += sums[from + Sum.records]!;
      numbers[at + Group.sessions]! += sums[from + Sum.sessions]!;
      numbers[at + Group.unclaimed]! += sums[from + Sum.unclaimed]!;
    }
  }

  add({ hours, numbers }: Watched, _volumes: AssetVolumes, place: number, record: ObservedRecord): void {
    const { startMs, endMs, sampling } = record;
    const up = payloadOf(record.octetsOut, record.packetsOut) * sampling;
    const down = payloadOf(record.octetsIn, record.packetsIn) * sampling;
    const last = Math.floor(endMs / HOUR_MS);
    for (let hour = Math.max(hours.oldest, Math.floor(startMs / HOUR_MS)); hour <= last; hour++) {
      const share = shareOfHour(startMs, endMs, hour);
      const at = place * NUMBERS + (hour & 1);
      numbers[at + Group.up]! += up * share;
      numbers[at + Group.down]! += down * share;
      numbers[at + Group.packetsOut]! += record.packetsOut * share;
      numbers[at + Group.packetsIn]! += record.packetsIn * share;
      numbers[at + Group.records]! += 1;
      if (record.sessionStarts) numbers[at + Group.sessions]! += 1;
      if (!record.admitted) numbers[at + Group.unclaimed]! += up * share;
    }
  }

  /** What no claim admits may be told before the hour is over. */
  room(watched: Watched, inbound: boolean, nowMs: number): number {
    let room = Number.POSITIVE_INFINITY;
    if (inbound) return room;
    const { numbers } = watched;
    const hour = Math.floor(nowMs / HOUR_MS);
    const least = this.leastUploadIn(hour, watched);
    for (let at = 0; at < numbers.length; at += NUMBERS) {
      const open = at + (hour & 1);
      if (!isUnknownOutside(at, numbers) || numbers[open + Group.told] === 1) continue;
      room = Math.min(room, Math.max(least * LOOK_AGAIN, least - numbers[open + Group.unclaimed]!));
    }
    return room;
  }

  check(watched: Watched, { groups }: AssetVolumes, _place: number, record: ObservedRecord, findings: FindingSink): void {
    const { numbers } = watched;
    const hour = Math.floor(record.endMs / HOUR_MS);
    for (let place = 0; place < groups.size; place++) {
      const at = place * NUMBERS;
      const open = at + (hour & 1);
      const answered = numbers[open + Group.packetsIn]! >= LEAST_ANSWERED * numbers[open + Group.packetsOut]!;
      if (!answered || numbers[open + Group.told] === 1 || !this.isUpload(hour, at, watched)) continue;
      numbers[open + Group.told] = 1;
      this.report(place, hour, numbers, groups, record, findings);
    }
  }

  /** A group of peers to which more is sent than comes may have been learned from the incident: it is not known any more. */
  decided({ numbers }: Watched, { groups }: AssetVolumes, { does, peer, detection }: FollowedDecision): void {
    if (does !== 'unlearn' || (peer === '' && detection !== ASYMMETRY_FLIP_ID)) return;
    for (const place of groups.placesOf(peer, this.unit.claims)) {
      const at = place * NUMBERS;
      if (numbers[at + Group.share]! <= 0.5) continue;
      for (const field of [Group.learned, Group.share, Group.deviation]) numbers[at + field] = 0;
    }
  }

  learnedMs({ firstMs }: Watched): number {
    return firstMs + this.warmUpMs;
  }

  save({ firstMs, hours, numbers }: Watched, writer: StateWriter): void {
    writer.f64(firstMs);
    hours.save(writer);
    writer.u32(numbers.length);
    writer.numbers(numbers);
  }

  load(reader: StateReader): Watched {
    const firstMs = reader.f64();
    const hours = new OpenHours();
    hours.load(reader);
    const numbers = this.pool.doubles(reader.u32());
    reader.numbers(numbers);
    return { firstMs, hours, numbers };
  }

  private close(hour: number, watched: Watched, { groups }: AssetVolumes, record: ObservedRecord, findings: FindingSink): void {
    const { numbers } = watched;
    for (let place = 0; place < groups.size; place++) {
      const at = place * NUMBERS;
      const open = at + (hour & 1);
      const all = numbers[open + Group.up]! + numbers[open + Group.down]!;
      // Where one direction shows no packet nobody knows the ratio.
      if (all >= this.leastOctets && isTold(open, numbers)) {
        const flips = this.isFlip(hour, at, watched);
        // What was told before the hour settled is told with the numbers of all of it.
        if (flips || numbers[open + Group.told] === 1) this.report(place, hour, numbers, groups, record, findings);
        learn(numbers[open + Group.up]! / all, at, flips ? FIRING_WEIGHT : 1, numbers);
      }
      for (let field = 0; field < OPEN; field += 2) numbers[open + field] = 0;
    }
  }

  private isFlip(hour: number, at: number, watched: Watched): boolean {
    const { numbers } = watched;
    if (isUnknownOutside(at, numbers)) return this.isUpload(hour, at, watched);
    if (numbers[at + Group.learned]! < LEARNED_HOURS || this.isTraining(hour, watched)) return false;
    const share = shareSent(at + (hour & 1), numbers);
    const usual = numbers[at + Group.share]!;
    if (usual <= DOWNLOAD_SHARE && share >= this.uploadShare) return true;
    const band = DEVIATIONS * Math.max(LEAST_DEVIATION, numbers[at + Group.deviation]!);
    return share > 0.5 && share - usual > Math.max(LEAST_DIFFERENCE, band);
  }

  /** Whether the hour shows an upload to somebody outside of whom nothing is known yet. */
  private isUpload(hour: number, at: number, watched: Watched): boolean {
    const { numbers } = watched;
    const open = at + (hour & 1);
    return (
      isUnknownOutside(at, numbers) &&
      numbers[open + Group.unclaimed]! >= this.leastUploadIn(hour, watched) &&
      isTold(open, numbers) &&
      shareSent(open, numbers) >= UNCLAIMED_SHARE
    );
  }

  private leastUploadIn(hour: number, watched: Watched): number {
    return this.isTraining(hour, watched) ? this.leastWhileLearning : this.leastUnclaimed;
  }

  private isTraining(hour: number, watched: Watched): boolean {
    return hour * HOUR_MS < this.learnedMs(watched);
  }

  private report(
    place: number,
    hour: number,
    numbers: Float64Array,
    groups: PeerGroups,
    record: ObservedRecord,
    findings: FindingSink,
  ): void {
    const at = place * NUMBERS;
    const open = at + (hour & 1);
    const up = numbers[open + Group.up]!;
    const all = up + numbers[open + Group.down]!;
    const windowFromMs = hour * HOUR_MS;
    const windowToMs = windowFromMs + HOUR_MS;
    const period = this.unit.claims.periodOf(windowFromMs);
    const observed = (100 * up) / all;
    const learned = numbers[at + Group.learned]! >= LEARNED_HOURS;
    const expected = 100 * (learned ? numbers[at + Group.share]! : UNCLAIMED_SHARE);
    const group = groups.names[place]!;
    const usual = learned ? `where ${expected.toFixed(0)} % are usual with this group of peers` : 'and no claim admits this group of peers';
    findings.measure(record, {
      matter: matterOf(laneRule('out', group)),
      observed,
      expected,
      unit: '%',
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs,
      windowToMs,
      confidence: learned ? 75 : 60,
      why: `${observed.toFixed(0)} % of the ${formatOctets(all)} exchanged with ${group} in the ${formatDuration(HOUR_MS)} from ${formatInstant(windowFromMs)} were sent, ${usual}`,
      totals: {
        firstMs: windowFromMs,
        lastMs: windowToMs,
        octetsOut: Math.round(up / record.sampling),
        octetsIn: Math.round((all - up) / record.sampling),
        packetsOut: Math.round(numbers[open + Group.packetsOut]!),
        packetsIn: Math.round(numbers[open + Group.packetsIn]!),
        records: Math.max(1, numbers[open + Group.records]!),
        sessions: numbers[open + Group.sessions]!,
      },
    });
  }
}

/** Nothing is known yet of how much is sent to the group, and it lies outside. */
function isUnknownOutside(at: number, numbers: Float64Array): boolean {
  return numbers[at + Group.outside] === 1 && numbers[at + Group.learned]! < LEARNED_HOURS;
}

/** Whether both directions were told of, by enough packets. */
function isTold(open: number, numbers: Float64Array): boolean {
  const out = numbers[open + Group.packetsOut]!;
  const back = numbers[open + Group.packetsIn]!;
  return out > 0 && back > 0 && out + back >= LEAST_PACKETS;
}

/** Share (0–1) of the open hour's payload that was sent. */
function shareSent(open: number, numbers: Float64Array): number {
  const up = numbers[open + Group.up]!;
  return up / Math.max(1, up + numbers[open + Group.down]!);
}

function learn(share: number, at: number, weight: number, numbers: Float64Array): void {
  const n = numbers[at + Group.learned]!;
  const residual = n === 0 ? 0 : share - numbers[at + Group.share]!;
  const alpha = n === 0 ? 1 : weight / Math.min(n + 1, MEMORY_HOURS);
  numbers[at + Group.share] = n === 0 ? share : numbers[at + Group.share]! + alpha * residual;
  numbers[at + Group.deviation]! += alpha * (Math.abs(residual) - numbers[at + Group.deviation]!);
  numbers[at + Group.learned] = n + weight;
}

function matterOf(rule: string): Matter {
  const severities = ['medium', 'medium', 'medium', 'medium'] as const;
  return { detection: ASYMMETRY_FLIP_ID, claim: -1, part: rule, scope: 'member', rule, severities, most: Number.MAX_SAFE_INTEGER };
}
