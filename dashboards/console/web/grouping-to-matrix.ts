import type { Frame, Transformation } from '../model.js';

/** What the transformation is told: columns of the query by name, and what cells without a row hold. */
export interface MatrixOptions {
  readonly rowField: string;
  readonly columnField: string;
  readonly valueField: string;
}

/** The options where they are such as the console knows; throws a sentence else. */
export function parseMatrix({ id, options }: Transformation): MatrixOptions {
  if (id !== 'groupingToMatrix') throw new Error(`transformation '${id}' is not known to the console (known: groupingToMatrix)`);
  const { rowField, columnField, valueField, emptyValue } = options ?? {};
  if (typeof rowField !== 'string' || typeof columnField !== 'string' || typeof valueField !== 'string')
    throw new Error('transformation groupingToMatrix names no rowField, columnField and valueField');
  if (emptyValue !== 'null')
    throw new Error(`transformation groupingToMatrix fills empty cells with '${String(emptyValue)}'; the console knows 'null'`);
  return { rowField, columnField, valueField };
}

/**
 * Grafana's "Grouping to Matrix": a row for each value of `rowField`, a column for each of `columnField`, in the order in which they come; of several values of
 * a cell the last. The first column is named row\column, as Grafana names it.
 */
export function groupingToMatrix(frame: Frame, { rowField, columnField, valueField }: MatrixOptions): Frame {
  const index = (name: string): number => frame.columns.findIndex((column) => column.name === name);
  const [row, column, value] = [index(rowField), index(columnField), index(valueField)];
  if (row < 0 || column < 0 || value < 0) return frame;
  const cells = new Map<string, Map<string, string | number | null>>();
  const names = new Set<string>();
  for (const cell of frame.rows) {
    const name = String(cell[column] ?? '');
    const key = String(cell[row] ?? '');
    names.add(name);
    const found = cells.get(key) ?? new Map<string, string | number | null>();
    found.set(name, cell[value] ?? null);
    cells.set(key, found);
  }
  const { type } = frame.columns[value]!;
  return {
    ...frame,
    columns: [{ name: `${rowField}\\${columnField}`, type: 'string' }, ...[...names].map((name) => ({ name, type }))],
    rows: [...cells].map(([key, found]) => [key, ...[...names].map((name) => found.get(name) ?? null)]),
  };
}
