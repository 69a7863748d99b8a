import type { CompiledClaims } from '../claims/compiled.js';
import type { CoverageMinute } from '../coverage/observed-time.js';
import type { Finding } from '../findings/finding.js';
import type { ActivityView } from './activity.js';
import { WATCH_IDS, WATCHES } from './index.js';
import { Scene, type SceneFacts, type WatchParameters } from './scene.js';
import type { Watch } from './watch.js';

/** Every parameter of every watch at its default. */
export function defaultWatchParameters(): WatchParameters {
  return Object.fromEntries(
    WATCH_IDS.map((id) => {
      const watch: Watch = WATCHES[id];
      return [id, Object.fromEntries(Object.entries(watch.parameters).map(([name, { default: usual }]) => [name, usual]))];
    }),
  );
}

export interface WatchedPart {
  /** Findings are about what began from here on; rounded down to the begin of its calendar period. Left out: from the begin of everything. */
  readonly fromMs?: number;
  readonly parameters?: WatchParameters;
}

/**
 * All findings of all watches, up to `untilMs` of record time: everything that ended before has arrived. `ledger` holds the rows of `coverage_minutes`, undefined
 * where nothing is known of the sensors: they are then taken to have seen everything. Pure: the same facts give the same findings, their revisions are 0 (settle.ts).
 */
export function watches(
  activity: ActivityView,
  ledger: readonly CoverageMinute[] | undefined,
  claims: CompiledClaims,
  untilMs: number,
  { fromMs, parameters = defaultWatchParameters() }: WatchedPart = {},
): Finding[] {
  const beginMs = fromMs ?? beginOf(activity, ledger, claims, untilMs);
  return findingsOf(sceneOf({ claims, activity, ledger, fromMs: beginMs, untilMs, parameters }));
}

/** What is looked at, from the begin of the calendar period that `fromMs` lies in: whatever a period holds is told by one finding. */
export function sceneOf(facts: SceneFacts): Scene {
  return new Scene({ ...facts, fromMs: facts.claims.periodOf(facts.fromMs).fromMs });
}

/** What all watches say of a scene. */
export function findingsOf(scene: Scene): Finding[] {
  return WATCH_IDS.flatMap((id) => {
    const watch: Watch = WATCHES[id];
    return watch.evaluate(scene, scene.parameters[id]!);
  });
}

/** When the first record or message came. */
function beginOf(activity: ActivityView, ledger: readonly CoverageMinute[] | undefined, claims: CompiledClaims, untilMs: number): number {
  let begin = untilMs;
  claims.assets.forEach((_, asset) => {
    const first = activity.active(asset).first();
    if (first >= 0) begin = Math.min(begin, first * 60_000);
  });
  for (const row of ledger ?? []) begin = Math.min(begin, row.minute);
  return begin;
}
