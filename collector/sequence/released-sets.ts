import type { HeldMessage, ReleasedSet } from '../contracts.js';
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
 * `byNumbers`: held records are counted by sequence numbers, not by headers. Returns records that were
 * taken for held ones and are to be booked as lost.
 */
export function bookReleased(counts: MinuteCounts, set: ReleasedSet, totals: HeldTotals, byNumbers: boolean): number {
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
  return message.setsWaiting > 0 ? 0 : giveUpRest(counts, message, totals, byNumbers);
}

/**
 * Nothing of the message waits any more. Where all of it was read, what is booked beside was not in it, and is booked otherwise while the minute is open:
 * where sequence numbers told of it, it was lost next to the message; where the header announced it (v9), the header was wrong. Of a message that was not
 * read in full, and in a minute that was sent on, it is undecodable. Returns what was lost.
 */
function giveUpRest(counts: MinuteCounts, message: HeldMessage, totals: HeldTotals, byNumbers: boolean): number {
  const left = message.recordsWaiting;
  if (left === 0) return 0;
  message.recordsWaiting = 0;
  totals.held -= left;
  if (message.isWhole && counts.recordsHeld >= left) {
    counts.recordsHeld -= left;
    counts.recordsReceived -= left;
    counts.recordsSent -= left;
    totals.records -= left;
    return byNumbers ? left : 0;
  }
  counts.recordsReleased += left;
  counts.recordsUndecodable += left;
  totals.undecodable += left;
  return 0;
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
