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

describe('asking who is still being learned', () => {
  it('changes nothing of what is judged afterwards', () => {
    const { fires } = DETECTIONS['volume-up'].examples;
    const claims = claimsOf(fires[0].claims);
    const rows: Row[] = exampleRows(fires[0].rows).map((row, sequence) => ({ ...row, sequence }));
    const settings = { claims, parameters: { 'volume-up': fires[0].parameters ?? {} } };
    const silent = createEngine(settings);
    const asked = createEngine(settings);
    for (const part of [rows.slice(0, 5), rows.slice(5, 10), rows.slice(10)]) {
      silent.ingest(batchOf(claims, part));
      asked.ingest(batchOf(claims, part));
      asked.learning();
    }
    expect(findingsJson(asked.findings())).toBe(findingsJson(silent.findings()));
    expect(asked.findings().some(({ detection }) => detection === 'volume-up')).toBe(true);
    expect(asked.learning().length).toBeGreaterThan(0);
  });
});
