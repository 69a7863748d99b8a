import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countOf, instantOf, macOf, microsecondsOf, readAddress } from '../../../collector/logs/text-fields.js';
import { formatAddress, parseAddress } from '../../../flow/address.js';

/** The text stands between other octets, as a field of a line does. */
const within = <T>(text: string, read: (bytes: Uint8Array, from: number, to: number) => T): T => {
  const bytes = new TextEncoder().encode(`1:.${text}1:.`);
  return read(bytes, 3, bytes.length - 3);
};
const addressOf = (text: string): string | undefined => {
  const into = new Uint8Array(20).fill(0xee);
  const good = within(text, (bytes, from, to) => readAddress(bytes, from, to, into, 2));
  expect([into[0], into[1], into[18], into[19]]).toEqual([0xee, 0xee, 0xee, 0xee]);
  return good ? formatAddress(into, 2) : undefined;
};
const expected = (text: string): string | undefined => {
  try {
    return formatAddress(parseAddress(text));
  } catch {
    return undefined;
  }
};

describe('fields of text', () => {
  test('addresses are read as flow/address reads them, and refused where it refuses them', () => {
    const group = fc.constantFrom('0', '1', 'ffff', '2001', 'db8', '00ab', '', '12345', 'g', '192.0.2.1', '1.2.3');
    const ipv6Like = fc.array(group, { minLength: 1, maxLength: 10 }).map((groups) => groups.join(':'));
    const part = fc.constantFrom('0', '1', '10', '255', '256', '01', '', '1000', 'a');
    const ipv4Like = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
    const any = fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF:.%-'), maxLength: 24 });
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), ipv6Like, ipv4Like, any), (text) => {
        expect(addressOf(text)).toBe(expected(text));
      }),
      { numRuns: 4000 },
    );
  });

  test('numbers are decimal digits and nothing else, exact up to 2^53', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => within(String(value), countOf) === value));
    for (const text of ['', '-1', '+1', '1.0', '1e3', ' 1', '0x1', '9007199254740992', '99999999999999999999'])
      expect(within(text, countOf)).toBe(-1);
  });

  test('seconds are whole microseconds, further decimals cut off', () => {
    const cases: [string, number][] = [
      ['0.000001', 1],
      ['1379288667.706265', 1379288667706265],
      ['19.5', 19_500_000],
      ['7', 7_000_000],
      ['1.9999999', 1_999_999],
    ];
    for (const [text, value] of cases) expect(within(text, microsecondsOf)).toBe(value);
    for (const text of ['', '.', '1.', '.5', '-1.0', '1.2.3', '1e5', '10000000000.0', 'XXXXXXXXXX.XXXXXX'])
      expect(within(text, microsecondsOf)).toBe(-1);
  });

  test('instants have a zone in either form, or are UTC', () => {
    expect(instantOf('2017-04-07T22:24:37.251547+0100')).toBe(Date.parse('2017-04-07T21:24:37.251Z'));
    expect(instantOf('2017-04-07T22:24:37.251547-05:30')).toBe(Date.parse('2017-04-08T03:54:37.251Z'));
    expect(instantOf('2009-11-24T21:27:09.534255')).toBe(Date.parse('2009-11-24T21:27:09.534Z'));
    expect(instantOf('2017-04-07T22:24:37.5+01:00')).toBe(Date.parse('2017-04-07T21:24:37.500Z'));
    expect(instantOf('2016-02-29T00:00:00Z')).toBe(Date.parse('2016-02-29T00:00:00Z'));
    for (const text of ['2017-02-29T00:00:00Z', '2017-00-01T00:00:00Z', '2017-01-01T24:00:00Z', '2017-01-01', '1969-12-31T23:59:59Z', ''])
      expect(instantOf(text)).toBeNaN();
  });

  test('MAC addresses are 48-bit numbers, anything else is not known', () => {
    expect(within('02:00:5e:Ff:00:01', macOf)).toBe(0x02005eff0001);
    for (const text of ['', '-', '02:00:5e:ff:00', '02-00-5e-ff-00-01', '02:00:5g:ff:00:01']) expect(within(text, macOf)).toBe(0);
  });
});
