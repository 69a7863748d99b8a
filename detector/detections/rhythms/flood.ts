import { formatAddress } from '../../../flow/address.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { Severity } from '../../claims/compiled.js';
import type { FindingSink, Matter, Measurement } from '../../findings/finding-sink.js';
import { formatOctets, formatPort } from '../../findings/quantity.js';
import { formatSpan } from '../../findings/time-span.js';
import { byParameters } from '../by-parameters.js';
import { Attention, type Detection, type Evaluator, type ParameterTable, type ParameterValues, type UnitContext } from '../detection.js';
import { Trait, traitsOf } from '../exchange-traits.js';
import { learnedMatters } from '../learned-matters.js';
import { Began, type ObservedRecord } from '../observed-record.js';
import { isBackground, isOneWay } from './background-services.js';
import { BulkTable } from './bulk-table.js';
import { FLOOD_EXAMPLES } from './flood-examples.js';
import { FloodRates } from './flood-rates.js';
import { recomputeFlood } from './flood-recompute.js';
import { doorOf, isLarge, Stuff, stuffOf, TO_ASSET } from './flood-traffic.js';

const ID = 'flood';

const PARAMETERS = {
  pingsPerSecond: {
    default: 50,
    least: 1,
    most: 100_000,
    unit: 'ICMP packets a second to one host',
    reason: 'Monitoring, and people who ping, ask once a second and less.',
  },
  callsPerSecond: {
    default: 20,
    least: 1,
    most: 100_000,
    unit: 'packets a second of TCP connections to one host and port that do not come about',
    reason: 'A client whose server is down tries once a second at its fastest, and sends up to six packets for each try.',
  },
  datagramsPerSecond: {
    default: 1000,
    least: 10,
    most: 1_000_000,
    unit: 'small datagrams a second to one host and port that nobody answers',
    reason: 'Control loops send one in 2 ms, and are answered; voice one in 20 ms. Pictures are sent in large ones.',
  },
  leastSeconds: {
    default: 20,
    least: 1,
    most: 3600,
    unit: 's of packets at that rate, which may come at once',
    reason: 'A burst is over before that: what a switch holds back and lets go, a program that starts.',
  },
  leastUnansweredMegabytes: {
    default: 10,
    least: 1,
    most: 1_000_000,
    unit: 'MB without connections (UDP, ICMP) to one peer outside and port that nobody answers, with pauses of an hour at most',
    reason: 'What sends so much to somebody who says nothing floods, or leaves by a way that needs no answer.',
  },
} as const satisfies ParameterTable;

const HIGH: readonly [Severity, Severity, Severity, Severity] = ['high', 'high', 'high', 'high'];

/** What floods are made of, in words, by Stuff. */
const WORDS = ['ICMP packets', 'datagrams that nobody answered', 'packets of connections that did not come about'] as const;
const PARTS = ['pings', 'datagrams', 'calls'] as const;

export const flood: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Flood',
  question: 'Does the equipment flood somebody with packets, or does somebody flood the equipment?',
  claimKinds: [],
  attack: [
    { id: 'T1498', matrix: 'enterprise', version: '18.0' },
    { id: 'T1499', matrix: 'enterprise', version: '18.0' },
    { id: 'T1048', matrix: 'enterprise', version: '18.0' },
    { id: 'T0814', matrix: 'ics', version: '18.0' },
  ],
  severity: 'high',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'icmpTypeCode',
    'tcpControlBits',
    'reverseTcpControlBits',
    'packetDeltaCount',
    'reversePacketDeltaCount',
    'octetDeltaCount',
    'reverseOctetDeltaCount',
    'biflow',
    'initiator',
    'samplingInterval',
  ],
  history:
    'none: it learns nothing and needs no warm-up. Not assessable where packets are sampled, nor, but for ICMP, where directions are exported apart and only one is seen',
  falsePositives: [
    'A server that many clients want and that is down: they call it again and again, and it answers none.',
    'Tests of load and of availability: mute them for their time.',
    'The answers take another way, past the sensor; sound and pictures that are sent outside without any.',
    'Not told: floods of connections that come about, and questions that are answered, however many. Volumes and rhythms tell of them once they know what is usual.',
  ],
  runbook: [
    'By the equipment: take it off the network; it attacks somebody, and what made it do so has been in it for longer.',
    'Of the equipment: does it still do its work? Stop the sender at the nearest switch. Many senders in turn may be one that forges its address: look from which port of the switch it comes.',
    'Data that leave unanswered look the same: how large were the packets, and does the peer belong to anybody you know?',
  ],
  references: ['RFC 4732 §2', 'ITU-T I.371 annex A', 'reference/detection.md D20, P6'],
  examples: FLOOD_EXAMPLES,
  recompute: recomputeFlood,
  attends: (record, unit) => {
    const traits = traitsOf(unit).of(record);
    if (record.initiator === Began.unknown || (traits & Trait.groupPeer) !== 0) return Attention.none;
    // Of two assets the one that floods is told of.
    if (record.initiator === Began.peer && (traits & Trait.memberPeer) !== 0) return Attention.none;
    if ((traits & Trait.icmp) !== 0) return Attention.always;
    return (traits & Trait.tcp) !== 0 ? Attention.attempts : Attention.attempts | Attention.strange;
  },
  evaluator: (unit, parameters) => new FloodWatch(unit, parameters),
};

interface Limit {
  /** Packets a second, and how many above that make a flood. */
  readonly perSecond: number;
  readonly least: number;
  /** By the asset, and of the asset. */
  readonly by: Matter;
  readonly of: Matter;
}

const limitsOf = byParameters(
  (parameters: ParameterValues<typeof PARAMETERS>): { readonly rates: readonly Limit[]; readonly bulk: Matter } => {
    const matter = learnedMatters(ID, 50);
    const { pingsPerSecond, datagramsPerSecond, callsPerSecond, leastSeconds, leastUnansweredMegabytes } = parameters;
    const perSecond = [pingsPerSecond, datagramsPerSecond, callsPerSecond];
    const rates = perSecond.map((rate, stuff) => {
      const rule = (whose: string): string => `${rate} ${WORDS[stuff]} a second ${whose}, and ${rate * leastSeconds} at once`;
      return {
        perSecond: rate,
        least: rate * leastSeconds,
        by: matter(`by-${PARTS[stuff]}`, rule('to one host and port'), HIGH),
        of: matter(`of-${PARTS[stuff]}`, rule(TO_ASSET), HIGH),
      };
    });
    return { rates, bulk: matter('bulk', `${leastUnansweredMegabytes} MB to one peer outside and port that nobody answers`, HIGH) };
  },
);

class FloodWatch implements Evaluator {
  private readonly unit: UnitContext;
  private readonly limits: ReturnType<typeof limitsOf>;
  private readonly leastBulk: number;
  private readonly rates = new FloodRates();
  private readonly bulks = new BulkTable();
  private readonly hashes = hashesAtHand;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.limits = limitsOf(parameters);
    this.leastBulk = parameters.leastUnansweredMegabytes * 1e6;
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.retold || record.initiator === Began.unknown || record.sampling > 1) return;
    const isFlood = this.judgeRate(record, findings);
    if (isLarge(record) && this.unit.claims.isOutside(record.peerBytes, record.peerOffset)) this.judgeBulk(record, isFlood, findings);
  }

  save(writer: StateWriter): void {
    this.rates.save(writer);
    this.bulks.save(writer);
  }

  load(reader: StateReader): void {
    this.rates.load(reader);
    this.bulks.load(reader);
  }

  /** True where the record is part of what is above its rate. */
  private judgeRate(record: ObservedRecord, findings: FindingSink): boolean {
    const stuff = stuffOf(record);
    if (stuff < 0) return false;
    const { perSecond, least } = this.limits.rates[stuff]!;
    const row = this.rowOf(record, stuff, perSecond);
    if (this.rates.level(row) < least) return false;
    if (this.rates.sinceTold(row) >= Math.max(least, this.rates.packets(row) / 16)) {
      this.rates.tell(row, record);
      findings.measure(record, this.measurementOf(record, stuff, row));
    }
    return true;
  }

  /** Whoever calls in vain may forge another address each time: these calls are counted together. */
  private rowOf(record: ObservedRecord, stuff: number, perSecond: number): number {
    const byAsset = record.initiator === Began.asset;
    const key = (record.protocol << 17) | (doorOf(record) << 1) | (byAsset ? 1 : 0);
    if (!byAsset && stuff === Stuff.calls) return this.rates.take(record, perSecond, key, 0, 0);
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    return this.rates.take(record, perSecond, key, this.hashes.peerA, this.hashes.peerB);
  }

  private measurementOf(record: ObservedRecord, stuff: number, row: number): Measurement {
    const { rates, unit } = this;
    const { perSecond, least, by, of } = this.limits.rates[stuff]!;
    const byAsset = record.initiator === Began.asset;
    const byAnybody = !byAsset && stuff === Stuff.calls;
    const [fromMs, toMs, packets] = [rates.fromMs(row), rates.toMs(row), rates.packets(row)];
    const seconds = Math.max(1, (toMs - fromMs) / 1000);
    const period = unit.claims.periodOf(toMs);
    const peer = formatAddress(record.peerBytes, record.peerOffset);
    const port = stuff === Stuff.pings ? '' : ` on ${formatPort(record.protocol, doorOf(record))}`;
    const who = byAsset
      ? `flooded ${peer}${port}`
      : byAnybody
        ? `was flooded${port}, at last from ${peer} (addresses can be forged),`
        : `was flooded${port} by ${peer}`;
    const rate = Math.round(packets / seconds);
    return {
      // Of whatever number of peers, each door is a finding.
      matter: byAsset ? by : byAnybody ? { ...of, part: `${of.part}-${doorOf(record)}` } : of,
      observed: packets,
      expected: Math.round(perSecond * seconds) + least,
      unit: 'packets',
      ...(byAnybody ? {} : { peerPort: doorOf(record) }),
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: fromMs,
      // Of records: they are counted by their starts.
      windowToMs: rates.latestMs(row) + 1,
      // Each doubling of the rate makes it surer that no fault is behind it.
      confidence: Math.round(Math.min(95, 60 + 10 * Math.log2(Math.max(1, rate / perSecond)))),
      why: `${who} with ${packets} ${WORDS[stuff]} (${formatSpan(fromMs, toMs)}), ${rate} a second, where more than ${perSecond} are usual nowhere`,
      totals: rates.totals(row),
    };
  }

  /** `isTold`: by its rate, which says more. */
  private judgeBulk(record: ObservedRecord, isTold: boolean, findings: FindingSink): void {
    const { claims } = this.unit;
    if (record.admitted || isBackground(record) || isOneWay(record)) return;
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const bulk = this.bulks.take(record, this.hashes.peerA, this.hashes.peerB);
    const { fromMs, toMs, octets, packets, records } = bulk;
    if (isTold || octets < Math.max(this.leastBulk, 2 * bulk.told)) return;
    bulk.told = octets;
    const period = claims.periodOf(toMs);
    findings.measure(record, {
      matter: this.limits.bulk,
      observed: octets,
      expected: this.leastBulk,
      unit: 'octets',
      peerPort: record.peerPort,
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: fromMs,
      windowToMs: toMs + 1,
      confidence: 80,
      why:
        `sent ${formatOctets(octets)} in ${packets} packets to ${formatAddress(record.peerBytes, record.peerOffset)} on ${formatPort(record.protocol, record.peerPort)} ` +
        `(${formatSpan(fromMs, toMs)}), and nothing came back: a flood, or data that leaves by a way that needs no answer`,
      totals: {
        firstMs: fromMs,
        lastMs: toMs,
        octetsOut: octets,
        octetsIn: 0,
        packetsOut: packets,
        packetsIn: 0,
        records,
        sessions: records,
      },
    });
  }
}
