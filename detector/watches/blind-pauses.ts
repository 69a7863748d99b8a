import { formatDuration, MINUTE_MS, minuteOf, SECOND_MS } from '../../flow/time.js';
import { type CoverageMinute, HEARTBEATS_OF_SILENCE } from '../coverage/observed-time.js';
import { formatCount } from '../findings/quantity.js';
import { formatSpan } from '../findings/time-span.js';
import { type Blindness, type Parameters, rowsWithin } from './blindness.js';
import type { Scene } from './scene.js';
import type { SensorSight } from './sensor-sight.js';
import { toldUntil } from './silence-text.js';

/** A collector books silence from two usual pauses on (collector/sequence/cadence.ts); a pause that is told has three at least, so a third of it is booked. */
const BOOKED_SHARE = 0.25;

/** How long the sensor may say nothing: by its own past and what the claim file says; infinite where both are silent. */
export function pauseLimitMs({ claims }: Scene, { name, usualPauseMs, longPauseMs }: SensorSight, parameters: Parameters): number {
  const heartbeatMs = claims.sensors.find((one) => one.name === name)?.heartbeatMs ?? 0;
  // One that has said little yet, and of which nobody says how often it speaks, is not silent.
  if (Number.isNaN(usualPauseMs) && heartbeatMs === 0) return Number.POSITIVE_INFINITY;
  return Math.max(
    parameters.leastSilenceSeconds! * SECOND_MS,
    HEARTBEATS_OF_SILENCE * heartbeatMs,
    Number.isNaN(usualPauseMs) ? 0 : parameters.pauses! * usualPauseMs,
    Number.isNaN(longPauseMs) ? 0 : 2 * longPauseMs,
  );
}

/**
 * Pauses that began in the period, too long for the sensor. One that goes on is as long as the ledger says that the sensor was silent: whoever collects from it says so
 * every minute, and where nobody does, its messages may be on their way (pipeline-lag.ts).
 */
export function silentOf(scene: Scene, sensor: SensorSight, fromMs: number, toMs: number, parameters: Parameters): Blindness[] {
  const { name, usualPauseMs, toldUntilMs } = sensor;
  const limitMs = pauseLimitMs(scene, sensor, parameters);
  const pauses = sensor.pauses
    .map((one) => (one.open ? { ...one, toMs: Math.min(one.toMs, toldUntilMs) } : one))
    .filter((one) => !one.leading && one.fromMs >= fromMs && one.fromMs < toMs && one.toMs - one.fromMs > limitMs);
  const longest = pauses.reduce((best, one) => (one.toMs - one.fromMs > best.toMs - best.fromMs ? one : best), pauses[0]!);
  if (longest === undefined) return [];
  const told = (one: typeof longest): number =>
    one.open ? one.fromMs + toldUntil({ onset: 0, end: (one.toMs - one.fromMs) / MINUTE_MS, open: true }) * MINUTE_MS : one.toMs;
  const untilMs = told(longest);
  const seconds = (untilMs - longest.fromMs) / SECOND_MS;
  const assets = scene.claims.assets.filter((_, asset) => scene.sensorsOf(asset).includes(name)).length;
  const usual = Number.isNaN(usualPauseMs) ? '' : `, usually every ${formatDuration(usualPauseMs)}`;
  return [
    {
      kind: 'silent',
      sensor: name,
      severity: exceedsDemand(scene, name, untilMs - longest.fromMs) ? 'high' : 'medium',
      observed: seconds,
      expected: limitMs / SECOND_MS,
      unit: 'seconds',
      firstSeenMs: pauses[0]!.fromMs,
      lastSeenMs: told(pauses.at(-1)!),
      windowFromMs: longest.fromMs,
      windowToMs: untilMs,
      records: pauses.length,
      sessions: pauses.length,
      rule: `no message for longer than ${formatDuration(limitMs)}`,
      sentence: `${name} told nothing for ${formatDuration(untilMs - longest.fromMs)}, ${formatSpan(longest.fromMs, untilMs)}${longest.open ? ', and has not come back' : ''}${usual}: what the ${formatCount(assets, 'asset')} that it sees did meanwhile is not known${pauses.length > 1 ? `; it is the longest of ${pauses.length} such pauses that day` : ''}.${isBooked(sensor.rows, longest.fromMs, untilMs) ? '' : ' The ledger does not say that it was silent: whoever collects from it may not have been there.'}`,
    },
  ];
}

/** Whether who collects from the sensor says of most of the pause that nothing came. One that was not there says nothing, and the exporter may have sent all the while. */
function isBooked(rows: readonly CoverageMinute[], fromMs: number, toMs: number): boolean {
  const booked = rowsWithin(rows, minuteOf(fromMs), toMs).reduce((sum, row) => sum + row.silentMilliseconds, 0);
  return booked >= BOOKED_SHARE * (toMs - fromMs);
}

/** Whether a claim that rests on the sensor demands a shorter gap. */
export function exceedsDemand({ claims }: Scene, name: string, ms: number): boolean {
  return claims.claims.some(
    ({ coverage }) => coverage.maxGapMs < ms && coverage.sensors.some((index) => claims.sensors[index]!.name === name),
  );
}

/** Longest stretch of the window without a message. */
export function longestPauseMs(rows: readonly CoverageMinute[], fromMs: number, toMs: number): number {
  let last = fromMs;
  let longest = 0;
  const alive = rows.filter((row) => row.messagesReceived > 0).sort((a, b) => a.firstMessageMilliseconds - b.firstMessageMilliseconds);
  for (const row of alive) {
    if (row.lastMessageMilliseconds <= fromMs) continue;
    longest = Math.max(longest, Math.min(toMs, row.firstMessageMilliseconds) - last);
    last = Math.max(last, row.lastMessageMilliseconds);
  }
  return Math.max(longest, toMs - last);
}
