import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IncidentKind } from '../../fixtures/generator/weeks/truth.js';
import { WEEK_FORMATS, type WeekFormat } from '../bench/evaluate/formats.js';
import { foundBy, MATRIX_KINDS, type Matrix, makeMatrix, matrixTable } from '../bench/evaluate/matrix.js';

/*
 * The same four weeks as packets, NetFlow with three active timeouts, sFlow 1:100 and Zeek's log, through the real decoders and the real engine: the same
 * incidents, by the same detections, or the format hides them.
 */

/** What a format hides from the detection whose incident it is: with one packet in a hundred a rhythm, a slow scan, a session's course and a flood are not assessable. */
const HIDDEN: Partial<Record<WeekFormat, readonly IncidentKind[]>> = {
  'sflow5, 1:100': ['beacon', 'heartbeat-change', 'scan-slow', 'long-session', 'flood'],
};
/** Most false findings in the 22 device-weeks that are judged: one per device and week. */
const MOST_FALSE = 22;

let folder: string;
let matrix: Matrix;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-weeks-'));
  matrix = await makeMatrix(folder);
  process.stderr.write(`\n${matrixTable(matrix)}\n`);
}, 900_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(WEEK_FORMATS)('%s', (format) => {
  const hidden = HIDDEN[format] ?? [];

  test.each(MATRIX_KINDS.filter((kind) => !hidden.includes(kind)))('%s is found by its own detection', (kind) => {
    const incident = matrix.world.truth.incidents.find((one) => one.kind === kind)!;
    expect(foundBy(matrix, format, incident)).toContain(incident.detections[0]);
  });

  test.runIf(hidden.length > 0).each(hidden)('%s is not assessable: its detection stays silent', (kind) => {
    const incident = matrix.world.truth.incidents.find((one) => one.kind === kind)!;
    expect(foundBy(matrix, format, incident)).not.toContain(incident.detections[0]);
  });

  test('at most one false finding per device and week', () => {
    expect(matrix.seen.get(format)!.falseAlerts.length).toBeLessThanOrEqual(MOST_FALSE);
  });
});

test('formats that hide nothing agree on what they find, and by which detections', () => {
  const found = (format: WeekFormat) => matrix.world.truth.incidents.map((incident) => [incident.id, foundBy(matrix, format, incident)]);
  for (const format of WEEK_FORMATS.filter((one) => HIDDEN[one] === undefined)) expect(found(format), format).toEqual(found('zeek'));
});
