import { describe, expect, it } from 'vitest';
import type { FollowedDecision } from '../../../../detector/decisions/followed.js';
import { UNCLAIMED } from '../../../../detector/detections/example-claims.js';
import { claimVersion } from '../../../../detector/engine/claim-version.js';
import { ClaimEngines } from '../../../../detector/engine/engine-set.js';
import type { Finding } from '../../../../detector/findings/finding.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../flow/time.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../../support/rows.js';

/* What volumes hold of an incident is forgotten when somebody closes it as one: the same, or less, is told when it comes again. */

const claims = claimsOf(UNCLAIMED);
const START = Date.parse('2026-11-02T00:00:00Z');
const PEER = '203.0.113.7';

function row(startMs: number, index: number, octets: number, reverseOctets: number): Row {
  return {
    ...{
      startMs,
      endMs: startMs + 20_000,
      source: '10.40.10.11',
      sourcePort: 20_000 + (index % 40_000),
      destination: PEER,
      destinationPort: 443,
    },
    ...{ protocol: 6, octets, reverseOctets, packets: Math.ceil(octets / 1400), reversePackets: Math.ceil(octets / 2800) },
    ...{ flags: flagsOf('SAPF'), reverseFlags: flagsOf('SAPF'), biflow: true, sequence: index },
  };
}

function unlearning(effectiveMs: number, about: Partial<FollowedDecision>): FollowedDecision {
  return {
    ...{
      id: `u${effectiveMs}`,
      effectiveMs,
      does: 'unlearn',
      asset: 'scan-01',
      peer: '',
      accepted: [],
      detection: '',
      protocol: 0,
      port: 0,
    },
    ...about,
  };
}

function told(detection: string, rows: readonly Row[], decisions: readonly FollowedDecision[]): Finding[] {
  const versions = [claimVersion(claims)];
  const engine = new ClaimEngines(
    () => versions,
    {},
    () => decisions,
  );
  const last = new Map<string, Finding>();
  engine.ingest(batchOf(claims, rows));
  for (const finding of engine.takeChanged()) last.set(finding.id, finding);
  return [...last.values()].filter((finding) => finding.detection === detection);
}

describe('an incident that volumes had learned', () => {
  it('asymmetry-flip: what always goes up to a peer is usual, until that is said to be an incident', () => {
    const hourly = Array.from({ length: 17 * 24 }, (_, hour) => row(START + hour * HOUR_MS + 5 * MINUTE_MS, hour, 20_000_000, 300_000));
    const decidedMs = START + 15 * DAY_MS;
    expect(told('asymmetry-flip', hourly, [])).toEqual([]);
    expect(told('asymmetry-flip', hourly, [unlearning(decidedMs, { peer: '198.51.100.4' })])).toEqual([]);
    const [first] = told('asymmetry-flip', hourly, [unlearning(decidedMs, { peer: PEER })]);
    // Two hours are open at a time.
    expect(first?.windowFromMs).toBeGreaterThanOrEqual(decidedMs - 2 * HOUR_MS);
    expect(first?.sentence).toContain('no claim admits this group of peers');
  });

  it('volume-up: the largest surge of a day stands in its finding, and a lesser one after that was said to be an incident', () => {
    const day = START + 17 * DAY_MS;
    const surges = new Map([
      [day + 3 * HOUR_MS, 300_000_000],
      [day + 15 * HOUR_MS, 200_000_000],
    ]);
    const rows = Array.from({ length: 18 * 144 }, (_, slot) => {
      const atMs = START + slot * 10 * MINUTE_MS;
      return row(atMs, slot, surges.get(atMs) ?? 1_000_000 + 10_000 * (slot % 7), 900_000);
    });
    const hourOf = (detection: string): number[] =>
      told('volume-up', rows, [unlearning(day + 12 * HOUR_MS, { detection })]).map(({ windowFromMs }) =>
        Math.floor((windowFromMs - day) / HOUR_MS),
      );
    expect(hourOf('asymmetry-flip')).toEqual([3]);
    expect(hourOf('volume-up')).toEqual([15]);
  });
});
