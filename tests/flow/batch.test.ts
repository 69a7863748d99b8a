import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ColumnBatch, MAX_BATCH_ROWS } from '../../flow/batch.js';
import { type ColumnTable, MAX_SYMBOLS, SYMBOL_OVERFLOW, SymbolDictionary } from '../../flow/column-kinds.js';

const TABLE = {
  port: { kind: 'u16', meaning: '' },
  octets: { kind: 'u64', meaning: '' },
  peer: { kind: 'address', meaning: '' },
  sensor: { kind: 'symbol', meaning: '' },
  note: { kind: 'text', meaning: '' },
} as const satisfies ColumnTable;

function batchOf(names: readonly string[]): ColumnBatch<typeof TABLE> {
  const batch = new ColumnBatch(TABLE, 16);
  names.forEach((name, index) => {
    const row = batch.add();
    batch.columns.port[row] = index;
    batch.columns.octets[row] = index * 1e10;
    batch.columns.peer.bytes.fill(index & 0xff, row * 16, row * 16 + 16);
    batch.columns.sensor.codes[row] = batch.columns.sensor.dictionary.intern(name);
    batch.columns.note[row] = `note ${name}`;
  });
  return batch;
}

describe('column batch', () => {
  test('a row begins zeroed, also where an earlier row lay before clear', () => {
    const batch = batchOf(['a', 'b', 'c']);
    batch.clear();
    const row = batch.add();
    const { port, octets, peer, sensor, note } = batch.columns;
    expect([port[row], octets[row], peer.bytes[row * 16 + 5], sensor.dictionary.name(sensor.codes[row]!), note[row]]).toEqual([
      0,
      0,
      0,
      '',
      '',
    ]);
  });

  test('growth keeps the rows and is bounded', () => {
    const batch = batchOf(Array.from({ length: 100 }, (_, index) => `sensor-${index % 7}`));
    expect(batch.columns.port[99]).toBe(99);
    expect(batch.columns.sensor.dictionary.name(batch.columns.sensor.codes[99]!)).toBe('sensor-1');
    expect(batch.reserve(MAX_BATCH_ROWS)).toBe(false);
    expect(() => batch.addRows(MAX_BATCH_ROWS)).toThrow(RangeError);
    expect(batch.length).toBe(100);
  });

  test('appendFrom copies the chosen rows whatever codes the two dictionaries use', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(names, names, (first, second) => {
        const target = batchOf(first);
        const source = batchOf(second);
        const rows = Uint32Array.from(second.map((_, index) => index).filter((index) => index % 2 === 0));
        target.appendFrom(source, rows, rows.length);
        expect(target.length).toBe(first.length + rows.length);
        rows.forEach((from, index) => {
          const at = first.length + index;
          expect(target.columns.sensor.dictionary.name(target.columns.sensor.codes[at]!)).toBe(second[from]);
          expect(target.columns.octets[at]).toBe(from * 1e10);
          expect(target.columns.peer.words[at * 4]).toBe(source.columns.peer.words[from * 4]);
          expect(target.columns.note[at]).toBe(`note ${second[from]}`);
        });
      }),
    );
  });

  test('a dictionary is bounded, and names beyond the bound are shown as such', () => {
    const dictionary = new SymbolDictionary();
    for (let i = 0; i < MAX_SYMBOLS + 10; i++) dictionary.intern(`name-${i}`);
    expect(dictionary.names.length).toBeLessThanOrEqual(MAX_SYMBOLS + 1);
    expect(dictionary.name(dictionary.intern('one more'))).toBe(SYMBOL_OVERFLOW);
    expect(dictionary.name(dictionary.intern('name-5'))).toBe('name-5');
  });
});
