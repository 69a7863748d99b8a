import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressError, formatAddress, formatPrefix, lastAddress, maskAddress, parseAddress, parsePrefix } from '../../flow/address.js';

const anyAddress = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe('addresses', () => {
  test('text and bytes are each other’s inverse', () => {
    fc.assert(
      fc.property(anyAddress, (bytes) => {
        expect(parseAddress(formatAddress(bytes))).toEqual(bytes);
      }),
    );
  });

  test('the text of an address is canonical: RFC 5952 examples', () => {
    const cases: [string, string][] = [
      ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['2001:DB8::1', '2001:db8::1'],
      ['::', '::'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['1::', '1::'],
      ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ];
    for (const [text, canonical] of cases) expect(formatAddress(parseAddress(text))).toBe(canonical);
  });

  test('forms that other parsers read differently are refused, so that a policy means what it says', () => {
    for (const text of [
      '010.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.1',
      '1.2.3.256',
      'fe80::1%eth0',
      '',
      ' 10.0.0.1',
      '10.0.0.1 ',
      '::1::',
      'example',
    ]) {
      expect(() => parseAddress(text), text).toThrow(AddressError);
    }
  });

  test('formatted IPv6 is valid for everyone else', () => {
    fc.assert(
      fc.property(anyAddress, (bytes) => {
        const text = formatAddress(bytes);
        expect(isIPv6(text) || /^\d+\.\d+\.\d+\.\d+$/.test(text)).toBe(true);
      }),
    );
  });

  test('an error shows control and bidirectional characters as escapes', () => {
    expect(() => parseAddress('10.0.0.1\u202e\n')).toThrow('\\u202e\\u000a');
  });
});

describe('prefixes', () => {
  test('host bits are an error that names the network and the one address', () => {
    expect(() => parsePrefix('10.40.20.7/24')).toThrow('write 10.40.20.0/24 for the network, or 10.40.20.7 for the one address');
    expect(() => parsePrefix('2001:db8::1/64')).toThrow('2001:db8::/64');
  });

  test('lengths out of range, padded or missing are refused', () => {
    for (const text of ['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/', '::/129', '10.0.0.0/8/8', '10.0.0.0/8 ']) {
      expect(() => parsePrefix(text), text).toThrow(AddressError);
    }
  });

  test('a prefix prints as it was written', () => {
    for (const text of ['10.0.0.0/8', '0.0.0.0/0', '192.0.2.1/32', '2001:db8::/32', '::/0', '::1/128'])
      expect(formatPrefix(parsePrefix(text))).toBe(text);
    expect(formatPrefix(parsePrefix('192.0.2.1'))).toBe('192.0.2.1/32');
  });

  test('IPv4 text of any form: read as its numbers say, or refused', () => {
    const number = fc.oneof(fc.integer({ min: 0, max: 260 }).map(String), fc.constantFrom('', '00', '01', '1a', '-1', '+1', ' 1', '1000'));
    const separator = fc.constantFrom('.', '.', '.', '.', '.', '..', '/', ',');
    const form = fc.tuple(number, separator, number, separator, number, separator, number, fc.constantFrom('', '/', '/', '/', '.'), number);
    fc.assert(
      fc.property(fc.oneof(form, fc.tuple(fc.constantFrom('10', '0', '224'), fc.constantFrom('.0.0.0/'), number)), (parts) => {
        const text = parts.join('');
        const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})(?:\/(0|[1-9]\d{0,2}))?$/.exec(text);
        const [a = 0, b = 0, c = 0, d = 0] = (match ?? []).slice(1, 5).map(Number);
        const length = Number(match?.[5] ?? 32);
        const value = ((a * 256 + b) * 256 + c) * 256 + d;
        const good = match !== null && Math.max(a, b, c, d) <= 255 && length <= 32 && value % 2 ** (32 - length) === 0;
        if (!good) expect(() => parsePrefix(text), text).toThrow(AddressError);
        else expect(parsePrefix(text), text).toEqual({ bytes: parseAddress(`${a}.${b}.${c}.${d}`), length: 96 + length });
      }),
      { numRuns: 2000 },
    );
  });

  test('first and last address bracket exactly the addresses that share the bits', () => {
    fc.assert(
      fc.property(anyAddress, fc.integer({ min: 0, max: 128 }), anyAddress, (base, length, other) => {
        const bytes = maskAddress(base, length);
        const last = lastAddress({ bytes, length });
        const inside = Buffer.compare(maskAddress(other, length), bytes) === 0;
        const between = Buffer.compare(other, bytes) >= 0 && Buffer.compare(other, last) <= 0;
        expect(between).toBe(inside);
      }),
    );
  });
});
