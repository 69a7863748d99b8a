import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSplitter } from '../../../collector/inputs/json-splitter.js';
import { MAX_LINE_OCTETS } from '../../../collector/inputs/line-splitter.js';

/** The records of a text, read in chunks. */
function split(text: string | Uint8Array, chunkOctets = 64) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const splitter = new JsonSplitter(chunkOctets);
  const records: string[] = [];
  let tooLong = 0;
  let unterminated = false;
  for (let at = 0, ended = false; !ended; at += chunkOctets) {
    const chunk = bytes.subarray(at, at + chunkOctets);
    splitter.bytes.set(chunk, splitter.held);
    splitter.received(chunk.length);
    ended = chunk.length === 0;
    while (splitter.next(ended)) {
      for (let i = 0; i < splitter.length; i++)
        records.push(new TextDecoder().decode(splitter.bytes.subarray(splitter.starts[i]!, splitter.ends[i]!)));
      tooLong += splitter.tooLong;
      unterminated ||= splitter.unterminated;
    }
  }
  return { records, tooLong, unterminated };
}

const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4, noNullPrototype: true }), {
  maxLength: 6,
});

describe('records of JSON', () => {
  test.each([
    ['a line each', (texts: string[]) => texts.join('\n')],
    ['nothing between', (texts: string[]) => texts.join('')],
    ['an array', (texts: string[]) => `[${texts.join(',')}]\n`],
    ['a wrapper', (texts: string[]) => `{"owner":"a","logEvents":[${texts.join(' , ')}],"next":"]}{","n":5}`],
    ['wrappers in a row', (texts: string[]) => texts.map((text) => `{"records": [ ${text} ]}`).join('')],
    [
      'a printed array',
      (texts: string[]) =>
        JSON.stringify(
          texts.map((text) => JSON.parse(text) as unknown, undefined),
          undefined,
          2,
        ),
    ],
  ])('%s gives each object once, whatever the chunks', (_, join) => {
    fc.assert(
      fc.property(objects, fc.integer({ min: 1, max: 90 }), (values, chunk) => {
        // A record whose own member is called like a wrapper's is one: the names are few, and no log of flows has them.
        fc.pre(!values.some((value) => ['records', 'Records', 'events', 'logEvents', 'entries', 'results'].some((name) => name in value)));
        const texts = values.map((value) => JSON.stringify(value));
        const { records, unterminated } = split(join(texts), chunk);
        expect(records.map((text) => JSON.parse(text) as unknown)).toEqual(texts.map((text) => JSON.parse(text) as unknown));
        expect(unterminated).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  test('what is broken is handed over, and what follows is read again', () => {
    expect(split('{"a":"cut\n{"a":2}\n').records).toEqual(['{"a":"cut', '{"a":2}']);
    expect(split('{"a":{"b":1}\n{"a":2}').records.at(-1)).toBe('{"a":2}');
    expect(split('words\n{"a":2}\n').records).toEqual(['words', '{"a":2}']);
    expect(split('{"a":[1}{"a":2}').records).toEqual(['{"a":[1}', '{"a":2}']);
    expect(split('[1,"x y",{"a":2},null]').records).toEqual(['1', '"x y"', '{"a":2}', 'null']);
  });

  test('a cut is told, even between two records', () => {
    expect(split('[{"a":1},{"a"')).toMatchObject({ records: ['{"a":1}', '{"a"'], unterminated: true });
    expect(split('[{"a":1},')).toMatchObject({ records: ['{"a":1}', ''], unterminated: true });
    expect(split('[{"a":1}]')).toMatchObject({ records: ['{"a":1}'], unterminated: false });
  });

  test('a record longer than a line may be is passed over and counted', () => {
    const long = `{"a":"${'x'.repeat(MAX_LINE_OCTETS)}"}`;
    expect(split(`{"a":1}${long}{"a":2}`, 65_536)).toEqual({ records: ['{"a":1}', '{"a":2}'], tooLong: 1, unterminated: false });
    expect(split('{'.repeat(100_000), 65_536).records.length).toBeGreaterThan(0);
  });

  test('any octets are survived, with the same records whatever the chunks', () => {
    const alphabet = fc.array(fc.constantFrom(...'{}[]",:\\\n a1"records"'.split('')), { maxLength: 80 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(alphabet, fc.string({ maxLength: 80 })), fc.integer({ min: 1, max: 20 }), (text, chunk) => {
        expect(split(text, chunk)).toEqual(split(text, 1000));
      }),
      { numRuns: 2000 },
    );
  });
});
