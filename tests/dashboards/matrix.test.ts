import { describe, expect, test } from 'vitest';
import type { Frame } from '../../dashboards/console/model.js';
import { groupingToMatrix, parseMatrix } from '../../dashboards/console/web/grouping-to-matrix.js';

const OPTIONS = { rowField: 'Asset', columnField: 'Country', valueField: 'Octets out', emptyValue: 'null' };
const PAIRS: Frame = {
  columns: [
    { name: 'Asset', type: 'string' },
    { name: 'Country', type: 'string' },
    { name: 'Octets out', type: 'number' },
  ],
  rows: [
    ['ct-1', 'NL', 500],
    ['<b>mri</b>', 'NL', 20],
    ['ct-1', '__proto__', 3],
  ],
  fromMs: 0,
  toMs: 1,
  intervalMs: 1,
  truncated: false,
};

describe('grouping to a matrix', () => {
  test('rows and columns come in the order of the query, what is not there is null, and names are names', () => {
    const { columns, rows, ...same } = groupingToMatrix(PAIRS, parseMatrix({ id: 'groupingToMatrix', options: OPTIONS }));
    expect(columns).toEqual([
      { name: 'Asset\\Country', type: 'string' },
      { name: 'NL', type: 'number' },
      { name: '__proto__', type: 'number' },
    ]);
    expect(rows).toEqual([
      ['ct-1', 500, 3],
      ['<b>mri</b>', 20, null],
    ]);
    expect(same).toEqual({ fromMs: 0, toMs: 1, intervalMs: 1, truncated: false });
  });

  test('what the console does not draw as Grafana does is refused with a sentence', () => {
    const refused = (id: string, options: Record<string, unknown>): string => {
      try {
        parseMatrix({ id, options });
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(refused('organize', OPTIONS)).toMatch(/'organize' is not known to the console/);
    expect(refused('groupingToMatrix', { ...OPTIONS, emptyValue: 'zero' })).toMatch(/fills empty cells with 'zero'/);
    expect(refused('groupingToMatrix', { rowField: 'Asset' })).toMatch(/names no rowField/);
  });
});
