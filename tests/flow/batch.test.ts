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

  test('rows begin zeroed whatever was added, taken back, cleared, appended or grown before', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), rows: fc.integer({ min: 1, max: 700 }) }),
      fc.record({ kind: fc.constant('truncate' as const), rows: fc.nat(1500) }),
      fc.record({ kind: fc.constant('append' as const), rows: fc.nat(40) }),
      fc.record({ kind: fc.constant('clear' as const), rows: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const batch = new ColumnBatch(TABLE, 16);
        for (const { kind, rows } of steps) {
          if (kind === 'clear') batch.clear();
          else if (kind === 'truncate') batch.truncate(rows);
          else if (kind === 'append')
            batch.appendFrom(
              batchOf(new Array<string>(rows).fill('x')),
              Uint32Array.from({ length: rows }, (_, i) => i),
              rows,
            );
          else {
            const first = batch.addRows(rows);
            const { port, octets, peer, sensor, note } = batch.columns;
            const added = [first, batch.length] as const;
            expect(port.subarray(...added).some((value) => value !== 0)).toBe(false);
            expect(octets.subarray(...added).some((value) => value !== 0)).toBe(false);
            expect(peer.bytes.subarray(first * 16, batch.length * 16).some((value) => value !== 0)).toBe(false);
            expect(sensor.codes.subarray(...added).some((value) => value !== 0)).toBe(false);
            expect(note.slice(...added).every((text) => text === '')).toBe(true);
            port.fill(7, ...added);
            octets.fill(7, ...added);
            peer.bytes.fill(7, first * 16, batch.length * 16);
            sensor.codes.fill(sensor.dictionary.intern('seven'), ...added);
          }
        }
      }),
    );
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
