import { renderTable } from '../../../cli/render/table.js';
import type { FleetPlan } from '../../../fixtures/generator/weeks/fleets.js';
import type { Incident, IncidentKind } from '../../../fixtures/generator/weeks/truth.js';
import { makeWorld, type World } from '../../../fixtures/generator/weeks/world.js';
import { DAY_MS } from '../../../flow/time.js';
import { seeWeeks, WEEK_FORMATS, type WeekFormat } from './formats.js';
import { type Score, score } from './score.js';

/*
 * Four weeks of scanners, told as packets, as NetFlow with three active timeouts, sampled 1:100, and as Zeek's log: the same incidents are found, or
 * the format hides them. Two weeks are learned from.
 */

const FLEETS: readonly FleetPlan[] = [
  { name: 'scanners-a', kind: 'scanner', claimed: true, sensor: 'border', vendor: 'Example Imaging', count: 3 },
  { name: 'scanners-b', kind: 'scanner', claimed: true, sensor: 'border', vendor: 'Example Imaging', count: 8 },
];
export const MATRIX_KINDS: readonly IncidentKind[] = [
  'slow-exfiltration',
  'beacon',
  'heartbeat-change',
  'long-session',
  'scan-slow',
  'dns-tunnel',
  'protocol-mismatch',
  'unknown-device',
  'flood',
];
const LEARNED_MS = 14 * DAY_MS;

export interface Matrix {
  readonly world: World;
  readonly seen: ReadonlyMap<WeekFormat, Score>;
}

export async function makeMatrix(folder: string, formats: readonly WeekFormat[] = WEEK_FORMATS): Promise<Matrix> {
  const world = makeWorld({ seed: 11, devices: 11, weeks: 4, learningWeeks: 2, perKind: 1, incidents: MATRIX_KINDS, fleets: FLEETS });
  const seen = new Map<WeekFormat, Score>();
  for (const format of formats) {
    const { alerts } = await seeWeeks(world, format, folder);
    seen.set(format, score(world.truth, alerts, [], world.fromMs + LEARNED_MS));
  }
  return { world, seen };
}

/** Detections that found it and are said to find it; none: not found. */
export function foundBy({ seen }: Matrix, format: WeekFormat, { kind }: Incident): readonly string[] {
  return seen.get(format)?.kinds.find((one) => one.kind === kind)?.by ?? [];
}

export function matrixTable(matrix: Matrix): string {
  const formats = [...matrix.seen.keys()];
  return renderTable(
    [{ title: 'planted', width: 40 }, ...formats.map((title) => ({ title, width: 18 }))],
    [
      ...matrix.world.truth.incidents.map((incident) => [
        `${incident.kind}: ${incident.about}`,
        ...formats.map((format) => foundBy(matrix, format, incident).join(', ') || '–'),
      ]),
      ['false findings', ...formats.map((format) => String(matrix.seen.get(format)!.falseAlerts.length))],
    ],
  );
}
