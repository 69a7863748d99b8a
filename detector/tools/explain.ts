import { formatAddress } from '../../flow/address.js';
import { FlowBatch } from '../../flow/batch.js';
import { type CompiledClaim, type CompiledClaims, type CompiledRule, Truth } from '../claims/compiled.js';
import { DETECTION_IDS, DETECTIONS } from '../detections/index.js';
import { Began, LEVEL_COMPLETION, type ObservedRecord } from '../detections/observed-record.js';
import { createEngine, type Engine } from '../engine/engine.js';
import type { Finding } from '../findings/finding.js';
import type { Judgement } from '../findings/judgement.js';
import { hasPorts } from '../sessions/orientation.js';
import { addFlow } from './flow-rows.js';
import type { RowText } from './flow-text.js';
import type { Place, PlacedClaims } from './placed-claims.js';
import { createSeer } from './seer.js';

/**
 * What a claim says of a flow: it breaks the claim; the claim admits it; it is none of the claim's business; or nobody can say (location, name or MAC address
 * not known).
 */
export const DECISIONS = ['VIOLATES', 'ALLOWED', 'OUTSIDE', 'UNDECIDED'] as const;
export type Decision = (typeof DECISIONS)[number];

export interface ClaimDecision {
  readonly claim: string;
  readonly kind: CompiledClaim['kind'];
  readonly decision: Decision;
  /** The rule that decided, in words; '' where no rule did. */
  readonly rule: string;
  readonly why: string;
  /** Where the deciding rule, else the claim, is written. */
  readonly place: Place;
  /** Names of the windows that the deciding rule is bound to. */
  readonly windows: readonly string[];
  /** Id of the exception that let it pass; '' for none. */
  readonly exception: string;
}

/** One flow as one of its ends, a watched asset, sees it. */
export interface Explanation {
  readonly asset: string;
  readonly fleet: string;
  readonly assetAddress: string;
  readonly peerAddress: string;
  /** Declared set or fleet of the peer; '' when in none. */
  readonly peerName: string;
  readonly protocol: number;
  /** The responder's; 0 for protocols without. */
  readonly port: number;
  readonly initiator: 'unknown' | 'asset' | 'peer';
  readonly completion: (typeof LEVEL_COMPLETION)[number];
  readonly startMs: number;
  readonly endMs: number;
  readonly octetsOut: number;
  readonly octetsIn: number;
  readonly decisions: readonly ClaimDecision[];
}

/** Explains flows one after another: budgets add up and records of one session belong together, as in the detector. */
export interface Explainer {
  /** One explanation for each end that is a watched asset; none where the flow concerns no asset. Throws FlowTextError. */
  explain(flow: RowText): Explanation[];
}

/** What is learned says nothing of claims. */
const OF_CLAIMS = DETECTION_IDS.filter((id) => DETECTIONS[id].claimKinds.length > 0);

/** Judged by the detector's own engine; what an engine has no reason to tell (which rule admitted) is read off the same compiled rules. */
export function createExplainer(placed: PlacedClaims): Explainer {
  const engine = createEngine({ claims: placed.claims, detections: OF_CLAIMS });
  const seer = createSeer(placed.claims);
  return {
    explain(flow) {
      const batch = new FlowBatch(16);
      const rows = addFlow(batch, placed.claims.watchList, flow);
      engine.ingest(batch);
      const told = tell(engine);
      return rows.map((row) => explainRow(placed, told, seer.see(batch, row)));
    },
  };
}

interface Told {
  readonly findings: readonly Finding[];
  readonly judgements: readonly Judgement[];
}

function tell(engine: Engine): Told {
  return { findings: engine.takeChanged().filter(({ records }) => records > 0), judgements: engine.takeChangedJudgements() };
}

function explainRow(placed: PlacedClaims, told: Told, record: ObservedRecord): Explanation {
  const { claims } = placed;
  const asset = claims.assets[record.asset]!;
  const fleet = claims.fleets[record.fleet]!;
  const side = record.initiator === Began.unknown ? 'unknown' : record.initiator === Began.asset ? 'asset' : 'peer';
  const unfit = hasPorts(record.protocol) ? 0 : -1;
  return {
    asset: asset.name,
    fleet: fleet.name,
    assetAddress: formatAddress(record.assetBytes, record.assetOffset),
    peerAddress: formatAddress(record.peerBytes, record.peerOffset),
    peerName: claims.nameOf(record.peerBytes, record.peerOffset),
    protocol: record.protocol,
    port: unfit < 0 ? 0 : portOf(record, record.initiator === Began.peer ? Began.peer : Began.asset),
    initiator: side,
    completion: LEVEL_COMPLETION[record.level]!,
    startMs: record.startMs,
    endMs: record.endMs,
    octetsOut: record.octetsOut,
    octetsIn: record.octetsIn,
    decisions: fleet.claims.map((index) => decide(placed, told, record, claims.claims[index]!)),
  };
}

/** The responder's port when this side began. */
function portOf(record: ObservedRecord, began: number): number {
  return began === Began.peer ? record.assetPort : record.peerPort;
}

type Answer = Pick<ClaimDecision, 'decision' | 'why'> & {
  readonly rule?: CompiledRule | undefined;
  readonly ruleText?: string;
  readonly exception?: string;
};

function decide(placed: PlacedClaims, told: Told, record: ObservedRecord, claim: CompiledClaim): ClaimDecision {
  const answer = answerOf(placed.claims, told, record, claim);
  const { rule, exception = '' } = answer;
  return {
    claim: claim.id,
    kind: claim.kind,
    decision: answer.decision,
    rule: rule?.text ?? answer.ruleText ?? '',
    why: answer.why,
    place: exception === '' ? placed.placeOf(claim.index, rule?.index) : placed.placeOfException(exception),
    windows: (rule?.during ?? []).map(({ name }) => name),
    exception,
  };
}

function answerOf(claims: CompiledClaims, { findings, judgements }: Told, record: ObservedRecord, claim: CompiledClaim): Answer {
  const asset = claims.assets[record.asset]!;
  const finding = findings.find((one) => one.claim === claim.id && one.asset === asset.name);
  if (finding !== undefined) {
    const rule = claim.rules.find(({ text }) => text === finding.rule);
    return { decision: 'VIOLATES', why: finding.sentence, rule, ruleText: finding.rule };
  }
  const about = (kind: Judgement['kind']): Judgement | undefined =>
    judgements.find((one) => one.kind === kind && one.claim === claim.id && one.unit === asset.unit);
  const drill = drillOf(claims, judgements, record);
  if (drill !== undefined)
    return { decision: 'OUTSIDE', why: `it is the drill '${drill}': it has the ports of its time, is counted, and judged by nothing else` };
  const undecided = about('undecided');
  if (undecided !== undefined)
    return { decision: 'UNDECIDED', why: `${UNDECIDED_WHY[undecided.about] ?? undecided.about}, so nobody can say whether a rule applies` };
  if (record.startMs < claims.effectiveFromMs || record.startMs >= claims.effectiveUntilMs)
    return { decision: 'OUTSIDE', why: 'the claims are not in force at that time' };
  const excused = about('excused');
  if (excused !== undefined) {
    const { reason = '', ticket = '' } = claim.exceptions.find(({ id }) => id === excused.about) ?? {};
    return { decision: 'ALLOWED', why: `exception ${excused.about} (${ticket}): ${reason}`, exception: excused.about };
  }
  return quietAnswer(claims, record, claim);
}

/** Name of the drill that the record was recognised as. */
function drillOf(claims: CompiledClaims, judgements: readonly Judgement[], record: ObservedRecord): string | undefined {
  const told = judgements.filter(({ kind }) => kind === 'drill').map(({ about }) => about.slice(0, about.lastIndexOf('@')));
  return claims.drills.find(
    ({ name, probe, isSink }) => told.includes(name) && probe === record.asset && isSink(record.peerBytes, record.peerOffset),
  )?.name;
}

const UNDECIDED_WHY: Readonly<Record<string, string>> = {
  'geo-unknown': "the location data does not know the peer's country",
  'asn-unknown': "the data does not know the peer's AS",
  'mac-unknown': "the record does not tell the peer's MAC address",
  'initiator-tied': 'both directions began in the same millisecond on one port',
};

/** Nothing broke: which rule admitted it, or why the claim has nothing to say. */
function quietAnswer(claims: CompiledClaims, record: ObservedRecord, claim: CompiledClaim): Answer {
  const matching = claim.rules.filter((rule) => matches(claims, rule, record));
  const inTime = matching.find(
    (rule) => rule.during === undefined || rule.during.some((window) => window.contains(record.startMs, record.endMs)),
  );
  const rule = inTime ?? matching[0];
  switch (claim.kind) {
    case 'only': {
      const budget = rule?.budget === undefined ? '' : ', and its budget is not used up';
      const inside = inTime?.during === undefined ? '' : `, inside ${windowNames(inTime, record)}`;
      if (rule === undefined) return { decision: 'ALLOWED', why: 'no rule is broken for certain' };
      return { decision: 'ALLOWED', why: `rule ${rule.index + 1} admits it${inside}${budget}`, rule };
    }
    case 'authorised':
      return rule === undefined
        ? { decision: 'OUTSIDE', why: 'no rule is about this peer, port and initiator' }
        : { decision: 'ALLOWED', why: `rule ${rule.index + 1} admits it inside ${windowNames(rule, record)}`, rule };
    case 'never':
      return rule === undefined
        ? { decision: 'OUTSIDE', why: 'no rule forbids this peer and port' }
        : { decision: 'ALLOWED', why: `rule ${rule.index + 1} forbids it at other times only`, rule };
    case 'budget':
      return rule === undefined
        ? { decision: 'OUTSIDE', why: 'no budget counts this peer and port' }
        : { decision: 'ALLOWED', why: `counted by budget ${rule.index + 1}, which is not used up`, rule };
    default:
      return { decision: 'OUTSIDE', why: `a claim of kind ${claim.kind} is judged over sessions and stretches of time, not over one flow` };
  }
}

function windowNames(rule: CompiledRule, record: ObservedRecord): string {
  return (rule.during ?? [])
    .filter((window) => window.contains(record.startMs, record.endMs))
    .map(({ name }) => name)
    .join(', ');
}

/** An unknown initiator matches by either side. */
function matches(claims: CompiledClaims, rule: CompiledRule, record: ObservedRecord): boolean {
  const sides = record.initiator === Began.unknown ? [Began.asset, Began.peer] : [record.initiator];
  const atom = claims.atomOf(record.peerBytes, record.peerOffset);
  return sides.some(
    (began) =>
      (rule.initiator === 'any' || (rule.initiator === 'subject') === (began === Began.asset)) &&
      rule.peerTruth(atom, record.peerFacts) !== Truth.no &&
      rule.matchesPort(record.protocol, portOf(record, began)),
  );
}
