import { BUCKET, ENTRY_WORDS, NEXT, PREVIOUS } from './flow-entry.js';
import { EXPIRY_TICK_MS } from './limits.js';

/**
 * Entries by the tick in which they should next be looked at: a ring of doubly linked lists threaded through the entries themselves.
 * A packet does not move its entry; whoever looks at an entry too early puts it back into the bucket of its real deadline, so the cost
 * is paid once per idle timeout instead of once per packet. Within a bucket the order is that of arrival: the same for any batch sizes.
 */
export class ExpiryWheel {
  /** The next tick to look at; everything before it is done. */
  cursor = 0;
  private readonly size: number;
  private readonly heads: Int32Array;
  private readonly tails: Int32Array;

  /** `longestMs` is the furthest ahead that an entry is ever scheduled. */
  constructor(longestMs: number) {
    this.size = Math.ceil(longestMs / EXPIRY_TICK_MS) + 2;
    this.heads = new Int32Array(this.size).fill(-1);
    this.tails = new Int32Array(this.size).fill(-1);
  }

  /** Number of ticks after which every entry has come up once. */
  get turn(): number {
    return this.size;
  }

  /** The first tick that begins after `ms`. */
  tickAfter(ms: number): number {
    return Math.floor(ms / EXPIRY_TICK_MS) + 1;
  }

  /** The first entry of a tick's bucket, −1 when it is empty. */
  first(tick: number): number {
    return this.heads[tick % this.size]!;
  }

  /** Appends an entry to a tick's bucket; ticks before the cursor are the cursor, ticks beyond the ring its last. */
  add(words: Int32Array, entry: number, tick: number): void {
    const bucket = Math.max(this.cursor, Math.min(tick, this.cursor + this.size - 1)) % this.size;
    const tail = this.tails[bucket]!;
    const at = entry * ENTRY_WORDS;
    words[at + PREVIOUS] = tail;
    words[at + NEXT] = -1;
    words[at + BUCKET] = bucket;
    if (tail < 0) this.heads[bucket] = entry;
    else words[tail * ENTRY_WORDS + NEXT] = entry;
    this.tails[bucket] = entry;
  }

  remove(words: Int32Array, entry: number): void {
    const at = entry * ENTRY_WORDS;
    const previous = words[at + PREVIOUS]!;
    const next = words[at + NEXT]!;
    const bucket = words[at + BUCKET]!;
    if (previous < 0) this.heads[bucket] = next;
    else words[previous * ENTRY_WORDS + NEXT] = next;
    if (next < 0) this.tails[bucket] = previous;
    else words[next * ENTRY_WORDS + PREVIOUS] = previous;
  }
}
