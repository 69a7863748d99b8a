import { MINUTE_MS } from '../../flow/time.js';
import { finishHash, mixWord } from '../baseline/hash.js';

/** Number of the minute that `ms` lies in, counted from the epoch. */
export function minuteNumber(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}

const HOUR_MINUTES = 60;

/** How many bits of the word are 1. */
function ones(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * One bit for every minute: set or not. Grows towards both ends, 4 octets for 32 minutes: four weeks are 5 KiB. Minutes are numbers of minutes since the
 * epoch; those outside of what was set are not set.
 */
export class MinuteBits {
  /** Number of the first word: minute >> 5. */
  private base = 0;
  private words = new Uint32Array(0);
  private used = 0;

  has(minute: number): boolean {
    const at = (minute >> 5) - this.base;
    return at >= 0 && at < this.used && ((this.words[at]! >>> (minute & 31)) & 1) === 1;
  }

  set(minute: number): void {
    const at = this.reach(minute >> 5);
    this.words[at]! |= 1 << (minute & 31);
  }

  /** Sets the minutes from `first` to `last`, both included. */
  setRange(first: number, last: number): void {
    if (last < first) return;
    this.reach(first >> 5);
    this.reach(last >> 5);
    for (let minute = first; minute <= last; ) {
      const at = (minute >> 5) - this.base;
      const from = minute & 31;
      const to = Math.min(31, from + last - minute);
      this.words[at]! |= ((to === 31 ? 0xffffffff : 2 ** (to + 1) - 1) & (0xffffffff << from)) >>> 0;
      minute += to - from + 1;
    }
  }

  /** Sets the minutes of an hour that begins at minute `first` by a mask: bit 0 is the first minute. */
  setHour(first: number, mask: bigint): void {
    for (let i = 0; i < HOUR_MINUTES; i++) if (((mask >> BigInt(i)) & 1n) === 1n) this.set(first + i);
  }

  /** Sets every minute that is set in `other`. */
  add(other: MinuteBits): void {
    for (let at = 0; at < other.used; at++) {
      const word = other.words[at]!;
      if (word === 0) continue;
      const own = this.reach(other.base + at);
      this.words[own]! |= word;
    }
  }

  /** The first minute from `minute` on that is set, and `until` when there is none before it. */
  nextSet(minute: number, until: number): number {
    return this.next(minute, until, 0);
  }

  /** The first minute from `minute` on that is not set, and `until` when there is none before it. */
  nextClear(minute: number, until: number): number {
    return this.next(minute, until, 0xffffffff);
  }

  /** The last minute before `minute` that is set; −1 when there is none. */
  lastSetBefore(minute: number): number {
    for (let at = Math.min(((minute - 1) >> 5) - this.base, this.used - 1); at >= 0; at--) {
      const first = (this.base + at) << 5;
      const cut = minute - first;
      const word = cut >= 32 ? this.words[at]! : this.words[at]! & (2 ** cut - 1);
      if (word !== 0) return first + 31 - Math.clz32(word);
    }
    return -1;
  }

  /** The first minute that is set; −1 when there is none. */
  first(): number {
    const from = this.base << 5;
    const minute = this.nextSet(from, from + this.used * 32);
    return minute < from + this.used * 32 ? minute : -1;
  }

  /** How many of the minutes [from, until) are set. */
  count(from: number, until: number): number {
    let count = 0;
    for (let minute = from; minute < until; ) {
      const next = Math.min(until, ((minute >> 5) + 1) << 5);
      const at = (minute >> 5) - this.base;
      if (at >= 0 && at < this.used && this.words[at] !== 0) {
        const width = next - minute;
        const mask = width === 32 ? 0xffffffff : (2 ** width - 1) << (minute & 31);
        count += ones(this.words[at]! & mask);
      }
      minute = next;
    }
    return count;
  }

  /** 53 bits that the set minutes of [from, until) determine; two different sets share them once in 2^53. */
  fingerprint(from: number, until: number): number {
    let a = 1;
    let b = 2;
    for (let minute = from; minute < until; ) {
      const next = Math.min(until, ((minute >> 5) + 1) << 5);
      const at = (minute >> 5) - this.base;
      if (at >= 0 && at < this.used && this.words[at] !== 0) {
        const width = next - minute;
        const word = this.words[at]! & (width === 32 ? 0xffffffff : (2 ** width - 1) << (minute & 31));
        if (word !== 0) {
          const place = minute >> 5;
          a = mixWord(mixWord(a, place), word);
          b = mixWord(mixWord(b, word), place);
        }
      }
      minute = next;
    }
    return finishHash(a) * 2 ** 21 + (finishHash(b) >>> 11);
  }

  /** How many minutes are set. */
  get total(): number {
    return this.count(this.base << 5, (this.base + this.used) << 5);
  }

  /** Forgets minutes before this one, whole words of them. */
  dropBefore(minute: number): void {
    const words = Math.min(this.used, Math.max(0, (minute >> 5) - this.base));
    if (words === 0) return;
    this.words = this.words.slice(words, this.used);
    this.used -= words;
    this.base += words;
  }

  /** Octets of memory. */
  get octets(): number {
    return this.words.byteLength;
  }

  private next(minute: number, until: number, invert: number): number {
    for (let at = minute; at < until; ) {
      const index = (at >> 5) - this.base;
      const word = index >= 0 && index < this.used ? this.words[index]! : 0;
      const rest = ((word ^ invert) >>> 0) & (0xffffffff << (at & 31));
      if (rest !== 0) return Math.min(until, ((at >> 5) << 5) + 31 - Math.clz32(rest & -rest));
      at = ((at >> 5) + 1) << 5;
    }
    return until;
  }

  /** Makes room for a word; its index. */
  private reach(word: number): number {
    if (this.used === 0) this.base = word;
    if (word < this.base) {
      const before = this.base - word;
      const words = new Uint32Array(this.used + before);
      words.set(this.words.subarray(0, this.used), before);
      this.words = words;
      this.used += before;
      this.base = word;
    }
    const at = word - this.base;
    if (at >= this.words.length) {
      const words = new Uint32Array(Math.max(at + 1, this.words.length * 2, 8));
      words.set(this.words);
      this.words = words;
    }
    this.used = Math.max(this.used, at + 1);
    return at;
  }
}
