import { describe, expect, it } from 'vitest';
import type { Detection } from '../../../detector/detections/detection.js';
import { DETECTION_IDS, DETECTIONS } from '../../../detector/detections/index.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { findingFlows } from '../support/finding-flows.js';
import { batchOf, claimsOf, exampleRows } from '../support/rows.js';

/** What a finding says is no matter of faith: its sum follows from the rows that the store has. */
const detections: Detection[] = DETECTION_IDS.map((id) => DETECTIONS[id]);
const cases = detections.flatMap((detection) =>
  detection.examples.fires.map((example) => [`${detection.id}: ${example.name}`, detection, example] as const),
);

describe('what a finding observed is computed anew from its rows', () => {
  it.each(cases)('%s', (_name, detection, example) => {
    const claims = claimsOf(example.claims);
    const rows = exampleRows(example.rows);
    const engine = createEngine({ claims, parameters: { [detection.id]: example.parameters ?? {} } });
    engine.ingest(batchOf(claims, rows));
    const findings = engine.findings().filter((finding) => finding.detection === detection.id);
    expect(findings).not.toEqual([]);
    for (const finding of findings) {
      const again = detection.recompute(finding, findingFlows(claims, rows, finding), claims);
      expect(Math.abs(again - finding.observed), finding.sentence).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(finding.observed)));
    }
  });
});
