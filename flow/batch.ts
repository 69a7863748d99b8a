import { type AddressArray, type ArrayOf, type Column, type ColumnTable, type SymbolArray, SymbolDictionary } from './column-kinds.js';
import { FLOW_COLUMNS } from './columns.js';

/** The arrays of a batch, one per column of the table, by the column's name. */
export type BatchColumns<T extends ColumnTable> = { readonly [N in keyof T]: ArrayOf<T[N]['kind']> };

/** Most rows a batch may grow to: a bound against hostile input, far above what one message can hold. */
export const MAX_BATCH_ROWS = 1_048_576;
/** Rows that `addRows` zeroes at once. */
const ROWS_ZEROED_AHEAD = 512;

/**
 * Rows in columns: preallocated arrays and a length. Cleared and reused, never thrown away; it grows by doubling up to MAX_BATCH_ROWS.
 *
 * To write a row: `const row = batch.add()` gives a row whose every column is zeroed; fill it through `batch.columns`.
 * Growth replaces arrays, so take references to `batch.columns.x` after `reserve`, never across it.
 */
export class ColumnBatch<T extends ColumnTable> {
  readonly table: T;
  readonly names: readonly (keyof T & string)[];
  readonly columns: BatchColumns<T>;
  length = 0;
  capacity: number;
  /** Rows from `length` up to here hold zeros in every column: fresh memory does, and what `addRows` has zeroed ahead. */
  private zeroedTo: number;
  /** The columns by their arrays, for zeroing; found anew when the batch has grown. */
  private plain: readonly (Numbers | Uint32Array)[] = [];
  private readonly texts: readonly (keyof T & string)[];

  constructor(table: T, capacity = 8192) {
    this.table = table;
    this.names = Object.keys(table);
    this.capacity = Math.max(16, Math.min(capacity, MAX_BATCH_ROWS));
    const columns: Record<string, unknown> = {};
    for (const name of this.names) columns[name] = allocate(table[name]!, this.capacity);
    // V8 keeps an object that is filled by computed names as a hash table; its copy has fixed places, which makes every `batch.columns.x` a load.
    this.columns = { ...columns } as BatchColumns<T>;
    this.texts = this.names.filter((name) => table[name]!.kind === 'text');
    this.zeroedTo = this.capacity;
  }

  /** Makes room for `rows` more rows. False when that would pass MAX_BATCH_ROWS: the caller flushes, or counts a fault. */
  reserve(rows: number): boolean {
    const needed = this.length + rows;
    if (needed <= this.capacity) return true;
    if (needed > MAX_BATCH_ROWS) return false;
    let capacity = this.capacity;
    while (capacity < needed) capacity *= 2;
    const columns = this.columns as Record<string, unknown>;
    for (const name of this.names) columns[name] = grow(this.table[name]!, columns[name], capacity);
    this.capacity = capacity;
    this.plain = [];
    return true;
  }

  /** Adds one zeroed row and returns its index. Throws RangeError past MAX_BATCH_ROWS: call `reserve` first where input decides. */
  add(): number {
    return this.addRows(1);
  }

  /**
   * Adds `count` zeroed rows and returns the index of the first. Rows are zeroed ahead, ROWS_ZEROED_AHEAD at a time: for the few rows of a message, finding
   * forty columns costs more than the work.
   */
  addRows(count: number): number {
    if (!this.reserve(count)) throw new RangeError(`batch is full: ${MAX_BATCH_ROWS} rows`);
    const first = this.length;
    if (first + count > this.zeroedTo)
      this.zero(Math.max(first, this.zeroedTo), Math.min(this.capacity, first + Math.max(count, ROWS_ZEROED_AHEAD)));
    this.length += count;
    for (const name of this.texts) {
      const values = this.columns[name] as string[];
      for (let row = first; row < this.length; row++) values[row] = '';
    }
    return first;
  }

  /** Takes back the last rows: what a decoder does when a message turns out to be malformed. */
  truncate(length: number): void {
    if (length >= this.length) return;
    const from = length;
    const to = this.length;
    this.length = length;
    if (this.zeroedTo > to) {
      const ahead = this.zeroedTo;
      this.zero(from, to);
      this.zeroedTo = ahead;
    } else {
      this.zeroedTo = from;
    }
  }

  /** Forgets all rows and all dictionary strings; keeps the memory. */
  clear(): void {
    this.zeroedTo = 0;
    this.length = 0;
    for (const name of this.names) {
      const column = this.table[name]!;
      if (column.kind === 'symbol') (this.columns[name] as SymbolArray).dictionary.clear();
      else if (column.kind === 'text') (this.columns[name] as string[]).length = 0;
    }
  }

  /**
   * Appends the rows `rows[0..count)` of `from` (same table), column by column. Symbols are re-interned, once per
   * distinct string of `from` in use, so both batches keep small dictionaries.
   */
  appendFrom(from: ColumnBatch<T>, rows: Uint32Array, count: number): void {
    if (count === 0) return;
    if (!this.reserve(count)) throw new RangeError(`batch is full: ${MAX_BATCH_ROWS} rows`);
    const at = this.length;
    for (const name of this.names) gather(this.table[name]!, from.columns[name], this.columns[name], rows, count, at);
    this.length += count;
  }

  private zero(from: number, to: number): void {
    if (this.plain.length === 0) this.plain = this.names.flatMap((name) => plainOf(this.table[name]!, this.columns[name]));
    for (const array of this.plain) {
      const perRow = array.length / this.capacity;
      array.fill(0, from * perRow, to * perRow);
    }
    this.zeroedTo = to;
  }
}

/** The memory of a column; that of an address as words. */
function plainOf(column: Column, values: unknown): (Numbers | Uint32Array)[] {
  if (column.kind === 'text') return [];
  if (column.kind === 'symbol') return [(values as SymbolArray).codes];
  if (column.kind === 'address') return [(values as AddressArray).words];
  return [values as Numbers];
}

/** The batch that decoders fill: rows of flow records. */
export class FlowBatch extends ColumnBatch<typeof FLOW_COLUMNS> {
  constructor(capacity?: number) {
    super(FLOW_COLUMNS, capacity);
  }
}

function addressArray(rows: number): AddressArray {
  const buffer = new ArrayBuffer(rows * 16);
  return { bytes: new Uint8Array(buffer), words: new Uint32Array(buffer) };
}

function allocate(column: Column, rows: number): unknown {
  switch (column.kind) {
    case 'u8':
    case 'enum':
      return new Uint8Array(rows);
    case 'u16':
      return new Uint16Array(rows);
    case 'u32':
      return new Uint32Array(rows);
    case 'u64':
    case 'f64':
    case 'time':
      return new Float64Array(rows);
    case 'address':
      return addressArray(rows);
    case 'symbol':
      return { codes: new Uint16Array(rows), dictionary: new SymbolDictionary() } satisfies SymbolArray;
    case 'text':
      return [];
  }
}

type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

function grow(column: Column, old: unknown, rows: number): unknown {
  if (column.kind === 'text') return old;
  if (column.kind === 'symbol') {
    const symbols = old as SymbolArray;
    const codes = new Uint16Array(rows);
    codes.set(symbols.codes);
    symbols.codes = codes;
    return symbols;
  }
  if (column.kind === 'address') {
    const wider = addressArray(rows);
    wider.bytes.set((old as AddressArray).bytes);
    return wider;
  }
  const wider = allocate(column, rows) as Numbers;
  wider.set(old as Numbers);
  return wider;
}

function gather(column: Column, from: unknown, to: unknown, rows: Uint32Array, count: number, at: number): void {
  if (column.kind === 'text') {
    for (let i = 0; i < count; i++) (to as string[])[at + i] = (from as string[])[rows[i]!]!;
  } else if (column.kind === 'symbol') {
    gatherSymbols(from as SymbolArray, to as SymbolArray, rows, count, at);
  } else if (column.kind === 'address') {
    gatherAddresses((from as AddressArray).words, (to as AddressArray).words, rows, count, at);
  } else if (from instanceof Float64Array) {
    gatherDoubles(from, to as Float64Array, rows, count, at);
  } else if (from instanceof Uint32Array) {
    gatherU32(from, to as Uint32Array, rows, count, at);
  } else if (from instanceof Uint16Array) {
    gatherU16(from, to as Uint16Array, rows, count, at);
  } else {
    gatherU8(from as Uint8Array, to as Uint8Array, rows, count, at);
  }
}

// One monomorphic loop per width: V8 compiles each to a few instructions; a shared generic one would be several times slower.
function gatherDoubles(from: Float64Array, to: Float64Array, rows: Uint32Array, count: number, at: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[i]!]!;
}
function gatherU32(from: Uint32Array, to: Uint32Array, rows: Uint32Array, count: number, at: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[i]!]!;
}
function gatherU16(from: Uint16Array, to: Uint16Array, rows: Uint32Array, count: number, at: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[i]!]!;
}
function gatherU8(from: Uint8Array, to: Uint8Array, rows: Uint32Array, count: number, at: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[i]!]!;
}
function gatherAddresses(from: Uint32Array, to: Uint32Array, rows: Uint32Array, count: number, at: number): void {
  for (let i = 0; i < count; i++) {
    const source = rows[i]! * 4;
    const target = (at + i) * 4;
    to[target] = from[source]!;
    to[target + 1] = from[source + 1]!;
    to[target + 2] = from[source + 2]!;
    to[target + 3] = from[source + 3]!;
  }
}
function gatherSymbols(from: SymbolArray, to: SymbolArray, rows: Uint32Array, count: number, at: number): void {
  const translated = new Int32Array(from.dictionary.names.length).fill(-1);
  for (let i = 0; i < count; i++) {
    const code = from.codes[rows[i]!]!;
    let target = translated[code]!;
    if (target < 0) {
      target = to.dictionary.intern(from.dictionary.name(code));
      translated[code] = target;
    }
    to.codes[at + i] = target;
  }
}
