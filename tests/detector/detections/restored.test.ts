import { describe, expect, it } from 'vitest';
import type { Detection } from '../../../detector/detections/detection.js';
import { DETECTION_IDS, DETECTIONS } from '../../../detector/detections/index.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { findingsJson } from '../../../detector/findings/json.js';
import { batchOf, claimsOf, exampleRows, type Row } from '../support/rows.js';

/** A detector that was stopped and started again says the same, byte for byte, wherever the stop fell. */
const PARTS = 4;
const detections: Detection[] = DETECTION_IDS.map((id) => DETECTIONS[id]);
const cases = detections.flatMap((detection) =>
  [...detection.examples.fires, ...detection.examples.silent].map(
    (example) => [`${detection.id}: ${example.name}`, detection, example] as const,
  ),
);

describe('snapshots taken in between change no finding', () => {
  it.each(cases)('%s', (_name, detection, example) => {
    const claims = claimsOf(example.claims);
    const settings = { claims, parameters: { [detection.id]: example.parameters ?? {} } };
    const rows: Row[] = exampleRows(example.rows).map((row, sequence) => ({ ...row, sequence }));
    const whole = createEngine(settings);
    whole.ingest(batchOf(claims, rows));
    let parted = createEngine(settings);
    // Cuts lie towards the end, where the things happen that the example is about.
    const cuts = Array.from({ length: PARTS }, (_, part) => Math.max(0, rows.length - 7 * (PARTS - 1 - part)));
    let from = 0;
    for (const to of cuts) {
      parted.ingest(batchOf(claims, rows.slice(from, to)));
      const next = createEngine(settings);
      expect(next.restore(parted.snapshot())).toBeUndefined();
      parted = next;
      from = to;
    }
    expect(findingsJson(parted.findings())).toBe(findingsJson(whole.findings()));
  });
});
