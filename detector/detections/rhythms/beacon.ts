import { formatAddress, formatPrefix, isMappedIPv4, maskAddress, type Prefix } from '../../../flow/address.js';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../flow/time.js';
import type { StartRings } from '../../baseline/start-rings.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { Severity } from '../../claims/compiled.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatCount, formatOctets, formatPort } from '../../findings/quantity.js';
import { formatSpan } from '../../findings/time-span.js';
import { Protocol } from '../../sessions/orientation.js';
import { Attention, type Detection, type Evaluator, type ParameterTable, type ParameterValues, type UnitContext } from '../detection.js';
import { Trait, traitsOf } from '../exchange-traits.js';
import { Began, exchangeStarts, Level, type ObservedRecord } from '../observed-record.js';
import { DNS_PORT, isBackground, isOneWay, NOTICE_PORTS } from './background-services.js';
import { BEACON_EXAMPLES } from './beacon-examples.js';
import { BEACON_INTERVALS, BeaconKeys } from './beacon-keys.js';
import { recomputeBeacon } from './beacon-recompute.js';
import { formatInterval, formatShare } from './rhythm-words.js';

const ID = 'beacon';

const PARAMETERS = {
  leastIntervals: {
    default: 24,
    least: 12,
    most: BEACON_INTERVALS,
    unit: 'intervals',
    reason: 'Fewer intervals are regular by chance too often (detection.md D08).',
  },
  mostSpread: {
    default: 0.3,
    least: 0.01,
    most: 0.6,
    unit: 'median deviation, as a share of the period',
    reason: 'Unrelated connections have 0.48 (exponential intervals), evenly jittered ones half of their jitter (detection.md D08).',
  },
  mostSpreadFull: {
    default: 0.4,
    least: 0.01,
    most: 0.6,
    unit: 'the same, where 48 intervals are at hand',
    reason: 'Twice the intervals measure the spread more closely, so that missed beats and strong jitter pass (detection.md D08).',
  },
  leastSpanMinutes: {
    default: 60,
    least: 5,
    most: 10_080,
    unit: 'minutes for which the rhythm has lasted',
    reason: 'Within an hour, people and downloads are regular too (detection.md D08).',
  },
  leastSpanExactMinutes: {
    default: 10,
    least: 5,
    most: 10_080,
    unit: 'the same, where the spread of all intervals at hand, at least those of four looks, is at most 0.1',
    reason:
      'People are never that regular: so many beats of a program need no hour to be told, and a capture of a quarter of an hour holds ninety of one that beats every 10 s.',
  },
  tellAgainDays: {
    default: 28,
    least: 1,
    most: 365,
    unit: 'days after which a rhythm that goes on unchanged is told again at the latest',
    reason:
      'It is told when it is found, and again when it has lasted twice as long as when it was last told: told every day, it tires and says nothing new.',
  },
} as const satisfies ParameterTable;

/** Each so many starts the row is measured, and so many times running it must pass: with one look, 14.5 % of streams of a thousand unrelated connections would pass some time (detection.md D08). */
const STARTS_PER_LOOK = 4;
const LOOKS = 4;
/** What has failed so often is looked at less, until it passes once; and gives its row to others after so many looks. */
const PATIENCE = 8;
const STARTS_PER_GLANCE = 16;
const MOST_FAILURES = 12;
/** A rhythm that has passed often may fail twice before it has to begin anew. */
const MOST_PASSES = 3 * LOOKS;
/** 90th percentile over median: three missed beats in ten pass, pauses do not. */
const MOST_TAIL = 2.2;
const EXACT_SPREAD = 0.1;
const EXACT_TAIL = 1.5;
/** The window also holds this many periods. */
const LEAST_PERIODS = 20;
/** Common active timeouts, in ms, beside those that the claims tell of sensors: one session that the stitching lost would beat so. */
const ACTIVE_TIMEOUTS_MS = [1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS);
const TIMEOUT_SHARE = 0.03;
/** A mean connection of this share of the period is held, not a beat. */
const HELD_SHARE = 1 / 2;
/** What sends so much without connections to somebody outside who says nothing is a flood (reconnect-hammer), no beacon: hundreds of the smallest datagrams a second. */
const FLOOD_OCTETS_PER_SECOND = 10_000;
/** Of the starts that are measured a network's beacon needs this share on other addresses than the latest: else the address has a finding of its own. */
const LEAST_OTHERS = 0.3;

/** A period that has changed by this share is news (as in rhythm-change, detection.md D21). */
const CHANGED_SHARE = 0.3;

/** Networks whose rule is remembered. A cache. */
const MOST_MATTERS = 1000;

const OUTSIDE: readonly [Severity, Severity, Severity, Severity] = ['low', 'medium', 'medium', 'high'];
const INSIDE: readonly [Severity, Severity, Severity, Severity] = ['info', 'low', 'low', 'low'];

export const beacon: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Connections in a steady rhythm',
  question: 'Does the equipment report at steady intervals to somebody whom no claim admits?',
  claimKinds: [],
  attack: [
    { id: 'T1071.001', matrix: 'enterprise', version: '18.0' },
    { id: 'T1573', matrix: 'enterprise', version: '18.0' },
    { id: 'T1104', matrix: 'enterprise', version: '18.0' },
    { id: 'T1029', matrix: 'enterprise', version: '18.0' },
    { id: 'T0869', matrix: 'ics', version: '18.0' },
    { id: 'T0885', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'flowStartMilliseconds',
    'initiator',
    'samplingInterval',
  ],
  history: `${PARAMETERS.leastIntervals.default} intervals and an hour; it learns nothing and needs no warm-up. The same rhythm is told on the day on which it is found, and again when it has lasted twice as long, when its period changes by ${100 * CHANGED_SHARE} %, or after an incident was closed. Not assessable where packets are sampled: those records are passed over`,
  falsePositives: [
    'Software that asks for updates, licences or configuration at fixed intervals: admit its server in a claim.',
    'Retries with a fixed waiting time after a server was moved or switched off.',
    'Monitoring agents inside that no claim names.',
  ],
  runbook: [
    'Who runs the peer? Look at its name, its AS, and since when the asset knows it.',
    'Do other assets of the fleet beat to the same peer with the same period? Then it is the product; ask the vendor for the purpose in writing.',
    'Are the volumes per beat equal? A program that reports nothing new sends the same each time; a change in volume is a command or its result.',
    'If it is to stay, admit the peer in an `only` claim: the rhythm is then learned, and its change or end reported.',
  ],
  references: ['reference/detection.md D08, P2, P4, P7', 'RITA (activecm/rita): the formula that this one replaces, see tests/bench'],
  examples: BEACON_EXAMPLES,
  recompute: recomputeBeacon,
  attends: (record, unit) => (mayBeBeacon(record) && !isPoll(record, unit) ? Attention.strange : Attention.none),
  evaluator: (unit, parameters) => new BeaconWatch(unit, parameters),
};

/** The rhythm of lookups is that of caches; what else is wrong with them the detections on DNS tell. */
function mayBeBeacon(record: ObservedRecord): boolean {
  return record.initiator === Began.asset && record.peerPort !== DNS_PORT && !isBackground(record);
}

/** Masters ask their controllers in a rhythm all day; who commands one for the first time lateral-movement tells. */
function isPoll(record: ObservedRecord, unit: UnitContext): boolean {
  return (traitsOf(unit).of(record) & Trait.industrial) !== 0 && !unit.claims.isOutside(record.peerBytes, record.peerOffset);
}

class BeaconWatch implements Evaluator {
  private readonly unit: UnitContext;
  private readonly parameters: ParameterValues<typeof PARAMETERS>;
  private readonly keys: BeaconKeys;
  private readonly timeoutsMs: readonly number[];
  private readonly matters = new Map<string, Matter>();

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.parameters = parameters;
    this.keys = new BeaconKeys(unit.assets.length);
    const declared = unit.claims.sensors.map(({ activeTimeoutMs }) => activeTimeoutMs).filter((ms) => ms > 0);
    this.timeoutsMs = [...new Set([...declared, ...ACTIVE_TIMEOUTS_MS])];
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.admitted || record.sampling > 1 || !mayBeBeacon(record) || isPoll(record, this.unit)) return;
    const { keys } = this;
    const peerRow = keys.peerRow(record);
    if (!exchangeStarts(record)) return;
    const peerFires = peerRow >= 0 && this.look(peerRow, record);
    const networkRow = keys.networkRow(record);
    if (peerFires) {
      const isPart = networkRow >= 0 && this.isToldOf(networkRow, keys.rings.medianMs, record.startMs);
      if (!isPart && this.isNews(peerRow)) this.reportPeer(record, peerRow, findings);
    }
    if (networkRow < 0 || !this.look(networkRow, record) || peerFires || keys.shareOfOthers(networkRow) < LEAST_OTHERS) return;
    if (!this.hasPartTold(networkRow, record.startMs) && this.isNews(networkRow)) this.reportNetwork(record, networkRow, findings);
  }

  /** What somebody closed as an incident should have ended: if it goes on, it is told at once. */
  decided(asset: number, { does, peer, detection }: FollowedDecision): void {
    if (does === 'unlearn' && (peer !== '' || detection === ID)) this.keys.tellAnew(asset, peer);
  }

  /** It learns nothing; but what it knows of rhythms, and of which it has told, outlasts a change of the claims. */
  learningUntil(): undefined {
    return undefined;
  }

  save(writer: StateWriter): void {
    this.keys.save(writer);
  }

  load(reader: StateReader): void {
    this.keys.load(reader);
  }

  /** After a start of the row: true when it is time to measure, the measure passes and has passed often enough. Leaves the measure in `keys.rings`. */
  private look(row: number, record: ObservedRecord): boolean {
    const { keys } = this;
    if (!keys.isNew || keys.beats[row]! % (keys.failures[row]! < PATIENCE ? STARTS_PER_LOOK : STARTS_PER_GLANCE) !== 0) return false;
    const { rings } = keys;
    const intervals = rings.count(row) - 1;
    if (intervals < this.parameters.leastIntervals) return false;
    rings.measure(row, intervals);
    if (!this.isRegular(rings, intervals)) {
      keys.passes[row] = Math.max(0, keys.passes[row]! - LOOKS);
      if (keys.failures[row]! < MOST_FAILURES) keys.failures[row]! += 1;
      else keys.giveUp(row);
      return false;
    }
    keys.failures[row] = 0;
    if (keys.passes[row] === 0) keys.regularFrom(row, rings.at(row, 0));
    if (keys.passes[row]! < MOST_PASSES) keys.passes[row]! += 1;
    return (
      keys.passes[row]! >= LOOKS &&
      this.isLongEnough(row, rings) &&
      !this.isTimeout(row, rings.medianMs) &&
      !this.isWaiting(row, record.peerPort, rings.medianMs) &&
      !this.isFlood(row, record)
    );
  }

  private isRegular({ spread, tail }: StartRings, intervals: number): boolean {
    const { mostSpread, mostSpreadFull } = this.parameters;
    return spread <= (intervals === BEACON_INTERVALS ? mostSpreadFull : mostSpread) && tail <= MOST_TAIL;
  }

  private isLongEnough(row: number, rings: StartRings): boolean {
    const spanMs = rings.latest(row) - this.keys.regularSinceMs(row);
    const { leastSpanMinutes, leastSpanExactMinutes } = this.parameters;
    const exact = rings.spread <= EXACT_SPREAD && rings.tail <= EXACT_TAIL;
    const least = exact ? Math.min(leastSpanMinutes, leastSpanExactMinutes) : leastSpanMinutes;
    return spanMs >= Math.max(least * MINUTE_MS, LEAST_PERIODS * rings.medianMs);
  }

  /**
   * A rhythm that nobody admits and nobody ends is one thing to look at, not one a day: it is told while the day lasts on which it was found, then when it has
   * lasted twice as long as when it was last told, at the latest after `tellAgainDays`. RITA, which tells every day, lowers its score by how many hosts share the peer and
   * for how long it is known; an asset is judged from its own records alone here, and a score that falls with age would let an implant grow old.
   * Measured: of 862 false findings of 2 064 device-weeks 677 were 26 desks' hourly look for updates, told anew each day.
   */
  private isNews(row: number): boolean {
    const { rings } = this.keys;
    const told = this.keys.toldOf(row);
    const nowMs = rings.latest(row);
    const { periodOf } = this.unit.claims;
    const isOther = told.untilMs === 0 || Math.abs(rings.medianMs - told.medianMs) > CHANGED_SHARE * told.medianMs;
    const isNews =
      isOther ||
      periodOf(nowMs).fromMs <= periodOf(told.untilMs).fromMs ||
      nowMs - told.fromMs >= 2 * (told.untilMs - told.fromMs) ||
      nowMs - told.untilMs >= this.parameters.tellAgainDays * DAY_MS;
    if (!isNews) return false;
    if (isOther) this.keys.tell(row, rings.at(row, 0), nowMs, rings.medianMs);
    else this.keys.tell(row, told.fromMs, Math.max(nowMs, told.untilMs), told.medianMs);
    return true;
  }

  /** Whether a rhythm with this period was told of the row and goes on: of a peer and its network one of them is told, the other is the same to look at. */
  private isToldOf(row: number, medianMs: number, nowMs: number): boolean {
    const { keys } = this;
    if (keys.passes[row]! < LOOKS || nowMs - keys.rings.latest(row) > LEAST_PERIODS * medianMs) return false;
    const told = keys.toldOf(row);
    return told.untilMs !== 0 && Math.abs(medianMs - told.medianMs) <= CHANGED_SHARE * told.medianMs;
  }

  /** After a look at the network's row. A method of its own: what a closure holds on to, `judge` would set aside for every record. */
  private hasPartTold(networkRow: number, nowMs: number): boolean {
    const { keys } = this;
    const { medianMs } = keys.rings;
    return keys.hasPeerRow(networkRow, (row) => this.isToldOf(row, medianMs, nowMs));
  }

  private isTimeout(row: number, medianMs: number): boolean {
    // Pieces of one session have its ports and follow one another without a pause.
    if (this.keys.samePort[row] === 0 || !this.isHeld(row, medianMs)) return false;
    return this.timeoutsMs.some((ms) => Math.abs(medianMs - ms) <= ms * TIMEOUT_SHARE);
  }

  /** To be held and to be renewed is what connections are for by which notices come; one that is held too long long-session tells. */
  private isWaiting(row: number, port: number, medianMs: number): boolean {
    return NOTICE_PORTS.has(port) && this.isHeld(row, medianMs);
  }

  /** Datagrams from ports of their own begin exchanges, and sent as fast as they go they have the rhythm of whoever counts them. Where `flood` does not look, nobody else would tell. */
  private isFlood(row: number, record: ObservedRecord): boolean {
    if (!record.unanswered || record.protocol === Protocol.tcp || isOneWay(record)) return false;
    return this.unit.claims.isOutside(record.peerBytes, record.peerOffset) && this.keys.octetsPerSecond(row) >= FLOOD_OCTETS_PER_SECOND;
  }

  private isHeld(row: number, medianMs: number): boolean {
    return this.keys.meanLengthMs(row) >= HELD_SHARE * medianMs;
  }

  private reportPeer(record: ObservedRecord, row: number, findings: FindingSink): void {
    const name = this.unit.claims.nameOf(record.peerBytes, record.peerOffset);
    const peer = `${formatAddress(record.peerBytes, record.peerOffset)}${name === '' ? '' : ` (${name})`}`;
    this.report(record, row, peer, '', findings);
  }

  private reportNetwork(record: ObservedRecord, row: number, findings: FindingSink): void {
    const network = formatPrefix(networkOf(record));
    this.report(record, row, network, `${network} ${formatPort(record.protocol, record.peerPort)}`, findings);
  }

  private report(record: ObservedRecord, row: number, to: string, part: string, findings: FindingSink): void {
    const { rings } = this.keys;
    const intervals = rings.count(row) - 1;
    const { medianMs, spread } = rings;
    const fromMs = rings.at(row, 0);
    const toMs = rings.latest(row);
    const period = this.unit.claims.periodOf(toMs);
    const totals = this.keys.totalsOf(row);
    const port = formatPort(record.protocol, record.peerPort);
    const sizes = this.keys.sizesOf(row);
    const verb = record.level === Level.attempt ? 'tried to reach' : 'connected to';
    const evenly = sizes.spread <= 0.05 ? ', nearly the same each time' : '';
    findings.measure(record, {
      matter: this.matterOf(part, this.unit.claims.isOutside(record.peerBytes, record.peerOffset)),
      observed: medianMs / SECOND_MS,
      expected: 0,
      unit: 'seconds',
      ...(part === '' ? { peerPort: record.peerPort } : {}),
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: fromMs,
      // The window holds the latest start.
      windowToMs: toMs + 1,
      confidence: Math.round(100 * Math.max(0, 1 - spread / 0.7)),
      why:
        `${verb} ${to} on ${port} every ${formatInterval(medianMs)}, half of the ${intervals} intervals within ±${formatShare(spread)}, ` +
        `${formatSpan(fromMs, toMs)}; ${formatOctets(sizes.median)} out in a typical one${evenly}, ${formatCount(totals.sessions, 'connection')} in all; no claim admits it`,
      totals,
    });
  }

  private matterOf(part: string, outside: boolean): Matter {
    const key = `${outside} ${part}`;
    let matter = this.matters.get(key);
    if (this.matters.size > MOST_MATTERS) this.matters.clear();
    if (matter === undefined) {
      const { leastIntervals, mostSpread, mostSpreadFull } = this.parameters;
      const to = part === '' ? 'one peer and port' : `the network and port ${part}`;
      matter = {
        detection: ID,
        claim: -1,
        part,
        scope: 'member',
        rule: `intervals between connections to ${to}: median deviation at most ${mostSpread} of the median (${mostSpreadFull} of ${BEACON_INTERVALS}), ${leastIntervals} or more, four looks running`,
        severities: outside ? OUTSIDE : INSIDE,
        most: 200,
      };
      this.matters.set(key, matter);
    }
    return matter;
  }
}

/** The peer's /24 or /48 (detection.md P7). */
function networkOf({ peerBytes, peerOffset }: ObservedRecord): Prefix {
  const bytes = peerBytes.slice(peerOffset, peerOffset + 16);
  const length = isMappedIPv4(bytes) ? 96 + 24 : 48;
  return { bytes: maskAddress(bytes, length), length };
}
