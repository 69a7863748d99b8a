type Numbers = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

interface NumbersType<A extends Numbers> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

/** Chunks double up to this size: an engine of one asset takes little. */
const USUAL_CHUNK_BYTES = 131_072;
/**
 * In an engine of thousands they are an eighth of what there is, up to this size: little is wasted, and of two hundred, not 1 600, the way to a table's numbers, through its chunk, stays in the
 * processor's cache.
 */
const MOST_CHUNK_BYTES = 1_048_576;
/** Every block begins at a whole number of these, so that each may be read as doubles. */
const ALIGNED = 8;
/** What was given back is cut up again from this size on; below, it waits for the next of its length. */
const LEAST_CUT_BYTES = 512;

/** Memory that many tables lie in, seen as numbers of each width. */
export class Chunk {
  readonly doubles: Float64Array;
  readonly floats: Float32Array;
  readonly words: Uint32Array;
  readonly shorts: Uint16Array;

  /** `bytes`: a whole number of doubles. */
  constructor(bytes: number) {
    const buffer = new ArrayBuffer(bytes);
    this.doubles = new Float64Array(buffer);
    this.floats = new Float32Array(buffer);
    this.words = new Uint32Array(buffer);
    this.shorts = new Uint16Array(buffer);
  }
}

/** Bytes `from` on of a chunk, that nobody else writes to. Whoever holds it adds `from`, in numbers, to the index. */
export interface Piece {
  readonly chunk: Chunk;
  readonly from: number;
  readonly bytes: number;
}

/** What lies in a piece, as snapshots hold it. */
export function bytesOf({ chunk, from, bytes }: Piece): Uint8Array {
  return new Uint8Array(chunk.doubles.buffer, from, bytes);
}

/**
 * A piece that is a chunk by itself, for what most tables never come to: it is large enough to pay for that, and leaves no hole in a pool when it grows again.
 */
export function ownPiece(bytes: number): Piece {
  const chunk = new Chunk(rounded(bytes));
  return { chunk, from: 0, bytes: chunk.doubles.byteLength };
}

/** Of whoever keeps nothing yet. */
export const NO_CHUNK = new Chunk(0);

/**
 * Memory for many small tables, cut from few large chunks. All begin as zeros, and tables that are made together lie together. An array of its own takes some 300 bytes beside
 * its numbers (two objects, a backing store, what malloc adds), an array in a chunk 100, a piece 50, and nothing more where its holder keeps the chunk and the place.
 */
export class NumberPool {
  /** What is cut at the moment: from `taken` to `end`, all zeros. */
  private chunk = NO_CHUNK;
  private taken = 0;
  private end = 0;
  private newest = NO_CHUNK;
  /** Of all chunks. */
  private bytes = 0;
  private readonly chunks = new Map<ArrayBufferLike, Chunk>();
  /** What was given back, by length in bytes. */
  private readonly spare = new Map<number, Piece[]>();

  piece(bytes: number): Piece {
    const length = rounded(bytes);
    const spare = this.spare.get(length)?.pop();
    if (spare === undefined) return this.cut(length);
    const { chunk, from } = spare;
    chunk.doubles.fill(0, from / ALIGNED, (from + length) / ALIGNED);
    return spare;
  }

  /** Takes back what nobody holds any more. */
  release(piece: Piece): void {
    // One that was a chunk by itself, or nothing at all.
    if (piece.bytes === piece.chunk.doubles.byteLength) return;
    const known = this.spare.get(piece.bytes);
    if (known === undefined) this.spare.set(piece.bytes, [piece]);
    else known.push(piece);
  }

  doubles(length: number): Float64Array {
    return this.view(Float64Array, length);
  }

  words(length: number): Uint32Array {
    return this.view(Uint32Array, length);
  }

  /** The first of the values in an array of `length` of its own, as `ownPiece`. Where they lay here others may lie: nobody else may hold `values`. */
  outgrown<A extends Numbers>(values: A, length: number): A {
    if (values.length === length) return values;
    const own = new (values.constructor as new (length: number) => A)(length);
    own.set(values.subarray(0, length));
    this.give(values);
    return own;
  }

  /** Takes back an array that nobody holds any more. */
  give(values: Numbers): void {
    this.giveBack(values, values.byteOffset, values.byteLength);
  }

  /** The same of a piece of which only the chunk's numbers are left, and where in it it was. */
  giveBack({ buffer }: Numbers, from: number, bytes: number): void {
    const chunk = this.chunks.get(buffer);
    if (chunk !== undefined && bytes > 0) this.release({ chunk, from, bytes: rounded(bytes) });
  }

  private view<A extends Numbers>(type: NumbersType<A>, length: number): A {
    const { chunk, from } = this.piece(type.BYTES_PER_ELEMENT * length);
    return new type(chunk.doubles.buffer, from, length);
  }

  private cut(bytes: number): Piece {
    if (this.taken + bytes > this.end) this.turn(bytes);
    const from = this.taken;
    this.taken += bytes;
    return { chunk: this.chunk, from, bytes };
  }

  /** Goes on with the largest that was given back, if it holds so many bytes, or with a new chunk. */
  private turn(bytes: number): void {
    if (this.taken < this.end) this.release({ chunk: this.chunk, from: this.taken, bytes: this.end - this.taken });
    let longest = Math.max(bytes, LEAST_CUT_BYTES) - 1;
    for (const [length, pieces] of this.spare) if (pieces.length > 0 && length > longest) longest = length;
    const spare = this.spare.get(longest)?.pop();
    if (spare !== undefined) {
      this.chunk = spare.chunk;
      this.taken = spare.from;
      this.end = spare.from + spare.bytes;
      this.chunk.doubles.fill(0, this.taken / ALIGNED, this.end / ALIGNED);
      return;
    }
    const most = Math.min(Math.max(USUAL_CHUNK_BYTES, this.bytes / 8), MOST_CHUNK_BYTES);
    this.newest = new Chunk(rounded(Math.max(bytes, Math.min(most, 2 * this.newest.doubles.byteLength))));
    this.bytes += this.newest.doubles.byteLength;
    this.chunk = this.newest;
    this.chunks.set(this.chunk.doubles.buffer, this.chunk);
    this.taken = 0;
    this.end = this.chunk.doubles.byteLength;
  }
}

function rounded(bytes: number): number {
  return Math.ceil(bytes / ALIGNED) * ALIGNED;
}
