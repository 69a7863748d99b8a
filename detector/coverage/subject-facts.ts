import { formatDuration, MINUTE_MS } from '../../flow/time.js';
import type { Period } from '../claims/calendar.js';
import type { CompiledClaim, CompiledClaims, CompiledFleet } from '../claims/compiled.js';
import { formatOctets } from '../claims/units.js';
import { type Judgement, UNDECIDED_CODES, type UndecidedCode } from '../findings/judgement.js';
import { reason } from './reason.js';
import type { Reason } from './verdict-types.js';
import { countText } from './words.js';

/** Drills are sent by timers and told by flow records: two that are this much further apart than demanded still follow each other. */
export const CANARY_SLACK_MS = MINUTE_MS;
/** Assets that were not seen are told one by one up to here, then together: a reason for each of thousands is no line to read. */
export const MAX_UNSEEN_NAMED = 10;

/** Traffic that an exception excused. */
export interface ExcusedTraffic {
  readonly exception: string;
  readonly flows: number;
  readonly octets: number;
}

/** What the detector counted of one claim's subject in one period. */
export interface SubjectFacts {
  readonly records: number;
  readonly flows: number;
  /** Members that no record was about, in the order of the file. */
  readonly unseen: readonly string[];
  /** One entry for each exception that was used, in the order of the file. */
  readonly excused: readonly ExcusedTraffic[];
  readonly undecided: readonly { readonly code: UndecidedCode; readonly flows: number; readonly octets: number }[];
  readonly drills: number;
  /** Longest stretch of the claim's part of the period without a drill of the fleet. */
  readonly longestWithoutDrillMs: number;
}

/** Judgements of one period, found by what they are about. */
export interface JudgementIndex {
  readonly byFleet: ReadonlyMap<string, readonly Judgement[]>;
  readonly byClaim: ReadonlyMap<string, readonly Judgement[]>;
}

/** Those of other periods are passed over. */
export function indexJudgements(judgements: readonly Judgement[], { fromMs }: Period): JudgementIndex {
  const byFleet = new Map<string, Judgement[]>();
  const byClaim = new Map<string, Judgement[]>();
  for (const judgement of judgements) {
    if (judgement.periodFromMs !== fromMs) continue;
    const index = judgement.claim === '' ? byFleet : byClaim;
    const key = judgement.claim === '' ? judgement.fleet : judgement.claim;
    const list = index.get(key);
    if (list === undefined) index.set(key, [judgement]);
    else list.push(judgement);
  }
  return { byFleet, byClaim };
}

/** `part` is the part of the period that the claim is judged for. */
export function subjectFacts(claims: CompiledClaims, claim: CompiledClaim, index: JudgementIndex, part: Period): SubjectFacts {
  const fleet = claims.fleets[claim.subject]!;
  const ofFleet = index.byFleet.get(fleet.name) ?? [];
  const ofClaim = index.byClaim.get(claim.id) ?? [];
  const judged = ofFleet.filter(({ kind }) => kind === 'judged');
  const seen = new Set(judged.filter(({ records }) => records > 0).map(({ about }) => about));
  const drills = [...ofFleet, ...ofClaim].filter(({ kind }) => kind === 'drill');
  const undecided = ofClaim.filter(({ kind }) => kind === 'undecided');
  return {
    records: sum(judged, 'records'),
    flows: sum(judged, 'flows'),
    unseen: membersOf(claims, fleet).filter((name) => !seen.has(name)),
    excused: claim.exceptions.flatMap(({ id }) => {
      const uses = ofClaim.filter(({ kind, about }) => kind === 'excused' && about === id);
      return uses.length === 0 ? [] : [{ exception: id, flows: sum(uses, 'flows'), octets: sum(uses, 'octets') }];
    }),
    undecided: UNDECIDED_CODES.flatMap((code) => {
      const uses = undecided.filter(({ about }) => about === code);
      return uses.length === 0 ? [] : [{ code, flows: sum(uses, 'flows'), octets: sum(uses, 'octets') }];
    }),
    drills: drills.length,
    longestWithoutDrillMs: longestWithout(drills, part),
  };
}

function membersOf(claims: CompiledClaims, fleet: CompiledFleet): string[] {
  return fleet.members.map((member) => claims.assets[member]!.name);
}

function sum(judgements: readonly Judgement[], field: 'records' | 'flows' | 'octets'): number {
  return judgements.reduce((total, judgement) => total + judgement[field], 0);
}

/**
 * The detector tells of drills by name and time slot, so each judgement is one drill and its begin is when it was sent. One that stands for more would
 * be known at its begin and end only: what lies between counts as a stretch without.
 */
function longestWithout(drills: readonly Judgement[], { fromMs, toMs }: Period): number {
  const times = drills.flatMap(({ firstMs, lastMs }) => [firstMs, lastMs]).filter((ms) => ms >= fromMs && ms < toMs);
  let last = fromMs;
  let longest = 0;
  for (const ms of [...times.sort((a, b) => a - b), toMs]) {
    longest = Math.max(longest, ms - last);
    last = ms;
  }
  return longest;
}

/** Why what is known of the subject keeps the claim from being proven. */
export function subjectReasons(claims: CompiledClaims, claim: CompiledClaim, facts: SubjectFacts): Reason[] {
  const fleet = claims.fleets[claim.subject]!;
  const { canaryMs } = claim.coverage;
  const reasons: Reason[] = [...unseenReasons(fleet, facts)];
  for (const { code, flows, octets } of facts.undecided) {
    const sentence = `${countText(flows)} flows (${formatOctets(octets)}) may be under a rule of this claim: ${UNDECIDED_BECAUSE[code]}`;
    reasons.push(reason(code, '', flows, 0, 'flows', sentence));
  }
  if (!Number.isNaN(canaryMs) && facts.longestWithoutDrillMs > canaryMs + CANARY_SLACK_MS) {
    const without = formatDuration(facts.longestWithoutDrillMs);
    const sentence = `no drill of ${fleet.name} was seen for ${without}, ${formatDuration(canaryMs)} at most are allowed: nothing shows that a violation would have been seen`;
    reasons.push(reason('canary-missing', '', facts.longestWithoutDrillMs, canaryMs, 'ms', sentence));
  }
  return reasons;
}

const UNDECIDED_BECAUSE = {
  'geo-unknown': 'the location data does not know the address',
  'asn-unknown': 'the routing data does not know the address',
  'mac-unknown': 'no sensor told the MAC address',
  'initiator-tied': 'both directions began in the same millisecond on one port, so nobody knows who began',
} as const satisfies Record<UndecidedCode, string>;

function unseenReasons(fleet: CompiledFleet, { records, unseen }: SubjectFacts): Reason[] {
  if (records === 0) {
    const sentence = `no record of ${fleet.name} was seen: equipment that is switched off or not seen proves nothing`;
    return [reason('no-subject', fleet.name, 0, 1, 'records', sentence)];
  }
  const named = unseen.slice(0, MAX_UNSEEN_NAMED).map((asset) => {
    const sentence = `no record of ${asset} was seen: equipment that is switched off or not seen proves nothing`;
    return reason('subject-unseen', asset, 0, 1, 'records', sentence);
  });
  const others = unseen.length - named.length;
  if (others === 0) return named;
  const sentence = `nor was any of ${countText(others)} more assets of ${fleet.name}`;
  return [...named, reason('subject-unseen', '', others, 0, 'assets', sentence)];
}
