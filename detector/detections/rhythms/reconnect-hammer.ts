import { formatAddress } from '../../../flow/address.js';
import { HOUR_MS } from '../../../flow/time.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { Severity } from '../../claims/compiled.js';
import type { FindingSink, Matter, Totals } from '../../findings/finding-sink.js';
import { formatPort } from '../../findings/quantity.js';
import { formatSpan } from '../../findings/time-span.js';
import { byParameters } from '../by-parameters.js';
import { Attention, type Detection, type Evaluator, type ParameterTable, type ParameterValues, type UnitContext } from '../detection.js';
import { learnedMatters } from '../learned-matters.js';
import { Began, exchangeStarts, Level, type ObservedRecord } from '../observed-record.js';
import { isBackground, isOneWay } from './background-services.js';
import { isLarge } from './flood-traffic.js';
import { HammerKeys, triesOf } from './hammer-keys.js';
import { recomputeHammer } from './hammer-recompute.js';
import { RECONNECT_HAMMER_EXAMPLES } from './reconnect-hammer-examples.js';
import { MOST_PEERS, type TriedPeers } from './tried-peers.js';

const ID = 'reconnect-hammer';

const PARAMETERS = {
  attemptsPerHour: {
    default: 30,
    least: 5,
    most: 10_000,
    unit: 'connections to one peer and port that nobody answers, within an hour',
    reason: 'One in two minutes: a service that is down for an hour is tried again less often, and tells less (detection.md D20).',
  },
  peersPerHour: {
    default: 5,
    least: 3,
    most: MOST_PEERS,
    unit: 'peers tried in vain within an hour',
    reason: 'Malware goes through a list of servers; equipment has one or two (detection.md D20). Raise it for open networks.',
  },
} as const satisfies ParameterTable;

/** Once reported, a finding is brought up to date each so many attempts. */
const ATTEMPTS_PER_REPORT = 16;

// An attempt without an answer proves that the isolation held: what is reported is that it was needed.
const OUTSIDE: readonly [Severity, Severity, Severity, Severity] = ['medium', 'medium', 'medium', 'medium'];
const INSIDE: readonly [Severity, Severity, Severity, Severity] = ['low', 'low', 'low', 'low'];

export const reconnectHammer: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Tries again and again, and nobody answers',
  question: 'Whom does the equipment keep trying to reach in vain?',
  claimKinds: [],
  attack: [
    { id: 'T1008', matrix: 'enterprise', version: '18.0' },
    { id: 'T0869', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'tcpControlBits',
    'reverseTcpControlBits',
    'packetDeltaCount',
    'reversePacketDeltaCount',
    'biflow',
    'samplingInterval',
  ],
  history:
    'an hour; it learns nothing and needs no warm-up. Not assessable where packets are sampled (the answer may be what was left out), nor for UDP that is exported one way',
  falsePositives: [
    'A server inside that is down or was moved.',
    'A licence or update server that the firewall has always blocked: admit nothing, close as expected.',
    'The answers take another way, past the sensor.',
    'Tries from one and the same port that follow one another faster than the exporter ends its records are counted too low: eleven packets are one try.',
  ],
  runbook: [
    'The isolation held: nothing was exchanged. Find out what in the equipment wants to reach this peer, and since when.',
    'Is the peer known to others (name, AS, threat lists)? A list of addresses tried in turn is how malware looks for its server.',
    'Keep the finding for the auditor: it shows that the block works.',
  ],
  references: ['reference/detection.md D20, P6'],
  examples: RECONNECT_HAMMER_EXAMPLES,
  recompute: recomputeHammer,
  attends: ({ initiator }) => (initiator === Began.asset ? Attention.strange : Attention.none),
  evaluator: (unit, parameters) => new HammerWatch(unit, parameters),
};

type Matters = Readonly<Record<'outside' | 'inside' | 'several', Matter>>;

const mattersOf = byParameters(({ attemptsPerHour, peersPerHour }: ParameterValues<typeof PARAMETERS>): Matters => {
  const matter = learnedMatters(ID, 50);
  const rule = `${attemptsPerHour} connections to one peer and port within an hour that nobody answers`;
  return {
    outside: matter('', rule, OUTSIDE),
    inside: matter('', rule, INSIDE),
    several: matter('peers', `${peersPerHour} peers tried within an hour, none of which answers`, OUTSIDE),
  };
});

class HammerWatch implements Evaluator {
  private readonly unit: UnitContext;
  private readonly attemptsPerHour: number;
  private readonly peersPerHour: number;
  private readonly keys: HammerKeys;
  private readonly matters: Matters;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.attemptsPerHour = parameters.attemptsPerHour;
    this.peersPerHour = parameters.peersPerHour;
    this.keys = new HammerKeys(unit.assets.length);
    this.matters = mattersOf(parameters);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.initiator !== Began.asset || record.retold || record.admitted || record.sampling > 1) return;
    // So much is no try: `flood` tells of it.
    if (isLarge(record)) return;
    if (record.level !== Level.attempt) {
      if (record.level >= Level.established) this.keys.answer(record);
      return;
    }
    if (!exchangeStarts(record) || isBackground(record) || isOneWay(record)) return;
    const { keys } = this;
    const row = keys.attempt(record);
    const count = keys.count(row);
    const tries = triesOf(record);
    const isDue = count - tries < this.attemptsPerHour || keys.attempts(row) % ATTEMPTS_PER_REPORT < tries;
    if (count >= this.attemptsPerHour && isDue) {
      this.reportPeer(record, row, count, findings);
    }
    const tried = keys.peersTried(record);
    if (tried.count >= this.peersPerHour && tried.peers.tells(tried.count, record.startMs))
      this.reportPeers(record, tried.peers, tried.count, findings);
  }

  save(writer: StateWriter): void {
    this.keys.save(writer);
  }

  load(reader: StateReader): void {
    this.keys.load(reader);
  }

  private reportPeer(record: ObservedRecord, row: number, count: number, findings: FindingSink): void {
    const { claims } = this.unit;
    const { keys } = this;
    const fromMs = keys.fromMs(row);
    const toMs = keys.latestMs(row);
    const period = claims.periodOf(toMs);
    const name = claims.nameOf(record.peerBytes, record.peerOffset);
    const peer = `${formatAddress(record.peerBytes, record.peerOffset)}${name === '' ? '' : ` (${name})`}`;
    const isOutside = claims.isOutside(record.peerBytes, record.peerOffset);
    findings.measure(record, {
      matter: isOutside ? this.matters.outside : this.matters.inside,
      observed: count,
      expected: this.attemptsPerHour,
      unit: 'attempts',
      peerPort: record.peerPort,
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: fromMs,
      windowToMs: toMs + 1,
      // Each doubling makes it surer that no passing fault is behind it.
      confidence: Math.round(Math.min(95, 60 + 15 * Math.log2(count / this.attemptsPerHour))),
      why:
        `tried ${count} times within an hour (${formatSpan(fromMs, toMs)}) to reach ${peer} on ${formatPort(record.protocol, record.peerPort)}, ` +
        `and was never answered, where fewer than ${this.attemptsPerHour} are usual; nothing was exchanged${isOutside ? ': the isolation held' : ''}`,
      totals: this.totalsOf(record, row),
    });
  }

  private reportPeers(record: ObservedRecord, peers: TriedPeers, count: number, findings: FindingSink): void {
    const toMs = record.startMs;
    const totals = peers.totals(toMs - HOUR_MS, record.endMs);
    const fromMs = Math.max(totals.firstMs, toMs - HOUR_MS);
    const period = this.unit.claims.periodOf(toMs);
    const more = count === MOST_PEERS ? `${count} or more` : `${count}`;
    findings.measure(record, {
      matter: this.matters.several,
      observed: count,
      expected: this.peersPerHour,
      unit: 'peers',
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: fromMs,
      windowToMs: toMs + 1,
      confidence: Math.round(Math.min(90, 50 + 20 * Math.log2(count / this.peersPerHour))),
      why: `tried ${more} peers within an hour (${formatSpan(fromMs, toMs)}) none of which answered, where fewer than ${this.peersPerHour} are usual; nothing was exchanged: the isolation held`,
      totals,
    });
  }

  private totalsOf(record: ObservedRecord, row: number): Totals {
    const { keys } = this;
    const attempts = keys.attempts(row);
    return {
      firstMs: keys.firstMs(row),
      lastMs: record.endMs,
      octetsOut: keys.octetsOut(row),
      octetsIn: 0,
      packetsOut: keys.packetsOut(row),
      packetsIn: 0,
      records: attempts,
      sessions: attempts,
    };
  }
}
