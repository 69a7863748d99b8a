import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { errorCode } from './input-error.js';
import { MAX_LINE_OCTETS } from './line-splitter.js';

/** A file is known again by this much of its beginning: a Zeek header with its date, or the first records. */
export const FINGERPRINT_OCTETS = 1024;
/** Fewer octets are no fingerprint: many files begin alike. */
export const MIN_FINGERPRINT_OCTETS = 64;

/** How far a growing log has been read, and which file that was: its place may be another file's tomorrow. */
export interface TailPosition {
  /** Device and inode, as decimal text. */
  readonly file: string;
  /** Octets up to the end of the last line that was handed over. */
  readonly offset: number;
  /** Lines up to there: record numbers go on from it. */
  readonly lines: number;
  /** SHA-256 of the first `headOctets` octets. */
  readonly head: string;
  readonly headOctets: number;
}

export function fingerprintOf(head: Uint8Array): string {
  return createHash('sha256').update(head).digest('hex');
}

/** The place behind `offset` octets and `lines` lines of a file that begins with `head`. */
export function positionIn(file: string, head: Uint8Array, offset: number, lines: number): TailPosition {
  const known = head.subarray(0, Math.min(FINGERPRINT_OCTETS, offset));
  return { file, offset, lines, head: fingerprintOf(known), headOctets: known.length };
}

/**
 * What became of a file that is being followed: `replaced`, another file is in its place and has been written to, so that its writer is done with this
 * one; `rewritten`, it is shorter than what was read, or begins otherwise (logrotate's copytruncate); `unreadable`, by an error of the file system.
 */
export type TailState = 'same' | 'replaced' | 'rewritten' | 'unreadable';

/** A file that is being followed: its handle stays with it when it is renamed or removed. */
export class TailFile {
  readonly id: string;
  /** Its first octets, up to FINGERPRINT_OCTETS, as far as they have been read. */
  head: Uint8Array = new Uint8Array(0);
  private readonly handle: FileHandle;

  private constructor(handle: FileHandle, id: string) {
    this.handle = handle;
    this.id = id;
  }

  /** Opens a regular file; answers the system's name of the error where that cannot be done ('ENOENT', 'EISDIR' …). */
  static async open(path: string): Promise<TailFile | string> {
    try {
      const handle = await open(path, 'r');
      const facts = await handle.stat({ bigint: true });
      const file = new TailFile(handle, `${facts.dev}/${facts.ino}`);
      if (facts.isFile()) return file;
      await file.close();
      return facts.isDirectory() ? 'EISDIR' : 'not a regular file';
    } catch (error) {
      return errorCode(error);
    }
  }

  async size(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  async read(into: Uint8Array, at: number, length: number, offset: number): Promise<number> {
    return (await this.handle.read(into, at, length, offset)).bytesRead;
  }

  /** Reads more of the beginning, where less than FINGERPRINT_OCTETS of it is known. */
  async readHead(): Promise<void> {
    if (this.head.length === FINGERPRINT_OCTETS) return;
    // An error of the file system is told by the next look at the file, and so is a file that was written anew.
    const more = await this.beginning(FINGERPRINT_OCTETS).catch(() => this.head);
    if (beginsWith(more, this.head)) this.head = more;
  }

  /** The first octets, up to `octets` of them. */
  async beginning(octets: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(octets);
    let held = 0;
    for (let count = -1; count !== 0 && held < octets; held += count) count = await this.read(bytes, held, octets - held, held);
    return bytes.subarray(0, held);
  }

  /** True while it begins as it did and has `offset` octets: what was just read up to there is its own, not a piece of what was written in its place. */
  async isIntact(offset: number): Promise<boolean> {
    return (await this.size()) >= offset && beginsWith(await this.beginning(this.head.length), this.head);
  }

  /** Looks whether it still is the log at `path`, of which `offset` octets have been read. While nothing is at `path` it is. */
  async look(path: string, offset: number): Promise<TailState> {
    try {
      if (!(await this.isIntact(offset))) return 'rewritten';
    } catch {
      return 'unreadable';
    }
    const there = await stat(path, { bigint: true }).catch(() => undefined);
    const isReplaced = there !== undefined && `${there.dev}/${there.ino}` !== this.id && there.size > 0n;
    return isReplaced ? 'replaced' : 'same';
  }

  /** Whether this is the file that a position is of, and still holds what was read of it. */
  async holds(position: TailPosition): Promise<boolean> {
    const { file, offset, head, headOctets } = position;
    if ((await this.size()) < offset) return false;
    if (this.id !== file && headOctets < MIN_FINGERPRINT_OCTETS) return false;
    return fingerprintOf(await this.beginning(headOctets)) === head;
  }

  /** Where the last line begins that the file does not end, or its size: where to begin at the end. */
  async lastLineStart(): Promise<number> {
    const size = await this.size();
    const bytes = new Uint8Array(Math.min(size, MAX_LINE_OCTETS));
    const count = await this.read(bytes, 0, bytes.length, size - bytes.length);
    const end = bytes.subarray(0, count).lastIndexOf(0x0a);
    return end < 0 ? size : size - bytes.length + end + 1;
  }

  position(offset: number, lines: number): TailPosition {
    return positionIn(this.id, this.head, offset, lines);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

function beginsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(0, head.length), head) === 0;
}
