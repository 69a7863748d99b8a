import { TwoGenerationBloom } from './bloom.js';
import { Chunk, NumberPool } from './number-pool.js';
import type { StateReader, StateWriter } from './state.js';

/** Exact members kept before the oldest go into the Bloom filter (detection.md D02). */
export const SEEN_EXACT_MEMBERS = 512;
const INITIAL_SLOTS = 4;
/** Words of a slot: two hashes, and the two halves of the time of the first meeting. */
const WIDTH = 4;
const LOW = 2;
const HIGH = 3;
/** The upper half of NaN, which is kept as 0: no time has it, and slots of zeros are free. */
const NO_TIME = 0x7ff8_0000;
const SLOT_BYTES = 4 * WIDTH;
/** For sets that nothing has entered: one free slot. */
const FREE_SLOT = new Chunk(SLOT_BYTES);
/** A time and its halves, of all sets: nothing is kept in it. */
const time = new Float64Array(1);
const halves = new Uint32Array(time.buffer);
/** Members that were taken out of the Bloom filter, which cannot forget one alone; beyond it the oldest is known again. */
const MAX_FORGOTTEN = 64;

/** What `meet` says of a member that is known only to the Bloom filter, or whose first meeting is too long ago to tell. */
export const SEEN_LONG_AGO = Number.NEGATIVE_INFINITY;

/**
 * Which things (peers, networks, ports) one asset has met, and when first. Exact up to SEEN_EXACT_MEMBERS, by two 32-bit hashes in an
 * open-addressed table (two different members share both hashes once in 2^64); beyond that members first met before the current period move
 * into a Bloom filter. At most 16 KiB + 4 KiB, whatever arrives.
 */
export class SeenSet {
  // Its slots, so many from this word on.
  private words = FREE_SLOT.words;
  private from = 0;
  private slots = 1;
  private count = 0;
  private readonly pool: NumberPool;
  private bloom: TwoGenerationBloom | undefined;
  /** Pairs of hashes. */
  private forgotten: number[] | undefined;

  /** `pool`: where its members are kept, with those of other sets. */
  constructor(pool = new NumberPool()) {
    this.pool = pool;
  }

  /** When the member was first met, after adding it now if it is new: then the answer is `ms`. `periodFromMs`: members met before it may become inexact. */
  meet(a: number, b: number, ms: number, periodFromMs: number): number {
    const at = this.slotOf(a, b);
    if (this.words[at + HIGH] !== 0) {
      const known = this.firstMs(at);
      // The earliest record wins, whatever the order of arrival.
      if (ms < known) this.setFirstMs(at, ms);
      return Math.min(ms, known);
    }
    if (this.bloom?.has(a, b) === true && !this.remembersForgotten(a, b)) return SEEN_LONG_AGO;
    if (this.count >= SEEN_EXACT_MEMBERS) this.moveToBloom(periodFromMs);
    if (this.count >= SEEN_EXACT_MEMBERS) this.bloom!.add(a, b);
    else this.insert(a, b, ms);
    return ms;
  }

  /** True where `meet` would know the member. */
  has(a: number, b: number): boolean {
    return this.words[this.slotOf(a, b) + HIGH] !== 0 || (this.bloom?.has(a, b) === true && !this.isForgotten(a, b));
  }

  /** Forgets one member: the next meeting is its first. */
  forget(a: number, b: number): void {
    const at = this.slotOf(a, b);
    if (this.words[at + HIGH] !== 0) {
      this.words[at + HIGH] = 0;
      this.rebuild(this.slots, Number.NEGATIVE_INFINITY);
    }
    if (this.bloom?.has(a, b) !== true || this.isForgotten(a, b)) return;
    this.forgotten ??= [];
    if (this.forgotten.length >= 2 * MAX_FORGOTTEN) this.forgotten.splice(0, 2);
    this.forgotten.push(a >>> 0, b >>> 0);
  }

  /** How often members were forgotten since this object was made: until it grows, whoever was known still is. */
  get forgettings(): number {
    return this.bloom?.forgettings ?? 0;
  }

  save(writer: StateWriter): void {
    const { words, from, slots } = this;
    writer.u32(slots);
    writer.u32(this.count);
    for (let slot = 0; slot < slots; slot++) {
      const at = from + slot * WIDTH;
      if (words[at + HIGH] === 0) continue;
      // In its slot again: in what order members go into the Bloom filter follows from it.
      writer.u32(slot);
      writer.u32(words[at]!);
      writer.u32(words[at + 1]!);
      writer.f64(this.firstMs(at));
    }
    writer.u32(this.bloom === undefined ? 0 : 1);
    this.bloom?.save(writer);
    writer.numbers(Uint32Array.from(this.forgotten ?? []));
  }

  load(reader: StateReader): void {
    const slots = reader.u32();
    this.count = reader.u32();
    if (slots >= INITIAL_SLOTS) this.take(slots);
    for (let left = this.count; left > 0; left--) {
      const at = this.from + reader.u32() * WIDTH;
      this.words[at] = reader.u32();
      this.words[at + 1] = reader.u32();
      this.setFirstMs(at, reader.f64());
    }
    this.bloom = reader.u32() === 0 ? undefined : new TwoGenerationBloom();
    this.bloom?.load(reader);
    const forgotten = reader.words();
    this.forgotten = forgotten.length === 0 ? undefined : [...forgotten];
  }

  private isForgotten(a: number, b: number): boolean {
    const { forgotten } = this;
    if (forgotten === undefined) return false;
    for (let at = 0; at < forgotten.length; at += 2) if (forgotten[at] === a >>> 0 && forgotten[at + 1] === b >>> 0) return true;
    return false;
  }

  /** True where the member was forgotten, which it is no more: it is met now. */
  private remembersForgotten(a: number, b: number): boolean {
    const { forgotten } = this;
    if (forgotten === undefined) return false;
    for (let at = 0; at < forgotten.length; at += 2) {
      if (forgotten[at] !== a >>> 0 || forgotten[at + 1] !== b >>> 0) continue;
      forgotten.splice(at, 2);
      return true;
    }
    return false;
  }

  /** Where the member's slot begins, or a free one for it. */
  private slotOf(a: number, b: number): number {
    const { words, from } = this;
    const mask = this.slots * WIDTH - 1;
    let at = (a * WIDTH) & mask;
    while (words[from + at + HIGH] !== 0 && (words[from + at] !== a || words[from + at + 1] !== b)) at = (at + WIDTH) & mask;
    return from + at;
  }

  private firstMs(at: number): number {
    halves[0] = this.words[at + LOW]!;
    halves[1] = this.words[at + HIGH]! ^ NO_TIME;
    return time[0]!;
  }

  private setFirstMs(at: number, ms: number): void {
    time[0] = ms;
    this.words[at + LOW] = halves[0]!;
    this.words[at + HIGH] = halves[1]! ^ NO_TIME;
  }

  private insert(a: number, b: number, ms: number): void {
    if ((this.count + 1) * 2 > this.slots) this.rebuild(Math.max(INITIAL_SLOTS, this.slots * 2), Number.NEGATIVE_INFINITY);
    const at = this.slotOf(a, b);
    this.words[at] = a;
    this.words[at + 1] = b;
    this.setFirstMs(at, ms);
    this.count += 1;
  }

  private moveToBloom(periodFromMs: number): void {
    this.bloom ??= new TwoGenerationBloom();
    this.rebuild(this.slots, periodFromMs);
  }

  /** Re-enters the members first met at `keepFromMs` or later; the others go into the Bloom filter. */
  private rebuild(slots: number, keepFromMs: number): void {
    const { words: before, from: beforeFrom, slots: beforeSlots } = this;
    this.take(slots);
    this.count = 0;
    for (let at = beforeFrom; at < beforeFrom + beforeSlots * WIDTH; at += WIDTH) {
      if (before[at + HIGH] === 0) continue;
      const a = before[at]!;
      const b = before[at + 1]!;
      halves[0] = before[at + LOW]!;
      halves[1] = before[at + HIGH]! ^ NO_TIME;
      const first = time[0]!;
      if (first >= keepFromMs) this.insert(a, b, first);
      else this.bloom!.add(a, b);
    }
    if (before !== FREE_SLOT.words) this.pool.giveBack(before, 4 * beforeFrom, beforeSlots * SLOT_BYTES);
  }

  /** Free slots, in the place of those before. */
  private take(slots: number): void {
    const { chunk, from } = this.pool.piece(slots * SLOT_BYTES);
    this.words = chunk.words;
    this.from = from / 4;
    this.slots = slots;
  }
}
