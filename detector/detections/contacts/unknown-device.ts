import { formatAddress } from '../../../flow/address.js';
import { formatDuration, HOUR_MS } from '../../../flow/time.js';
import { LearnedRelations } from '../../baseline/learned-relations.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatCount } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
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
import type { ObservedRecord } from '../observed-record.js';
import { formatMac, isSharedMac, MacTable } from './mac-table.js';
import { type Sightings, SightingTable } from './sighting-table.js';
import { UNKNOWN_DEVICE_EXAMPLES } from './unknown-device-examples.js';

const ID = 'unknown-device';

const PARAMETERS = {
  warmUpHours: {
    default: 168,
    least: 0,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason: 'Who is in the subnet and in no inventory is met within days, since everybody there asks everybody: a week holds a weekend.',
  },
  leastPackets: {
    default: 3,
    least: 1,
    most: 10_000,
    unit: 'packets that it sent in a calendar period',
    reason: 'Only what sends is there; a single packet may be forged or mistaken (detection.md D18).',
  },
} as const satisfies ParameterTable;

export const unknownDevice: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Unknown device',
  question: 'Is there a device in the equipment’s subnet that no inventory knows, or another one under a known address?',
  claimKinds: [],
  attack: [
    { id: 'T1200', matrix: 'enterprise', version: '18.0' },
    { id: 'T1557', matrix: 'enterprise', version: '18.0' },
    { id: 'T0864', matrix: 'ics', version: '18.0' },
    { id: 'T0848', matrix: 'ics', version: '18.0' },
    { id: 'T0860', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'packetDeltaCount',
    'reversePacketDeltaCount',
    'sourceMacAddress',
    'destinationMacAddress',
    'samplingInterval',
  ],
  history:
    '7 days of the asset’s records. A subnet is the /24 or /64 of an asset’s own address. MAC addresses are learned by sensor, in those days too; exporters that tell none leave that part not assessable',
  falsePositives: [
    'A workstation with a new address from DHCP: name the pool in a set.',
    'A replaced network card or device under the old address: that is what the finding says; close it with the ticket.',
    'A sensor behind a router sees the router’s MAC address: after a failover it is another one, for many assets at a time.',
    'An asset with several cards that takes another one seldom.',
  ],
  runbook: [
    'Which switch port has the MAC address? Go and look.',
    'Ask who works at the site: vendors’ laptops are the usual unknown devices, and the usual way in.',
    'Another MAC address under an asset’s address, while the old one is seen too: somebody is in between (ARP spoofing).',
    'If it belongs there, put it into the inventory or a set.',
  ],
  references: ['reference/detection.md D18', 'RFC 5798 §7.3 (virtual router MAC addresses)'],
  examples: UNKNOWN_DEVICE_EXAMPLES,
  recompute: recomputeUnknownDevice,
  attends: (record, unit) => (isStranger(traitsOf(unit).of(record)) ? Attention.always : Attention.mac),
  evaluator: (unit, parameters) => new UnknownDevice(unit, parameters),
};

/** What a part of `rule` begins with where it is about MAC addresses. */
const MAC_RULE = 'MAC address';

const strangerMatter = byParameters(
  ({ warmUpHours }: ParameterValues<typeof PARAMETERS>): Matter => ({
    detection: ID,
    claim: -1,
    part: '',
    scope: 'member',
    rule: `address in the asset’s subnet that is in no inventory or set and was not met in the ${formatDuration(warmUpHours * HOUR_MS)} of learning`,
    severities: ['medium', 'medium', 'medium', 'medium'],
    most: 50,
  }),
);

class UnknownDevice implements Evaluator {
  readonly outlastsClocks = true;
  private readonly unit: UnitContext;
  private readonly traits: ExchangeTraits;
  private readonly leastPackets: number;
  private readonly learned: LearnedRelations;
  private readonly hashes = hashesAtHand;
  private readonly strangers = new SightingTable();
  private readonly macs = new MacTable();
  private readonly stranger: Matter;
  private readonly macMatters = new Map<number, Matter>();

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.traits = traitsOf(unit);
    this.leastPackets = parameters.leastPackets;
    this.learned = new LearnedRelations(unit, parameters.warmUpHours * HOUR_MS);
    this.stranger = strangerMatter(parameters);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.retold) return;
    if (record.packetsIn > 0) {
      const traits = this.traits.of(record);
      if (isStranger(traits)) {
        this.hashes.take(record.peerWords, record.peerWordsOffset);
        const { peerA, peerB } = this.hashes;
        const isNew = this.learned.meetsNew(record.asset, peerA, peerB, 0, record.startMs, record.periodFromMs);
        if (isNew)
          this.judgeStranger(record, this.strangers.find(record.asset, peerA, peerB, record), record.packetsIn * record.sampling, findings);
      }
    }
    if (record.assetMac !== 0 && record.packetsOut > 0)
      this.judgeMac(record, this.unit.times.firstMs(record.asset) + this.learned.warmUpMs, findings);
  }

  decided(asset: number, { does, peer, detection }: FollowedDecision): void {
    if (does !== 'unlearn') return;
    if (peer === '') {
      if (detection === ID) this.macs.unlearn(asset);
    } else if (!peer.includes('/')) {
      const { peerA, peerB } = this.hashes.takeText(peer);
      this.learned.forget(asset, peerA, peerB, [0]);
    }
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    return this.learned.learningUntil(asset, nowMs);
  }

  save(writer: StateWriter): void {
    this.learned.save(writer);
    this.strangers.save(writer);
    this.macs.save(writer);
  }

  load(reader: StateReader): void {
    this.learned.load(reader);
    this.strangers.load(reader);
    this.macs.load(reader);
  }

  private judgeStranger(record: ObservedRecord, sightings: Sightings, packets: number, findings: FindingSink): void {
    const { leastPackets } = this;
    sightings.add(record, packets);
    if (!sightings.isToTell(leastPackets)) return;
    this.tell(record, this.stranger, sightings, findings, {
      peerPort: 0,
      confidence: 70,
      why: `${formatAddress(record.peerBytes, record.peerOffset)} in its subnet sent ${formatCount(sightings.packets, 'packet')} since ${formatInstant(sightings.firstMs)}; it is in no inventory and no set, and was not met while learning`,
    });
  }

  private judgeMac(record: ObservedRecord, learnedMs: number, findings: FindingSink): void {
    const mac = record.assetMac;
    if (this.macs.isAsBefore(record)) return;
    const known = this.macs.find(record);
    if (known.has(mac)) {
      this.macs.rememberAsBefore(record);
      return;
    }
    if (isSharedMac(mac)) return;
    if (known.isEmpty || record.startMs < learnedMs) {
      known.learn(mac);
      this.macs.forgetBefore();
      return;
    }
    const sightings = known.candidate(mac, record);
    if (sightings === undefined) {
      this.macs.forgetBefore();
      return;
    }
    sightings.add(record, record.packetsOut * record.sampling);
    if (!sightings.isToTell(this.leastPackets)) return;
    this.tell(record, this.macMatter(mac), sightings, findings, {
      confidence: 75,
      why: `${formatCount(sightings.packets, 'packet')} came from ${formatAddress(record.assetBytes, record.assetOffset)} with the MAC address ${formatMac(mac)} since ${formatInstant(sightings.firstMs)}, where the same sensor knew ${known.list().map(formatMac).join(', ')}`,
    });
  }

  private tell(
    record: ObservedRecord,
    matter: Matter,
    sightings: Sightings,
    findings: FindingSink,
    said: { readonly peerPort?: number; readonly confidence: number; readonly why: string },
  ): void {
    sightings.told = sightings.packets;
    findings.measure(record, {
      matter,
      observed: sightings.packets,
      expected: 0,
      unit: 'packets',
      periodFromMs: sightings.periodFromMs,
      periodToMs: this.unit.claims.periodOf(sightings.periodFromMs).toMs,
      windowFromMs: sightings.firstMs,
      windowToMs: sightings.lastMs + 1,
      totals: {
        firstMs: sightings.firstMs,
        lastMs: Math.max(sightings.lastMs, record.endMs),
        octetsOut: sightings.octetsOut,
        octetsIn: sightings.octetsIn,
        packetsOut: sightings.packetsOut,
        packetsIn: sightings.packetsIn,
        records: sightings.records,
        sessions: sightings.sessions,
      },
      ...said,
    });
  }

  private macMatter(mac: number): Matter {
    let matter = this.macMatters.get(mac);
    if (matter === undefined) {
      if (this.macMatters.size >= MOST_MATTERS) this.macMatters.clear();
      const rule = `${MAC_RULE} ${formatMac(mac)} of a known address`;
      matter = {
        detection: ID,
        claim: -1,
        part: formatMac(mac),
        scope: 'member',
        rule,
        severities: ['high', 'high', 'high', 'high'],
        most: 50,
      };
      this.macMatters.set(mac, matter);
    }
    return matter;
  }
}

/** In the asset's subnet, and nobody knows it. */
function isStranger(traits: number): boolean {
  return (traits & (Trait.nearPeer | Trait.memberPeer | Trait.declaredPeer | Trait.groupPeer)) === Trait.nearPeer;
}

/** A cache. */
const MOST_MATTERS = 256;

/** Packets that the stranger sent, or that came with the new MAC address, in the finding's window. */
function recomputeUnknownDevice(finding: Finding, rows: readonly FindingFlow[]): number {
  const byMac = finding.rule.startsWith(MAC_RULE);
  const own = rows.filter(({ startMs }) => startMs >= finding.windowFromMs && startMs < finding.windowToMs);
  const seen = byMac ? own.filter(({ assetMac }) => finding.rule.includes(formatMac(assetMac))) : own;
  return seen.reduce((sum, row) => sum + (byMac ? row.packetsOut : row.packetsIn) * Math.max(1, row.samplingInterval), 0);
}
