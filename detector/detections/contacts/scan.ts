import type { AttemptTable, AttemptTotals } from '../../baseline/attempt-table.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { Severity } from '../../claims/compiled.js';
import type { FindingSink, FindingUnit, Matter } from '../../findings/finding-sink.js';
import { formatPort } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
import { Protocol } from '../../sessions/orientation.js';
import { Attention, type Detection, type Evaluator, type ParameterTable, type ParameterValues, type UnitContext } from '../detection.js';
import { type ExchangeTraits, responderPort, Trait, traitsOf } from '../exchange-traits.js';
import { Began, Level, type ObservedRecord } from '../observed-record.js';
import { SCAN_EXAMPLES } from './scan-examples.js';
import { isHandshakeAlone } from './scan-handshake.js';
import { isLogIn, LOG_IN_WINDOW_MS, type LogIns, LogInTable } from './scan-log-ins.js';
import { BY_ASSET, BY_PEER, countsOverDay, LOG_INS, LONG_WINDOW_MS, recomputeScan, SHORT_WINDOW_MS } from './scan-recompute.js';
import { ScanSources } from './scan-sources.js';

const ID = 'scan';

const PARAMETERS = {
  leastHosts: {
    default: 10,
    least: 3,
    most: 200,
    unit: 'hosts on one port within 5 minutes',
    reason:
      'Benign desktops tried at most 8 (detection.md D14), the lab of benign-17h 1 and the Windows host of ctu-010 4; a slow horizontal scan in that study exactly 10.',
  },
  leastPorts: {
    default: 15,
    least: 3,
    most: 200,
    unit: 'ports of one host within 5 minutes',
    reason: 'Benign desktops tried at most 2, vertical scans 42 and more (detection.md D14).',
  },
  leastTargets: {
    default: 25,
    least: 5,
    most: 250,
    unit: 'hosts and ports within 5 minutes, whatever they are',
    reason: 'A scan in random order reaches neither of the other two numbers (detection.md D14).',
  },
  leastSlow: {
    default: 25,
    least: 5,
    most: 250,
    unit: 'hosts on one port, or ports of one host, within 24 hours',
    reason: 'What stays below five-minute numbers adds up over a day (detection.md D14).',
  },
  leastLogIns: {
    default: 30,
    least: 5,
    most: 10_000,
    unit: 'short sessions of one pair on a port for log-ins (21, 22, 23, 2323, 3389, 5900/tcp) within 10 minutes, where no claim admits them',
    reason:
      'People fail three times; programs that guess come every few seconds. A script that calls a host anew for each of its steps stays below.',
  },
} as const satisfies ParameterTable;

/*
 * UDP that asks into the blue by design and is often not answered: DNS, DHCP, NTP (pools), NetBIOS, SSDP, WS-Discovery, LLMNR, mDNS. detection.md D14 names 53 and
 * 123; the others are asked of groups of hosts in the same way.
 */
const ASKS_ANYBODY = new Set([53, 67, 68, 123, 137, 138, 546, 547, 1900, 3702, 5353, 5355]);

const BY_ASSET_SEVERITIES: readonly [Severity, Severity, Severity, Severity] = ['high', 'high', 'high', 'high'];
const BY_OUTSIDER_SEVERITIES: readonly [Severity, Severity, Severity, Severity] = ['low', 'low', 'low', 'low'];
/** The door is open to somebody outside, and answers. */
const GUESSED_SEVERITIES: readonly [Severity, Severity, Severity, Severity] = ['medium', 'medium', 'medium', 'medium'];

export const scan: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Scan or sweep',
  question: 'Does the equipment try many doors, or many keys at one, or does somebody do so with the doors of the equipment?',
  claimKinds: [],
  attack: [
    { id: 'T1046', matrix: 'enterprise', version: '18.0' },
    { id: 'T1018', matrix: 'enterprise', version: '18.0' },
    { id: 'T1595', matrix: 'enterprise', version: '18.0' },
    { id: 'T1110', matrix: 'enterprise', version: '18.0' },
    { id: 'T0846', matrix: 'ics', version: '18.0' },
    { id: 'T0840', matrix: 'ics', version: '18.0' },
    { id: 'T0888', matrix: 'ics', version: '18.0' },
  ],
  severity: 'high',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'destinationTransportPort',
    'protocolIdentifier',
    'tcpControlBits',
    'reverseTcpControlBits',
    'reversePacketDeltaCount',
    'biflow',
    'initiator',
    'completion',
    'samplingInterval',
    'octetDeltaCount',
    'reverseOctetDeltaCount',
  ],
  history:
    'none. Without success is what nobody answers, what is refused, and a TCP connection that is left without a word. Not assessable where packets are sampled: one packet of an exchange looks like an attempt. Scans by UDP and ICMP, and the doors that answer, need exporters that measure both directions',
  falsePositives: [
    'Vulnerability scanners and asset discovery of the operator: admit them in a claim and mute them for their times.',
    'Management stations that poll devices which are off, and balancers of load that look whether servers are there by connecting alone.',
    'Monitoring that logs in by SSH for each of its questions, and file transfers with a connection for each file: admit them in a claim.',
    'An asset on the open internet is scanned without end: those findings are of low severity.',
  ],
  runbook: [
    'By the asset: isolate it or look at once what runs on it; equipment has no reason to look for doors.',
    'By a peer inside: which machine is it, who works there? Look for sessions that it established after the scan.',
    'Keys tried at one door: look in the log of the host for the name that was let in at last, and for what it did then.',
    'By a peer outside: should the asset be reachable from there at all? An unanswered scan shows that the isolation held.',
  ],
  references: [
    'reference/detection.md D14',
    'ncsa/bro-simple-scan',
    'RFC 793 §3.4',
    'nmap.org/book/man-port-scanning-techniques.html (-sS, -sT)',
  ],
  examples: SCAN_EXAMPLES,
  recompute: recomputeScan,
  attends: (record, unit) => {
    if (record.initiator === Began.unknown || (traitsOf(unit).of(record) & Trait.groupPeer) !== 0) return Attention.none;
    if (isLogIn(record)) return Attention.always;
    return record.protocol === Protocol.tcp ? Attention.attempts | Attention.starts : Attention.attempts;
  },
  evaluator: (unit, parameters) => new ScanWatch(unit, parameters),
};

/** What is counted of one source, and what is said of it. */
interface Pattern {
  /** Number and word of the pattern, for the key of what was reported. */
  readonly code: number;
  readonly count: number;
  readonly least: number;
  readonly unit: FindingUnit;
  readonly long: boolean;
  readonly ofPort: boolean;
  readonly ofHost: boolean;
}

class ScanWatch implements Evaluator {
  private readonly unit: UnitContext;
  private readonly traits: ExchangeTraits;
  private readonly parameters: ParameterValues<typeof PARAMETERS>;
  private readonly hashes = hashesAtHand;
  private readonly sources: ScanSources;
  private readonly logIns = new LogInTable();
  private readonly matters = new Map<string, Matter>();

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.traits = traitsOf(unit);
    this.parameters = parameters;
    this.sources = new ScanSources();
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.sampling > 1 || record.initiator === Began.unknown) return;
    if (record.level !== Level.attempt && isLogIn(record)) this.judgeLogIn(record, findings);
    const isLeft = record.level !== Level.attempt && (record.sessionStarts || record.retold) && isHandshakeAlone(record);
    if (record.level !== Level.attempt && !isLeft) return;
    // Ports alone do not tell who asked: an answer whose question was not seen would look like an attempt.
    if (record.protocol === Protocol.tcp && !record.initiatorSeen) return;
    const byAsset = record.initiator === Began.asset;
    const port = byAsset ? record.peerPort : record.assetPort;
    if (record.protocol === Protocol.udp && (ASKS_ANYBODY.has(port) || ASKS_ANYBODY.has(record.assetPort))) return;
    const traits = this.traits.of(record);
    if ((traits & Trait.groupPeer) !== 0) return;
    const outside = (traits & (Trait.publicPeer | Trait.memberPeer)) === Trait.publicPeer;
    const countsLong = countsOverDay(record.protocol, port, !outside || !byAsset);
    // A browser connects ahead to servers of the web, and leaves some without a word.
    if (isLeft && !countsLong) return;
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const { peerA, peerB } = this.hashes;
    const source = byAsset ? this.sources.ofAsset(record.asset) : this.sources.ofPeer(peerA, peerB, record.startMs);
    const host = byAsset ? peerA : record.asset + 1;
    const target = (record.protocol << 16) | port;
    const isNew = source.table.add({
      host,
      port: target,
      ms: record.startMs,
      countsLong,
      octetsOut: record.octetsOut,
      octetsIn: record.octetsIn,
      packetsOut: record.packetsOut,
      packetsIn: record.packetsIn,
    });
    if (!isNew || record.periodFromMs < source.periodFromMs) return;
    if (record.periodFromMs > source.periodFromMs) source.beginPeriod(record.periodFromMs);
    let told = false;
    for (const pattern of this.patterns(source.table)) {
      if (pattern.count < pattern.least || (told && !pattern.ofPort && !pattern.ofHost)) continue;
      told = true;
      // Slow where it is fast, too, is the same scan.
      if (pattern.long && source.wasReported(pattern.code - 2, pattern.ofPort ? target : host)) continue;
      if (!source.report(pattern.code, pattern.ofPort ? target : pattern.ofHost ? host : 0, pattern.count)) continue;
      this.tell(record, source.table, pattern, byAsset, outside, target, host, findings);
    }
  }

  save(writer: StateWriter): void {
    this.sources.save(writer);
    this.logIns.save(writer);
  }

  load(reader: StateReader): void {
    this.sources.load(reader);
    this.logIns.load(reader);
  }

  private patterns({ samePort, sameHost, samePortLong, sameHostLong, all }: AttemptTable): Pattern[] {
    const { leastHosts, leastPorts, leastSlow, leastTargets } = this.parameters;
    // Below every limit, as nearly always: no list is made.
    if (samePort < leastHosts && sameHost < leastPorts && samePortLong < leastSlow && sameHostLong < leastSlow && all < leastTargets)
      return NO_PATTERNS;
    return [
      { code: 1, count: samePort, least: leastHosts, unit: 'peers', long: false, ofPort: true, ofHost: false },
      { code: 2, count: sameHost, least: leastPorts, unit: 'ports', long: false, ofPort: false, ofHost: true },
      { code: 3, count: samePortLong, least: leastSlow, unit: 'peers', long: true, ofPort: true, ofHost: false },
      { code: 4, count: sameHostLong, least: leastSlow, unit: 'ports', long: true, ofPort: false, ofHost: true },
      { code: 5, count: all, least: leastTargets, unit: 'attempts', long: false, ofPort: false, ofHost: false },
    ];
  }

  private tell(
    record: ObservedRecord,
    table: AttemptTable,
    pattern: Pattern,
    byAsset: boolean,
    outside: boolean,
    target: number,
    host: number,
    findings: FindingSink,
  ): void {
    const { count, least, unit, long, ofPort, ofHost } = pattern;
    const fromMs = table.newestMs - (long ? LONG_WINDOW_MS : SHORT_WINDOW_MS);
    const totals: AttemptTotals = table.totals(fromMs, ofPort ? target : -1, ofHost ? host : -1, long);
    const door = formatPort(record.protocol, target & 0xffff);
    const window = long ? '24 hours' : '5 minutes';
    const what = ofPort
      ? `${count} hosts on ${door}`
      : ofHost
        ? `${count} ports of one host by ${formatPort(record.protocol, 0)}`
        : `${count} hosts and ports`;
    // Hosts that a peer has tried: only a fleet that is judged as a whole shows several of them.
    const fleetWide = !byAsset && !ofHost;
    const who = byAsset ? BY_ASSET : BY_PEER;
    const part = `${long ? 'slow ' : ''}${ofPort ? `hosts ${door}` : ofHost ? 'ports' : 'targets'}`;
    const least_ = ofPort
      ? `${least} or more hosts on ${door}`
      : ofHost
        ? `${least} or more ports of one host`
        : `${least} or more hosts and ports`;
    const namesPeer = !byAsset || ofHost;
    const period = this.unit.claims.periodOf(record.startMs);
    findings.measure(record, {
      matter: this.matterOf(
        `${who} ${part}`,
        fleetWide ? 'fleet' : 'member',
        `${who} tried without success ${least_} within ${window}`,
        byAsset || !outside ? BY_ASSET_SEVERITIES : BY_OUTSIDER_SEVERITIES,
      ),
      observed: count,
      expected: least,
      unit: fleetWide && ofPort ? 'assets' : unit,
      ...(namesPeer ? { peerPort: ofPort ? target & 0xffff : 0 } : {}),
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: fromMs,
      windowToMs: table.newestMs + 1,
      confidence: Math.round(Math.min(95, 50 + 15 * Math.log2(count / least + 1))),
      why: `${who} tried without success ${what} in the ${window} to ${formatInstant(table.newestMs)}, where ${least} are a scan${record.level === Level.attempt ? '' : '; the latest answered, and was left without a word'}`,
      totals,
    });
  }

  /** Told when there are enough, and again when the busiest ten minutes of the period have doubled. */
  private judgeLogIn(record: ObservedRecord, findings: FindingSink): void {
    if (record.admitted || record.agreed || record.breaksClaim || record.retold) return;
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const pair = this.logIns.take(record, this.hashes.peerA, this.hashes.peerB);
    if (pair === undefined || pair.count < Math.max(this.parameters.leastLogIns, 2 * pair.told)) return;
    pair.told = pair.count;
    this.tellLogIns(record, pair, findings);
  }

  private tellLogIns(record: ObservedRecord, { count, windowFromMs, totals }: LogIns, findings: FindingSink): void {
    const { leastLogIns } = this.parameters;
    const outside = (this.traits.of(record) & (Trait.publicPeer | Trait.memberPeer)) === Trait.publicPeer;
    const byAsset = record.initiator === Began.asset;
    const who = byAsset ? BY_ASSET : BY_PEER;
    const peerPort = responderPort(record);
    const door = formatPort(record.protocol, peerPort);
    findings.measure(record, {
      matter: this.matterOf(
        `${who} ${LOG_INS}`,
        'member',
        `${who} came ${leastLogIns} times or more within 10 minutes for a ${LOG_INS}`,
        byAsset || !outside ? BY_ASSET_SEVERITIES : GUESSED_SEVERITIES,
      ),
      observed: count,
      expected: leastLogIns,
      unit: 'attempts',
      peerPort,
      periodFromMs: record.periodFromMs,
      periodToMs: record.periodToMs,
      windowFromMs,
      windowToMs: Math.min(totals.lastMs + 1, windowFromMs + LOG_IN_WINDOW_MS),
      confidence: Math.round(Math.min(90, 45 + 15 * Math.log2(count / leastLogIns + 1))),
      why: `${who} came ${count} times to ${door} within 10 minutes from ${formatInstant(windowFromMs)}, was answered each time, and left within a minute with less than 20 kB: as passwords are guessed`,
      totals,
    });
  }

  private matterOf(part: string, scope: 'member' | 'fleet', rule: string, severities: Matter['severities']): Matter {
    const key = `${part}|${severities[0]}`;
    let matter = this.matters.get(key);
    if (matter === undefined) {
      if (this.matters.size >= MOST_MATTERS) this.matters.clear();
      matter = { detection: ID, claim: -1, part, scope, rule, severities, most: 200 };
      this.matters.set(key, matter);
    }
    return matter;
  }
}

/** Ports whose rule is remembered. A cache. */
const MOST_MATTERS = 1000;
const NO_PATTERNS: Pattern[] = [];
