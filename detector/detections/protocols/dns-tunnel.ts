import { isMappedIPv4 } from '../../../flow/address.js';
import { formatDuration, HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatOctets, formatPort } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
import { Protocol } from '../../sessions/orientation.js';
import { byParameters } from '../by-parameters.js';
import {
  Attention,
  type Detection,
  type Evaluator,
  type FindingFlow,
  type ParameterTable,
  type ParameterValues,
  type UnitContext,
} from '../detection.js';
import { type ExchangeTraits, Trait, traitsOf } from '../exchange-traits.js';
import { learnedMatters } from '../learned-matters.js';
import { Began, type ObservedRecord } from '../observed-record.js';
import { DNS_TUNNEL_EXAMPLES } from './dns-tunnel-examples.js';
import { IPV6_MORE, LONG_QUESTION_OCTETS, type ResolverCounts, ResolverTable, type WindowCounts } from './resolver-table.js';

const ID = 'dns-tunnel';

/*
 * Sizes of IP packets. Measured tunnels (detection.md D16): queries of 70 (dns2tcp), 79 to 151 (iodine), 89 (ozymandns) and 279 octets (dnscat2), answers of 326 to 465.
 * Its limits of 75 for a query and 200 for an answer prove too low for the DNS of today, with EDNS and HTTPS records: the busiest ten minutes of benign-17h hold
 * 1451 queries of 84 octets with answers of 147, others answers of 190 (njrat) and 230. Between those and the tunnels lie 110 and 300.
 */
const PARAMETERS = {
  leastQueries: {
    default: 200,
    least: 10,
    most: 100_000,
    unit: 'queries to one resolver within 10 minutes',
    reason: 'Tunnels that carry anything ask twice a second and more (detection.md D16: 1.8 to 3.7).',
  },
  leastQueryOctets: {
    default: 110,
    least: 60,
    most: 500,
    unit: 'octets of a mean query, IP header included (IPv6: 20 more)',
    reason: 'Benign means were 77 to 84 (benign-17h, njrat); names that carry data fill the 255 octets they may have.',
  },
  leastAnswerOctets: {
    default: 300,
    least: 100,
    most: 1500,
    unit: 'octets of a mean answer, IP header included (IPv6: 20 more)',
    reason: 'Benign means were 139 to 190, tunnels 326 to 465 (detection.md D16).',
  },
  leastMegabytesPerDay: {
    default: 0.15,
    least: 0.01,
    most: 1000,
    unit: `MB of long questions in a calendar period: ${LONG_QUESTION_OCTETS} octets and more each, IP header included (IPv6: 20 more)`,
    reason:
      'A slow tunnel stays below ten-minute numbers, and the names that people need hide it in the mean. The busy desktop of benign-17h asked 45 questions of 110 octets and more, 5 kB, in 17 hours.',
  },
  leastQuestionsPerHour: {
    default: 500,
    least: 60,
    most: 100_000,
    unit: 'questions an hour from one port of the asset, over an hour or more',
    reason:
      'A tunnel that has nothing to say asks all the same, from the one port that it opened: iodine every 4 s, dnscat2 every second. Programs open a port for each question (RFC 5452 §9.2).',
  },
  leastEncryptedMegabytesPerDay: {
    default: 10,
    least: 0.1,
    most: 10_000,
    unit: 'MB in a calendar period to a public resolver over HTTPS, or to one over TLS or QUIC',
    reason:
      'Questions are padded to 128 octets (RFC 8467 §4.1), and TLS and HTTP/2 add some 70: fifty thousand of them make 10 MB, more than a desktop asks in a week.',
  },
} as const satisfies ParameterTable;

const WINDOW_MS = 10 * MINUTE_MS;
/** A name server asks from this port, for others. */
const DNS_PORT = 53;
const HTTPS_PORT = 443;
const ENCRYPTED = Trait.dnsOverTls | Trait.dnsOverHttps;

export const dnsTunnel: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Data in DNS',
  question: 'Does the equipment carry data in its questions for names, or fetch it in the answers?',
  claimKinds: [],
  attack: [
    { id: 'T1071.004', matrix: 'enterprise', version: '18.0' },
    { id: 'T1572', matrix: 'enterprise', version: '18.0' },
    { id: 'T1048.003', matrix: 'enterprise', version: '18.0' },
    { id: 'T0869', matrix: 'ics', version: '18.0' },
    { id: 'T0885', matrix: 'ics', version: '18.0' },
  ],
  severity: 'high',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'destinationTransportPort',
    'protocolIdentifier',
    'octetDeltaCount',
    'packetDeltaCount',
    'reverseOctetDeltaCount',
    'reversePacketDeltaCount',
    'samplingInterval',
  ],
  history:
    'none. It sees sizes, numbers and ports, not names: a tunnel that keeps below all of them (short questions, each from a port of its own) is not seen. Resolvers over HTTPS are known by the addresses and names of public ones alone',
  falsePositives: [
    'Virus scanners and mail filters that ask reputation services by DNS with long names.',
    'Mail servers that fetch keys and policies (TXT) in numbers.',
    'A name server or a forwarder among the assets, and equipment that asks for the same name again and again from a fixed port.',
    'Resolvers that validate DNSSEC, where the asset is one: answers carry keys and signatures.',
    'A forwarder that asks for a whole site over TLS or HTTPS; a public resolver’s address that serves other things, too.',
  ],
  runbook: [
    'Ask the resolver’s log which names the asset asked for in that window: hundreds of names below one domain are a tunnel.',
    'The resolver is inside? The tunnel goes through it all the same; block the domain there.',
    'Equipment that needs few names: let its resolver answer those alone.',
  ],
  references: ['reference/detection.md D16', 'RFC 1035 §2.3.4', 'RFC 6891', 'RFC 8484', 'RFC 8467 §4.1'],
  examples: DNS_TUNNEL_EXAMPLES,
  recompute: recomputeDnsTunnel,
  attends: (record, unit) => {
    if (record.initiator !== Began.asset) return Attention.none;
    const traits = traitsOf(unit).of(record);
    if (asksPlainly(record)) return (traits & Trait.groupPeer) === 0 ? Attention.always : Attention.none;
    if ((traits & ENCRYPTED) !== 0) return Attention.always;
    return record.peerPort === HTTPS_PORT ? Attention.told : Attention.none;
  },
  evaluator: (unit, parameters) => new DnsTunnelWatch(unit, parameters),
};

type Matters = Readonly<Record<'burst' | 'slow' | 'kept' | 'encrypted', Matter>>;

const HIGH: Matter['severities'] = ['high', 'high', 'high', 'high'];
const MEDIUM: Matter['severities'] = ['medium', 'medium', 'medium', 'medium'];

const mattersOf = byParameters((parameters: ParameterValues<typeof PARAMETERS>): Matters => {
  const { leastQueries, leastQueryOctets, leastAnswerOctets, leastMegabytesPerDay, leastQuestionsPerHour } = parameters;
  const { leastEncryptedMegabytesPerDay } = parameters;
  const matter = learnedMatters(ID, 100);
  const sizes = `of ${leastQueryOctets} octets or with answers of ${leastAnswerOctets}, in the mean`;
  return {
    burst: matter('', `${leastQueries} queries in 10 minutes, ${sizes}`, HIGH),
    slow: matter('day', `${leastMegabytesPerDay} MB in questions of ${LONG_QUESTION_OCTETS} octets and more each`, HIGH),
    kept: matter('port', `${leastQuestionsPerHour} questions an hour from one port, over an hour or more`, MEDIUM),
    encrypted: matter('encrypted', `${leastEncryptedMegabytesPerDay} MB to a resolver over HTTPS, TLS or QUIC`, MEDIUM),
  };
});

class DnsTunnelWatch implements Evaluator {
  private readonly traits: ExchangeTraits;
  private readonly parameters: ParameterValues<typeof PARAMETERS>;
  private readonly hashes = hashesAtHand;
  private readonly resolvers: ResolverTable;
  private readonly matters: Matters;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.traits = traitsOf(unit);
    this.resolvers = new ResolverTable(unit.pool);
    this.parameters = parameters;
    this.matters = mattersOf(parameters);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.initiator !== Began.asset || record.retold) return;
    const traits = this.traits.of(record);
    if (!asksPlainly(record)) {
      if ((traits & ENCRYPTED) !== 0 || (record.peerIsNamedResolver && record.peerPort === HTTPS_PORT))
        this.judgeEncrypted(record, findings);
      return;
    }
    if ((traits & Trait.groupPeer) !== 0) return;
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const resolver = this.resolvers.find(record.asset, this.hashes.peerA, this.hashes.peerB, record.startMs);
    const { window, day } = resolver;
    const fromMs = Math.floor(record.startMs / WINDOW_MS) * WINDOW_MS;
    if (count(window, record, fromMs)) this.judgeWindow(record, resolver, findings);
    if (count(day, record, record.periodFromMs)) this.judgeDay(record, day, findings);
    if (record.endMs - record.sessionStartMs >= HOUR_MS) this.judgeSession(record, resolver, findings);
  }

  save(writer: StateWriter): void {
    this.resolvers.save(writer);
  }

  load(reader: StateReader): void {
    this.resolvers.load(reader);
  }

  private judgeWindow(record: ObservedRecord, { window, told }: ResolverCounts, findings: FindingSink): void {
    const { leastQueries, leastQueryOctets, leastAnswerOctets } = this.parameters;
    if (window.queries < leastQueries) return;
    const more = isMappedIPv4(record.peerBytes, record.peerOffset) ? 0 : IPV6_MORE;
    const query = meanQuery(window);
    const answer = window.answers === 0 ? 0 : window.octetsIn / window.answers;
    if (query < leastQueryOctets + more && answer < leastAnswerOctets + more) return;
    // Of a period the busiest window stands in the finding; it is told again when it has doubled.
    if (!told.tells(record.periodFromMs, window.queries)) return;
    this.tell(record, this.matters.burst, window, {
      observed: window.queries,
      expected: leastQueries,
      unit: 'queries',
      why: `asked ${Math.round(window.queries)} times within 10 minutes from ${formatInstant(window.fromMs)}, ${Math.round(query)} B in a mean query and ${Math.round(answer)} B in a mean answer, where names take 60 to 90 B and answers 80 to 250 B`,
      findings,
    });
  }

  private judgeDay(record: ObservedRecord, day: WindowCounts, findings: FindingSink): void {
    const least = this.parameters.leastMegabytesPerDay * 1e6;
    if (!day.tells(day.longOctets, least)) return;
    this.tell(record, this.matters.slow, day, {
      observed: day.longOctets,
      expected: least,
      unit: 'octets',
      why: `${formatOctets(day.longOctets)} went out in long questions for names since ${formatInstant(day.fromMs)}, ${LONG_QUESTION_OCTETS} B and more each, where names take 60 to 90 B`,
      findings,
    });
  }

  /** What cannot be told as questions any more: all that went there. By protocol and port, for DNS over QUIC and TLS are told apart. */
  private judgeEncrypted(record: ObservedRecord, findings: FindingSink): void {
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const door = (record.protocol << 16) | record.peerPort;
    const { day } = this.resolvers.find(record.asset, this.hashes.peerA, (this.hashes.peerB ^ door) >>> 0, record.startMs);
    if (!count(day, record, record.periodFromMs)) return;
    const least = this.parameters.leastEncryptedMegabytesPerDay * 1e6;
    if (!day.tells(day.octetsOut, least)) return;
    this.tell(record, this.matters.encrypted, day, {
      observed: day.octetsOut,
      expected: least,
      unit: 'octets',
      why: `${formatOctets(day.octetsOut)} went since ${formatInstant(day.fromMs)} to a resolver on ${formatPort(record.protocol, record.peerPort)}, where a question takes some 200 B: ${Math.round(day.octetsOut / 200_000)} thousand of them`,
      findings,
    });
  }

  /** Questions from one port for hours, answered: told when it is found, and again in a later period or when they have doubled. */
  private judgeSession(record: ObservedRecord, { toldSession: told }: ResolverCounts, findings: FindingSink): void {
    if (record.assetPort === DNS_PORT) return;
    const openMs = record.endMs - record.sessionStartMs;
    const queries = record.sessionPacketsOut * record.sampling;
    const expected = (this.parameters.leastQuestionsPerHour * openMs) / HOUR_MS;
    if (queries < expected || 2 * record.sessionPacketsIn < record.sessionPacketsOut) return;
    if (!told.tells(record.periodFromMs, queries)) return;
    const { sessionStartMs, sessionOctetsOut, sessionPacketsOut } = record;
    const mean = Math.round(sessionOctetsOut / sessionPacketsOut);
    findings.measure(record, {
      matter: this.matters.kept,
      observed: queries,
      expected,
      unit: 'packets',
      peerPort: DNS_PORT,
      periodFromMs: record.periodFromMs,
      periodToMs: record.periodToMs,
      windowFromMs: sessionStartMs,
      windowToMs: record.endMs + 1,
      confidence: 65,
      why: `asked ${Math.round(queries)} times from port ${record.assetPort} within ${formatDuration(openMs)} since ${formatInstant(sessionStartMs)}, ${mean} B in a mean question: a tunnel that is kept open asks so, where programs take another port for each question`,
      totals: {
        firstMs: sessionStartMs,
        lastMs: record.endMs,
        octetsOut: sessionOctetsOut,
        octetsIn: record.sessionOctetsIn,
        packetsOut: sessionPacketsOut,
        packetsIn: record.sessionPacketsIn,
        records: record.sessionRecords,
        sessions: 1,
      },
    });
  }

  private tell(
    record: ObservedRecord,
    matter: Matter,
    counts: WindowCounts,
    said: { observed: number; expected: number; unit: 'queries' | 'octets'; why: string; findings: FindingSink },
  ): void {
    const { observed, expected, unit, why, findings } = said;
    findings.measure(record, {
      matter,
      observed,
      expected,
      unit,
      peerPort: record.peerPort,
      periodFromMs: record.periodFromMs,
      periodToMs: record.periodToMs,
      windowFromMs: counts.fromMs,
      windowToMs: counts.newestMs + 1,
      confidence: Math.round(Math.min(90, 60 + 10 * Math.log2(observed / expected + 1))),
      why,
      totals: {
        firstMs: counts.firstMs,
        lastMs: Math.max(record.endMs, counts.newestMs),
        octetsOut: counts.countedOut,
        octetsIn: counts.countedIn,
        packetsOut: counts.packetsOut,
        packetsIn: counts.packetsIn,
        records: counts.records,
        sessions: counts.records,
      },
    });
  }
}

function asksPlainly({ protocol, peerPort, initiator }: ObservedRecord): boolean {
  return protocol === Protocol.udp && peerPort === DNS_PORT && initiator === Began.asset;
}

function meanQuery({ queries, octetsOut }: WindowCounts): number {
  return queries === 0 ? 0 : octetsOut / queries;
}

/** False for a record that is older than the window. */
function count(counts: WindowCounts, record: ObservedRecord, fromMs: number): boolean {
  if (fromMs < counts.fromMs) return false;
  if (fromMs > counts.fromMs) counts.begin(fromMs);
  counts.add(record);
  return true;
}

/** Questions that began in the finding's window; octets of the long ones, or of all where they are encrypted; packets of the port that asked most. */
function recomputeDnsTunnel(finding: Finding, rows: readonly FindingFlow[]): number {
  const asked = rows.filter(
    ({ protocol, peerPort, startMs }) =>
      protocol === finding.protocol && peerPort === finding.port && startMs >= finding.windowFromMs && startMs < finding.windowToMs,
  );
  const sampling = ({ samplingInterval }: FindingFlow): number => Math.max(1, samplingInterval);
  if (finding.port !== DNS_PORT) return asked.reduce((sum, row) => sum + row.octetsOut * sampling(row), 0);
  if (finding.unit === 'octets') {
    const long = LONG_QUESTION_OCTETS + (finding.peerAddress.includes(':') ? IPV6_MORE : 0);
    return asked.reduce((sum, row) => sum + (row.octetsOut >= long * row.packetsOut ? row.octetsOut * sampling(row) : 0), 0);
  }
  if (finding.unit === 'queries') return asked.reduce((sum, row) => sum + row.packetsOut * sampling(row), 0);
  const byPort = new Map<number, number>();
  for (const row of asked) byPort.set(row.assetPort, (byPort.get(row.assetPort) ?? 0) + row.packetsOut * sampling(row));
  return Math.max(...byPort.values());
}
