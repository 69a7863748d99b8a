import { describe, expect, it } from 'vitest';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { judgePeriod } from '../../../detector/coverage/verdict.js';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { claimVersion } from '../../../detector/engine/claim-version.js';
import { type ClaimEngines, createClaimEngines } from '../../../detector/engine/engine-set.js';
import { findingsJson } from '../../../detector/findings/json.js';
import { STRETCH } from '../../../detector/findings/judgement.js';
import { HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import { batchOf, claimsOf, type Row } from '../support/rows.js';

/*
 * What waits for time to pass is decided at the end of a version of the claims too: time goes on with the records that the next version judges. A unit that
 * says nothing more leaves it open, as it does without a change.
 */

const NOON = Date.parse('2026-12-03T11:00:00Z');
const SAPF = 0x1b;

/** The file, and the same with another sentence: another version that judges alike. */
function changed(text: string): { list: ReturnType<typeof claimVersion>[]; before: CompiledClaims; after: CompiledClaims } {
  const [before, after] = [claimsOf(text), claimsOf(text.replace(/text: "/, 'text: "As of noon: '))];
  expect(after.hash).not.toBe(before.hash);
  return { list: [claimVersion(before, Number.NEGATIVE_INFINITY, NOON), claimVersion(after, NOON)], before, after };
}

/** Judged in one batch, in batches of `cut` rows, and through a snapshot: no difference. */
function judged(text: string, rows: readonly Row[]): { engines: ClaimEngines; before: CompiledClaims } {
  const { list, before } = changed(text);
  const ordered = [...rows].sort((a, b) => a.endMs - b.endMs).map((row, sequence) => ({ ...row, sequence }));
  const run = (cut: number, killAt = -1): ClaimEngines => {
    let engines = createClaimEngines(() => list);
    for (let at = 0; at < ordered.length; at += cut) {
      engines.ingest(batchOf(before, ordered.slice(at, at + cut)));
      if (at !== killAt) continue;
      const again = createClaimEngines(() => list);
      expect(again.restore(engines.snapshot())).toBeUndefined();
      engines = again;
    }
    return engines;
  };
  const told = (engines: ClaimEngines): string => `${findingsJson(engines.findings())}${JSON.stringify(engines.judgements())}`;
  const whole = run(ordered.length);
  const last = ordered.findLastIndex(({ startMs }) => startMs < NOON);
  for (const other of [run(1), run(7), run(1, last), run(1, last + 3)]) expect(told(other)).toBe(told(whole));
  return { engines: whole, before };
}

describe('works_without at the end of a version', () => {
  const ISLAND = exampleClaims(
    '{ works_without: { peer: { sets: [maint-gw] }, for: PT1H, alive: { peer: { sets: [archive] }, ports: [tcp/445] }, at_least: { bytes: 1MiB, per: PT1H, scope: member } } }',
  );
  const every = (minutes: number, fromMs: number, untilMs: number, row: Omit<Row, 'startMs' | 'endMs'>): Row[] =>
    Array.from({ length: Math.ceil((untilMs - fromMs) / (minutes * MINUTE_MS)) }, (_, n) => {
      const startMs = fromMs + n * minutes * MINUTE_MS;
      return { startMs, endMs: startMs + 5000, ...row };
    });
  const image = (untilMs: number) =>
    every(10, NOON - 4 * HOUR_MS, untilMs, {
      source: '10.40.10.11',
      destination: '10.40.30.10',
      sourcePort: 40_001,
      destinationPort: 445,
      protocol: 6,
      octets: 5_000_000,
      flags: SAPF,
    });
  const clock = (source: string, untilMs: number) =>
    every(2, NOON - 4 * HOUR_MS, untilMs, {
      source,
      destination: '10.40.1.123',
      sourcePort: 123,
      destinationPort: 123,
      protocol: 17,
      octets: 76,
    });
  const END = NOON + 3 * HOUR_MS;
  const ALIVE = [...image(END), ...clock('10.40.10.11', END)];

  const stretches = (engines: ClaimEngines, { hash }: CompiledClaims, about: string) =>
    engines.judgements().find((one) => one.claimsHash === hash && one.about === `${about} scan-01`);

  it('the last stretch is judged, and what is open begins at the end', () => {
    const { engines, before } = judged(ISLAND, ALIVE);
    // That it sends every ten minutes is told of the unclaimed archive, and is not what is asked here.
    expect(engines.findings().filter(({ detection }) => detection !== 'beacon')).toEqual([]);
    expect(stretches(engines, before, STRETCH.held)?.flows).toBe(4);
    expect(stretches(engines, before, STRETCH.open)?.lastMs).toBe(NOON);
  });

  it('a stretch that was not alive breaks the claim, though it ends with it', () => {
    const { engines, before } = judged(ISLAND, [
      ...image(NOON - HOUR_MS),
      ...image(END).filter(({ startMs }) => startMs >= NOON),
      ...clock('10.40.10.11', END),
    ]);
    const findings = engines.findings().filter(({ claim }) => claim !== '');
    expect(findings).toMatchObject([
      { asset: 'scan-01', claimsHash: before.hash, windowFromMs: NOON - HOUR_MS, windowToMs: NOON, observed: 0 },
    ]);
  });

  it('the verdict of its part no longer says that records ended early', () => {
    const { engines, before } = judged(ISLAND, ALIVE);
    const [{ claims }] = changed(ISLAND).list as [ReturnType<typeof claimVersion>];
    const period = before.periodOf(NOON - 1);
    const [verdict] = judgePeriod({
      claims,
      period,
      findings: [],
      coverage: [],
      judgements: engines.judgements().filter(({ claimsHash }) => claimsHash === before.hash),
      watermarkMs: Number.POSITIVE_INFINITY,
    });
    expect(verdict!.toMs).toBe(NOON);
    expect(verdict!.reasons.flatMap(({ code, about }) => (about === 'scan-01' ? [code] : []))).toEqual([]);
  });

  it('a unit that says nothing more leaves its last stretch open', () => {
    const { engines, before } = judged(ISLAND, [...image(NOON), ...clock('10.40.10.11', NOON)]);
    expect(stretches(engines, before, STRETCH.held)?.flows).toBe(3);
    expect(stretches(engines, before, STRETCH.open)?.lastMs).toBe(NOON - HOUR_MS);
  });
});

describe('via at the end of a version', () => {
  const VIA = `version: 1
id: example
owner: security-office@example.org
timezone: Europe/Amsterdam
effective: { from: "2026-01-01" }
sets:
  vendor: { cidr: ["203.0.113.0/24"] }
  jump: { cidr: ["10.70.99.10"] }
fleets:
  billing-db: { vendor: Example, site: Example data centre, members: [{ name: db-1, ip: ["10.70.11.21"] }] }
sensors:
  core: { kind: ipfix, exporter: "10.70.0.1", sampling: 1, active_timeout: PT1M, sees: [north-south, management] }
claims:
  - id: by-bastion
    text: "The vendor reaches the databases by the bastion only."
    subject: billing-db
    severity: critical
    assert: { via: { from: { sets: [vendor] }, jump: { sets: [jump] }, to: { peer: { fleets: [billing-db] }, ports: [tcp/22] }, skew: PT30S } }
    coverage: { sensors: [core], time: "99%", max_gap: PT10M }
`;
  const session = (source: string, destination: string, startMs: number, lengthMs: number): Row => ({
    startMs,
    endMs: startMs + lengthMs,
    source,
    destination,
    sourcePort: 50_001,
    destinationPort: 22,
    protocol: 6,
    octets: 40_000,
    reverseOctets: 90_000,
    flags: SAPF,
    reverseFlags: SAPF,
    biflow: true,
  });
  const later = (n: number): Row => ({ ...session('10.70.11.21', '10.70.1.53', NOON + n * 20 * MINUTE_MS, 1000), destinationPort: 53 });
  const behind = session('10.70.99.10', '10.70.11.21', NOON - 5000, 4000);
  const LATER = [later(1), later(2), later(3)];

  it('a session from the jump host without one on it is found, though its time comes after the end', () => {
    const { engines, before } = judged(VIA, [behind, ...LATER]);
    expect(engines.findings().filter(({ claim }) => claim !== '')).toMatchObject([
      { asset: 'db-1', peerAddress: '10.70.99.10', claimsHash: before.hash },
    ]);
  });

  it('one on it that began before is enough, and so is one that seems to begin after the end, within the skew', () => {
    for (const startMs of [NOON - 8000, NOON + 2000]) {
      const { engines } = judged(VIA, [behind, session('203.0.113.7', '10.70.99.10', startMs, 20_000), ...LATER]);
      expect(engines.findings().filter(({ claim }) => claim !== '')).toEqual([]);
    }
  });
});
