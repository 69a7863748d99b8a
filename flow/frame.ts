import { createHash } from 'node:crypto';
import type { ColumnBatch } from './batch.js';
import type { OutgoingMessage } from './bus/bus.js';
import { type ColumnTable, clickhouseType } from './column-kinds.js';
import { readBlocks, writeBlock } from './native/block.js';
import { NativeError } from './native/reader.js';
import { NativeWriter } from './native/writer.js';

/**
 * A frame is one message of the bus: a ClickHouse Native block of thousands of rows, and headers that say what it is
 * without reading it (design §5). The payload alone is a valid Native stream for any other program.
 */

export const FRAME_VERSION = 1;
/** Below Kafka's default limit of 1 MiB a message, with room for headers. */
export const MAX_FRAME_BYTES = 900_000;

export interface FrameHeaders {
  /** Names of the sensors whose rows are inside, for routing and for people. */
  readonly sensors?: readonly string[];
  readonly firstTimeMs?: number;
  readonly lastTimeMs?: number;
}

/** Tables are constants: each is hashed once, not with every frame. */
const hashes = new WeakMap<ColumnTable, string>();

/** Sixteen hex digits that change when a column is added, renamed, retyped or moved. */
export function columnTableHash(table: ColumnTable): string {
  const known = hashes.get(table);
  if (known !== undefined) return known;
  const text = Object.entries(table)
    .map(([name, column]) => `${name} ${clickhouseType(column)}`)
    .join('\n');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  hashes.set(table, hash);
  return hash;
}

/** Turns batches of one table into frames, reusing one buffer. */
export class FrameEncoder<T extends ColumnTable> {
  private readonly hash: string;
  private readonly writer = new NativeWriter();

  constructor(table: T) {
    this.hash = columnTableHash(table);
  }

  /** One or more frames, each at most MAX_FRAME_BYTES: a batch too large is halved until its parts fit. */
  encode(batch: ColumnBatch<T>, headers: FrameHeaders = {}): OutgoingMessage[] {
    const frames: OutgoingMessage[] = [];
    this.encodeRange(batch, 0, batch.length, headers, frames);
    return frames;
  }

  private encodeRange(batch: ColumnBatch<T>, from: number, to: number, headers: FrameHeaders, into: OutgoingMessage[]): void {
    if (from >= to) return;
    this.writer.reset();
    writeBlock(this.writer, batch, from, to);
    if (this.writer.length > MAX_FRAME_BYTES && to - from > 1) {
      const middle = (from + to) >>> 1;
      this.encodeRange(batch, from, middle, headers, into);
      this.encodeRange(batch, middle, to, headers, into);
      return;
    }
    into.push({ value: this.writer.copy(), headers: this.headers(to - from, headers) });
  }

  private headers(rows: number, { sensors, firstTimeMs, lastTimeMs }: FrameHeaders): Record<string, string> {
    return {
      'frame-version': String(FRAME_VERSION),
      'column-table': this.hash,
      rows: String(rows),
      ...(sensors === undefined ? {} : { sensors: sensors.join(',') }),
      ...(firstTimeMs === undefined ? {} : { 'first-time': String(firstTimeMs) }),
      ...(lastTimeMs === undefined ? {} : { 'last-time': String(lastTimeMs) }),
    };
  }
}

/**
 * Checks a frame's headers against the table. Undefined when it can be read; otherwise a sentence that says why not,
 * for the quarantine: a frame of another version is kept, never guessed at.
 */
export function frameProblem(message: OutgoingMessage, table: ColumnTable): string | undefined {
  const version = message.headers['frame-version'];
  if (version !== String(FRAME_VERSION)) return `frame version ${version ?? '(none)'} where ${FRAME_VERSION} is read`;
  const hash = message.headers['column-table'];
  if (hash !== columnTableHash(table))
    return `column table ${hash ?? '(none)'} where ${columnTableHash(table)} is read; writer and reader differ in version`;
  return undefined;
}

/** How many rows the frame's headers promise; infinitely many where they promise nothing. */
export function rowsOf({ headers }: OutgoingMessage): number {
  const rows = Number(headers.rows);
  return Number.isSafeInteger(rows) && rows >= 0 ? rows : Number.POSITIVE_INFINITY;
}

/** Appends the frame's rows to `batch` and returns their number. Throws NativeError, batch unchanged, when the frame cannot be read. */
export function decodeFrame<T extends ColumnTable>(message: OutgoingMessage, batch: ColumnBatch<T>): number {
  const problem = frameProblem(message, batch.table);
  if (problem !== undefined) throw new NativeError(problem);
  return readBlocks(message.value, batch);
}
