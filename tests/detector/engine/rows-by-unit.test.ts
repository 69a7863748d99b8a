import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowsByUnit } from '../../../detector/engine/rows-by-unit.js';

/** What the engine does with a batch: units ascending, the rows of each as they follow each other. */
function gathered(rows: RowsByUnit, unitOfRow: readonly (number | undefined)[], units: number): number[] {
  rows.begin(unitOfRow.length, units);
  unitOfRow.forEach((unit, row) => {
    if (unit !== undefined) rows.add(unit, row);
  });
  return [...rows.end()];
}

describe('rows of a batch by unit', () => {
  it('are all there, each once, by unit and then in the order of the batch, in every batch of many', () => {
    const UNITS = 7;
    const batch = fc.array(fc.option(fc.nat(UNITS - 1), { nil: undefined }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 4 }), (batches) => {
        const rows = new RowsByUnit();
        for (const unitOfRow of batches) {
          const expected = unitOfRow
            .flatMap((unit, row): [number, number][] => (unit === undefined ? [] : [[unit, row]]))
            .sort(([a, rowA], [b, rowB]) => a - b || rowA - rowB)
            .map(([, row]) => row);
          expect(gathered(rows, unitOfRow, UNITS)).toEqual(expected);
        }
      }),
    );
  });
});
