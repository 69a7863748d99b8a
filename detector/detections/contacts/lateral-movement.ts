import { formatDuration, HOUR_MS } from '../../../flow/time.js';
import { LearnedRelations } from '../../baseline/learned-relations.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatPort } from '../../findings/quantity.js';
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
import { type ExchangeTraits, responderPort, Trait, traitsOf } from '../exchange-traits.js';
import { Began, Level, type ObservedRecord } from '../observed-record.js';
import { beginsWithin, estimateOf, recordsOf, sumOf } from '../recompute.js';
import { LATERAL_MOVEMENT_EXAMPLES } from './lateral-movement-examples.js';

const ID = 'lateral-movement';

const PARAMETERS = {
  warmUpHours: {
    default: 336,
    least: 0,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason: 'Fourteen days hold two of everything that happens weekly, administration too (detection.md D02, D15).',
  },
  warmUpHoursMasters: {
    default: 1,
    least: 0.25,
    most: 8760,
    unit: 'hours of record time since the first record of the asset, for who commands it by an industrial protocol',
    reason:
      'Masters poll every few seconds: who did not within an hour is no part of the process, and recorded attacks on controllers have hours before them, not weeks (detection.md D15). Told with less confidence while the rest is learned.',
  },
} as const satisfies ParameterTable;

export const lateralMovement: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'New relation inside',
  question: 'Does a machine inside administer or command another one for the first time?',
  claimKinds: [],
  attack: [
    { id: 'T1021', matrix: 'enterprise', version: '18.0' },
    { id: 'T1210', matrix: 'enterprise', version: '18.0' },
    { id: 'T1570', matrix: 'enterprise', version: '18.0' },
    { id: 'T0886', matrix: 'ics', version: '18.0' },
    { id: 'T0866', matrix: 'ics', version: '18.0' },
    { id: 'T0867', matrix: 'ics', version: '18.0' },
    { id: 'T0848', matrix: 'ics', version: '18.0' },
    { id: 'T0855', matrix: 'ics', version: '18.0' },
  ],
  severity: 'high',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'initiator',
  ],
  history:
    '14 days of the asset’s records, an hour for masters of industrial protocols. A relation is a peer, a port and who begins; one met later is reported on the day of its first meeting, and is known from then on',
  falsePositives: [
    'A new administrator, workstation or backup server: admit it in a claim, then nothing is said.',
    'Maintenance that happens less often than the learning lasts.',
    'A standby master that takes over for the first time: let it take over once while learning, or admit it.',
  ],
  runbook: [
    'Who was logged in on the machine that began? Ask for the ticket.',
    'A new master of an industrial protocol: what did it write? Ask the process engineers before the network is cut.',
    'Two devices of one vendor that never talked: compare with the day of the last update.',
    'An incident? Isolate the machine that began, and look whom else it reached.',
  ],
  references: ['reference/detection.md D15'],
  examples: LATERAL_MOVEMENT_EXAMPLES,
  recompute: recomputeNewRelation,
  attends: (record, unit) => (isRelation(traitsOf(unit).of(record)) ? Attention.always : Attention.none),
  evaluator: (unit, parameters) => new LateralMovement(unit, parameters),
};

const matterOf = byParameters(
  ({ warmUpHours }: ParameterValues<typeof PARAMETERS>): Matter => ({
    detection: ID,
    claim: -1,
    part: '',
    scope: 'member',
    rule: `relation not met in the ${formatDuration(warmUpHours * HOUR_MS)} of learning or since`,
    severities: ['low', 'medium', 'high', 'high'],
    most: 50,
  }),
);

class LateralMovement implements Evaluator {
  readonly outlastsClocks = true;
  private readonly traits: ExchangeTraits;
  private readonly learned: LearnedRelations;
  private readonly hashes = hashesAtHand;
  private readonly matter: Matter;
  private readonly mastersMs: number;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.traits = traitsOf(unit);
    this.learned = new LearnedRelations(unit, parameters.warmUpHours * HOUR_MS);
    this.mastersMs = Math.min(parameters.warmUpHours, parameters.warmUpHoursMasters) * HOUR_MS;
    this.matter = matterOf(parameters);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    const traits = this.traits.of(record);
    if (!isRelation(traits)) return;
    // What came to nothing is no relation; scan tells of tries.
    if (record.level === Level.attempt) return;
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const port = responderPort(record);
    const special = (traits & (Trait.lateral | Trait.industrial)) !== 0;
    const word = special ? relationWord(record.protocol, port, record.initiator) : 0;
    const { startMs, periodFromMs } = record;
    const { peerA, peerB } = this.hashes;
    const commanded = (traits & Trait.industrial) !== 0 && record.initiator === Began.peer;
    const warmUpMs = commanded ? this.mastersMs : this.learned.warmUpMs;
    if (!this.learned.meetsNew(record.asset, peerA, peerB, word, startMs, periodFromMs, warmUpMs)) return;
    // What a claim admits somebody has agreed to; what breaks one is reported as that.
    if (record.breaksClaim || record.admitted) return;
    const learning = commanded && this.learned.learningUntil(record.asset, startMs) !== undefined;
    findings.contribute(record, {
      matter: this.matter,
      port,
      confidence: learning ? 50 : record.initiatorSeen ? 85 : 65,
      why: learning ? this.earlyReasonOf(record, port) : this.reasonOf(record, traits, port),
    });
  }

  decided(asset: number, { does, peer, protocol, port }: FollowedDecision): void {
    if (does !== 'unlearn' || peer === '' || peer.includes('/')) return;
    const { peerA, peerB } = this.hashes.takeText(peer);
    const words = [Began.unknown, Began.asset, Began.peer].map((began) => relationWord(protocol, port, began));
    this.learned.forget(asset, peerA, peerB, [0, ...words]);
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    return this.learned.learningUntil(asset, nowMs);
  }

  save(writer: StateWriter): void {
    this.learned.save(writer);
  }

  load(reader: StateReader): void {
    this.learned.load(reader);
  }

  private earlyReasonOf({ protocol }: ObservedRecord, port: number): string {
    return `this peer did not command the asset by the industrial protocol on ${formatPort(protocol, port)} in the first ${formatDuration(this.mastersMs)} of its records, nor since: masters poll all the time; other relations are still learned`;
  }

  private reasonOf(record: ObservedRecord, traits: number, port: number): string {
    const door = formatPort(record.protocol, port);
    const since = `since learning began ${formatDuration(this.learned.warmUpMs)} or longer before`;
    if ((traits & Trait.industrial) !== 0) {
      const master = record.initiator === Began.peer ? 'this peer never commanded the asset' : 'the asset never commanded this peer';
      return `${master} by the industrial protocol on ${door} ${since}`;
    }
    if ((traits & Trait.lateral) === 0) return `two watched devices that never talked with one another ${since}`;
    const who = record.initiator === Began.peer ? 'this peer never came to the asset' : 'the asset never went to this peer';
    return `${who} on ${door}, by which machines are administered, ${since}`;
  }
}

/** A relation by which somebody administers or commands: by protocol, responder's port and who began. */
function relationWord(protocol: number, port: number, began: number): number {
  return (protocol << 18) | (port << 2) | began;
}

/** Administration and industrial protocols with anybody inside; other devices of the inventory on any port. */
function isRelation(traits: number): boolean {
  if ((traits & (Trait.lateral | Trait.industrial | Trait.memberPeer)) === 0) return false;
  return (traits & Trait.groupPeer) === 0 && (traits & (Trait.publicPeer | Trait.memberPeer)) !== Trait.publicPeer;
}

/** All that the relation exchanged on that port in its first period, as far as a claim neither admits nor forbids it. */
function recomputeNewRelation(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  if (finding.peerAddress === '::') return Number.NaN;
  const records = recordsOf(rows, claims).filter((record) => responderPort(record) === finding.port && beginsWithin(record, finding));
  return sumOf(records, estimateOf);
}
