import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { compileTexts } from '../../../detector/claims/load.js';
import { SPECIAL_PURPOSE } from '../../../detector/claims/special-purpose.js';
import { formatPrefix, maskAddress, type Prefix, parseAddress, parsePrefix } from '../../../flow/address.js';
import { BASE_APPROVALS, BASE_CLAIMS, broken } from './base-claims.js';

function compile(text: string, approvals = BASE_APPROVALS): CompiledClaims {
  return compileTexts([{ file: 'c.yaml', text }], { file: 'a.jsonl', text: approvals }).compilation.claims;
}

/** One `never` rule about the peer, over the sets given as JSON (which is YAML). */
function withPeer(sets: Record<string, unknown>, peer: unknown): CompiledClaims {
  const declared = { archive: { cidr: ['10.40.30.0/24'] }, gateway: { cidr: ['10.40.9.4'] }, both: { cidr: ['10.40.9.4'] }, ...sets };
  const setsText = /sets:\n[\s\S]*?fleets:/;
  const assertText = / {4}assert: \{ budget.*\n/;
  return compile(
    BASE_CLAIMS.replace(setsText, () => `sets: ${JSON.stringify(declared)}\nfleets:`).replace(
      assertText,
      () => `    assert: { never: [{ peer: ${JSON.stringify(peer)} }] }\n`,
    ),
  );
}

function matches(claims: CompiledClaims, address: string, claim = 1): boolean {
  return claims.claims[claim]!.rules[0]!.matchesPeer(claims.atomOf(parseAddress(address), 0));
}

/** The reference: bit by bit, prefix by prefix. */
function inPrefix(bytes: Uint8Array, prefix: Prefix): boolean {
  for (let bit = 0; bit < prefix.length; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((bytes[bit >> 3]! ^ prefix.bytes[bit >> 3]!) & mask) !== 0) return false;
  }
  return true;
}

// Few bits vary, so that prefixes nest, repeat and touch often.
const octet = fc.constantFrom(0, 1, 2, 3, 127, 128, 192, 254, 255);
const v4 = fc.tuple(fc.constantFrom(10, 192, 203), octet, octet, octet).map((parts) => parseAddress(parts.join('.')));
const word = fc.constantFrom('0', '1', '8000', 'ffff', 'db8');
const v6 = fc.tuple(fc.constantFrom('2001', 'fd00'), word, word, word).map(([a, b, c, d]) => parseAddress(`${a}:${b}:${c}::${d}`));
const prefix = fc
  .oneof(
    fc.tuple(v4, fc.integer({ min: 97, max: 128 })).map(([bytes, length]) => ({ bytes: maskAddress(bytes, length), length })),
    fc.tuple(v6, fc.integer({ min: 1, max: 128 })).map(([bytes, length]) => ({ bytes: maskAddress(bytes, length), length })),
  )
  .filter((one) => one.length >= 97 || one.bytes.some((byte) => byte !== 0));
const prefixes = fc.array(prefix, { minLength: 1, maxLength: 12 });

describe('atoms give the answer of the prefixes themselves', () => {
  test('any endpoint: union of cidr, sets, internet or any, minus except', () => {
    const special = SPECIAL_PURPOSE.map(parsePrefix);
    const fleet = ['10.40.10.11', '10.40.10.12'].map(parsePrefix);
    const base = ['10.40.30.0/24', '10.40.9.4'].map(parsePrefix);
    const any = (bytes: Uint8Array, list: readonly Prefix[]): boolean => list.some((one) => inPrefix(bytes, one));
    fc.assert(
      fc.property(
        prefixes,
        prefixes,
        prefixes,
        fc.boolean(),
        fc.constantFrom('none', 'internet', 'any'),
        fc.array(fc.oneof(v4, v6), { minLength: 8, maxLength: 8 }),
        (cidr, a, b, except, wide, probes) => {
          const text = (list: readonly Prefix[]): string[] => list.map(formatPrefix);
          const peer = {
            cidr: text(cidr),
            sets: ['a'],
            fleets: ['scanners'],
            ...(wide === 'none' ? {} : { [wide]: true }),
            ...(except ? { except: ['b'] } : {}),
          };
          const claims = withPeer({ a: { cidr: text(a) }, b: { cidr: text(b) } }, peer);
          for (const bytes of [...probes, ...[...cidr, ...a, ...b].map((one) => one.bytes)]) {
            const internet = !any(bytes, special) && !any(bytes, base) && !any(bytes, a) && !any(bytes, b) && !any(bytes, fleet);
            const inside = any(bytes, cidr) || any(bytes, a) || any(bytes, fleet) || wide === 'any' || (wide === 'internet' && internet);
            expect(claims.claims[1]!.rules[0]!.matchesPeer(claims.atomOf(bytes, 0))).toBe(inside && !(except && any(bytes, b)));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('internet: documentation prefixes are in, special-purpose and declared addresses are out', () => {
    const claims = withPeer({ vendor: { cidr: ['203.0.113.128/25'] } }, { internet: true });
    const inside = ['203.0.113.7', '198.51.100.99', '8.8.8.8', '2001:db8::1', '2606:4700::1111', '64:ff9b::808:808'];
    const outside = [
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '169.254.1.1',
      '172.31.0.1',
      '192.168.1.1',
      '198.18.0.1',
      '224.0.0.251',
      '255.255.255.255',
      '0.0.0.0',
      '::',
      '::1',
      'fd00::1',
      'fe80::1',
      'ff02::1',
      '203.0.113.200',
    ];
    expect(inside.filter((address) => !matches(claims, address))).toEqual([]);
    expect(outside.filter((address) => matches(claims, address))).toEqual([]);
  });
});

describe('peers by location without location data', () => {
  const geo = { far: { country: ['KP'] }, archive: { cidr: ['10.40.30.0/24'] } };
  test('forbidding: what is certain is still forbidden, and the claim is marked', () => {
    const claims = withPeer(geo, { sets: ['far'], cidr: ['203.0.113.0/24'] });
    expect([matches(claims, '203.0.113.1'), matches(claims, '198.51.100.1')]).toEqual([true, false]);
    expect(claims.claims[1]!.notJudged).toBe(
      "Rule 1 of this 'never' claim names its peer by country, for which no location data is configured (lookup); its other parts are judged.",
    );
    expect(claims.claims[0]!.notJudged).toBeUndefined();
  });
  test('taken out of what is forbidden: nothing is certain any more', () => {
    const claims = withPeer(geo, { any: true, except: ['far'] });
    expect(matches(claims, '203.0.113.1')).toBe(false);
    expect(claims.claims[1]!.notJudged).toMatch(/by country/);
  });
  test('allowing: whatever the number may stand for is let through, the rest is still judged', () => {
    const text = broken('{ sets: [archive] }, ports', '{ asn: [64500] }, ports');
    const claim = compile(text).claims[0]!;
    expect(claim.rules[0]!.matchesPeer(0)).toBe(true);
    expect(claim.rules[0]!.matchesPort(6, 445)).toBe(true);
    expect(claim.rules[0]!.matchesPort(6, 446)).toBe(false);
    expect(claim.notJudged).toMatch(/Rule 1 .* by AS number/);
  });
  test('an exception by AS number marks its claim', () => {
    const text = broken('peer: { cidr: ["10.40.40.5"] }', 'peer: { asn: [64500] }');
    expect(compile(text).claims[0]!.notJudged).toBe(
      'Exception ex-1 names its peer by AS number, for which no location data is configured (lookup).',
    );
  });
});

describe('tables', () => {
  const claims = compile(BASE_CLAIMS);
  test('ports, initiators, budgets, exceptions and demands come out as written', () => {
    const [closed, quiet] = claims.claims;
    expect(closed!.rules.map((rule) => [rule.text, rule.initiator])).toEqual([
      ['peer archive, tcp/445, initiated by subject, at most 60 GiB out per P1D and member', 'subject'],
      ['peer gateway, tcp/22, initiated by peer, during weekly or ticketed', 'peer'],
    ]);
    expect(quiet!.rules[0]!.budget).toEqual({
      octets: 20 * 1024 ** 2,
      flows: Number.POSITIVE_INFINITY,
      perMs: 86_400_000,
      calendar: true,
      direction: 'out',
      scope: 'member',
    });
    expect(closed!.exceptions).toMatchObject([
      { id: 'ex-1', fromMs: Date.parse('2026-11-30T23:00:00Z'), expiresMs: Date.parse('2027-01-14T23:00:00Z') },
    ]);
    expect(quiet!.coverage).toMatchObject({ sensors: [0, 1], mode: 'any', time: 0.99, maxGapMs: 600_000, detectOctets: 20 * 1024 ** 2 });
    expect(closed!.coverage.canaryMs).toBeNaN();
    expect([
      claims.isClaimedPort(6, 445),
      claims.isClaimedPort(6, 9100),
      claims.isClaimedPort(17, 445),
      claims.isClaimedPort(6, 50_000),
    ]).toEqual([true, true, false, false]);
  });
  test('an asset is judged alone, and with its fleet where a budget is the fleet’s', () => {
    expect(claims.assets.map((asset) => asset.unit)).toEqual(['scan-1', 'scan-2']);
    expect(claims.watchList.assetOfMac(0x001b24aa1011)).toBe(0);
    const wide = compile(broken('bytes: 20MiB, per: P1D }', 'bytes: 20MiB, per: P1D, scope: fleet }'));
    expect(wide.watchList.assets.map((asset) => asset.unit)).toEqual(['scanners', 'scanners']);
  });
  test('names: the narrowest declared prefix, sets before fleets', () => {
    const named = withPeer({ site: { cidr: ['10.40.0.0/16'] }, desk: { cidr: ['10.40.10.12'] } }, { sets: ['site', 'desk'] });
    const name = (address: string): string => named.nameOf(parseAddress(address), 0);
    expect(['10.40.30.1', '10.40.77.7', '10.40.10.11', '10.40.10.12', '192.0.2.1'].map(name)).toEqual([
      'archive',
      'site',
      'scanners',
      'desk',
      '',
    ]);
  });
  test('the hash follows claims and approvals, not file names', () => {
    const hash = (file: string, text: string, approvals: string): string =>
      compileTexts([{ file, text }], { file: 'x', text: approvals }).compilation.claims.hash;
    const own = hash('a', BASE_CLAIMS, BASE_APPROVALS);
    expect(own).toMatch(/^[0-9a-f]{64}$/);
    expect(hash('b', BASE_CLAIMS, BASE_APPROVALS)).toBe(own);
    expect(hash('a', `${BASE_CLAIMS}\n`, BASE_APPROVALS)).not.toBe(own);
    expect(hash('a', BASE_CLAIMS, '')).not.toBe(own);
  });
  test('effective dates are local midnights', () => {
    expect([claims.effectiveFromMs, claims.effectiveUntilMs]).toEqual([
      Date.parse('2026-11-30T23:00:00Z'),
      Date.parse('2027-11-30T23:00:00Z'),
    ]);
  });
});
