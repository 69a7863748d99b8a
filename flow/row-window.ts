import type { BatchColumns, ColumnBatch } from './batch.js';
import { allocate, gatherNumbers, isBlank, type Numbers } from './column-arrays.js';
import type { AddressArray, ColumnTable, SymbolArray } from './column-kinds.js';

/**
 * Some columns of a batch, of rows in whatever order they are wanted. Who goes through a large batch in another order than its own finds every column of every row in a
 * line of the cache of its own, all over the batch. Copied column by column first, the rows lie behind one another: one column at a time fits the processor's cache, and
 * copies wait for memory together. 131 072 rows in random order, thirty columns: 0.5 µs a record less. Most exporters leave many columns blank: those are not copied.
 */
export class RowWindow<T extends ColumnTable, N extends keyof T & string> {
  /** By place, from 0. Symbols have the dictionaries of the batch. Replaced when it grows. */
  columns: Pick<BatchColumns<T>, N>;
  /** Which row of the batch lies at a place. */
  rows: Uint32Array = new Uint32Array(0);
  private readonly table: T;
  private readonly names: readonly N[];
  private places = 0;
  /** Columns that hold anything but zeros. */
  private readonly filled = new Set<N>();

  constructor(table: T, names: readonly N[]) {
    this.table = table;
    this.names = names;
    this.columns = this.allocated(0);
  }

  /** Takes these rows in, in place of those before. `rows` may not change while they are looked at. */
  turnTo(batch: ColumnBatch<T>, rows: Uint32Array): void {
    this.rows = rows;
    if (rows.length > this.places) this.grow(rows.length);
    for (const name of this.names) {
      const from = batch.columns[name] as Numbers | AddressArray | SymbolArray;
      const to = this.columns[name] as Numbers | AddressArray | SymbolArray;
      if ('dictionary' in from) (to as { dictionary: SymbolArray['dictionary'] }).dictionary = from.dictionary;
      this.copy(name, numbersOf(from), numbersOf(to), batch.length);
    }
  }

  private copy(name: N, from: Numbers | AddressArray, to: Numbers | AddressArray, rowsOfBatch: number): void {
    const { rows, filled } = this;
    if (!isBlank(from, rowsOfBatch)) {
      gatherNumbers(from, to, rows, rows.length, 0);
      filled.add(name);
    } else if (filled.delete(name)) ('words' in to ? to.words : to).fill(0);
  }

  private grow(places: number): void {
    this.places = 2 ** Math.ceil(Math.log2(places));
    this.filled.clear();
    this.columns = this.allocated(this.places);
  }

  private allocated(places: number): Pick<BatchColumns<T>, N> {
    const columns: Record<string, unknown> = {};
    for (const name of this.names) columns[name] = allocate(this.table[name]!, places);
    // A copy, for fixed places: see ColumnBatch.
    return { ...columns } as Pick<BatchColumns<T>, N>;
  }
}

function numbersOf(column: Numbers | AddressArray | SymbolArray): Numbers | AddressArray {
  return 'codes' in column ? column.codes : column;
}
