import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowBatch } from '../../flow/batch.js';
import { FLOW_COLUMNS } from '../../flow/columns.js';
import { RowWindow } from '../../flow/row-window.js';

const NAMES = [
  'flowStartMilliseconds',
  'sourceIPv6Address',
  'destinationIPv6Address',
  'sourceTransportPort',
  'biflow',
  'samplingInterval',
  'asset',
] as const;

/** A batch whose rows differ in every column. */
function batchOf(rows: number, from: number): FlowBatch {
  const batch = new FlowBatch(rows);
  const { columns } = batch;
  for (let i = 0; i < rows; i++) {
    const row = batch.add();
    columns.flowStartMilliseconds[row] = from + i + 0.5;
    columns.sourceIPv6Address.bytes.fill((from + i) & 0xff, row * 16, row * 16 + 16);
    columns.sourceTransportPort[row] = from + i;
    // Blank in one of two batches.
    columns.biflow[row] = from & i & 1;
    if ((from & 1) === 1) columns.destinationIPv6Address.words[row * 4 + 3] = i + 1;
    columns.samplingInterval[row] = (from + i) * 3;
    columns.asset.codes[row] = columns.asset.dictionary.intern(`asset-${(from + i) % 5}`);
  }
  return batch;
}

type Columns = Pick<FlowBatch['columns'], (typeof NAMES)[number]>;

function valuesAt(columns: Columns, at: number): unknown[] {
  return [
    columns.flowStartMilliseconds[at],
    [...columns.sourceIPv6Address.bytes.subarray(at * 16, at * 16 + 16)],
    [...columns.sourceIPv6Address.words.subarray(at * 4, at * 4 + 4)],
    [...columns.destinationIPv6Address.bytes.subarray(at * 16, at * 16 + 16)],
    ...[columns.sourceTransportPort[at], columns.biflow[at], columns.samplingInterval[at]],
    columns.asset.dictionary.name(columns.asset.codes[at]!),
  ];
}

describe('a window on rows of a batch', () => {
  it('shows the columns of the rows asked for, in their order, of one batch after another', () => {
    const window = new RowWindow(FLOW_COLUMNS, NAMES);
    const batches = [batchOf(40, 1000), batchOf(20, 7)];
    const rows = fc.array(fc.nat(19), { maxLength: 16 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1), fc.array(rows, { maxLength: 3 })), { minLength: 1, maxLength: 4 }), (openings) => {
        for (const [which, turns] of openings) {
          const batch = batches[which]!;
          window.open(batch);
          for (const asked of turns) {
            window.turnTo(Uint32Array.from(asked));
            expect([...window.rows]).toEqual(asked);
            for (const [place, row] of asked.entries()) expect(valuesAt(window.columns, place)).toEqual(valuesAt(batch.columns, row));
          }
        }
      }),
    );
  });
});
