import { isMappedIPv4 } from '../../flow/address.js';
import { MINUTE_MS } from '../../flow/time.js';
import { PeerHashes } from '../baseline/peer-hashes.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { Finding } from '../findings/finding.js';
import type { FindingSink, Matter } from '../findings/finding-sink.js';
import { formatOctets } from '../findings/quantity.js';
import { formatInstant } from '../findings/time-span.js';
import { Protocol } from '../sessions/orientation.js';
import {
  Attention,
  type Detection,
  type Evaluator,
  type FindingFlow,
  type ParameterTable,
  type ParameterValues,
  type UnitContext,
} from './detection.js';
import { DNS_TUNNEL_EXAMPLES } from './dns-tunnel-examples.js';
import { type ExchangeTraits, Trait, traitsOf } from './exchange-traits.js';
import { Began, type ObservedRecord } from './observed-record.js';
import { type ResolverCounts, ResolverTable, type WindowCounts } from './resolver-table.js';

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
    default: 1,
    least: 0.01,
    most: 1000,
    unit: 'MB of queries in a calendar period, of at least that mean size',
    reason:
      'A slow tunnel stays below ten-minute numbers; the lab of benign-17h asked 0.5 MB in 17 hours, of small queries (detection.md D16).',
  },
} as const satisfies ParameterTable;

const WINDOW_MS = 10 * MINUTE_MS;
const IPV6_MORE = 20;

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
  history: 'none. It sees sizes and numbers, not names: a tunnel that keeps below both is not seen',
  falsePositives: [
    'Virus scanners and mail filters that ask reputation services by DNS with long names.',
    'Mail servers that fetch keys and policies (TXT) in numbers.',
    'Resolvers that validate DNSSEC, where the asset is one: answers carry keys and signatures.',
  ],
  runbook: [
    'Ask the resolver’s log which names the asset asked for in that window: hundreds of names below one domain are a tunnel.',
    'The resolver is inside? The tunnel goes through it all the same; block the domain there.',
    'Equipment that needs few names: let its resolver answer those alone.',
  ],
  references: ['reference/detection.md D16', 'RFC 1035 §2.3.4', 'RFC 6891'],
  examples: DNS_TUNNEL_EXAMPLES,
  recompute: recomputeDnsTunnel,
  attends: (record, unit) =>
    asksPlainly(record) && (traitsOf(unit).of(record) & Trait.groupPeer) === 0 ? Attention.always : Attention.none,
  evaluator: (unit, parameters) => new DnsTunnelWatch(unit, parameters),
};

class DnsTunnelWatch implements Evaluator {
  private readonly traits: ExchangeTraits;
  private readonly parameters: ParameterValues<typeof PARAMETERS>;
  private readonly hashes = new PeerHashes();
  private readonly resolvers = new ResolverTable();
  private readonly burst: Matter;
  private readonly slow: Matter;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.traits = traitsOf(unit);
    this.parameters = parameters;
    const { leastQueries, leastQueryOctets, leastAnswerOctets, leastMegabytesPerDay } = parameters;
    const matter = (part: string, rule: string): Matter => ({
      detection: ID,
      claim: -1,
      part,
      scope: 'member',
      rule,
      severities: ['high', 'high', 'high', 'high'],
      most: 100,
    });
    this.burst = matter(
      '',
      `${leastQueries} queries in 10 minutes, of ${leastQueryOctets} octets or with answers of ${leastAnswerOctets}, in the mean`,
    );
    this.slow = matter('day', `${leastMegabytesPerDay} MB of queries of ${leastQueryOctets} octets in the mean`);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (!asksPlainly(record) || record.retold) return;
    if ((this.traits.of(record) & Trait.groupPeer) !== 0) return;
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const resolver = this.resolvers.find(record.asset, this.hashes.peerA, this.hashes.peerB, record.startMs);
    const { window, day } = resolver;
    const fromMs = Math.floor(record.startMs / WINDOW_MS) * WINDOW_MS;
    if (count(window, record, fromMs)) this.judgeWindow(record, resolver, findings);
    if (count(day, record, record.periodFromMs)) this.judgeDay(record, day, findings);
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
    if (told.periodFromMs === record.periodFromMs && window.queries < 2 * told.queries) return;
    if (told.periodFromMs > record.periodFromMs) return;
    told.periodFromMs = record.periodFromMs;
    told.queries = window.queries;
    this.tell(record, this.burst, window, {
      observed: window.queries,
      expected: leastQueries,
      unit: 'queries',
      why: `asked ${Math.round(window.queries)} times within 10 minutes from ${formatInstant(window.fromMs)}, ${Math.round(query)} B in a mean query and ${Math.round(answer)} B in a mean answer, where names take 60 to 90 B and answers 80 to 250 B`,
      findings,
    });
  }

  private judgeDay(record: ObservedRecord, day: WindowCounts, findings: FindingSink): void {
    const { leastMegabytesPerDay, leastQueryOctets } = this.parameters;
    const more = isMappedIPv4(record.peerBytes, record.peerOffset) ? 0 : IPV6_MORE;
    const query = meanQuery(day);
    if (day.octetsOut < Math.max(leastMegabytesPerDay * 1e6, 2 * day.told) || query < leastQueryOctets + more) return;
    day.told = day.octetsOut;
    this.tell(record, this.slow, day, {
      observed: day.octetsOut,
      expected: leastMegabytesPerDay * 1e6,
      unit: 'octets',
      why: `${formatOctets(day.octetsOut)} went out in ${Math.round(day.queries)} questions for names since ${formatInstant(day.fromMs)}, ${Math.round(query)} B in the mean, where names take 60 to 90 B`,
      findings,
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
      peerPort: 53,
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
  return protocol === Protocol.udp && peerPort === 53 && initiator === Began.asset;
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

/** Questions, or octets of them, that began in the finding's window. */
function recomputeDnsTunnel(finding: Finding, rows: readonly FindingFlow[]): number {
  const asked = rows.filter(
    ({ protocol, peerPort, startMs }) =>
      protocol === Protocol.udp && peerPort === 53 && startMs >= finding.windowFromMs && startMs < finding.windowToMs,
  );
  const value = (row: FindingFlow): number =>
    (finding.unit === 'queries' ? row.packetsOut : row.octetsOut) * Math.max(1, row.samplingInterval);
  return asked.reduce((sum, row) => sum + value(row), 0);
}
