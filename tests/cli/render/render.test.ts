import { describe, expect, test } from 'vitest';
import { csvHeader, csvLines, formatMac, jsonLines } from '../../../cli/render/rows.js';
import { renderTable } from '../../../cli/render/table.js';
import { formatCount, formatOctets, terminalText } from '../../../cli/render/text.js';
import { parseAddress } from '../../../flow/address.js';
import { ColumnBatch } from '../../../flow/batch.js';
import type { ColumnTable } from '../../../flow/column-kinds.js';

const TABLE = {
  at: { kind: 'time', meaning: '' },
  peer: { kind: 'address', meaning: '' },
  octets: { kind: 'u64', meaning: '' },
  name: { kind: 'text', meaning: '' },
  offset: { kind: 'f64', meaning: '' },
} as const satisfies ColumnTable;

function rows(names: readonly string[]): ColumnBatch<typeof TABLE> {
  const batch = new ColumnBatch(TABLE);
  for (const name of names) {
    const row = batch.add();
    batch.columns.at[row] = 1000;
    batch.columns.peer.bytes.set(parseAddress('192.0.2.1'), row * 16);
    batch.columns.octets[row] = 5e9;
    batch.columns.name[row] = name;
    batch.columns.offset[row] = Number.NaN;
  }
  return batch;
}

describe('rows as text', () => {
  test('JSON lines parse back, and a number that is none is null', () => {
    const [line] = jsonLines(rows(['a "quoted"\nname'])).split('\n');
    expect(JSON.parse(line!)).toEqual({
      at: '1970-01-01T00:00:01.000Z',
      peer: '192.0.2.1',
      octets: 5e9,
      name: 'a "quoted"\nname',
      offset: null,
    });
  });

  test('CSV quotes what must be quoted, and no spreadsheet runs a name as a formula', () => {
    const batch = rows(['=cmd|x', '@SUM(A1)', 'a,"b"', '+1', 'plain']);
    expect(csvHeader(batch)).toBe('at,peer,octets,name,offset\n');
    expect(
      csvLines(batch)
        .trim()
        .split('\n')
        .map((line) => line.split(',5000000000,')[1]),
    ).toEqual(["'=cmd|x,NaN", "'@SUM(A1),NaN", '"a,""b""",NaN', "'+1,NaN", 'plain,NaN']);
  });

  test('MAC addresses are written as people write them', () => {
    expect([formatMac(0x001b24aa1011), formatMac(0)]).toEqual(['00:1b:24:aa:10:11', '']);
  });
});

describe('terminal', () => {
  test('names can neither clear the screen nor reorder it', () => {
    expect(terminalText('a\u001b[2Jb\u202ec\n')).toBe('a\\u{1b}[2Jb\\u{202e}c\\u{a}');
    expect(renderTable([{ title: 'name' }], [['x\u001b[31m']])).not.toContain('\u001b');
  });

  test('tables align, wrap at words and chop what has none', () => {
    const text = renderTable(
      [
        { title: 'n', right: true },
        { title: 'text', width: 8 },
      ],
      [
        ['5', 'one two three'],
        ['12', 'abcdefghijkl'],
      ],
    );
    expect(text).toBe(' n  text\n──  ────────\n 5  one two\n    three\n12  abcdefgh\n    ijkl\n');
  });

  test('octets and counts', () => {
    expect([0, 1023, 1024, 26_214_400].map(formatOctets)).toEqual(['0 B', '1023 B', '1.00 KiB', '25.0 MiB']);
    expect(formatCount(1441022)).toBe('1 441 022');
  });
});
