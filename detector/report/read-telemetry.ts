import { DAY_MS, HOUR_MS } from '../../flow/time.js';
import { exporterRows, type ReportScope, sensorSteps, volumeSteps } from '../store/queries/report.js';
import type { Store } from '../store/store-types.js';
import { type ExporterFigures, REPORT_LIMITS, type TelemetryFigures } from './figures.js';

/** Steps of a chart at most: more would be finer than it can be printed. */
const MOST_STEPS = 100;
const STEPS_MS = [HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS, 28 * DAY_MS, 364 * DAY_MS] as const;

/** What sensors told in the period, and how much the fleets exchanged. */
export async function readTelemetry(store: Store, scope: ReportScope): Promise<TelemetryFigures> {
  const lengthMs = scope.toMs - scope.fromMs;
  const stepMs = STEPS_MS.find((step) => lengthMs / step <= MOST_STEPS) ?? STEPS_MS.at(-1)!;
  const exporters = (await exporterRows(store, scope)).map(exporterFigures);
  const steps = await sensorSteps(store, scope, stepMs);
  const volumes = await volumeSteps(store, scope, stepMs);
  const at = (step: unknown): number => scope.fromMs + Number(step) * stepMs;
  return {
    exporters: exporters.slice(0, REPORT_LIMITS.exporters),
    exportersLeftOut: Math.max(0, exporters.length - REPORT_LIMITS.exporters),
    stepMs,
    sensors: [...groupBy(steps, 'sensor')].slice(0, REPORT_LIMITS.exporters).map(([sensor, rows]) => ({
      sensor,
      steps: rows.map((row) => ({ fromMs: at(row.step), minutes: Number(row.minutes), received: Math.max(0, Number(row.received)) })),
    })),
    volumes: [...groupBy(volumes, 'fleet')].slice(0, REPORT_LIMITS.exporters).map(([fleet, rows]) => ({
      fleet,
      sampled: rows.some((row) => Number(row.sampled) > 0),
      steps: rows.map((row) => ({ fromMs: at(row.step), out: Number(row.out), in: Number(row.in) })),
    })),
  };
}

type Row = Readonly<Record<string, string | number | null>>;

function groupBy(rows: readonly Row[], name: string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = String(row[name]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function exporterFigures(row: Row): ExporterFigures {
  const number = (name: string): number => Number(row[name]);
  const offset = (name: string): number | null => (row[name] === null ? null : number(name));
  return {
    sensor: String(row.sensor),
    exporter: String(row.exporter),
    domain: number('domain'),
    protocol: String(row.protocol),
    firstMs: number('firstMs'),
    lastMs: number('lastMs'),
    minutes: number('minutes'),
    messagesSent: number('messagesSent'),
    messagesLost: number('messagesLost'),
    recordsSent: number('recordsSent'),
    recordsReceived: number('recordsReceived'),
    recordsLost: number('recordsLost'),
    lossEstimated: number('lossEstimated') > 0,
    recordsUnread: number('recordsUnread'),
    templatesChanged: number('templatesChanged'),
    restarts: number('restarts'),
    dropped: number('dropped'),
    samplingLeast: number('samplingLeast'),
    samplingMost: number('samplingMost'),
    clockLeastMs: offset('clockLeastMs'),
    clockMostMs: offset('clockMostMs'),
  };
}
