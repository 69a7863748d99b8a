import type { Decision } from '../../detector/decisions/decision.js';
import { scopeText } from '../../detector/decisions/scope.js';
import type { Standing } from '../../detector/decisions/standing.js';
import { formatTime } from '../../flow/time.js';

/** 'closed: noise by eve until 2026-12-24', 'acknowledged by eve', 'open (seen again since it was closed as incident)'. */
export function standingText({ state, word, muted, why, decision }: Standing): string {
  if (decision === undefined) return state;
  if (state === 'open') return `open (${why})`;
  const until = decision.untilMs === 0 ? '' : ` until ${dayOf(decision.untilMs)}`;
  const how = word === '' ? '' : `: ${word}`;
  return `${state}${how} by ${decision.author}${until}${muted ? ` (mute ${decision.id.slice(0, 8)})` : ''}`;
}

/** One line for a decision: when, who, what, why. */
export function decisionLine(decision: Decision): string {
  const { id, atMs, author, verb, reason, finding, revokes, untilMs } = decision;
  const about = revokes !== '' ? ` ${revokes.slice(0, 8)}` : finding !== '' ? ` finding ${finding.slice(0, 8)}` : '';
  const scope = verb === 'noise' || verb === 'expected' ? ` (${scopeText(decision)})` : verb === 'approve' ? ` ${decision.asset}` : '';
  const until = untilMs === 0 ? '' : `, until ${formatTime(untilMs)}`;
  return `${formatTime(atMs)}  ${id.slice(0, 8)}  ${author}  ${verb}${about}${scope}${until}: ${reason}`;
}

function dayOf(ms: number): string {
  return formatTime(ms).slice(0, 10);
}
