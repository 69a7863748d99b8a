import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { claimVersion } from '../../../detector/engine/claim-version.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { createClaimEngines } from '../../../detector/engine/engine-set.js';
import { findingsJson } from '../../../detector/findings/json.js';
import { batchOf, claimsOf } from '../support/rows.js';
import { asUniflows, exchanges, inOrder, TRAFFIC_CLAIMS } from '../support/traffic.js';

const claims = claimsOf(TRAFFIC_CLAIMS);
/** A second claim set over another machine, with one claim that any traffic of it breaks. */
const others = claimsOf(`
version: 1
id: others
owner: somebody@site.example
timezone: UTC
fleets: { printers: { vendor: "Printer-like", site: "here", members: [{ name: printer-1, ip: ["10.99.0.1"] }] } }
sensors: { tap: { kind: ipfix, exporter: "10.99.0.254", sees: [north-south] } }
claims:
  - { id: silent, text: "The printer talks to nobody.", subject: printers, severity: low, assert: { only: [] }, coverage: { sensors: [tap], time: "1%", max_gap: P1D } }
`);

const set = (...list: readonly CompiledClaims[]) => {
  const versions = list.map((one) => claimVersion(one));
  return createClaimEngines(() => versions);
};
const rows = inOrder(
  fc
    .sample(exchanges, { numRuns: 20, seed: 3 })
    .flat()
    .flatMap((exchange) => asUniflows(exchange, true)),
);
const batch = () => batchOf(claims, rows);

describe('several claim sets in one detector', () => {
  it('find what each finds alone, and rows of one do not disturb the other', () => {
    const alone = createEngine({ claims });
    alone.ingest(batch());
    const both = set(claims, others);
    both.ingest(batch());
    expect(alone.findings().length).toBeGreaterThan(0);
    expect(findingsJson(both.findings())).toBe(findingsJson(alone.findings()));
    expect(both.judgements()).toEqual(alone.judgements());
    for (const finding of both.findings()) expect(both.unitOf(finding)).toBe(alone.unitOf(finding));
  });

  it('go on from a snapshot as if nothing had happened', () => {
    const whole = set(claims, others);
    whole.ingest(batch());
    const half = Math.floor(rows.length / 2);
    const first = set(claims, others);
    first.ingest(batchOf(claims, rows.slice(0, half)));
    const second = set(claims, others);
    expect(second.restore(first.snapshot())).toBeUndefined();
    second.ingest(batchOf(claims, rows.slice(half)));
    expect(findingsJson(second.findings())).toBe(findingsJson(whole.findings()));
  });

  it('refuse a snapshot of which one part cannot be used, as a whole: half a state belongs to no place in the log', () => {
    const made = set(claims, others);
    made.ingest(batch());
    const bytes = made.snapshot();
    const changed = claimsOf(TRAFFIC_CLAIMS.replace('version: 1', 'version: 1 # changed'));
    const other = set(claims, changed);
    expect(other.restore(bytes)).toContain("nothing of the claims 'traffic'");
    expect(set(changed).restore(bytes)).toContain("nothing of the claims 'traffic'");
    expect(other.findings()).toEqual([]);
    expect(set(claims, others).restore(bytes.subarray(0, bytes.length - 1))).toBeDefined();
  });
});
