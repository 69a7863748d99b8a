import type { Faults, LineBlock } from '../contracts.js';
import { LineSplitter } from './line-splitter.js';
import type { TailPosition } from './tail-file.js';

/** Octets read at a time; with the longest line the memory of a tail. */
export const CHUNK_OCTETS = 262_144;
/** How much of a log's beginning is looked at for its header when reading begins further on. */
export const CONTEXT_OCTETS = 65_536;
const LINE_FEED = 0x0a;
const HASH = 0x23;

/** What happened to a followed log: each is worth a line in the process's own log, `lost` a mark in the ledger. */
export type TailEvent =
  /** `position` is where reading begins, which may be in a file that was rotated. */
  | { readonly kind: 'opened'; readonly position: TailPosition }
  /** It cannot be opened (`reason`: the system's name of the error); it is tried again. */
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'rotated' }
  | { readonly kind: 'rewritten' }
  /** Lines may have been lost: the file was rotated away or written anew, and what was in it behind our place is nowhere to be found. */
  | { readonly kind: 'lost' };

export interface LogTailParts {
  /**
   * Takes the next lines. `position` is the place behind them, to be kept once their rows are safe. Nothing more is read until it has returned or its
   * promise has resolved: a file waits by itself.
   */
  deliver(lines: LineBlock, position: TailPosition): void | Promise<void>;
  /** Takes the lines that a log begins with, header lines and one more, where reading begins behind them. They were counted before. */
  context(lines: LineBlock): void;
  onEvent(event: TailEvent): void;
  readonly faults: Faults;
}

/** Lines of one file on their way: what splits them, and the octets before the splitter's first. */
export interface LinesFrom {
  readonly splitter: LineSplitter;
  readonly base: number;
}

/** Hands over the lines that the splitter holds; with `ended`, what remains is the last one. Ends early when `isStopped`. */
export async function handOver(
  { splitter, base }: LinesFrom,
  ended: boolean,
  position: (offset: number) => TailPosition,
  parts: LogTailParts,
  isStopped: () => boolean,
): Promise<void> {
  while (!isStopped() && splitter.next(ended)) {
    if (splitter.tooLong > 0) parts.faults.add('line-too-long', splitter.tooLong);
    const done = parts.deliver(splitter, position(base + splitter.endedOctets));
    if (done !== undefined) await done;
  }
}

/** Hands over the lines that begin with '#' at the beginning of a log, and the first other line. */
export function tellContext(head: Uint8Array, parts: LogTailParts): void {
  let end = 0;
  for (let isHeader = true; isHeader && end < head.length; ) {
    const next = head.indexOf(LINE_FEED, end);
    if (next < 0) break;
    isHeader = head[end] === HASH;
    end = next + 1;
  }
  if (end === 0) return;
  const splitter = new LineSplitter(end);
  splitter.bytes.set(head.subarray(0, end));
  splitter.received(end);
  while (splitter.next(false)) parts.context(splitter);
}
