/*
 * A connection is a stream of octets; an IPFIX message tells its own length (RFC 7011 §3.1, §10.4):
 *
 *   0       2       4               8              12              16
 *   +-------+-------+---------------+---------------+---------------+----
 *   |  10   | length| export seconds|    sequence   |  obs. domain  | sets …
 *   +-------+-------+---------------+---------------+---------------+----
 *   |<----------------------- length octets ---------------------------->| next message …
 */
const VERSION = 10;
const HEADER_OCTETS = 16;
/** What has to be there before the length is known. */
const LENGTH_KNOWN_OCTETS = 4;

/**
 * Cuts a stream into messages. A message that lies within one chunk is handed out as a view of it; only the rest of a chunk is copied, into a buffer of
 * its message's length, so that a connection holds 65 535 octets at most beside the chunk it is reading.
 */
export class MessageFramer {
  private chunk: Uint8Array = new Uint8Array(0);
  private at = 0;
  /** The message begun in an earlier chunk: at first room for its length, then for all of it. */
  private partial: Uint8Array | undefined;
  private filled = 0;
  private isBroken = false;

  /** True when something stands where a message should begin that is none. What follows has no known beginning: nothing more is handed out. */
  get broken(): boolean {
    return this.isBroken;
  }

  /** True while a message has begun and is not complete. */
  get waits(): boolean {
    return this.filled > 0;
  }

  /** Gives the next chunk; the one before must have been taken to its end (`take` gave undefined). It is not copied and must not change. */
  push(chunk: Uint8Array): void {
    this.chunk = chunk;
    this.at = 0;
  }

  /** The next complete message, valid until the next call; undefined when more octets are needed, or never when `broken`. */
  take(): Uint8Array | undefined {
    if (this.isBroken) return undefined;
    if (this.filled > 0) return this.complete();
    const { chunk, at } = this;
    const left = chunk.length - at;
    if (left >= LENGTH_KNOWN_OCTETS) {
      const length = messageLength(chunk, at);
      if (length === 0) {
        this.isBroken = true;
        return undefined;
      }
      if (left >= length) {
        this.at = at + length;
        return chunk.subarray(at, at + length);
      }
      this.partial = new Uint8Array(length);
    } else if (left > 0) {
      this.partial = new Uint8Array(LENGTH_KNOWN_OCTETS);
    }
    this.fill();
    return undefined;
  }

  /** What was read and handed out by nobody: a message cut by the end of its connection, or what stands where one should begin. */
  rest(): Uint8Array {
    return this.partial === undefined ? this.chunk.subarray(this.at) : this.partial.subarray(0, this.filled);
  }

  private complete(): Uint8Array | undefined {
    this.fill();
    let partial = this.partial!;
    if (this.filled < partial.length) return undefined;
    if (partial.length === LENGTH_KNOWN_OCTETS) {
      const length = messageLength(partial, 0);
      if (length === 0) {
        this.isBroken = true;
        return undefined;
      }
      const whole = new Uint8Array(length);
      whole.set(partial);
      partial = whole;
      this.partial = whole;
      this.fill();
      if (this.filled < length) return undefined;
    }
    this.partial = undefined;
    this.filled = 0;
    return partial;
  }

  private fill(): void {
    const { partial, chunk, at } = this;
    if (partial === undefined) return;
    const octets = Math.min(partial.length - this.filled, chunk.length - at);
    partial.set(chunk.subarray(at, at + octets), this.filled);
    this.filled += octets;
    this.at = at + octets;
  }
}

/** Octets of the message that begins at `at`, 16 to 65 535; 0 when none begins there. */
function messageLength(bytes: Uint8Array, at: number): number {
  const version = (bytes[at]! << 8) | bytes[at + 1]!;
  const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return version === VERSION && length >= HEADER_OCTETS ? length : 0;
}
