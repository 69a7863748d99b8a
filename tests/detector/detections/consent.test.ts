import { describe, expect, it } from 'vitest';
import type { FollowedDecision } from '../../../detector/decisions/followed.js';
import { UNCLAIMED } from '../../../detector/detections/example-claims.js';
import { claimVersion } from '../../../detector/engine/claim-version.js';
import { ClaimEngines } from '../../../detector/engine/engine-set.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { findingsJson } from '../../../detector/findings/json.js';
import { DAY_MS, HOUR_MS } from '../../../flow/time.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../support/rows.js';

/*
 * Learning with consent: an outside peer that no claim admits is never learned silently, an incident is forgotten, and what people decided takes effect at one record
 * time, whatever the batches and restarts.
 */

const claims = claimsOf(UNCLAIMED);
const START = Date.parse('2026-11-01T08:00:00Z');
const LEARNED = START + 15 * DAY_MS;
const INSIDE = '10.40.30.10';
const MET = '203.0.113.7';
const ACCEPTED = '198.51.100.4';

const row = (startMs: number, destination: string, index = 0): Row => ({
  ...{ startMs, endMs: startMs + 1000, source: '10.40.10.11', sourcePort: 40_000 + index, destination, destinationPort: 443, protocol: 6 },
  ...{ octets: 1000, reverseOctets: 500, flags: flagsOf('SAPF'), reverseFlags: flagsOf('SAPF'), sequence: index },
});

/** Two weeks in which the asset meets one peer inside and two outside every day; then the same for another week. */
const ROWS = Array.from({ length: 24 }, (_, day) =>
  [INSIDE, MET, ACCEPTED].map((peer, index) => row(START + day * DAY_MS + index * HOUR_MS, peer, day * 3 + index)),
).flat();

const ABOUT_ANY = { detection: '', protocol: 0, port: 0 } as const;
const approval = (effectiveMs: number, accepted: readonly string[]): FollowedDecision => ({
  ...{ id: `a${effectiveMs}`, effectiveMs, does: 'approve', asset: 'scan-01', peer: '', accepted },
  ...ABOUT_ANY,
});
const unlearning = (effectiveMs: number, peer: string): FollowedDecision => ({
  ...{ id: `u${effectiveMs}${peer}`, effectiveMs, does: 'unlearn', asset: 'scan-01', peer, accepted: [] },
  ...ABOUT_ANY,
});

interface How {
  /** Rows a batch. */
  readonly size?: number;
  /** Snapshots and restores into a new engine after each batch. */
  readonly restarts?: boolean;
}

function judged(
  decisions: readonly FollowedDecision[],
  rows: readonly Row[] = ROWS,
  { size = rows.length, restarts = false }: How = {},
): Finding[] {
  const versions = [claimVersion(claims)];
  const make = () =>
    new ClaimEngines(
      () => versions,
      {},
      () => decisions,
    );
  let engine = make();
  const last = new Map<string, Finding>();
  for (let at = 0; at < rows.length; at += size) {
    engine.ingest(batchOf(claims, rows.slice(at, at + size)));
    for (const finding of engine.takeChanged()) last.set(finding.id, finding);
    if (!restarts) continue;
    const next = make();
    expect(next.restore(engine.snapshot())).toBeUndefined();
    engine = next;
  }
  return [...last.values()].filter(({ detection }) => detection === 'new-destination');
}

const told = (findings: readonly Finding[]) =>
  findings.map(({ peerAddress, firstSeenMs }) => [peerAddress, Math.floor((firstSeenMs - START) / DAY_MS)]);

describe('what an asset learned', () => {
  it('is not reported while nobody has decided', () => {
    expect(told(judged([]))).toEqual([]);
  });

  it('is agreed to by an approval, outside peers that were not accepted excepted: they are reported when they come again, once', () => {
    const findings = judged([approval(LEARNED, [ACCEPTED])]);
    expect(told(findings)).toEqual([[MET, 15]]);
    expect(findings[0]!.sentence).toContain('met while learning, and not accepted when what the asset had learned was approved');
    expect(told(judged([approval(LEARNED, ['203.0.113.0/24', ACCEPTED])]))).toEqual([]);
    expect(told(judged([approval(LEARNED, [])])).map(([peer]) => peer)).toEqual([MET, ACCEPTED]);
  });

  it('after an approval an outside peer that is new is reported as new', () => {
    const rows = [...ROWS, row(START + 22 * DAY_MS + 5 * HOUR_MS, '203.0.113.99', 999)].sort((a, b) => a.startMs - b.startMs);
    const findings = judged([approval(LEARNED, [MET, ACCEPTED])], rows);
    expect(told(findings)).toEqual([['203.0.113.99', 22]]);
    expect(findings[0]!.sentence).toContain('never met before');
  });

  it('is forgotten when it was closed as incident, inside and outside, and reported when it comes again', () => {
    expect(told(judged([unlearning(LEARNED, INSIDE)]))).toEqual([[INSIDE, 15]]);
    expect(told(judged([unlearning(LEARNED, MET)]))).toEqual([[MET, 15]]);
    expect(told(judged([approval(LEARNED, [ACCEPTED]), unlearning(LEARNED + 4 * DAY_MS, MET)]))).toEqual([
      [MET, 15],
      [MET, 19],
    ]);
  });

  it('is not touched by decisions about another asset, nor before their time', () => {
    const other = { ...approval(LEARNED, []), asset: 'scan-02' };
    expect(told(judged([other, unlearning(START + 400 * DAY_MS, MET)]))).toEqual([]);
  });
});

describe('decisions', () => {
  const decisions = [approval(LEARNED, [ACCEPTED]), unlearning(LEARNED + 3 * DAY_MS + 30 * 60_000, INSIDE)];

  it('give equal findings whatever the batches, snapshots and restarts', () => {
    const whole = findingsJson(judged(decisions));
    expect(JSON.parse(whole)).toHaveLength(2);
    for (const size of [1, 2, 7, 30]) {
      expect(findingsJson(judged(decisions, ROWS, { size }))).toBe(whole);
      expect(findingsJson(judged(decisions, ROWS, { size, restarts: true }))).toBe(whole);
    }
  });

  it('that come while the engine works take effect at their time, as if they had been there from the beginning', () => {
    let known: readonly FollowedDecision[] = [];
    const versions = [claimVersion(claims)];
    const engine = new ClaimEngines(
      () => versions,
      {},
      () => known,
    );
    const cut = ROWS.findIndex(({ startMs }) => startMs > LEARNED - DAY_MS);
    engine.ingest(batchOf(claims, ROWS.slice(0, cut)));
    known = decisions;
    engine.ingest(batchOf(claims, ROWS.slice(cut)));
    expect(findingsJson(engine.findings().filter(({ detection }) => detection === 'new-destination'))).toBe(
      findingsJson(judged(decisions)),
    );
  });
});
