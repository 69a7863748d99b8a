type Numbers = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

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
    const spare = this.takeSpare(8 * length);
    if (spare !== undefined) return new Float64Array(spare.buffer, spare.byteOffset, length);
    const at = this.cut(8 * length);
    return new Float64Array(this.chunk, at, length);
  }

  floats(length: number): Float32Array {
    const spare = this.takeSpare(4 * length);
    if (spare !== undefined) return new Float32Array(spare.buffer, spare.byteOffset, length);
    const at = this.cut(4 * length);
    return new Float32Array(this.chunk, at, length);
  }

  words(length: number): Uint32Array {
    const spare = this.takeSpare(4 * length);
    if (spare !== undefined) return new Uint32Array(spare.buffer, spare.byteOffset, length);
    const at = this.cut(4 * length);
    return new Uint32Array(this.chunk, at, length);
  }

  shorts(length: number): Uint16Array {
    const spare = this.takeSpare(2 * length);
    if (spare !== undefined) return new Uint16Array(spare.buffer, spare.byteOffset, length);
    const at = this.cut(2 * length);
    return new Uint16Array(this.chunk, at, length);
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

const pools = new WeakMap<object, NumberPool>();

/** The pool of a partition, known by something that it has for itself: the times of its assets. */
export function poolOf({ times }: { readonly times: object }): NumberPool {
  let pool = pools.get(times);
  if (pool === undefined) {
    pool = new NumberPool();
    pools.set(times, pool);
  }
  return pool;
}
