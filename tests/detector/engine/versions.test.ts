import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { type ClaimVersion, claimVersion } from '../../../detector/engine/claim-version.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { type ClaimEngines, createClaimEngines } from '../../../detector/engine/engine-set.js';
import { compareFindings, findingsJson } from '../../../detector/findings/json.js';
import { compareJudgements } from '../../../detector/findings/judgement.js';
import { DAY_MS, MINUTE_MS } from '../../../flow/time.js';
import { batchOf, claimsOf, type Row } from '../support/rows.js';
import { asUniflows, exchanges, inOrder, TRAFFIC_CLAIMS } from '../support/traffic.js';

/*
 * Claims that change while the detector runs: the old version judges what starts before a moment of record time, the new one the rest, each as if it
 * were alone, and nobody can tell from the findings when the detector learned of the change.
 */

const before = claimsOf(TRAFFIC_CLAIMS);
/** The archive is no longer allowed, and a claim has another severity. */
const after = claimsOf(TRAFFIC_CLAIMS.replace('{ sets: [archive] }, ports: [tcp/445]', '{ sets: [archive] }, ports: [tcp/446]'));

const rows = inOrder(
  fc
    .sample(exchanges, { numRuns: 40, seed: 7 })
    .flat()
    .flatMap((exchange) => asUniflows(exchange, true)),
);
const starts = rows.map(({ startMs }) => startMs).sort((a, b) => a - b);
const changeMs = Math.floor(starts[Math.floor(starts.length / 2)]! / MINUTE_MS) * MINUTE_MS;

const versions = (from: CompiledClaims, to: CompiledClaims, atMs: number): ClaimVersion[] => [
  claimVersion(from, Number.NEGATIVE_INFINITY, atMs),
  claimVersion(to, atMs),
];
const detector = (list: readonly ClaimVersion[]): ClaimEngines => createClaimEngines(() => list);
const batch = (list: readonly Row[]) => batchOf(before, list);
const told = (engine: Pick<ClaimEngines, 'findings' | 'judgements'>): string =>
  `${findingsJson(engine.findings())}${JSON.stringify(engine.judgements())}`;

function alone(list: readonly Row[], atMs: number): Pick<ClaimEngines, 'findings' | 'judgements'> {
  const [old, next] = versions(before, after, atMs);
  const engines = [old!, next!].map(({ claims, fromMs, untilMs }) => {
    const engine = createEngine({ claims });
    engine.ingest(batch(list.filter(({ startMs }) => startMs >= fromMs && startMs < untilMs)));
    return engine;
  });
  return {
    findings: () => engines.flatMap((engine) => engine.findings()).sort(compareFindings),
    judgements: () => engines.flatMap((engine) => engine.judgements()).sort(compareJudgements),
  };
}

describe('a claim set that changes at a moment of record time', () => {
  it('is judged as two engines would that see nothing but their own time', () => {
    const both = detector(versions(before, after, changeMs));
    both.ingest(batch(rows));
    expect(both.findings().map(({ claimsHash }) => claimsHash)).toEqual(expect.arrayContaining([before.hash, after.hash]));
    expect(told(both)).toBe(told(alone(rows, changeMs)));
  });

  it('splits the calendar period: what both versions found has ids and counts of its own', () => {
    const both = detector(versions(before, after, changeMs));
    both.ingest(batch(rows));
    const findings = both.findings();
    expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
    const ofNew = both.judgements().filter(({ claimsHash }) => claimsHash === after.hash);
    expect(Math.min(...ofNew.map(({ periodFromMs }) => periodFromMs))).toBe(changeMs);
    const judged = both.judgements().filter(({ kind }) => kind === 'judged');
    const straight = createEngine({ claims: before });
    straight.ingest(batch(rows));
    const sum = (list: readonly { readonly records: number }[]): number => list.reduce((total, { records }) => total + records, 0);
    expect(sum(judged)).toBe(sum(straight.judgements().filter(({ kind }) => kind === 'judged')));
  });

  it('may be told at any time before the first record that it concerns: late records find their version, and nothing differs', () => {
    const list = versions(before, after, changeMs);
    const early = rows.filter(({ startMs }) => startMs < changeMs);
    const late = early.filter((_, index) => index % 7 === 0);
    const [next, rest] = [true, false].map((is) => rows.filter(({ startMs }) => startMs >= changeMs && startMs < list[0]!.closesMs === is));
    const inTime = early.filter((_, index) => index % 7 !== 0);
    const stream = [...inTime, ...next!, ...late, ...rest!];
    let current: readonly ClaimVersion[] = [claimVersion(before)];
    const surprised = createClaimEngines(() => current);
    const until = inTime.length;
    surprised.ingest(batch(stream.slice(0, until)));
    current = list;
    for (let at = until; at < stream.length; at += 50) surprised.ingest(batch(stream.slice(at, at + 50)));
    expect(told(surprised)).toBe(told(alone(stream, changeMs)));
  });

  it('is judged the same wherever batches begin and end, later than any record of the old version may come, too', () => {
    const list = versions(before, after, changeMs);
    const stream = [...rows, ...rows.filter(({ startMs }) => startMs < changeMs).slice(0, 60)];
    expect(rows.some(({ startMs }) => startMs >= list[0]!.closesMs)).toBe(true);
    const [whole, cut] = [detector(list), detector(list)];
    whole.ingest(batch(stream));
    for (let at = 0; at < stream.length; at += 37) cut.ingest(batch(stream.slice(at, at + 37)));
    expect(told(cut)).toBe(told(whole));
  });

  it('goes on with what the learning detections know, wherever batches are cut: a changed rule is no reason to learn anew', () => {
    const parameters = { 'new-destination': { warmUpHours: 1, leastScore: 1 } };
    const list = versions(before, after, changeMs);
    const learned = (cut: number): ClaimEngines => {
      const engine = createClaimEngines(() => list, parameters);
      for (let at = 0; at < rows.length; at += cut) engine.ingest(batch(rows.slice(at, at + cut)));
      return engine;
    };
    const news = learned(rows.length)
      .findings()
      .filter(({ detection }) => detection === 'new-destination');
    expect(news.some(({ claimsHash }) => claimsHash === after.hash)).toBe(true);
    // Nobody is new who was met before the change.
    const met = (finding: { readonly asset: string; readonly peerAddress: string }) => `${finding.asset} ${finding.peerAddress}`;
    const ofOld = new Set(news.filter(({ claimsHash }) => claimsHash === before.hash).map(met));
    expect(ofOld.size).toBeGreaterThan(0);
    expect(news.filter((finding) => finding.claimsHash === after.hash && ofOld.has(met(finding)))).toEqual([]);
    expect(told(learned(23))).toBe(told(learned(rows.length)));
  });

  it('leaves a record that begins before and ends after to the old version', () => {
    const straddling = { ...rows[0]!, startMs: changeMs - 1000, endMs: changeMs + 1000 };
    const both = detector(versions(before, after, changeMs));
    both.ingest(batch([straddling]));
    expect(both.judgements().map(({ claimsHash }) => claimsHash)).not.toContain(after.hash);
    both.ingest(batch([{ ...straddling, startMs: changeMs }]));
    expect(both.judgements().map(({ claimsHash }) => claimsHash)).toContain(after.hash);
  });

  it('finds the same again from a snapshot of before the change, of after it, and without any', () => {
    const list = versions(before, after, changeMs);
    const straight = detector(list);
    straight.ingest(batch(rows));
    for (const share of [0.2, 0.5, 0.9]) {
      const at = Math.floor(rows.length * share);
      // When the snapshot of before is made nobody knows of the change.
      let current: readonly ClaimVersion[] = share < 0.5 ? [claimVersion(before)] : list;
      const killed = createClaimEngines(() => current);
      killed.ingest(batch(rows.slice(0, at)));
      const bytes = killed.snapshot();
      current = list;
      const again = createClaimEngines(() => current);
      expect(again.restore(bytes)).toBeUndefined();
      again.ingest(batch(rows.slice(at)));
      expect(told(again)).toBe(told(straight));
    }
  });

  it('that is changed back is a third version, not the first one', () => {
    const backMs = changeMs + 10 * MINUTE_MS;
    const three = detector([
      claimVersion(before, Number.NEGATIVE_INFINITY, changeMs),
      claimVersion(after, changeMs, backMs),
      claimVersion(before, backMs),
    ]);
    three.ingest(batch(rows));
    const periods = three.judgements().flatMap(({ claimsHash, periodFromMs }) => (claimsHash === before.hash ? [periodFromMs] : []));
    expect(periods).toContain(backMs);
    expect(Math.min(...periods)).toBeLessThan(changeMs);
    const findings = three.findings();
    expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
  });

  it('lets the old version go when its last period is final, not before all that it found was taken', () => {
    const both = detector(versions(before, after, changeMs));
    both.ingest(batch(rows));
    const closesMs = versions(before, after, changeMs)[0]!.closesMs;
    expect(closesMs).toBeGreaterThan(before.periodOf(changeMs - 1).toMs);
    const much = { ...rows[0]!, startMs: closesMs + DAY_MS, endMs: closesMs + DAY_MS + 1 };
    both.ingest(batch([much]));
    expect(both.takeChangedJudgements().map(({ claimsHash }) => claimsHash)).toContain(before.hash);
    expect(both.takeChanged().map(({ claimsHash }) => claimsHash)).toContain(before.hash);
    both.takeChangedJudgements();
    expect(both.findings().map(({ claimsHash }) => claimsHash)).not.toContain(before.hash);
    // Its time is over: a record of then is stored, and judged no more.
    both.ingest(batch([rows[0]!]));
    expect(both.judgements().map(({ claimsHash }) => claimsHash)).not.toContain(before.hash);
    const again = detector(versions(before, after, changeMs));
    expect(again.restore(both.snapshot())).toBeUndefined();
    expect(told(again)).toBe(told(both));
  });
});
