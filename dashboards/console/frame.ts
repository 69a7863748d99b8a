import type { ColumnType, Frame } from './model.js';

/** What the store hands back: column names with ClickHouse types, and rows of JSON values (64-bit integers as text or number). */
export interface QueryResult {
  readonly meta: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly (readonly unknown[])[];
}

/** Rows that a panel may draw; our queries limit themselves well below. */
export const MAX_ROWS = 20_000;

export function columnType(clickhouseType: string): ColumnType {
  const bare = clickhouseType.replaceAll(/(?:Nullable|LowCardinality)\(|SimpleAggregateFunction\(\w+, /g, '');
  if (/^Date/.test(bare)) return 'time';
  return /^(?:U?Int\d+|Float\d+|Decimal)/.test(bare) ? 'number' : 'string';
}

/**
 * Values as the page draws them. A column of DateTime is UTC by our queries; 'YYYY-MM-DD hh:mm:ss' is read as such. `limit` is what the query itself ends with:
 * an answer of that many rows counts as cut.
 */
export function toFrame(result: QueryResult, range: { fromMs: number; toMs: number; intervalMs: number }, limit = MAX_ROWS + 1): Frame {
  const columns = result.meta.map(({ name, type }) => ({ name, type: columnType(type) }));
  const rows = result.data.slice(0, MAX_ROWS).map((row) => columns.map(({ type }, index) => cell(row[index], type)));
  return { columns, rows, ...range, truncated: result.data.length >= limit || result.data.length > MAX_ROWS };
}

function cell(value: unknown, type: ColumnType): number | string | null {
  if (value === null || value === undefined) return null;
  if (type === 'number') {
    const number = Number(value);
    return Number.isFinite(number) ? number : null;
  }
  if (type === 'time') {
    const text = String(value);
    const ms = Date.parse(text.includes(':') ? `${text.replace(' ', 'T')}Z` : `${text}T00:00:00Z`);
    return Number.isFinite(ms) ? ms : null;
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
