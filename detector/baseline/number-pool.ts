type Numbers = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

interface NumbersType<A extends Numbers> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

/** Chunks double up to this size: an engine of one asset takes little, one of thousands wastes little. */
const MOST_CHUNK_BYTES = 131_072;
/** Every block begins at a whole number of these, so that each may be read as doubles. */
const ALIGNED = 8;

/**
 * Arrays for many small tables, cut from few large ones. An array of its own takes some 300 bytes beside its numbers (two objects, a backing store, what malloc adds),
 * which for tables of a hundred bytes, ten to an asset, is more than they hold; a view takes 100. Tables that are made together lie together. All begin as zeros.
 */
export class NumberPool {
  private chunk = new ArrayBuffer(0);
  private taken = 0;
  /** What was given back, by length in bytes. */
  private readonly spare = new Map<number, Numbers[]>();

  doubles(length: number): Float64Array {
    return this.take(Float64Array, length);
  }

  floats(length: number): Float32Array {
    return this.take(Float32Array, length);
  }

  words(length: number): Uint32Array {
    return this.take(Uint32Array, length);
  }

  shorts(length: number): Uint16Array {
    return this.take(Uint16Array, length);
  }

  /**
   * The first of the values in an array of `length` of its own, for what most tables never come to: it is large enough to pay for that, and leaves no hole when it
   * grows again. Where they lay here others may lie: nobody else may hold `values`.
   */
  outgrown<A extends Numbers>(values: A, length: number): A {
    if (values.length === length) return values;
    const own = new (values.constructor as new (length: number) => A)(length);
    own.set(values.subarray(0, length));
    this.give(values);
    return own;
  }

  /** The same values in a longer array of the pool. Nobody else may hold `values`. */
  grownDoubles(values: Float64Array, length: number): Float64Array {
    const grown = this.doubles(length);
    grown.set(values);
    this.give(values);
    return grown;
  }

  /** Takes back what nobody holds any more. */
  give(values: Numbers): void {
    // One that outgrew the pool before, or nothing at all.
    if (values.byteLength === values.buffer.byteLength) return;
    const bytes = rounded(values.byteLength);
    const known = this.spare.get(bytes);
    if (known === undefined) this.spare.set(bytes, [values]);
    else known.push(values);
  }

  private take<A extends Numbers>(type: NumbersType<A>, length: number): A {
    const bytes = type.BYTES_PER_ELEMENT * length;
    const spare = this.takeSpare(bytes);
    if (spare !== undefined) return new type(spare.buffer, spare.byteOffset, length);
    const at = this.cut(bytes);
    return new type(this.chunk, at, length);
  }

  private takeSpare(bytes: number): Numbers | undefined {
    const spare = this.spare.get(rounded(bytes))?.pop();
    if (spare !== undefined) new Uint8Array(spare.buffer, spare.byteOffset, rounded(bytes)).fill(0);
    return spare;
  }

  /** Where in the chunk a block begins. */
  private cut(bytes: number): number {
    const length = rounded(bytes);
    if (this.taken + length > this.chunk.byteLength) {
      this.chunk = new ArrayBuffer(Math.max(length, Math.min(MOST_CHUNK_BYTES, 2 * this.chunk.byteLength)));
      this.taken = 0;
    }
    const at = this.taken;
    this.taken += length;
    return at;
  }
}

function rounded(bytes: number): number {
  return Math.ceil(bytes / ALIGNED) * ALIGNED;
}
