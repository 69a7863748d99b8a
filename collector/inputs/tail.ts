import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from './input-error.js';
import { LineSplitter } from './line-splitter.js';
import { findRotated } from './tail-archive.js';
import { TailFile, type TailPosition } from './tail-file.js';
import { CHUNK_OCTETS, CONTEXT_OCTETS, handOver, type LinesFrom, type LogTailParts, tellContext } from './tail-lines.js';
import { readRotatedFile } from './tail-rotated.js';

/** How often a log is looked at where the file system tells no changes, in ms. */
export const TAIL_POLL_MS = 1000;
/** Changes are gathered this long, in ms: a busy log changes with every line. */
const GATHER_MS = 50;

export interface LogTailOptions {
  readonly path: string;
  /** Where to begin: at the file's beginning, behind what is in it, or where reading was broken off. */
  readonly from: 'beginning' | 'end' | TailPosition;
  readonly pollMs?: number;
}

export interface LogTail {
  /** Follows the log until `stop`. Rejects only with what `deliver` threw. */
  start(parts: LogTailParts): Promise<void>;
  /** Ends after the block under way. A line that has not ended yet is left for the next time. */
  stop(): Promise<void>;
}

/** One file being followed: where the reader is in it. */
interface Followed extends LinesFrom {
  readonly file: TailFile;
  /** Octets read. */
  offset: number;
}

/**
 * Follows a growing log through its rotations: renamed with a new file in its place (Zeek, logrotate), copied and written anew (copytruncate), reached
 * through a link that changes. A file that was rotated is read to its end, the line that it breaks off in too, before the new one is begun. What was
 * written while nobody was reading is looked for in the rotated files (tail-archive.ts).
 *
 * Memory is one chunk and one line. Inert until `start`.
 */
export function createLogTail(options: LogTailOptions): LogTail {
  const { path } = options;
  const pollMs = options.pollMs ?? TAIL_POLL_MS;
  let stopped = false;
  let running: Promise<unknown> = Promise.resolve();
  let wake: () => void = () => undefined;
  let watcher: FSWatcher | undefined;
  let gathering: NodeJS.Timeout | undefined;

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => wake(), pollMs);
      wake = () => {
        clearTimeout(timer);
        wake = () => undefined;
        resolve();
      };
      if (stopped) wake();
    });

  /** Changes in the log's folder are told by the system where it can; the pause is for where it cannot. */
  function watchFolder(): void {
    watcher?.close();
    try {
      watcher = watch(dirname(path), () => {
        gathering ??= setTimeout(() => {
          gathering = undefined;
          wake();
        }, GATHER_MS);
      });
      watcher.on('error', () => watcher?.close());
    } catch {
      watcher = undefined;
    }
  }

  const isStopped = (): boolean => stopped;

  async function follow(parts: LogTailParts): Promise<void> {
    let waitingFor = '';
    let followed: Followed | undefined;
    let { from }: LogTailOptions = options;
    /** `from` is the end of a file that was read to its end. */
    let isDone = false;

    function wait(reason: string): undefined {
      if (reason !== waitingFor) parts.onEvent({ kind: 'waiting', reason });
      waitingFor = reason;
    }

    async function openNext(): Promise<Followed | undefined> {
      const file = await TailFile.open(path);
      if (typeof file === 'string') return wait(file);
      const start = from;
      const place = await placeIn(file, start).catch((error: unknown) => errorCode(error));
      if (typeof place === 'string') {
        await file.close();
        return wait(place);
      }
      waitingFor = '';
      from = 'beginning';
      watchFolder();
      const isElsewhere = typeof start !== 'string' && !place.isKnown;
      parts.onEvent({ kind: 'opened', position: isElsewhere ? start : file.position(place.offset, place.lines) });
      if (place.offset > 0) tellContext(place.context, parts);
      if (isElsewhere) await readRotated(start, isDone, file.id);
      isDone = false;
      return begun(file, place.offset, place.lines);
    }

    /** Reads what has been written since; answers whether there was any. */
    async function readOn(at: Followed): Promise<boolean> {
      let grew = false;
      while (!stopped) {
        const { file, splitter } = at;
        // An error of the file system is told by the next look at the file.
        const count = await file.read(splitter.bytes, splitter.held, CHUNK_OCTETS, at.offset).catch(() => 0);
        if (count === 0) break;
        // Written anew between the look and the read: the next look tells, and what was read here is in the middle of something else.
        if (!(await file.isIntact(at.offset + count).catch(() => false))) break;
        await file.readHead();
        grew = true;
        at.offset += count;
        splitter.received(count);
        await handOver(at, false, (offset) => file.position(offset, splitter.lines), parts, isStopped);
      }
      return grew;
    }

    /**
     * Reads the file that `position` is of from there on, and the ones after it, to their ends: they will not grow any more. Of a file that is done, only
     * the ones after it: it may have been rotated more than once since the last look.
     */
    async function readRotated(position: TailPosition, isDone: boolean, current: string): Promise<void> {
      const rotated = await findRotated(path, position, current);
      if (rotated.length === 0 && !isDone) parts.onEvent({ kind: 'lost' });
      for (const [index, archived] of rotated.entries()) {
        if (stopped || (isDone && index === 0)) continue;
        const from = index === 0 ? position : { offset: 0, lines: 0 };
        if (!(await readRotatedFile(archived, from, parts, isStopped)) && !stopped) parts.onEvent({ kind: 'lost' });
      }
    }

    try {
      while (!stopped) {
        followed ??= await openNext();
        if (followed === undefined) {
          await pause();
          continue;
        }
        const { file, splitter, base } = followed;
        const place = (): TailPosition => file.position(base + splitter.endedOctets, splitter.lines);
        const state = await file.look(path, followed.offset);
        if (state === 'unreadable') {
          from = place();
          await file.close();
          followed = undefined;
          await pause();
        } else if (state === 'rewritten') {
          parts.onEvent({ kind: 'rewritten' });
          await readRotated(place(), false, file.id);
          file.head = new Uint8Array(0);
          followed = begun(file, 0, 0);
        } else {
          const grew = await readOn(followed);
          if (state === 'replaced' && !stopped) {
            await handOver(followed, true, (offset) => file.position(offset, splitter.lines), parts, isStopped);
            from = place();
            isDone = true;
            await file.close();
            followed = undefined;
            parts.onEvent({ kind: 'rotated' });
          } else if (!grew) {
            await pause();
          }
        }
      }
    } finally {
      clearTimeout(gathering);
      watcher?.close();
      await followed?.file.close();
    }
  }

  return {
    start(parts) {
      const following = follow(parts);
      running = following.catch(() => undefined);
      return following;
    },
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}

interface Place {
  readonly offset: number;
  readonly lines: number;
  /** The file's beginning, where the place is behind it. */
  readonly context: Uint8Array;
  /** The file is the one that the start was a position of. */
  readonly isKnown: boolean;
}

/** Where to begin in a file that was opened. Rejects with an error of the file system. */
async function placeIn(file: TailFile, start: LogTailOptions['from']): Promise<Place> {
  await file.readHead();
  const context = await file.beginning(CONTEXT_OCTETS);
  if (start === 'end') return { offset: await file.lastLineStart(), lines: 0, context, isKnown: false };
  const isKnown = start !== 'beginning' && (await file.holds(start));
  return isKnown ? { offset: start.offset, lines: start.lines, context, isKnown } : { offset: 0, lines: 0, context, isKnown };
}

function begun(file: TailFile, offset: number, lines: number): Followed {
  const splitter = new LineSplitter(CHUNK_OCTETS);
  splitter.lines = lines;
  return { file, splitter, base: offset, offset };
}
