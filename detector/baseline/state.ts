/**
 * How detector state becomes bytes and comes back: values one after another, little-endian, in the order both sides agree on.
 * No names and no self-description: a snapshot is read by the version that wrote it, or not at all (engine/snapshot.ts checks).
 */

export class StateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StateError';
  }
}

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

const FIRST_BYTES = 16_384;

/** Collects what is written, one value behind the other. */
export class StateWriter {
  private bytes = new Uint8Array(FIRST_BYTES);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  u32(value: number): void {
    this.room(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  f64(value: number): void {
    this.room(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  text(value: string): void {
    this.numbers(new TextEncoder().encode(value));
  }

  /** A typed array with its length. */
  numbers(values: Numbers): void {
    this.u32(values.length);
    this.append(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** Bytes alone, without their number. */
  append(raw: Uint8Array): void {
    this.room(raw.length);
    this.bytes.set(raw, this.length);
    this.length += raw.length;
  }

  /** What is kept by asset and for some only: how many, then for each its index and what `save` writes. */
  byAsset<T extends object>(list: { entries(): Iterable<[number, T | undefined]> }, save: (item: T) => void): void {
    const kept = [...list.entries()].filter(([, item]) => item !== undefined) as [number, T][];
    this.u32(kept.length);
    for (const [index, item] of kept) {
      this.u32(index);
      save(item);
    }
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  /** What was written, good until something else is: the writer begins anew, in the same memory. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }

  private room(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const wider = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    wider.set(this.bytes);
    this.bytes = wider;
    this.view = new DataView(wider.buffer);
  }
}

/** Reads what was written, given in one piece or in parts: of them only what is being read is held. */
export class StateReader {
  private bytes: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);
  private offset = 0;
  private readonly parts: Iterator<Uint8Array>;

  /** Parts need not end where values do, and may be used again when the next is asked for. */
  constructor(bytes: Uint8Array | Iterable<Uint8Array>) {
    this.parts = (bytes instanceof Uint8Array ? [bytes] : bytes)[Symbol.iterator]();
  }

  u32(): number {
    const at = this.take(4);
    return this.view.getUint32(at, true);
  }

  f64(): number {
    const at = this.take(8);
    return this.view.getFloat64(at, true);
  }

  text(): string {
    const length = this.u32();
    const at = this.take(length);
    return new TextDecoder().decode(this.bytes.subarray(at, at + length));
  }

  /** So many bytes as they are. */
  raw(length: number): Uint8Array {
    const at = this.take(length);
    return this.bytes.slice(at, at + length);
  }

  /** What is at hand, or the next part; undefined at the end. */
  part(): Uint8Array | undefined {
    if (this.ended) return undefined;
    const at = this.offset;
    this.offset = this.bytes.length;
    return this.bytes.subarray(at);
  }

  /** Words that `numbers` wrote from a Uint32Array. */
  words(): Uint32Array {
    const length = this.u32();
    const at = this.take(length * 4);
    return Uint32Array.from({ length }, (_, index) => this.view.getUint32(at + index * 4, true));
  }

  /** Fills `into`, whose length must be the one written. */
  numbers(into: Numbers): void {
    const length = this.u32();
    if (length !== into.length) throw new StateError(`the state holds ${length} values where ${into.length} are expected`);
    const at = this.take(into.byteLength);
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(this.bytes.subarray(at, at + into.byteLength));
  }

  /** True when nothing is left. */
  get ended(): boolean {
    while (this.offset === this.bytes.length) if (!this.more()) return true;
    return false;
  }

  /** Where the next bytes begin in `bytes`, so many at least. */
  private take(count: number): number {
    while (count > this.bytes.length - this.offset) if (!this.more()) throw new StateError('the state ends too early');
    const at = this.offset;
    this.offset += count;
    return at;
  }

  /** Puts the next part behind what is left of the one before, of which a copy is made: its memory may be used again. False when there is none. */
  private more(): boolean {
    const left = this.bytes.slice(this.offset);
    const next = this.parts.next();
    this.bytes = next.done === true ? left : left.length === 0 ? next.value : behind(left, next.value);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    this.offset = 0;
    return next.done !== true;
  }
}

/** Both in one piece. */
export function behind(left: Uint8Array, next: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + next.length);
  both.set(left);
  both.set(next, left.length);
  return both;
}

/** All parts in one piece, each copied before the next is asked for. */
export function joined(parts: Iterable<Uint8Array>): Uint8Array {
  const writer = new StateWriter();
  for (const part of parts) writer.append(part);
  return writer.finish();
}
