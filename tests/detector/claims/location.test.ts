import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressSpace, hasAtom } from '../../../detector/claims/address-space.js';
import { locationOf } from '../../../detector/claims/location/location.js';
import { ClaimsError } from '../../../detector/claims/problem.js';
import { formatPrefix, maskAddress, type Prefix, parseAddress, parsePrefix } from '../../../flow/address.js';
import { mmdbFile } from './mmdb-file.js';

const BUILT = Date.parse('2026-11-01T12:00:00Z') / 1000;

function countryFile(places: Readonly<Record<string, string>>, recordSize: 24 | 28 | 32 = 28): Buffer {
  const entries = Object.entries(places).map(([prefix, country]) => ({
    prefix: parsePrefix(prefix),
    data: { country: { iso_code: country }, registered_country: { iso_code: 'XX' } },
  }));
  return mmdbFile(entries, recordSize, BUILT);
}

function problemsOf(file: string, bytes: Buffer): string[] {
  try {
    locationOf('country', file, bytes).split(['NL']);
  } catch (error) {
    if (error instanceof ClaimsError)
      return error.problems.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`);
    throw error;
  }
  return [];
}

describe('a MaxMind DB', () => {
  test.each([24, 28, 32] as const)('with records of %i bits tells countries, its day and its hash', (size) => {
    const bytes = countryFile({ '198.51.100.0/24': 'NL', '203.0.113.0/25': 'KP', '203.0.113.128/25': 'KP', '2001:db8::/32': 'NL' }, size);
    const { identity, split } = locationOf('country', '/var/lib/geo/places.mmdb', bytes);
    expect(identity).toMatchObject({ key: 'country', name: 'places.mmdb', date: '2026-11-01' });
    expect(identity.sha256).toMatch(/^[0-9a-f]{64}$/);
    const { of } = split(['NL', 'KP', 'DE']);
    expect([...of].map(([country, prefixes]) => [country, prefixes.map(formatPrefix)])).toEqual([
      ['NL', ['2001:db8::/32', '198.51.100.0/24']],
      // Neighbours that say the same become one prefix.
      ['KP', ['203.0.113.0/24']],
      ['DE', []],
    ]);
  });

  test('what it does not tell is unknown, what it tells and nobody asked for is neither', () => {
    const { unknown } = locationOf('country', 'x.mmdb', countryFile({ '198.51.100.0/24': 'NL', '203.0.113.0/24': 'DE' })).split(['NL']);
    const space = new AddressSpace(unknown);
    const isUnknown = (address: string): boolean => hasAtom(space.union(unknown), space.atomOf(parseAddress(address), 0));
    expect(['192.0.2.1', '2001:db8::1', '2002:c633:6401::1'].map(isUnknown)).toEqual([true, true, true]);
    expect(['198.51.100.1', '203.0.113.1'].map(isUnknown)).toEqual([false, false]);
  });

  test('AS numbers as numbers and as text; where a network is registered is not where it is', () => {
    const file = mmdbFile(
      [
        { prefix: parsePrefix('198.51.100.0/24'), data: { autonomous_system_number: 64_500 } },
        { prefix: parsePrefix('203.0.113.0/24'), data: { asn: 'AS64501' } },
        { prefix: parsePrefix('192.0.2.0/24'), data: { registered_country: { iso_code: 'NL' } } },
      ],
      24,
      BUILT,
    );
    const ofAsn = locationOf('asn', 'asn.mmdb', file).split(['64500', '64501']).of;
    expect([...ofAsn.values()].map((prefixes) => prefixes.map(formatPrefix))).toEqual([['198.51.100.0/24'], ['203.0.113.0/24']]);
    expect(locationOf('country', 'asn.mmdb', file).split(['NL']).of.get('NL')).toEqual([]);
  });

  test('that is damaged is refused with a sentence, and never hangs', () => {
    const sound = countryFile({ '198.51.100.0/24': 'NL', '2001:db8::/32': 'NL' });
    expect(problemsOf('x.mmdb', Buffer.alloc(100))).toEqual([
      expect.stringMatching(/^1:1 bad-location-data the country data cannot be used: it has no MaxMind DB metadata; get the file again/),
    ]);
    expect(problemsOf('x.mmdb', sound.subarray(200))[0]).toMatch(/longer than the file|metadata/);
    // Every record points back to the root: a circle.
    const circle = Buffer.from(sound);
    circle.fill(0, 0, 28);
    expect(problemsOf('x.mmdb', circle)[0]).toMatch(/deeper than an address is long|bad-location-data/);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 }), (changes) => {
        const altered = Buffer.from(sound);
        for (const [at, value] of changes) altered[at] = value;
        problemsOf('x.mmdb', altered);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a table', () => {
  test('of prefix and value: comments, date, titles, quotes, further columns, empty values', () => {
    const text =
      '# date: 2026-10-01\nnetwork,asn,name\n"198.51.100.0/24","AS64500",Example\n198.51.100.128/25,64501\n203.0.113.0/24,\n2001:db8::/32,0\n';
    const { identity, split } = locationOf('asn', 'asn.csv', Buffer.from(text));
    expect(identity.date).toBe('2026-10-01');
    const { of, unknown } = split(['64500', '64501']);
    expect([...of.values()].map((prefixes) => prefixes.map(formatPrefix))).toEqual([['198.51.100.0/25'], ['198.51.100.128/25']]);
    const space = new AddressSpace(unknown);
    const told = ['203.0.113.9', '2001:db8::1'].map((address) => hasAtom(space.union(unknown), space.atomOf(parseAddress(address), 0)));
    expect(told).toEqual([true, true]);
  });

  test.each([
    ['203.0.113.1/24,NL', "1:1 bad-address '203.0.113.1/24' is no prefix; write prefix,country"],
    ['203.0.113.0/24,Netherlands', "1:16 bad-value 'Netherlands' is no country; write prefix,country with two capital letters"],
    ['# c\n1.0.0.0-1.0.0.255,AU', "2:1 bad-address '1.0.0.0-1.0.0.255' is no prefix"],
  ])('%j is refused by line and column', (text, start) => {
    expect(problemsOf('table.csv', Buffer.from(text))[0]!.startsWith(start)).toBe(true);
  });

  test('the narrowest prefix tells, whatever the order of lines: as a search through all of them', () => {
    const octet = fc.constantFrom(0, 1, 128, 255);
    const prefix = fc
      .tuple(fc.constantFrom(10, 203), octet, octet, octet, fc.integer({ min: 97, max: 128 }))
      .map(([a, b, c, d, length]): Prefix => ({ bytes: maskAddress(parseAddress([a, b, c, d].join('.')), length), length }));
    const lines = fc.uniqueArray(fc.tuple(prefix, fc.constantFrom('NL', 'KP', 'DE', '')), {
      selector: ([one]) => formatPrefix(one),
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(lines, fc.array(prefix, { minLength: 5, maxLength: 5 }), (entries, probes) => {
        const text = entries.map(([one, country]) => `${formatPrefix(one)},${country}`).join('\n');
        const { of, unknown } = locationOf('country', 't.csv', Buffer.from(text)).split(['NL', 'KP']);
        const lists = [...of, ['', unknown] as const];
        const space = new AddressSpace(lists.flatMap(([, list]) => list));
        for (const { bytes } of [...probes, ...entries.map(([one]) => one)]) {
          const inside = entries.filter(
            ([one]) => formatPrefix({ bytes: maskAddress(bytes, one.length), length: one.length }) === formatPrefix(one),
          );
          const expected = inside.sort(([a], [b]) => b.length - a.length)[0]?.[1] ?? '';
          const told = lists.filter(([, list]) => hasAtom(space.union(list), space.atomOf(bytes, 0))).map(([country]) => country);
          expect(told).toEqual(expected === 'DE' ? [] : [expected]);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('one address looked up', () => {
  test('is told as the prefixes of its value tell it, in a MaxMind DB and in a table', () => {
    const octet = fc.constantFrom(0, 1, 128, 255);
    const mapped = fc.tuple(fc.constantFrom(10, 203), octet, octet, octet).map((octets) => parseAddress(octets.join('.')));
    const wide = fc.tuple(octet, octet, octet).map(([a, b, c]) => parseAddress(`2001:db8:${a}:${b}::${c}`));
    const prefix = fc
      .oneof(fc.tuple(mapped, fc.integer({ min: 97, max: 128 })), fc.tuple(wide, fc.integer({ min: 30, max: 128 })))
      .map(([bytes, length]): Prefix => ({ bytes: maskAddress(bytes, length), length }));
    const entries = fc.uniqueArray(fc.tuple(prefix, fc.constantFrom('NL', 'KP')), {
      selector: ([one]) => formatPrefix(one),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(entries, fc.array(fc.oneof(mapped, wide), { minLength: 1, maxLength: 20 }), (lines, addresses) => {
        const table = Buffer.from(lines.map(([one, country]) => `${formatPrefix(one)},${country}`).join('\n'));
        const database = countryFile(Object.fromEntries(lines.map(([one, country]) => [formatPrefix(one), country])));
        for (const data of [locationOf('country', 'x.csv', table), locationOf('country', 'x.mmdb', database)]) {
          const { of, unknown } = data.split(['NL', 'KP']);
          const space = new AddressSpace([...of.values(), unknown].flat());
          for (const address of [...addresses, ...lines.map(([one]) => one.bytes)]) {
            const { value } = data.lookUp(address);
            expect(hasAtom(space.union(value === '' ? unknown : of.get(value)!), space.atomOf(address, 0))).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test('is unknown where IPv4 shows a second time, and an AS has its name', () => {
    const file = mmdbFile(
      [
        {
          prefix: parsePrefix('198.51.100.0/24'),
          data: { autonomous_system_number: 64_500, autonomous_system_organization: `Example-like ${'x'.repeat(200)}` },
        },
      ],
      28,
      BUILT,
    );
    const { lookUp } = locationOf('asn', 'asn.mmdb', file);
    expect(lookUp(parseAddress('198.51.100.9'))).toEqual({ value: '64500', name: `Example-like ${'x'.repeat(87)}` });
    for (const relayed of ['2002:c633:6409::1', '::c633:6409', '192.0.2.1'])
      expect(lookUp(parseAddress(relayed))).toEqual({ value: '', name: '' });
  });
});
