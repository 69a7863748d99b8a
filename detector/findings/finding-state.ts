import type { Finding } from './finding.js';
import type { Matter } from './finding-sink.js';

/** A finding while it grows: what the finished one does not show. */
export interface FindingState {
  readonly key: string;
  readonly finding: Finding;
  readonly matter: Matter;
  readonly periodFromMs: number;
  readonly periodToMs: number;
  /** Counts what the limit on findings turned away. */
  readonly overflow: boolean;
  /** A sum over a window rather than sessions with a peer. */
  readonly measured: boolean;
  /** Sessions by Level. */
  readonly levels: [number, number, number, number];
  /** Sessions by Began. */
  readonly began: [number, number, number];
  /** Session of each evidence row, to take it back with its session; 0 for measured findings. */
  readonly evidenceSessions: number[];
  /** Largest sampling interval of its records. */
  sampling: number;
  why: string;
  /** Waits in the list of what has changed. */
  isNew: boolean;
}
