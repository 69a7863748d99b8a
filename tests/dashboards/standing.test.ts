import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadLibrary } from '../../dashboards/console/library.js';
import { SEVERITIES } from '../../detector/claims/compiled.js';
import { type Decision, EVERYTHING, type Scope, type Verb, withId } from '../../detector/decisions/decision.js';
import { createDesk } from '../../detector/decisions/desk.js';
import { writeDecisions } from '../../detector/store/queries/decisions.js';
import { packageRoot } from '../../flow/service/paths.js';
import { DAY_MS, HOUR_MS } from '../../flow/time.js';
import { DAY, DAY_RANGE, sampleFinding } from './support/sample-data.js';
import { openSampleStore, type SampleStore } from './support/sample-store.js';

/*
 * The screens compute in SQL how findings stand, the command line in detector/decisions/standing.ts. Over 240 findings and 160 decisions of every kind, drawn
 * from a seeded generator, both say the same; where a mute has a time of day, which SQL does not compute, the screens may show more and never less.
 */

const PEERS = ['203.0.113.9', '203.0.113.77', '198.51.100.4', '2001:db8:1::4', '2001:db8:2::4', '::'];
/** What each of them lies in. */
const NETWORKS: Readonly<Record<string, readonly string[]>> = {
  '203.0.113.9': ['203.0.113.0/24', '203.0.113.8/31', '0.0.0.0/0'],
  '203.0.113.77': ['203.0.113.0/24'],
  '198.51.100.4': ['198.51.100.4/32'],
  '2001:db8:1::4': ['2001:db8:1::/48', '2001:db8::/32'],
  '2001:db8:2::4': ['2001:db8:2::4/128', '::/0'],
  '::': [''],
};
const FINDINGS = 240;

/** Mulberry32: the same numbers in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const next = generator(20261122);
const pick = <T>(from: readonly T[]): T => from[next(from.length)]!;
const findings = Array.from({ length: FINDINGS }, (_, index) => {
  const peer = pick(PEERS);
  return {
    ...{
      id: `e${index.toString(16).padStart(4, '0')}`,
      claim: pick(['', 'c1', 'c2']),
      severity: pick(SEVERITIES),
      fleet: pick(['f1', 'f2']),
    },
    ...{ asset: pick(['a1', 'a2', 'a3']), peerAddress: peer, peerName: pick(['', 'vendor']), port: peer === '::' ? 0 : pick([22, 443]) },
    ...{ octetsOut: 1, firstSeen: DAY + next(20) * HOUR_MS, sentence: 'x' },
  };
});

/** The scope of a finding, wider in some of its parts: the desk refuses one that the finding does not lie in. */
function scopeOf(finding: (typeof findings)[number]): Partial<Scope> {
  const { asset, fleet, claim, peerAddress, peerName, port } = finding;
  const wide = next(20) === 0;
  const peer = peerAddress === '::' ? '' : next(3) === 0 ? pick(NETWORKS[peerAddress]!) : peerAddress;
  return {
    asset: wide ? '' : asset,
    fleet,
    claim: next(6) === 0 ? '' : claim,
    peer: wide && next(2) === 0 ? '' : peer,
    peerName,
    port: next(2) * port,
  };
}

/** A past that expired before anybody runs this, and a future that nobody reaches. */
const EXPIRED = Date.UTC(2024, 0, 1);
const FAR = Date.UTC(2090, 0, 1);

const TAKEN = [
  'acknowledge',
  'acknowledge',
  'acknowledge',
  'expected',
  'incident',
  'noise',
  'reopen',
  'revoke',
] as const satisfies readonly Verb[];

function decisions(): Decision[] {
  const taken: Decision[] = [];
  for (let index = 0; index < 160; index++) {
    const verb = pick(TAKEN);
    const finding = pick(findings);
    const timeOfDay = next(12) === 0 ? { timezone: 'Europe/Amsterdam', minuteFrom: next(1440), minuteUntil: next(1440) } : {};
    const closes = verb === 'expected' || verb === 'noise';
    taken.push(
      withId({
        ...EVERYTHING,
        ...(closes ? { ...scopeOf(finding), ...timeOfDay } : {}),
        ...{
          atMs: EXPIRED - 160 * 60_000 + index * 60_000,
          effectiveMs: DAY + next(20) * HOUR_MS,
          verb,
          author: `p${index % 3}`,
          reason: 'r',
        },
        ...{
          finding: verb === 'revoke' ? '' : finding.id,
          findingRevision: next(2),
          severity: pick(SEVERITIES),
          sentence: 'x',
          accepted: [],
        },
        ...{ untilMs: closes ? (next(4) === 0 ? EXPIRED : FAR) : 0, revokes: verb === 'revoke' ? (taken.at(-1 - next(5))?.id ?? '') : '' },
      }),
    );
  }
  return taken;
}

let sample: SampleStore;
beforeAll(async () => {
  sample = await openSampleStore({ findings: findings.map(sampleFinding) });
});
afterAll(() => sample.close());

test('how findings stand on the screens is how they stand at the desk', async () => {
  const taken = decisions();
  await writeDecisions(sample.store, taken);
  const desk = createDesk({ store: sample.store, now: () => EXPIRED + DAY_MS });
  const told = new Map((await desk.list({})).map(({ finding, standing }) => [finding.id, standing]));
  const library = loadLibrary(join(packageRoot(), 'dashboards', 'generated'));
  const source = { kind: 'panel', panel: 2, refId: 'A' } as const;
  const { sql } = library.expand({ dashboard: 'cordon-triage', source, ...DAY_RANGE, variables: {} }, Date.parse(DAY_RANGE.to));
  const { meta, data } = await sample.query(sql);
  const at = (name: string) => meta.findIndex((column) => column.name === name);
  const shown = new Map(
    data.map((row) => [String(row[at('Finding')]), { state: String(row[at('Decide')]), text: String(row[at('State')]) }]),
  );
  expect(shown.size).toBe(FINDINGS + 6);
  const timed = taken.some(({ timezone }) => timezone !== '');
  const states = { open: 0, acknowledged: 0, closed: 0 };
  let more = 0;
  for (const [id, standing] of told) {
    const screen = shown.get(id)!;
    states[standing.state]++;
    if (standing.decision !== undefined && standing.decision.timezone !== '' && screen.state !== standing.state) {
      expect(standing.state, `${id}: the screens may show what the desk has closed, not the other way round`).toBe('closed');
      more++;
      continue;
    }
    expect([id, screen.state], JSON.stringify(standing)).toEqual([id, standing.state]);
    if (standing.state === 'closed') expect(screen.text).toBe(`closed as ${standing.word} by ${standing.decision?.author}`);
  }
  expect(Math.min(...Object.values(states)), JSON.stringify(states)).toBeGreaterThan(5);
  expect(timed && more < FINDINGS / 10).toBe(true);
});
