import { formatDuration } from '../../flow/time.js';
import type { Period } from '../claims/calendar.js';
import type { CompiledClaim, CompiledClaims } from '../claims/compiled.js';
import { type Judgement, STRETCH } from '../findings/judgement.js';
import { reason } from './reason.js';
import type { Reason } from './verdict-types.js';

/** Members that are told one by one; of the rest, only how many. */
const MAX_NAMED = 10;

/**
 * Why a claim of kind `works_without` is not proven by what was judged in the period: no stretch without contact was long enough, the equipment was not seen
 * in one, or one that would have ended within the period was never judged to its end. `ofClaim` are the judgements of the claim and period, `broken` the subjects of
 * its findings: what broke the claim has tested it.
 */
export function stretchReasons(
  claims: CompiledClaims,
  claim: CompiledClaim,
  ofClaim: readonly Judgement[],
  { toMs }: Period,
  broken: ReadonlySet<string>,
): Reason[] {
  const { island } = claim;
  if (island === undefined) return [];
  const fleet = claims.fleets[claim.subject]!;
  const byMember = island.least.scope === 'member';
  const subjects = byMember ? fleet.members.map((member) => claims.assets[member]!.name) : [fleet.name];
  const about = (what: string, subject: string): Judgement | undefined =>
    ofClaim.find((one) => one.kind === 'judged' && one.about === (byMember ? `${what} ${subject}` : what));
  const length = formatDuration(island.forMs);
  const reasons = subjects.flatMap((subject): Reason[] => {
    const held = about(STRETCH.held, subject)?.flows ?? 0;
    const unseen = about(STRETCH.unseen, subject)?.flows ?? 0;
    const openFromMs = about(STRETCH.open, subject)?.lastMs;
    if (unseen > 0) {
      const sentence = `${subject} was hardly seen at all in ${unseen} stretches without contact: switched off, stopped or out of sight, nobody can say`;
      return [reason('subject-unseen', subject, unseen, 0, 'stretches', sentence)];
    }
    if (openFromMs !== undefined && openFromMs + island.forMs <= toMs) {
      const sentence = `records of ${subject} end before a stretch without contact of ${length} could be judged`;
      return [reason('subject-unseen', subject, openFromMs, toMs, 'ms', sentence)];
    }
    if (held > 0 || broken.has(subject)) return [];
    const sentence = `no stretch of ${length} without contact was seen of ${subject}: whether it works without was never tested`;
    return [reason('never-tested', subject, 0, 1, 'stretches', sentence)];
  });
  const more = reasons.length - MAX_NAMED;
  return more <= 0
    ? reasons
    : [
        ...reasons.slice(0, MAX_NAMED),
        reason('never-tested', '', more, 0, 'assets', `nor is it shown of ${more} more assets of ${fleet.name}`),
      ];
}
