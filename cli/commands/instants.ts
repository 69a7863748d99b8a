import { parseInstant } from '../../flow/time.js';
import { UsageError } from '../errors.js';

/** The instant that a flag gives, in milliseconds since the epoch; undefined where it was not given. Throws UsageError. */
export function instantOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseInstant(text);
  if (ms === undefined) throw new UsageError(`${name} ${text} is no instant; write one with its zone, such as 2026-12-03T00:00:00+01:00`);
  return ms;
}

/** Throws UsageError for a range that ends before it begins: its answer would be empty, and look like good news. */
export function refuseBackwards(fromMs: number | undefined, toMs: number | undefined): void {
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
    throw new UsageError('--until must be later than --from; exchange them');
}
