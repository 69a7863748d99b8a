import { describe, expect, it } from 'vitest';
import type { Detection, Example } from '../../../detector/detections/detection.js';
import { DETECTION_IDS, DETECTIONS } from '../../../detector/detections/index.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { DAY_MS } from '../../../flow/time.js';
import { batchOf, claimsOf, exampleRows, type Row } from '../support/rows.js';

/*
 * One record of a clock that stood at the epoch, or that is ahead by decades, comes with every boot of an exporter without a battery, and anybody who can forge a datagram can send it. What the
 * examples of every detection find is found all the same.
 */
const detections: Detection[] = DETECTION_IDS.map((id) => DETECTIONS[id]);
const cases = detections.flatMap((detection) =>
  detection.examples.fires.map((example) => [`${detection.id}: ${example.name}`, detection, example] as const),
);
const EPOCH = Date.parse('1970-01-03T00:00:00Z');
const AHEAD = Date.parse('2049-06-01T00:00:00Z');

/** The first row of the example as a clock would tell it that stands at `ms`. */
function strayOf(row: Row, ms: number): Row {
  return { ...row, startMs: ms, endMs: ms + (row.endMs - row.startMs) };
}

/** An echo between the ends of the first row, of which only the end is wrong. */
function endlessOf([row]: readonly Row[]): Row {
  return { ...row!, protocol: 1, icmpType: 8, sourcePort: 0, destinationPort: 0, endMs: AHEAD };
}

/** Six weeks later: the same hours of the same days of the week. */
const AGAIN_MS = 42 * DAY_MS;

function found(detection: Detection, example: Example, rows: readonly Row[], sinceMs = 0): boolean {
  const claims = claimsOf(example.claims);
  const engine = createEngine({ claims, parameters: { [detection.id]: example.parameters ?? {} } });
  engine.ingest(batchOf(claims, rows));
  return engine.findings().some(({ detection: id, lastSeenMs }) => id === detection.id && lastSeenMs >= sinceMs && lastSeenMs < AHEAD);
}

describe.each([
  ['that stood at the epoch', ([row]: readonly Row[]) => strayOf(row!, EPOCH)],
  ['that is ahead', ([row]: readonly Row[]) => strayOf(row!, AHEAD)],
  ['that is ahead at its end', endlessOf],
])('one record of a clock %s, before all others', (_clock, stray) => {
  it.each(cases)('%s', (_name, detection, example) => {
    const rows = exampleRows(example.rows);
    expect(found(detection, example, [stray(rows), ...rows])).toBe(true);
  });
});

describe.each([
  ['that is ahead', ([row]: readonly Row[]) => strayOf(row!, AHEAD)],
  ['that is ahead at its end', endlessOf],
])('one record of a clock %s, in the midst', (_clock, stray) => {
  // What was counted of the hours before is lost; what comes afterwards is not.
  it.each(cases)('%s', (_name, detection, example) => {
    const rows = exampleRows(example.rows);
    const again = rows.map((row) => ({ ...row, startMs: row.startMs + AGAIN_MS, endMs: row.endMs + AGAIN_MS }));
    const sinceMs = rows[0]!.startMs + AGAIN_MS;
    const isFound = found(detection, example, [...rows, ...again], sinceMs);
    expect(found(detection, example, [...rows, stray(rows), ...again], sinceMs) || !isFound).toBe(true);
  });
});
