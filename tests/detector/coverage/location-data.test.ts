import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { exitOf, verdictTable } from '../../../cli/render/verdicts.js';
import { compileTexts } from '../../../detector/claims/load.js';
import { locationOf } from '../../../detector/claims/location/location.js';
import { judgePeriod } from '../../../detector/coverage/verdict.js';
import { addVerdict, createVerdictBatch } from '../../../detector/coverage/verdict-batch.js';
import type { Verdict } from '../../../detector/coverage/verdict-types.js';
import { CLAIMS, facts } from './facts.js';

/** A verdict by country or AS number is worth what the table of countries is worth: an auditor must be able to get the very same one. */

const TABLE = Buffer.from('# date: 2026-11-01\n203.0.113.0/24,KP\n');
const SHA256 = createHash('sha256').update(TABLE).digest('hex');
const country = locationOf('country', '/srv/geo/places.csv', TABLE);
const asn = locationOf('asn', 'numbers.csv', Buffer.from('203.0.113.0/24,64500\n'));

/** The verdicts of the claims of facts.ts with another peer, and of a second claim that names no place. */
function judge(peer: string, change: Parameters<typeof facts>[0] = {}, exceptionPeer = 'cidr: ["203.0.113.9"]'): Verdict[] {
  const second = CLAIMS.slice(CLAIMS.indexOf('  - id: c\n'), CLAIMS.indexOf('exceptions:')).replace('id: c', 'id: plain');
  const text = CLAIMS.replace('peer: { sets: [far] }', `peer: { ${peer} }`)
    .replace('cidr: ["203.0.113.9"]', exceptionPeer)
    .replace('exceptions:', () => `${second}exceptions:`);
  const { claims } = compileTexts([{ file: 'c.yaml', text }], undefined, { country, asn }).compilation;
  return judgePeriod(facts({ claims, ...change }));
}

const about = (verdict: Verdict) => verdict.reasons.filter(({ code }) => code === 'location-data').map(({ about }) => about);

test('the verdict names the data with its day and sha256, in its line and, whole, among its reasons', () => {
  const [verdict, other] = judge('country: [KP]');
  expect(verdict).toMatchObject({ verdict: 'VERIFIED' });
  expect(verdict!.sentence).toContain(`; countries by places.csv of 2026-11-01, sha256 ${SHA256.slice(0, 12)}….`);
  expect(verdict!.reasons.map(({ code }) => code)).toEqual(['coverage-met', 'location-data']);
  expect(verdict!.reasons[1]).toMatchObject({ about: 'country', sentence: expect.stringContaining(SHA256) });
  // What rests on no location data names none.
  expect(other!.sentence).not.toContain('places.csv');
  expect(about(other!)).toEqual([]);
});

test('it is told once, whatever the word, and leaves the word alone', () => {
  const finding = { claim: 'c', asset: 's1', completion: 'transferred', records: 1, windowToMs: facts({}).period.toMs } as const;
  for (const [word, change] of [
    ['NOT_PROVEN', { coverage: [] }],
    ['VIOLATED', { findings: [finding] }],
  ] as const) {
    const [verdict] = judge('country: [KP]', change);
    expect(verdict!.verdict).toBe(word);
    expect(verdict!.sentence.split('places.csv')).toHaveLength(2);
    expect(about(verdict!)).toEqual(['country']);
  }
});

test('through sets and exceptions too, and each kind of data by itself', () => {
  expect(about(judge('asn: [64500]')[0]!)).toEqual(['asn']);
  expect(about(judge('asn: [64500], country: [KP]')[0]!)).toEqual(['asn', 'country']);
  expect(about(judge('sets: [far]', {}, 'country: [NL]')[0]!)).toEqual(['country']);
  expect(judge('asn: [64500]')[0]!.sentence).toMatch(/; AS numbers by numbers\.csv, sha256 [0-9a-f]{12}…\./);
});

test('stored and shown: the row holds it whole, and so does the table of replay and verdict', () => {
  const verdicts = judge('country: [KP]');
  const batch = createVerdictBatch(4);
  for (const verdict of verdicts) addVerdict(batch, verdict, 1);
  expect(batch.columns.reasons[0]).toContain(SHA256);
  expect(batch.columns.sentence[0]).toContain('places.csv');
  expect(verdictTable(verdicts).replace(/\s+/g, ' ')).toContain('places.csv');
  expect(exitOf(verdicts)).toBe(0);
});
