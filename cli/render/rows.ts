import { formatAddress } from '../../flow/address.js';
import type { ColumnBatch } from '../../flow/batch.js';
import type { AddressArray, ColumnTable, SymbolArray } from '../../flow/column-kinds.js';
import { formatTime } from '../../flow/time.js';

/**
 * Rows of a batch as text, in the column table's names: times as ISO 8601, addresses and enums as words, MAC addresses as they are written.
 * Each writer returns a block of whole lines, so that a pipe is fed in large pieces.
 */
export type Cell = string | number;

const MAC_COLUMNS = new Set(['sourceMacAddress', 'destinationMacAddress']);

/** The value of one cell as people and programs read it. */
export function cellOf<T extends ColumnTable>(batch: ColumnBatch<T>, name: keyof T & string, row: number): Cell {
  const column = batch.table[name]!;
  const values: unknown = batch.columns[name];
  switch (column.kind) {
    case 'time':
      return formatTime((values as Float64Array)[row]!);
    case 'address':
      return formatAddress((values as AddressArray).bytes, row * 16);
    case 'enum':
      return column.values?.[(values as Uint8Array)[row]!] ?? 'unknown';
    case 'symbol': {
      const symbols = values as SymbolArray;
      return symbols.dictionary.name(symbols.codes[row]!);
    }
    case 'text':
      return (values as string[])[row]!;
    default: {
      const number = (values as Float64Array)[row]!;
      return MAC_COLUMNS.has(name) ? formatMac(number) : number;
    }
  }
}

/** 48-bit number → 'aa:bb:cc:dd:ee:ff'; '' for 0, which means not known. */
export function formatMac(value: number): string {
  if (value === 0) return '';
  const hex = value.toString(16).padStart(12, '0');
  return hex.replace(/..(?=.)/g, '$&:');
}

/** JSON lines, one object per row. */
export function jsonLines<T extends ColumnTable>(batch: ColumnBatch<T>): string {
  const keys = batch.names.map((name) => `${JSON.stringify(name)}:`);
  let text = '';
  for (let row = 0; row < batch.length; row++) {
    const cells = batch.names.map((name, index) => {
      const cell = cellOf(batch, name, row);
      return keys[index]! + (typeof cell === 'number' ? (Number.isFinite(cell) ? cell : 'null') : JSON.stringify(cell));
    });
    text += `{${cells.join(',')}}\n`;
  }
  return text;
}

/** The CSV header (RFC 4180, but lines end in \n). */
export function csvHeader<T extends ColumnTable>(batch: ColumnBatch<T>): string {
  return `${batch.names.join(',')}\n`;
}

/** CSV rows. Text that a spreadsheet would run as a formula gets a ' before it (reference: assurance.md §5.4). */
export function csvLines<T extends ColumnTable>(batch: ColumnBatch<T>): string {
  let text = '';
  for (let row = 0; row < batch.length; row++) {
    text += `${batch.names.map((name) => csvCell(cellOf(batch, name, row))).join(',')}\n`;
  }
  return text;
}

function csvCell(cell: Cell): string {
  if (typeof cell === 'number') return String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
