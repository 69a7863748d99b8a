import type { ReleasedSet } from '../contracts.js';
import type { MinuteCounts } from './counts.js';

/** What a stream counts over all its time, as far as released sets change it. */
export interface HeldTotals {
  held: number;
  records: number;
  undecodable: number;
  malformed: number;
}

/**
 * Books one held set that was let go of, in the minute of its own message: as released what was booked as held, as received what nobody knew of before.
 * When nothing of its message waits any more, what is left of the records booked was never there, or was given up: it is undecodable. Returns the records
 * that are booked as received now.
 */
export function bookReleased(counts: MinuteCounts, set: ReleasedSet, totals: HeldTotals): number {
  const { message } = set;
  const records = set.recordsDecoded + set.recordsUndecodable + set.recordsMalformed;
  takeOptions(counts, set, totals);
  const booked = Math.min(records, message.recordsWaiting);
  const fresh = records - booked;
  message.recordsWaiting -= booked;
  counts.recordsReleased += booked;
  counts.recordsReceived += fresh;
  counts.recordsSent += fresh;
  counts.recordsDecoded += set.recordsDecoded;
  counts.recordsUndecodable += set.recordsUndecodable;
  counts.recordsMalformed += set.recordsMalformed;
  counts.optionsRecords += set.optionsRecords;
  counts.samplingInterval = Math.max(counts.samplingInterval, set.samplingInterval);
  totals.held -= booked;
  totals.records += fresh;
  totals.undecodable += set.recordsUndecodable;
  totals.malformed += set.recordsMalformed;
  if (message.setsWaiting > 0) return fresh;
  const left = message.recordsWaiting;
  message.recordsWaiting = 0;
  counts.recordsReleased += left;
  counts.recordsUndecodable += left;
  totals.held -= left;
  totals.undecodable += left;
  return fresh;
}

/**
 * Options records that had been held as if they were flows are taken out of the books again while their minute is open. In a minute that was sent
 * on they stay what they were taken for, and become undecodable: records of a kind that carries no flow.
 */
function takeOptions(counts: MinuteCounts, { message, optionsRecords }: ReleasedSet, totals: HeldTotals): void {
  const taken = Math.min(optionsRecords, message.recordsWaiting, counts.recordsHeld);
  message.recordsWaiting -= taken;
  counts.recordsHeld -= taken;
  counts.recordsReceived -= taken;
  counts.recordsSent -= taken;
  totals.held -= taken;
  totals.records -= taken;
}
