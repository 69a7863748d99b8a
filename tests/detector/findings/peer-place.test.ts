import { expect, it } from 'vitest';
import { locationOf, readLocations } from '../../../detector/claims/location/location.js';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { createEngine } from '../../../detector/engine/engine.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { findingsJson } from '../../../detector/findings/json.js';
import { type WatchFinding, watchFinding } from '../../../detector/watches/watch-finding.js';
import { batchOf, claimsOf, flagsOf } from '../support/rows.js';

/*
 * A finding says where its peer is by the location data at hand, also where no claim draws on that data: the same data and records, the same words. What the data
 * does not tell stays empty, and data that cannot be used ends nothing.
 */

const TEXT = exampleClaims('{ never: [ { peer: { any: true } } ] }');
const NOON = Date.parse('2026-12-03T11:00:00Z');
const country = locationOf('country', 'country.csv', Buffer.from('203.0.113.0/25,DE\n203.0.113.128/25,NL\n10.0.0.0/8,US\n'));
const asn = locationOf('asn', 'asn.csv', Buffer.from('203.0.113.0/24,64500\n'));

function findingsOf(locations: Parameters<typeof claimsOf>[1]): readonly Finding[] {
  const claims = claimsOf(TEXT, locations);
  const engine = createEngine({ claims, detections: ['claim-violation'] });
  const peers = ['203.0.113.7', '203.0.113.200', '198.51.100.9', '10.99.0.1'];
  const rows = peers.map((destination, index) => ({
    ...{ startMs: NOON + index * 1000, endMs: NOON + index * 1000 + 500, source: '10.40.10.11', sourcePort: 40_000 + index },
    ...{ destination, destinationPort: 443, protocol: 6, octets: 900, flags: flagsOf('SA'), sequence: index },
  }));
  engine.ingest(batchOf(claims, rows));
  return engine.findings();
}

const places = (findings: readonly Finding[]) =>
  Object.fromEntries(findings.map(({ peerAddress, peerCountry, peerAsn }) => [peerAddress, `${peerCountry} ${peerAsn}`]));

it('tells country and AS of its peer; what the data does not tell, and what is private, stays empty', () => {
  expect(places(findingsOf({ country, asn }))).toEqual({
    '203.0.113.7': 'DE 64500',
    '203.0.113.200': 'NL 64500',
    '198.51.100.9': ' 0',
    '10.99.0.1': ' 0',
  });
});

it('is the same finding without data, and the same bytes again with it', () => {
  const [bare, placed] = [findingsOf({}), findingsOf({ country })];
  expect(new Set(Object.values(places(bare)))).toEqual(new Set([' 0']));
  expect(placed.map(({ id, claimsHash }) => [id, claimsHash])).toEqual(bare.map(({ id, claimsHash }) => [id, claimsHash]));
  expect(findingsJson([...findingsOf({ country })])).toBe(findingsJson([...placed]));
});

it('does without data that cannot be used', () => {
  expect(new Set(Object.values(places(findingsOf(readLocations({ country: '/nowhere/country.mmdb' })))))).toEqual(new Set([' 0']));
});

it('of a watch tells it too', () => {
  const claims = claimsOf(TEXT, { country, asn });
  const said: WatchFinding = {
    ...{
      detection: 'control-then-silence',
      fleet: 'f',
      asset: 'a',
      severity: 'high',
      confidence: 80,
      atMs: NOON,
      firstSeenMs: NOON,
      lastSeenMs: NOON,
    },
    ...{ observed: 1, expected: 0, unit: 'min', windowFromMs: NOON, windowToMs: NOON, records: 1, rule: 'r', sentence: 's' },
  };
  expect(watchFinding(claims, { ...said, peerAddress: '203.0.113.7' })).toMatchObject({ peerCountry: 'DE', peerAsn: 64_500 });
  expect(watchFinding(claims, said)).toMatchObject({ peerCountry: '', peerAsn: 0 });
});
