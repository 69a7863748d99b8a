import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanName } from '../../../collector/names/clean-name.js';
import type { NameLimits } from '../../../collector/names/limits.js';
import { createNameTable } from '../../../collector/names/name-table.js';
import { parseAddress } from '../../../flow/address.js';
import { FlowBatch } from '../../../flow/batch.js';

const CLIENT = parseAddress('10.40.10.11');
const OTHER = parseAddress('10.40.10.12');
const SERVER = parseAddress('203.0.113.7');
const T0 = 1_796_284_800_000;
const GRACE = 300_000;

function tableOf(limits: Partial<NameLimits> = {}) {
  const table = createNameTable(limits);
  const answer = (name: string, atMs = T0, ttlSeconds = 60, client = CLIENT, address = SERVER): void =>
    table.answer(client, 0, address, 0, name, ttlSeconds, atMs);
  const at = (ms: number, client = CLIENT, address = SERVER): string => table.namesAt(client, address, ms);
  return { table, answer, at };
}

/** An address of its own for each number. */
const numbered = (number: number): Uint8Array => parseAddress(`10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`);

describe('the passive name table', () => {
  test('a name holds from its answer to its TTL and five minutes beyond, for the client that was told it alone', () => {
    const { answer, at } = tableOf();
    answer('license.vendor.example');
    expect(at(T0)).toBe('license.vendor.example');
    expect(at(T0 + 60_000 + GRACE)).toBe('license.vendor.example');
    expect(at(T0 + 60_000 + GRACE + 1)).toBe('');
    expect(at(T0 - 1000)).toBe('license.vendor.example');
    expect(at(T0 - 1001)).toBe('');
    expect(at(T0, OTHER)).toBe('');
    expect(at(T0, CLIENT, OTHER)).toBe('');
    expect(at(T0, SERVER, CLIENT)).toBe('');
  });

  test('an answer that comes again carries the name on; one after a gap leaves the gap', () => {
    const { table, answer, at } = tableOf();
    answer('a.example');
    answer('a.example', T0 + 200_000);
    expect(table.entries).toBe(1);
    expect(at(T0 + 500_000)).toBe('a.example');
    answer('a.example', T0 + 3_600_000);
    expect(table.entries).toBe(2);
    expect(at(T0 + 1_000_000)).toBe('');
    expect(at(T0 + 3_600_000)).toBe('a.example');
    expect(at(T0)).toBe('a.example');
  });

  test('logs may be read in any order: a look-up gives what held at its time', () => {
    const { answer, at } = tableOf();
    answer('late.example', T0 + 86_400_000);
    answer('early.example', T0);
    expect([at(T0 + 1), at(T0 + 86_400_001)]).toEqual(['early.example', 'late.example']);
  });

  test('four names at most, the most recently answered first', () => {
    const { answer, at } = tableOf();
    for (const [index, name] of ['a', 'b', 'c', 'd', 'e'].entries()) answer(`${name}.example`, T0 + index);
    expect(at(T0 + 10)).toBe('e.example,d.example,c.example,b.example');
    answer('a.example', T0 + 5);
    expect(at(T0 + 10)).toBe('a.example,e.example,d.example,c.example');
    expect(at(T0 + 60_000 + GRACE + 4)).toBe('a.example,e.example');
  });

  test('names are cleaned, and what is none is refused and counted', () => {
    const { table, answer, at } = tableOf();
    for (const name of ['', '.', 'a,b.example', 'a b', 'a\u0007b', 'a\nb', 'ä.example', '\u202eelpmaxe', 'x'.repeat(254)]) answer(name);
    answer('ok.example', Number.NaN);
    answer('ok.example', -1);
    expect([table.entries, table.counters.refused, table.counters.answers]).toEqual([0, 11, 11]);
    answer('WWW.Vendor.Example.');
    answer('x'.repeat(253), T0 - 1);
    expect(at(T0)).toBe(`www.vendor.example,${'x'.repeat(253)}`);
  });

  test('a TTL counts up to seven days; one below zero, or none, as zero', () => {
    const { answer, at } = tableOf();
    answer('long.example', T0, 2 ** 31);
    expect(at(T0 + 604_800_000 + GRACE)).toBe('long.example');
    expect(at(T0 + 604_800_000 + GRACE + 1)).toBe('');
    answer('none.example', T0 + 1e9, Number.NaN);
    expect([at(T0 + 1e9 + GRACE), at(T0 + 1e9 + GRACE + 1)]).toEqual(['none.example', '']);
  });

  test('memory is bounded in all, by client, and by address; the oldest answers go first', () => {
    const { table, answer, at } = tableOf({ maxEntries: 50, maxEntriesPerClient: 20, maxNamesPerAddress: 3 });
    for (let i = 0; i < 100; i++) answer('a.example', T0 + i, 60, CLIENT, numbered(i));
    expect(table.entries).toBe(20);
    expect([at(T0 + 100, CLIENT, numbered(79)), at(T0 + 100, CLIENT, numbered(80))]).toEqual(['', 'a.example']);
    for (const name of ['p', 'q', 'r', 's']) answer(`${name}.example`, T0 + 200, 60, OTHER);
    expect(at(T0 + 201, OTHER)).toBe('q.example,r.example,s.example');
    for (let i = 0; i < 100; i++) answer('b.example', T0 + 300 + i, 60, numbered(i));
    expect([table.entries, table.clients]).toEqual([50, 50]);
    expect(table.counters.evicted).toBe(80 + 1 + 23 + 50);
    expect(at(T0 + 400, CLIENT, numbered(99))).toBe('');
  });

  test('rows are given the names of both directions by their start', () => {
    const { table, answer } = tableOf();
    const batch = new FlowBatch(16);
    const add = (source: Uint8Array, destination: Uint8Array, startMs: number): void => {
      const row = batch.add();
      batch.columns.sourceIPv6Address.bytes.set(source, row * 16);
      batch.columns.destinationIPv6Address.bytes.set(destination, row * 16);
      batch.columns.flowStartMilliseconds[row] = startMs;
      batch.columns.flowEndMilliseconds[row] = startMs + 86_400_000;
    };
    add(CLIENT, SERVER, T0 + 5);
    add(SERVER, CLIENT, T0 + 5);
    add(OTHER, SERVER, T0 + 5);
    add(CLIENT, SERVER, T0 + 1e7);
    table.annotate(batch, 0, batch.length);
    expect(batch.columns.destinationNames.dictionary.names).toEqual(['']);
    answer('a.example');
    answer('b.example', T0 + 1);
    table.annotate(batch, 0, batch.length);
    const { sourceNames, destinationNames } = batch.columns;
    const names = [0, 1, 2, 3].map((row) => [
      sourceNames.dictionary.name(sourceNames.codes[row]!),
      destinationNames.dictionary.name(destinationNames.codes[row]!),
    ]);
    expect(names).toEqual([
      ['', 'b.example,a.example'],
      ['b.example,a.example', ''],
      ['', ''],
      ['', ''],
    ]);
    expect(table.counters.named).toBe(2);
  });

  test('property: as a list of all answers says, however they come', () => {
    const answers = fc.array(
      fc.record({
        client: fc.integer({ min: 0, max: 3 }),
        address: fc.integer({ min: 10, max: 13 }),
        name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
        ttl: fc.integer({ min: 0, max: 900 }),
        at: fc.integer({ min: 0, max: 3_600_000 }),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(answers, fc.array(fc.integer({ min: 0, max: 4_000_000 }), { minLength: 1, maxLength: 20 }), (told, times) => {
        const { table, answer, at } = tableOf({ maxNamesPerAddress: 1000 });
        for (const { client, address, name, ttl, at: ms } of told) answer(name, T0 + ms, ttl, numbered(client), numbered(address));
        expect(table.entries).toBeLessThanOrEqual(told.length);
        for (const ms of times) {
          for (let client = 0; client < 4; client++) {
            const holds = told.filter(
              (a) => a.client === client && a.address === 10 && a.at - 1000 <= ms && ms <= a.at + a.ttl * 1000 + GRACE,
            );
            const names = new Set(holds.map(({ name }) => name));
            const got = at(T0 + ms, numbered(client), numbered(10));
            expect(got === '' ? 0 : got.split(',').length).toBe(Math.min(4, names.size));
            for (const name of got === '' ? [] : got.split(',')) expect(names).toContain(name);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('property: a clean name is printable, has no comma, and is clean already', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.domain()), (text) => {
        const clean = cleanName(text);
        if (clean === undefined) return;
        expect(clean).toMatch(/^[!-+\--~]{1,253}$/);
        expect(clean).toBe(clean.toLowerCase());
      }),
    );
    expect(cleanName('_ldap._tcp.Site.Example')).toBe('_ldap._tcp.site.example');
  });

  test('a flood of names grows nothing beyond the limits', () => {
    const { table, answer } = tableOf({ maxEntries: 4096 });
    for (let i = 0; i < 50_000; i++) answer(`n${i}.example`, T0 + i, 60, numbered(i % 7000), numbered(i));
    expect([table.entries, table.clients <= 4096]).toEqual([4096, true]);
    expect(table.counters.evicted).toBe(50_000 - 4096);
  });
});
