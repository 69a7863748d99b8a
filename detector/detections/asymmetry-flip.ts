import { formatDuration, HOUR_MS } from '../../flow/time.js';
import { OpenHours, shareOfHour } from '../baseline/open-hours.js';
import { PeerGroupReader, PeerGroups, peerGroupName } from '../baseline/peer-groups.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { Finding } from '../findings/finding.js';
import type { FindingSink, Matter } from '../findings/finding-sink.js';
import { formatOctets } from '../findings/quantity.js';
import { formatInstant } from '../findings/time-span.js';
import { ASYMMETRY_FLIP_EXAMPLES } from './asymmetry-flip-examples.js';
import type { Detection, Evaluator, FindingFlow, ParameterTable, ParameterValues, UnitContext } from './detection.js';
import type { ObservedRecord } from './observed-record.js';
import { laneRecords, laneRule } from './peer-lane.js';
import { shareWithin, sumOf } from './recompute.js';

const ID = 'asymmetry-flip';

const PARAMETERS = {
  warmUpHours: {
    default: 336,
    least: 24,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason: 'As of the other volumes. Groups of peers are compared with themselves from their eighth busy hour on.',
  },
  leastMegabytes: {
    default: 1,
    least: 0.1,
    most: 1_000_000,
    unit: 'MB of payload in an hour, both directions',
    reason: 'Of less, handshakes and certificates decide the ratio (detection.md D07).',
  },
  leastMegabytesUnclaimed: {
    default: 10,
    least: 1,
    most: 1_000_000,
    unit: 'MB sent in an hour to an outside peer that no claim admits',
    reason: 'An upload as such, where nothing is known of the peer (detection.md D07).',
  },
  uploadPercent: {
    default: 80,
    least: 55,
    most: 100,
    unit: '% of the payload that is sent',
    reason: 'r = (up − down)/(up + down) = 0.6 of the document: four parts out, one part in (detection.md D07).',
  },
} as const satisfies ParameterTable;

/** IP and TCP headers without options, which every acknowledgement has (RFC 791, RFC 9293): taken off, so that a download is none of an upload. */
const HEADER_OCTETS = 40;
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

export const asymmetryFlip: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Upload where there was download',
  question: 'Does the equipment send to peers that it used to receive from?',
  claimKinds: [],
  attack: [
    { id: 'T1041', matrix: 'enterprise', version: '18.0' },
    { id: 'T1567', matrix: 'enterprise', version: '18.0' },
    { id: 'T0882', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  columns: [
    'octetDeltaCount',
    'reverseOctetDeltaCount',
    'packetDeltaCount',
    'reversePacketDeltaCount',
    'samplingInterval',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    'bgpSourceAsNumber',
    'bgpDestinationAsNumber',
  ],
  history: 'eight hours with a megabyte for each group of peers; an hour is judged 31 minutes after its end',
  falsePositives: [
    'Logs or a support bundle that the vendor asked for.',
    'A VPN or remote desktop: its directions follow who works.',
    'Retransmissions on a bad line count as sent.',
    'Not assessable where the sensors tell one direction only (asymmetric routing, one-way export on one side): such hours are neither learned nor judged.',
  ],
  runbook: [
    'What was sent? Look at the sessions of that hour: one large upload, or many small ones.',
    'Does the application upload at all? For an update or licence server the answer is no.',
    'Is the peer a storage or paste service? Then treat it as exfiltration until somebody explains it.',
  ],
  references: ['reference/detection.md D07, P7'],
  examples: ASYMMETRY_FLIP_EXAMPLES,
  recompute: sharePercent,
  evaluator: (unit, parameters) => new FlipWatch(unit, parameters),
};

/** Sent payload in % of all payload of the group in the window. */
function sharePercent(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const { windowFromMs, windowToMs } = finding;
  const records = laneRecords(finding, rows, claims);
  const within = (record: ObservedRecord): number => shareWithin(record, windowFromMs, windowToMs) * record.sampling;
  const up = sumOf(records, (record) => payload(record.octetsOut, record.packetsOut) * within(record));
  const down = sumOf(records, (record) => payload(record.octetsIn, record.packetsIn) * within(record));
  return (100 * up) / (up + down);
}

function payload(octets: number, packets: number): number {
  return Math.max(0, octets - HEADER_OCTETS * packets);
}

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
  /** Usual share, its mean deviation, hours learned; 1 where the group lies outside. */
  share: 14,
  deviation: 15,
  learned: 16,
  outside: 17,
} as const;
const NUMBERS = 18;
const OPEN = 14;
const FIRST_PLACES = 4;

/** 144 bytes a group of peers, 2.3 kB for the sixteen that are kept. */
interface Watched {
  readonly firstMs: number;
  readonly hours: OpenHours;
  readonly groups: PeerGroups;
  numbers: Float64Array;
}

class FlipWatch implements Evaluator {
  private readonly claims: CompiledClaims;
  private readonly groupsOf: PeerGroupReader;
  private readonly warmUpMs: number;
  private readonly leastOctets: number;
  private readonly leastUnclaimed: number;
  private readonly uploadShare: number;
  /** By asset. */
  private readonly watched: (Watched | undefined)[] = [];

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.claims = unit.claims;
    this.groupsOf = new PeerGroupReader(unit.claims);
    this.warmUpMs = parameters.warmUpHours * HOUR_MS;
    this.leastOctets = parameters.leastMegabytes * 1e6;
    this.leastUnclaimed = parameters.leastMegabytesUnclaimed * 1e6;
    this.uploadShare = parameters.uploadPercent / 100;
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.retold || record.agreed) return;
    const { startMs, endMs, sampling } = record;
    const watched = this.watched[record.asset] ?? this.watchFrom(record.asset, startMs);
    const { hours, groups } = watched;
    if (endMs >= hours.dueMs) this.advance(watched, record, findings);
    const key = this.groupsOf.keyOf(record);
    let place = groups.find(key);
    if (place < 0) place = this.enter(record, key, watched);
    groups.volumes[place]! += (record.octetsOut + record.octetsIn) * sampling;
    const up = payload(record.octetsOut, record.packetsOut) * sampling;
    const down = payload(record.octetsIn, record.packetsIn) * sampling;
    const last = Math.floor(endMs / HOUR_MS);
    const { numbers } = watched;
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

  /** A group of peers to which more is sent than comes may have been learned from the incident: it is not known any more. */
  decided(asset: number, { does, peer, detection }: FollowedDecision): void {
    const watched = this.watched[asset];
    if (does !== 'unlearn' || watched === undefined || (peer === '' && detection !== ID)) return;
    const { groups, numbers } = watched;
    for (const place of groups.placesOf(peer, this.claims)) {
      const at = place * NUMBERS;
      if (numbers[at + Group.share]! <= 0.5) continue;
      for (const field of [Group.learned, Group.share, Group.deviation]) numbers[at + field] = 0;
    }
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    const watched = this.watched[asset];
    if (watched === undefined) return undefined;
    const until = watched.firstMs + this.warmUpMs;
    return nowMs < until ? until : undefined;
  }

  save(writer: StateWriter): void {
    writer.byAsset(this.watched, (watched) => {
      writer.f64(watched.firstMs);
      watched.hours.save(writer);
      watched.groups.save(writer);
      writer.u32(watched.numbers.length);
      writer.numbers(watched.numbers);
    });
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const watched = this.watchFrom(reader.u32(), reader.f64());
      watched.hours.load(reader);
      watched.groups.load(reader);
      watched.numbers = new Float64Array(reader.u32());
      reader.numbers(watched.numbers);
    }
  }

  private watchFrom(asset: number, firstMs: number): Watched {
    const watched = { firstMs, hours: new OpenHours(), groups: new PeerGroups(), numbers: new Float64Array(FIRST_PLACES * NUMBERS) };
    this.watched[asset] = watched;
    return watched;
  }

  private enter(record: ObservedRecord, key: number, watched: Watched): number {
    const place = watched.groups.enter(key, peerGroupName(record, this.claims));
    if ((place + 1) * NUMBERS > watched.numbers.length) {
      const more = new Float64Array(watched.numbers.length * 2);
      more.set(watched.numbers);
      watched.numbers = more;
    }
    watched.numbers.fill(0, place * NUMBERS, (place + 1) * NUMBERS);
    const outside = this.claims.isOutside(record.peerBytes, record.peerOffset);
    watched.numbers[place * NUMBERS + Group.outside] = outside ? 1 : 0;
    return place;
  }

  /** Apart from `judge`: a closure there would cost an object for every record. */
  private advance(watched: Watched, record: ObservedRecord, findings: FindingSink): void {
    watched.hours.advance(record.endMs, (hour) => this.close(hour, watched, record, findings));
  }

  private close(hour: number, watched: Watched, record: ObservedRecord, findings: FindingSink): void {
    const { numbers, groups } = watched;
    const training = hour * HOUR_MS < watched.firstMs + this.warmUpMs;
    for (let place = 0; place < groups.size; place++) {
      const at = place * NUMBERS;
      const open = at + (hour & 1);
      const up = numbers[open + Group.up]!;
      const all = up + numbers[open + Group.down]!;
      const out = numbers[open + Group.packetsOut]!;
      const back = numbers[open + Group.packetsIn]!;
      // Where one direction shows no packet nobody knows the ratio.
      if (all >= this.leastOctets && out > 0 && back > 0 && out + back >= LEAST_PACKETS) {
        const flips = !training && this.isFlip(up / all, at, open, numbers);
        if (flips) this.report(place, hour, up, all, watched, record, findings);
        learn(up / all, at, flips ? FIRING_WEIGHT : 1, numbers);
      }
      for (let field = 0; field < OPEN; field += 2) numbers[open + field] = 0;
    }
    if (hour % (7 * 24) === 0) groups.halve();
  }

  private isFlip(share: number, at: number, open: number, numbers: Float64Array): boolean {
    if (numbers[at + Group.learned]! < LEARNED_HOURS) {
      const unclaimed = numbers[open + Group.unclaimed]!;
      return numbers[at + Group.outside] === 1 && unclaimed >= this.leastUnclaimed && share >= UNCLAIMED_SHARE;
    }
    const usual = numbers[at + Group.share]!;
    if (usual <= DOWNLOAD_SHARE && share >= this.uploadShare) return true;
    const band = DEVIATIONS * Math.max(LEAST_DEVIATION, numbers[at + Group.deviation]!);
    return share > 0.5 && share - usual > Math.max(LEAST_DIFFERENCE, band);
  }

  private report(
    place: number,
    hour: number,
    up: number,
    all: number,
    { numbers, groups }: Watched,
    record: ObservedRecord,
    findings: FindingSink,
  ): void {
    const at = place * NUMBERS;
    const open = at + (hour & 1);
    const windowFromMs = hour * HOUR_MS;
    const windowToMs = windowFromMs + HOUR_MS;
    const period = this.claims.periodOf(windowFromMs);
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
  return { detection: ID, claim: -1, part: rule, scope: 'member', rule, severities, most: Number.MAX_SAFE_INTEGER };
}
