import { describe, expect, it } from 'vitest';
import { WATCH_IDS, WATCHES } from '../../../detector/watches/index.js';
import type { Watch, WatchExample } from '../../../detector/watches/watch.js';
import { HOUR_MS } from '../../../flow/time.js';
import { claimsOf, exampleRows } from '../support/rows.js';
import { flowsOfRows } from './flows.js';
import { findingsOf, ledgerOf } from './support.js';

/** Each watch's own examples, by the real claim compiler: what its documentation shows is true, and what it says can be computed again. */
describe.each(WATCH_IDS)('%s', (id) => {
  const watch: Watch = WATCHES[id];
  const told = (example: WatchExample) => findingsOf(example, id).filter((finding) => finding.detection === id);

  it.each(watch.examples.fires.map((example) => [example.name, example] as const))('fires: %s', (_name, example) => {
    const findings = told(example);
    expect(findings).not.toEqual([]);
    const claims = claimsOf(example.claims);
    const rows = exampleRows(example.rows);
    const minutes = ledgerOf(example.ledger);
    for (const finding of findings) {
      expect(finding.sentence).not.toMatch(/NaN|undefined|Infinity/);
      expect(finding.records).toBeGreaterThan(0);
      expect(finding.windowToMs).toBeGreaterThanOrEqual(finding.windowFromMs);
      const isAsset = claims.assets.some(({ name }) => name === finding.asset);
      const near = rows.filter(({ startMs, endMs }) => endMs >= finding.windowFromMs - 2 * HOUR_MS && startMs < finding.windowToMs);
      const own = flowsOfRows(claims, near).filter(({ asset }) => !isAsset || asset === finding.asset);
      expect(watch.recompute(finding, { rows: own, minutes }, claims)).toBeCloseTo(finding.observed, 6);
    }
  });

  it.each(watch.examples.silent.map((example) => [example.name, example] as const))('stays silent: %s', (_name, example) => {
    expect(told(example).map((finding) => finding.sentence)).toEqual([]);
  });

  it('is filed under its id, with defaults within their bounds', () => {
    expect(watch.id).toBe(id);
    for (const parameter of Object.values(watch.parameters)) {
      expect(parameter.default).toBeGreaterThanOrEqual(parameter.least);
      expect(parameter.default).toBeLessThanOrEqual(parameter.most);
    }
  });
});
