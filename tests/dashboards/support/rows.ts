import { parseAddress } from '../../../flow/address.js';
import { ColumnBatch } from '../../../flow/batch.js';
import type { AddressArray, ColumnTable, SymbolArray } from '../../../flow/column-kinds.js';
import { encodeBlock } from '../../../flow/native/block.js';

export type Row<T extends ColumnTable> = { readonly [N in keyof T]?: string | number };

/** Encodes objects as one Native block of a table; columns that are not given are zero. Enums are given by name, addresses as text. */
export function nativeRows<T extends ColumnTable>(table: T, rows: readonly Row<T>[]): Uint8Array {
  const batch = new ColumnBatch(table, rows.length);
  for (const given of rows) {
    const row = batch.add();
    for (const name of batch.names) {
      const value = given[name];
      const column = table[name]!;
      const array: unknown = batch.columns[name];
      if (column.kind === 'text') (array as string[])[row] = String(value ?? '');
      else if (column.kind === 'symbol') (array as SymbolArray).codes[row] = (array as SymbolArray).dictionary.intern(String(value ?? ''));
      else if (column.kind === 'address') (array as AddressArray).bytes.set(parseAddress(String(value ?? '::')), row * 16);
      else if (column.kind === 'enum') (array as Uint8Array)[row] = Math.max(0, column.values?.indexOf(String(value ?? '')) ?? 0);
      else (array as Float64Array)[row] = Number(value ?? 0);
    }
  }
  return encodeBlock(batch);
}
