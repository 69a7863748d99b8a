/**
 * A growing byte buffer for ClickHouse's Native format: little-endian numbers, LEB128 lengths, strings with their length before them.
 * Growth doubles; `reset` keeps the memory, so that one writer serves a whole run.
 */
export class NativeWriter {
  private bytes: Uint8Array;
  private view: DataView;
  private at = 0;

  constructor(capacity = 1 << 20) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  get length(): number {
    return this.at;
  }

  reset(): void {
    this.at = 0;
  }

  /** A copy of what was written: safe to keep while the writer is reused. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.at);
  }

  uvarint(value: number): void {
    this.ensure(10);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.at++] = rest;
  }

  text(value: string): void {
    // Three bytes a UTF-16 unit is the most UTF-8 can need.
    const encoded = Buffer.from(value, 'utf8');
    this.uvarint(encoded.length);
    this.raw(encoded);
  }

  raw(bytes: Uint8Array): void {
    this.ensure(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  u64(value: number): void {
    this.ensure(8);
    this.view.setUint32(this.at, value >>> 0, true);
    this.view.setUint32(this.at + 4, Math.floor(value / 4_294_967_296), true);
    this.at += 8;
  }

  /** Typed arrays go out as they lie in memory: every platform Node runs on is little-endian. */
  numbers(values: Uint8Array | Uint16Array | Uint32Array | Float64Array, rows: number): void {
    this.raw(new Uint8Array(values.buffer, values.byteOffset, rows * values.BYTES_PER_ELEMENT));
  }

  /** Whole numbers in doubles as 64-bit integers; what is not finite or out of range becomes the nearest bound (0 … 2^53). */
  integers(values: Float64Array, rows: number): void {
    this.ensure(rows * 8);
    const { view } = this;
    let at = this.at;
    for (let row = 0; row < rows; row++) {
      const value = clampInteger(values[row]!);
      view.setUint32(at, value >>> 0, true);
      view.setUint32(at + 4, (value / 4_294_967_296) >>> 0, true);
      at += 8;
    }
    this.at = at;
  }

  private ensure(more: number): void {
    const needed = this.at + more;
    if (needed <= this.bytes.length) return;
    let capacity = this.bytes.length * 2;
    while (capacity < needed) capacity *= 2;
    const wider = new Uint8Array(capacity);
    wider.set(this.bytes.subarray(0, this.at));
    this.bytes = wider;
    this.view = new DataView(wider.buffer);
  }
}

const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

/** Times before 1970 and counts below zero do not exist here; 2^53 octets are eight pebibytes. */
function clampInteger(value: number): number {
  if (value >= 0 && value <= MAX_INTEGER) return value;
  return value > MAX_INTEGER ? MAX_INTEGER : 0;
}
