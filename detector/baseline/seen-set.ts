import { TwoGenerationBloom } from './bloom.js';
import type { StateReader, StateWriter } from './state.js';

/** Exact members kept before the oldest go into the Bloom filter (detection.md D02). */
export const SEEN_EXACT_MEMBERS = 512;
const INITIAL_SLOTS = 4;
/** For sets that nothing has entered: one free slot. */
const NO_HASHES = new Uint32Array(2);
const NEVER = new Float64Array(1).fill(Number.NaN);
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
  private hashes = NO_HASHES;
  /** Time of the first meeting; NaN marks a free slot. */
  private firstMs = NEVER;
  private count = 0;
  private bloom: TwoGenerationBloom | undefined;
  /** Pairs of hashes. */
  private forgotten: number[] | undefined;

  /** When the member was first met, after adding it now if it is new: then the answer is `ms`. `periodFromMs`: members met before it may become inexact. */
  meet(a: number, b: number, ms: number, periodFromMs: number): number {
    const slot = this.slotOf(a, b);
    const known = this.firstMs[slot]!;
    if (!Number.isNaN(known)) {
      // The earliest record wins, whatever the order of arrival.
      if (ms < known) this.firstMs[slot] = ms;
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
    return !Number.isNaN(this.firstMs[this.slotOf(a, b)]!) || (this.bloom?.has(a, b) === true && !this.isForgotten(a, b));
  }

  /** Forgets one member: the next meeting is its first. */
  forget(a: number, b: number): void {
    const slot = this.slotOf(a, b);
    if (!Number.isNaN(this.firstMs[slot]!)) {
      this.firstMs[slot] = Number.NaN;
      this.rebuild(this.firstMs.length, Number.NEGATIVE_INFINITY);
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
    writer.u32(this.firstMs.length);
    writer.u32(this.count);
    for (let slot = 0; slot < this.firstMs.length; slot++) {
      if (Number.isNaN(this.firstMs[slot]!)) continue;
      // In its slot again: in what order members go into the Bloom filter follows from it.
      writer.u32(slot);
      writer.u32(this.hashes[slot * 2]!);
      writer.u32(this.hashes[slot * 2 + 1]!);
      writer.f64(this.firstMs[slot]!);
    }
    writer.u32(this.bloom === undefined ? 0 : 1);
    this.bloom?.save(writer);
    writer.numbers(Uint32Array.from(this.forgotten ?? []));
  }

  load(reader: StateReader): void {
    const slots = reader.u32();
    this.count = reader.u32();
    if (slots >= INITIAL_SLOTS) {
      this.hashes = new Uint32Array(slots * 2);
      this.firstMs = new Float64Array(slots).fill(Number.NaN);
    }
    for (let left = this.count; left > 0; left--) {
      const slot = reader.u32();
      this.hashes[slot * 2] = reader.u32();
      this.hashes[slot * 2 + 1] = reader.u32();
      this.firstMs[slot] = reader.f64();
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

  private slotOf(a: number, b: number): number {
    const mask = this.firstMs.length - 1;
    let slot = a & mask;
    for (;;) {
      const first = this.firstMs[slot]!;
      if (Number.isNaN(first) || (this.hashes[slot * 2] === a && this.hashes[slot * 2 + 1] === b)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private insert(a: number, b: number, ms: number): void {
    if ((this.count + 1) * 2 > this.firstMs.length)
      this.rebuild(Math.max(INITIAL_SLOTS, this.firstMs.length * 2), Number.NEGATIVE_INFINITY);
    const slot = this.slotOf(a, b);
    this.hashes[slot * 2] = a;
    this.hashes[slot * 2 + 1] = b;
    this.firstMs[slot] = ms;
    this.count += 1;
  }

  private moveToBloom(periodFromMs: number): void {
    this.bloom ??= new TwoGenerationBloom();
    this.rebuild(this.firstMs.length, periodFromMs);
  }

  /** Re-enters the members first met at `keepFromMs` or later; the others go into the Bloom filter. */
  private rebuild(slots: number, keepFromMs: number): void {
    const hashes = this.hashes;
    const firstMs = this.firstMs;
    this.hashes = new Uint32Array(slots * 2);
    this.firstMs = new Float64Array(slots).fill(Number.NaN);
    this.count = 0;
    for (let slot = 0; slot < firstMs.length; slot++) {
      const first = firstMs[slot]!;
      if (Number.isNaN(first)) continue;
      const a = hashes[slot * 2]!;
      const b = hashes[slot * 2 + 1]!;
      if (first >= keepFromMs) this.insert(a, b, first);
      else this.bloom!.add(a, b);
    }
  }
}
