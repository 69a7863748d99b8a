import { describe, expect, it } from 'vitest';
import type { Detection, Example } from '../../../detector/detections/detection.js';
import { DETECTION_IDS, DETECTIONS } from '../../../detector/detections/index.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { FLOW_COLUMNS } from '../../../flow/columns.js';
import { batchOf, claimsOf, exampleRows } from '../support/rows.js';

/** Each detection's own examples, through the real engine and the real claim compiler: what its documentation shows is true. */
function firings(detection: Detection, example: Example) {
  const claims = claimsOf(example.claims);
  const engine = createEngine({ claims, parameters: { [detection.id]: example.parameters ?? {} } });
  engine.ingest(batchOf(claims, exampleRows(example.rows)));
  return engine.findings().filter((finding) => finding.detection === detection.id);
}

describe.each(DETECTION_IDS)('%s', (id) => {
  const detection: Detection = DETECTIONS[id];

  it.each(detection.examples.fires.map((example) => [example.name, example] as const))('fires: %s', (_name, example) => {
    expect(firings(detection, example)).not.toEqual([]);
  });

  it.each(detection.examples.silent.map((example) => [example.name, example] as const))('stays silent: %s', (_name, example) => {
    expect(firings(detection, example).map((finding) => finding.sentence)).toEqual([]);
  });

  it('is filed under its id and names columns that exist', () => {
    expect(detection.id).toBe(id);
    for (const column of detection.columns) expect(FLOW_COLUMNS).toHaveProperty(column);
    for (const parameter of Object.values(detection.parameters)) {
      expect(parameter.default).toBeGreaterThanOrEqual(parameter.least);
      expect(parameter.default).toBeLessThanOrEqual(parameter.most);
    }
  });
});
