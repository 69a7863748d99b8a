import { formatTime } from '../../flow/time.js';
import { reason } from './reason.js';
import type { Verdict } from './verdict-types.js';

/** A verdict as it was stored. `computedMs`: when it was computed, ms since the epoch. */
export interface StoredVerdict extends Verdict {
  readonly computedMs: number;
}

/** All telemetry of its period had been judged: whatever comes later makes an amendment. */
export function isFinal({ reasons }: Verdict): boolean {
  return !reasons.some(({ code }) => code === 'not-final');
}

/**
 * What is to be stored where `next` was computed and `previous` is the stored verdict of the same claim and period: undefined when it says the same.
 * A final verdict of the same claim file is never just replaced: the new one says that it amends it, because of data that came later, and what changed.
 */
export function amendmentOf(previous: StoredVerdict | undefined, next: Verdict): Verdict | undefined {
  if (previous === undefined || !isFinal(previous) || previous.claimsHash !== next.claimsHash) return next;
  const changes = changesOf(previous, next);
  if (changes.length === 0) return undefined;
  const records = next.numbers.recordsJudged ?? 0;
  const sentence = `amends the verdict of ${formatTime(previous.computedMs)}, which was ${previous.verdict}, by data that came later: ${changes.join(', ')}`;
  const why = reason('late-data', '', records, previous.numbers.recordsJudged ?? 0, 'records', sentence);
  return { ...next, reasons: [...next.reasons, why], sentence: `${next.sentence} It ${sentence}.` };
}

/** Word, reasons, and numbers that both have: wording, and numbers that another version of the program adds, are no news. */
function changesOf(previous: Verdict, next: Verdict): string[] {
  const changes: string[] = [];
  if (previous.verdict !== next.verdict) changes.push(`${previous.verdict} → ${next.verdict}`);
  const before = namesOf(previous);
  const after = namesOf(next);
  for (const name of before) if (!after.has(name)) changes.push(`no longer ${name}`);
  for (const name of after) if (!before.has(name)) changes.push(`now ${name}`);
  for (const [name, value] of Object.entries(next.numbers)) {
    const old = previous.numbers[name];
    if (old !== undefined && old !== value) changes.push(`${name} ${old} → ${value}`);
  }
  return changes;
}

function namesOf({ reasons }: Verdict): Set<string> {
  return new Set(reasons.filter(({ code }) => code !== 'late-data').map(({ code, about }) => (about === '' ? code : `${code} ${about}`)));
}
