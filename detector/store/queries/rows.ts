import { formatAddress, parseAddress } from '../../../flow/address.js';
import type { Column, ColumnTable } from '../../../flow/column-kinds.js';

/** What a stored row is to TypeScript: times in ms since the epoch, counts as numbers (exact to 2^53), addresses as canonical text. */
export type RowOf<T extends ColumnTable> = {
  -readonly [N in keyof T]: T[N]['kind'] extends 'enum' | 'symbol' | 'text' | 'address' ? string : number;
};

/** The SELECT list for all columns of a table or of a view that has the same names. */
export function selectList(table: ColumnTable, alias: string): string {
  return Object.entries(table)
    .map(([name, column]) =>
      column.kind === 'time' ? `toUnixTimestamp64Milli(${alias}.${name}) AS ${name}` : `${alias}.${name} AS ${name}`,
    )
    .join(', ');
}

/** Turns one JSON row of `selectList` into a RowOf. */
export function decodeRow<T extends ColumnTable>(table: T, row: Readonly<Record<string, string | number>>): RowOf<T> {
  const decoded: Record<string, string | number> = {};
  for (const name of Object.keys(table)) decoded[name] = decode(table[name]!, row[name]!);
  return decoded as RowOf<T>;
}

function decode(column: Column, value: string | number): string | number {
  switch (column.kind) {
    case 'enum':
    case 'symbol':
    case 'text':
      return String(value);
    case 'address':
      return formatAddress(parseAddress(String(value)));
    default:
      return typeof value === 'number' ? value : readNumber(value);
  }
}

function readNumber(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  if (text === '-inf') return Number.NEGATIVE_INFINITY;
  return Number(text); // 'nan' is NaN
}

/** Conditions that are there, joined; 'true' when there is none. */
export function allOf(conditions: readonly (string | false | undefined)[]): string {
  const given = conditions.filter((condition) => typeof condition === 'string');
  return given.length === 0 ? 'true' : given.join(' AND ');
}

/** Parameters that are there. */
export function given<V>(params: Readonly<Record<string, V | undefined>>): Record<string, V> {
  return Object.fromEntries(Object.entries(params).filter((entry): entry is [string, V] => entry[1] !== undefined));
}
