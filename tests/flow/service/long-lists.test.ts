import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeLongLists } from '../../../flow/service/long-lists.js';
import { parseStrictYaml, type StrictYaml } from '../../../flow/service/strict-yaml.js';

const words = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `10.0.${(from + index) >> 8}.${(from + index) & 255}/32`);
const quoted = (list: readonly string[], between: string): string => `[${list.map((word) => `"${word}"`).join(between)}]`;

function read(text: string): StrictYaml {
  const yaml = parseStrictYaml(text);
  if ('problems' in yaml) throw new Error(JSON.stringify(yaml.problems));
  return yaml;
}

describe('long lists of plain words', () => {
  test('come out as written, and each word has its place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.constantFrom(', ', ',', ',\n    ', ' ,  '), fc.nat(199), (count, between, pick) => {
        const list = words(count);
        const text = `a: 1\nsets:\n  one: { cidr: ${quoted(list, between)}, note: "after" }\n  two: ${quoted(words(80, 500), between)}\nz: last\n`;
        const yaml = read(text);
        expect(JSON.parse(JSON.stringify(yaml.data))).toEqual({
          a: 1,
          sets: { one: { cidr: list, note: 'after' }, two: words(80, 500) },
          z: 'last',
        });
        const index = pick % count;
        const before = text.slice(0, text.indexOf(`"${list[index]}"`)).split('\n');
        expect(yaml.positionOf(['sets', 'one', 'cidr', index])).toEqual({ line: before.length, column: before.at(-1)!.length + 1 });
        const last = text.slice(0, text.indexOf('z: last')).split('\n').length;
        expect(yaml.positionOf([], 'z')).toEqual({ line: last, column: 1 });
      }),
      { numRuns: 100 },
    );
  });

  test('in a comment, in a text, or looking like the place of one: read as it stands', () => {
    const list = quoted(words(100), ', ');
    expect(read(`# ${list}\na: ${list}\n`).data).toEqual({ a: words(100) });
    expect(read(`a: '${list}'\nb: ${list}\n`).data).toEqual({ a: list, b: words(100) });
    expect(read(`a: ["~0"]\nb: ${list}\n`).data).toEqual({ a: ['~0'], b: words(100) });
  });

  test('lists with anything else in them are left alone', () => {
    const list = words(100);
    for (const text of [`a: [${list.join(', ')}]`, `a: ${quoted([...list, 'a b'], ',')}`, `a: ${quoted(list, ', # c\n ')}`])
      expect(takeLongLists(text).lists).toEqual([]);
  });
});
