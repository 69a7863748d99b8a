/** What was done for one topic since the start. All grow only. */
export interface TopicCounters {
  /** Rows handed to the database, repetitions after a restart included (they add nothing there). */
  rows: number;
  bytes: number;
  frames: number;
  inserts: number;
  /** Attempts that failed and were repeated. */
  retries: number;
  /** Ranges that a run before had promised and this one repeated. */
  repeated: number;
  /** Frames of another version or of bytes the database refuses, moved to the quarantine topic. */
  quarantined: number;
}

export function zeroCounters(): TopicCounters {
  return { rows: 0, bytes: 0, frames: 0, inserts: 0, retries: 0, repeated: 0, quarantined: 0 };
}

/** Whether the database takes our rows, for health pages. */
export interface StoreHealth {
  /** Sentence of the last failure; '' while all is well. */
  problem: string;
  /** When the database began to refuse, by our clock; NaN while all is well. */
  since: number;
}
