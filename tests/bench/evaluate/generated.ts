import { compileTexts } from '../../../detector/claims/load.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { createRandom } from '../../../fixtures/generator/flows/random.js';
import { RowMaker } from '../../../fixtures/generator/weeks/rows.js';
import { partsByHour } from '../../../fixtures/generator/weeks/stream.js';
import type { World } from '../../../fixtures/generator/weeks/world.js';
import { FlowBatch } from '../../../flow/batch.js';
import { HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import { type Alert, AlertBook } from './alerts.js';
import { type Baseline, SeenReader } from './baselines/seen.js';
import { Watching } from './watching.js';

export interface Telemetry {
  /** ISO 8601, and the same in ms. */
  readonly activeTimeout: string;
  readonly activeTimeoutMs: number;
  readonly sampling: number;
}

export interface Run {
  readonly alerts: readonly Alert[];
  readonly records: number;
  /** Processor time of the engine alone. */
  readonly engineSeconds: number;
  readonly peakMiB: number;
}

/** Detections speak after so much more telemetry: what a live detector would have read by then. */
const STEP_MS = 10 * MINUTE_MS;

/** Runs the world through the real engine, and through the baselines beside it; one hour of it is in memory at a time. */
export function runWorld(world: World, telemetry: Telemetry, baselines: readonly Baseline[], progress: (done: number) => void): Run {
  const text = world.claims({ activeTimeout: telemetry.activeTimeout, sampling: telemetry.sampling });
  const { claims } = compileTexts([{ file: 'weeks.claims.yaml', text }]).compilation;
  const engine = createEngine({ claims });
  const maker = new RowMaker(claims.watchList, telemetry.sampling, createRandom(world.seed + 1));
  const reader = new SeenReader(claims);
  const watching = new Watching(world, claims);
  const book = new AlertBook();
  const others: Alert[] = [];
  const batch = new FlowBatch(16_384);
  let records = 0;
  let engineMs = 0;
  let hour = 0;
  const flush = (untilMs: number): void => {
    records += batch.length;
    const started = process.cpuUsage();
    engine.ingest(batch);
    book.take(engine.takeChanged(), untilMs);
    const { user, system } = process.cpuUsage(started);
    engineMs += (user + system) / 1000;
    if (baselines.length > 0)
      reader.read(batch, (seen) => {
        for (const baseline of baselines) baseline.take(seen);
      });
    watching.take(batch);
    const silences = watching.look(untilMs);
    if (silences !== undefined) book.take(silences, untilMs);
    for (const baseline of baselines) others.push(...baseline.alerts(untilMs));
    batch.clear();
  };
  for (const told of partsByHour(world, telemetry.activeTimeoutMs)) {
    const fromMs = world.fromMs + hour * HOUR_MS;
    let untilMs = fromMs + STEP_MS;
    for (const one of told) {
      while (one.one.endMs >= untilMs) {
        flush(untilMs);
        untilMs += STEP_MS;
      }
      maker.add(batch, one);
    }
    flush(fromMs + HOUR_MS);
    hour += 1;
    if (hour % 24 === 0) progress((hour * HOUR_MS) / (world.toMs - world.fromMs));
  }
  return {
    alerts: [...book.list(), ...others],
    records,
    engineSeconds: engineMs / 1000,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  };
}
