/** What a Native block can be wrong in. Blocks come from a broker, so they are hostile input: checked, bounded, never trusted. */
export class NativeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NativeError';
  }
}

const decoder = new TextDecoder('utf-8', { fatal: false });

/** Reads ClickHouse Native bytes; every read is bounds-checked and throws NativeError past the end. */
export class NativeReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  uvarint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.take(1)[0]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new NativeError('a length in the block is longer than 56 bits');
  }

  text(): string {
    return decoder.decode(this.take(this.uvarint()));
  }

  u64(): number {
    const at = this.at;
    this.take(8);
    return this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 4_294_967_296;
  }

  /** Copies `count` elements into `target` at element `at`. The copy removes any concern about alignment. */
  numbers(target: Uint8Array | Uint16Array | Uint32Array | Float64Array, at: number, count: number): void {
    const width = target.BYTES_PER_ELEMENT;
    new Uint8Array(target.buffer, target.byteOffset + at * width, count * width).set(this.take(count * width));
  }

  /** 64-bit integers into doubles. */
  integers(target: Float64Array, at: number, count: number): void {
    let from = this.at;
    this.take(count * 8);
    const { view } = this;
    for (let i = 0; i < count; i++) {
      target[at + i] = view.getUint32(from, true) + view.getUint32(from + 4, true) * 4_294_967_296;
      from += 8;
    }
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw new NativeError(`the block ends ${length - (this.bytes.length - this.at)} bytes early`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
