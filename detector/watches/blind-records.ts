import { formatDuration, MINUTE_MS, SECOND_MS } from '../../flow/time.js';
import { clockReasons } from '../coverage/clock.js';
import type { CoverageMinute } from '../coverage/observed-time.js';
import { countText } from '../coverage/words.js';
import { formatCount } from '../findings/quantity.js';
import { formatInstant } from '../findings/time-span.js';
import { type Blindness, type Parameters, rowsWithin, spanOf } from './blindness.js';
import type { SensorSight } from './sensor-sight.js';

/** Records that nobody could read, and templates that changed in flight. */
export function templatesOf({ name }: SensorSight, rows: readonly CoverageMinute[], fromMs: number, toMs: number): Blindness[] {
  const found: Blindness[] = [];
  const unread = unreadOf(rows);
  const common = { sensor: name, windowFromMs: fromMs, windowToMs: toMs, sessions: 1 } as const;
  if (unread > 0) {
    const at = rows.filter((row) => row.templatesMissing > 0 || row.recordsUndecodable > 0 || row.recordsHeld > 0);
    found.push({
      ...common,
      kind: 'templates',
      severity: 'medium',
      observed: unread,
      expected: 0,
      unit: 'records',
      ...spanOf(at, fromMs),
      records: unread,
      rule: 'records that came without a template, or that could not be read',
      sentence: `${countText(unread)} records of ${name} arrived and could not be read${missing(rows) > 0 ? `: ${countText(missing(rows))} data sets came without their template` : ''}; what they told is not known.`,
    });
  }
  const changed = rows.filter((row) => row.templatesChanged > 0);
  if (changed.length > 0) {
    const count = changed.reduce((sum, row) => sum + row.templatesChanged, 0);
    found.push({
      ...common,
      kind: 'template-changed',
      severity: 'high',
      observed: count,
      expected: 0,
      unit: 'templates',
      ...spanOf(changed, fromMs),
      records: count,
      rule: 'a template was redefined in flight',
      sentence: `${formatCount(count, 'template')} of ${name} redefined in flight: records may have been read by the wrong one, or somebody forged it.`,
    });
  }
  return found;
}

function missing(rows: readonly CoverageMinute[]): number {
  return rows.reduce((sum, row) => sum + row.templatesMissing, 0);
}

/** Those that wait for a template are not given up yet, but nobody has read them. */
export function unreadOf(rows: readonly CoverageMinute[]): number {
  return rows.reduce((sum, row) => sum + row.recordsUndecodable, 0);
}

export function clockOf(
  { name }: SensorSight,
  rows: readonly CoverageMinute[],
  fromMs: number,
  toMs: number,
  parameters: Parameters,
): Blindness[] {
  return clockReasons(name, rows, parameters.clockSeconds! * SECOND_MS)
    .filter(({ code }) => code === 'clock')
    .map(({ observed }) => ({
      kind: 'clock' as const,
      sensor: name,
      severity: 'medium' as const,
      observed: Math.abs(observed) / SECOND_MS,
      expected: parameters.clockSeconds!,
      unit: 'seconds',
      ...spanOf(rows, fromMs),
      windowFromMs: fromMs,
      windowToMs: toMs,
      records: rows.length,
      sessions: 1,
      rule: `clock off by more than ${parameters.clockSeconds} s over ten minutes`,
      sentence: `The clock of ${name} was ${formatDuration(Math.abs(observed))} ${observed > 0 ? 'behind' : 'ahead of'} ours: times of its records are off by that.`,
    }));
}

/** A sampling interval that it never had before. */
export function samplingOf({ name, rows }: SensorSight, fromMs: number, toMs: number): Blindness[] {
  const before = new Set(rows.filter((row) => row.minute < fromMs && row.samplingInterval > 0).map((row) => row.samplingInterval));
  let last = rows.findLast((row) => row.minute < fromMs && row.samplingInterval > 0)?.samplingInterval;
  for (const row of rowsWithin(rows, fromMs, toMs)) {
    const { samplingInterval: now, minute } = row;
    if (now === 0) continue;
    if (last !== undefined && !before.has(now)) {
      return [
        {
          kind: 'sampling',
          sensor: name,
          severity: now > last ? 'medium' : 'info',
          observed: now,
          expected: last,
          unit: '1:N',
          firstSeenMs: minute,
          lastSeenMs: minute + MINUTE_MS,
          windowFromMs: minute,
          windowToMs: minute + MINUTE_MS,
          records: 1,
          sessions: 1,
          rule: 'a sampling interval that it did not have in the four weeks before',
          sentence: `${name} changed its sampling from 1 in ${last} to 1 in ${now} packets at ${formatInstant(minute)}: what it can overlook, and every count, changed with it.`,
        },
      ];
    }
    before.add(now);
    last = now;
  }
  return [];
}
