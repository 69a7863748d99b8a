import { allocate, gather, grow, type Numbers, plainOf } from './column-arrays.js';
import type { ArrayOf, ColumnTable, SymbolArray } from './column-kinds.js';
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
  private readonly symbols: readonly (keyof T & string)[];

  constructor(table: T, capacity = 8192) {
    this.table = table;
    this.names = Object.keys(table);
    this.capacity = Math.max(16, Math.min(capacity, MAX_BATCH_ROWS));
    const columns: Record<string, unknown> = {};
    for (const name of this.names) columns[name] = allocate(table[name]!, this.capacity);
    // V8 keeps an object that is filled by computed names as a hash table; its copy has fixed places, which makes every `batch.columns.x` a load.
    this.columns = { ...columns } as BatchColumns<T>;
    this.texts = this.names.filter((name) => table[name]!.kind === 'text');
    this.symbols = this.names.filter((name) => table[name]!.kind === 'symbol');
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

  /** Names in the fullest dictionary, of MAX_SYMBOLS at most. */
  get mostSymbols(): number {
    return this.symbols.reduce((most, name) => Math.max(most, (this.columns[name] as SymbolArray).dictionary.names.length), 0);
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

/** The batch that decoders fill: rows of flow records. */
export class FlowBatch extends ColumnBatch<typeof FLOW_COLUMNS> {
  constructor(capacity?: number) {
    super(FLOW_COLUMNS, capacity);
  }
}
