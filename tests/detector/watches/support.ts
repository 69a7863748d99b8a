import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import type { CoverageMinute } from '../../../detector/coverage/observed-time.js';
import type { ExampleRow } from '../../../detector/detections/detection.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { Activity } from '../../../detector/watches/activity.js';
import { defaultWatchParameters, watches } from '../../../detector/watches/evaluate.js';
import type { LedgerStretch, WatchExample } from '../../../detector/watches/watch.js';
import { MINUTE_MS } from '../../../flow/time.js';
import { minute } from '../coverage/facts.js';
import { batchOf, claimsOf, exampleRows, type Row } from '../support/rows.js';

/** Rows of the ledger, one for every minute that a stretch touches: messages each ten seconds from its begin to its end. */
export function ledgerOf(stretches: readonly LedgerStretch[]): CoverageMinute[] {
  return stretches.flatMap(({ sensor, from, to, facts }) => {
    const rows: CoverageMinute[] = [];
    const fromMs = Date.parse(from);
    const toMs = Date.parse(to);
    for (let at = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS; at < toMs; at += MINUTE_MS) {
      const first = Math.max(at + 2000, fromMs);
      const last = Math.min(at + 58_000, toMs);
      if (last < first) continue;
      rows.push(minute(0, { sensor, minute: at, firstMessageMilliseconds: first, lastMessageMilliseconds: last, ...facts }));
    }
    return rows;
  });
}

/** `sensorOf`: who told of a row, 'border' where it is left out. */
export function activityOf(claims: CompiledClaims, rows: readonly ExampleRow[], sensorOf: (row: Row) => string = () => 'border'): Activity {
  const activity = new Activity(claims);
  const told = exampleRows(rows).map((row) => ({ ...row, sensor: sensorOf(row) }));
  activity.add(batchOf(claims, told));
  return activity;
}

/** Findings of all watches for an example's facts; `of`: its parameters are that watch's. */
export function findingsOf(example: Omit<WatchExample, 'name'>, of: string, sensorOf?: (row: Row) => string): Finding[] {
  const claims = claimsOf(example.claims);
  const defaults = defaultWatchParameters();
  const parameters = { ...defaults, [of]: { ...defaults[of], ...example.parameters } };
  if (example.parameters?.warmUpHours !== undefined) {
    // What others find is told of by others: they learn as fast.
    for (const id of ['silence', 'fleet-silence']) parameters[id] = { ...parameters[id], warmUpHours: example.parameters.warmUpHours };
  }
  return watches(activityOf(claims, example.rows, sensorOf), ledgerOf(example.ledger), claims, Date.parse(example.until), {
    fromMs: Date.parse(example.from),
    parameters,
  });
}
