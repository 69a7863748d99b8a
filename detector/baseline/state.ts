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

export class StateReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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

  /** Bytes that `numbers` wrote from a Uint8Array. */
  octets(): Uint8Array {
    const length = this.u32();
    const at = this.take(length);
    return this.bytes.slice(at, at + length);
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

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  private take(count: number): number {
    if (count > this.remaining) throw new StateError('the state ends too early');
    const at = this.offset;
    this.offset += count;
    return at;
  }
}

/** All parts in one piece, each copied before the next is asked for. */
export function joined(parts: Iterable<Uint8Array>): Uint8Array {
  const writer = new StateWriter();
  for (const part of parts) writer.append(part);
  return writer.finish();
}
