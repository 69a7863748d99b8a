import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { takeLongLists } from '../../../flow/service/long-lists.js';
import { readPlainItems } from '../../../flow/service/plain-items.js';
import { parseStrictYaml, type StrictYaml } from '../../../flow/service/strict-yaml.js';

function read(text: string): StrictYaml {
  const yaml = parseStrictYaml(text);
  if ('problems' in yaml) throw new Error(JSON.stringify(yaml.problems));
  return yaml;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Words as people write them, and words that YAML reads as something else or not at all. */
const word = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('scan-1', '10.0.0.1', '10.0.0.0/8', '"10.0.0.1"', '"a b, c: d"', '00:1b:24:aa:10:11', '42', 'true'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '""',
      "'x'",
      'null',
      'Null',
      'no',
      'TRUE',
      '007',
      '1.5',
      '1e3',
      '0x1F',
      '0o17',
      '0b1',
      '1_000',
      '.5',
      '12:30',
      'a:',
      'a b',
      '-1',
      '"a\\n"',
      '~',
      'x#y',
      'x #y',
      '*a',
      '&a x',
      '!t x',
      '2001:db8::1',
      '"2001:db8::1"',
      '"é"',
      'x,y',
      '',
    ),
  },
);
const list = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => `[${words.join(', ')}]`);
const value = fc.oneof(word, list);
const key = fc.constantFrom('name', 'ip', 'mac', 'note-1', 'x_y', 'true', '"q"', '1a');
const entries = fc.uniqueArray(fc.tuple(key, value), { minLength: 1, maxLength: 3, selector: ([name]) => name });
const item = fc.oneof(
  word,
  entries.map((pairs) => `{ ${pairs.map(([name, text]) => `${name}: ${text}`).join(', ')} }`),
  entries.map((pairs) => pairs.map(([name, text]) => `${name}: ${text}`).join('\n      ')),
);

describe('long lists of plain items', () => {
  test('whatever is read without the library, the library reads alike, with the same places', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('\n', '\n', ' \n', '\r\n'),
        fc.constantFrom(
          'last: 1\n',
          '  other: 1\n',
          '# end\n\nlast: 1\n',
          '    - more\n',
          '     more\n',
          '\n    # c\n    - more\n',
          '    other: 1\n',
          '',
        ),
        (items, newline, rest) => {
          const block = items.map((text) => `    - ${text.replaceAll('\n', newline)}${newline}`).join('');
          const begin = 'top:\n  members:\n'.length;
          const whole = `top:\n  members:\n${block}${rest}`;
          const found = readPlainItems(whole, begin);
          if (found === undefined) return;
          taken += 1;
          const document = parseDocument(whole, { version: '1.2', schema: 'core' });
          // What is wrong around the list is as wrong with anything else in its place.
          const other = parseDocument(`${whole.slice(0, found.offsets[0])}"~0"${whole.slice(found.to)}`, {
            version: '1.2',
            schema: 'core',
          });
          expect(document.errors.map(({ code }) => code)).toEqual(other.errors.map(({ code }) => code));
          if (document.errors.length === 0) expect(plain(found.values)).toEqual(document.toJS().top.members);
          expect(found.offsets.length).toBe(found.ends.length);
        },
      ),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(200);
  });

  test('taken out of a file and put back: data and places are those of the file as it stands', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 64, max: 90 }),
        fc.constantFrom(0, 4),
        (kinds, count, shift) => {
          const pad = ' '.repeat(shift);
          const items = Array.from(
            { length: count },
            (_, index) => `${pad}- ${kinds[index % kinds.length]!.replaceAll('\n      ', `\n${pad}  `)}\n`,
          );
          const text = (comment: string): string =>
            `first: [1]\nmembers:\n${items.join('').replace(/\n/, `${comment}\n`)}last: { a: "b" }\n`;
          if (takeLongLists(text('')).lists.length === 0) return;
          taken += 1;
          const fast = parseStrictYaml(text(''));
          // The comment makes the list one for the library, and moves nothing.
          const slow = parseStrictYaml(text(' # c'));
          if ('problems' in slow) {
            expect('problems' in fast && fast.problems.map(({ code, line, column }) => [code, line, column])).toEqual(
              slow.problems.map(({ code, line, column }) => [code, line, column]),
            );
            return;
          }
          if ('problems' in fast) throw new Error('refused');
          expect(plain(fast.data)).toEqual(plain(slow.data));
          for (const index of [0, 1, count - 1, count]) {
            for (const path of [
              ['members'],
              ['members', index],
              ['members', index, 'ip'],
              ['members', index, 'ip', 1],
              ['members', index, 'no', 'where'],
            ])
              expect(fast.positionOf(path), path.join()).toEqual(slow.positionOf(path));
            expect(fast.positionOf(['members', index], 'name')).toEqual(slow.positionOf(['members', index], 'name'));
          }
          expect(fast.positionOf(['last', 'a'])).toEqual(slow.positionOf(['last', 'a']));
        },
      ),
      { numRuns: 400 },
    );
    expect(taken).toBeGreaterThan(20);
  });

  const many = (line: (index: number) => string, count = 100): string => Array.from({ length: count }, (_, index) => line(index)).join('');

  test('inventories as people write them are taken', () => {
    const flow = `a:\n  members:\n${many((index) => `    - { name: asset-${index}, ip: ["10.0.0.${index}"] }\n`)}b: 1\n`;
    const block = `a:\n  members:\n${many((index) => `    - name: asset-${index}\n      ip: [10.0.0.${index}]\n`)}b: 1\n`;
    const words = `a:\n${many((index) => `- 10.0.${index}.0/24\n`)}b: 1\n`;
    for (const text of [flow, block, words]) {
      expect(takeLongLists(text).lists.map(({ values }) => values.length)).toEqual([100]);
      expect(plain(read(text).data)).toEqual(parse(text, { version: '1.2', schema: 'core' }));
    }
  });

  test('long lines of blanks that are left behind are no nesting', () => {
    const text = `members:\n${many((index) => `  - { name: asset-${index}, note: "${'x'.repeat(100)}" }\n`)}b: 1\n`;
    expect(takeLongLists(text).lists.length).toBe(1);
    expect((read(text).data as { members: unknown[] }).members.length).toBe(100);
    expect(read(`a: 1\n${' '.repeat(100)}\nb: 2\n`).data).toEqual({ a: 1, b: 2 });
    expect(parseStrictYaml(`a:\n${' '.repeat(100)}b: 2\n`)).toMatchObject({ problems: [{ code: 'too-deep', line: 2 }] });
  });

  test('in a text, under a list item, or after an item that is not plain: read as it stands', () => {
    const items = many((index) => `    - asset-${index}\n`);
    expect(plain(read(`a: |\n  b:\n${items}c: 1\n`).data)).toEqual({ a: `b:\n${items.replace(/^ {2}/gm, '')}`, c: 1 });
    expect(plain(read(`a:\n  - b:\n${items}c: 1\n`).data)).toEqual(parse(`a:\n  - b:\n${items}c: 1\n`));
    expect(plain(read(`a:\n  b:\n    - # one\n      x\n${items}c: 1\n`).data)).toEqual(
      parse(`a:\n  b:\n    - # one\n      x\n${items}c: 1\n`),
    );
  });
});
