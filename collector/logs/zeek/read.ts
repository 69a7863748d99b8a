/** What a line was. */
export const Read = {
  record: 0,
  /** A record whose connection Zeek did not see whole (`missed_bytes`): its counters are lower bounds. */
  recordWithGaps: 1,
  /** No record: a line of another log. */
  other: 2,
  malformed: 3,
  header: 4,
} as const;
