import type { Assignment, Message } from '../../../flow/bus/bus.js';

/** The frames at offsets [from, upTo) of one partition, inserted together under one token. */
export interface FrameRange {
  readonly from: number;
  readonly upTo: number;
  readonly messages: readonly Message[];
}

/** What is committed before a range is inserted, so that a restart repeats exactly that range. */
export interface Intent {
  readonly upTo: number;
  readonly token: string;
}

/** The deduplication token of a range: the log's identity is in it, so that a topic made anew is never mistaken for the old one. */
export function rangeToken(at: Pick<Assignment, 'log' | 'topic' | 'partition'>, from: number, upTo: number): string {
  return `${at.log}:${at.topic}:${at.partition}:${from}-${upTo}`;
}

/**
 * The intent in a commit's metadata; undefined when there is none, or when it was made for another log (its offsets mean
 * nothing here) or by another program.
 */
export function readIntent(at: Assignment): Intent | undefined {
  const { committed } = at;
  if (committed === undefined || committed.metadata === '') return undefined;
  let intent: Partial<Intent>;
  try {
    intent = (JSON.parse(committed.metadata) ?? {}) as Partial<Intent>;
  } catch {
    return undefined;
  }
  const { upTo, token } = intent;
  if (typeof upTo !== 'number' || upTo <= committed.offset || token !== rangeToken(at, committed.offset, upTo)) return undefined;
  return { upTo, token };
}

export function intentText(intent: Intent): string {
  return JSON.stringify(intent);
}
