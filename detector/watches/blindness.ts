import { formatDuration, MINUTE_MS, SECOND_MS } from '../../flow/time.js';
import type { Severity } from '../claims/compiled.js';
import { BUS_SENSOR } from '../coverage/bus-holes.js';
import { clockReasons } from '../coverage/clock.js';
import { kernelDropsOf } from '../coverage/kernel-drops.js';
import { lossOf, lostShare } from '../coverage/loss.js';
import { type CoverageMinute, HEARTBEATS_OF_SILENCE, isCapture } from '../coverage/observed-time.js';
import { countText, shareText } from '../coverage/words.js';
import type { Finding } from '../findings/finding.js';
import { formatCount } from '../findings/quantity.js';
import { formatInstant, formatSpan } from '../findings/time-span.js';
import type { Scene } from './scene.js';
import type { SensorSight } from './sensor-sight.js';
import { toldUntil } from './silence-text.js';

/** What is told of the collector as a whole: the kernel counts drops for a socket, not for an exporter. */
export const COLLECTOR = '(collector)';
const LOSS_WINDOW_MS = 5 * MINUTE_MS;

/** One way in which a sensor could not see, in one calendar period: the worst of it. */
export interface Blindness {
  readonly kind:
    | 'silent'
    | 'loss'
    | 'templates'
    | 'template-changed'
    | 'clock'
    | 'sampling'
    | 'missed'
    | 'kernel-drops'
    | 'bus-hole'
    | 'late'
    | 'unheard'
    | 'behind';
  readonly sensor: string;
  readonly severity: Severity;
  readonly observed: number;
  readonly expected: number;
  readonly unit: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly windowFromMs: number;
  readonly windowToMs: number;
  readonly records: number;
  readonly sessions: number;
  readonly rule: string;
  readonly sentence: string;
}

export type Parameters = Readonly<Record<string, number>>;

/** What sensors could not see of the calendar period [fromMs, toMs), as far as the ledger reaches. `late`: minutes in which all clocks were off together. */
export function blindnessOf(
  scene: Scene,
  fromMs: number,
  toMs: number,
  parameters: Parameters,
  late: ReadonlyMap<number, number>,
): Blindness[] {
  const { sight } = scene;
  if (sight === undefined) return [];
  const names = [...sight.sensors.keys()].sort();
  const ofSensors = names.flatMap((name) => {
    const sensor = sight.sensors.get(name)!;
    const rows = rowsWithin(sensor.rows, fromMs, toMs);
    return [
      ...silentOf(scene, sensor, fromMs, toMs, parameters),
      ...lossesOf(sensor, rows, fromMs, parameters),
      ...templatesOf(sensor, rows, fromMs, toMs),
      ...clockOf(
        sensor,
        rows.filter(({ minute }) => !late.has(minute)),
        fromMs,
        toMs,
        parameters,
      ),
      ...samplingOf(sensor, fromMs, toMs),
    ];
  });
  return [...ofSensors, ...dropsOf(sight.rows, fromMs, toMs, parameters), ...holesOf(sight.rows, fromMs, toMs)];
}

export function rowsWithin(rows: readonly CoverageMinute[], fromMs: number, toMs: number): CoverageMinute[] {
  return rows.filter(({ minute }) => minute >= fromMs && minute < toMs);
}

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
function silentOf(scene: Scene, sensor: SensorSight, fromMs: number, toMs: number, parameters: Parameters): Blindness[] {
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
      sentence: `${name} told nothing for ${formatDuration(untilMs - longest.fromMs)}, ${formatSpan(longest.fromMs, untilMs)}${longest.open ? ', and has not come back' : ''}${usual}: what the ${formatCount(assets, 'asset')} that it sees did meanwhile is not known${pauses.length > 1 ? `; it is the longest of ${pauses.length} such pauses that day` : ''}.`,
    },
  ];
}

/** Whether a claim that rests on the sensor demands a shorter gap. */
export function exceedsDemand({ claims }: Scene, name: string, ms: number): boolean {
  return claims.claims.some(
    ({ coverage }) => coverage.maxGapMs < ms && coverage.sensors.some((index) => claims.sensors[index]!.name === name),
  );
}

/** The five minutes that lost most, and packets that the sensor itself did not look at. */
function lossesOf(sensor: SensorSight, rows: readonly CoverageMinute[], fromMs: number, parameters: Parameters): Blindness[] {
  const windows = new Map<number, CoverageMinute[]>();
  for (const row of rows) {
    const window = fromMs + Math.floor((row.minute - fromMs) / LOSS_WINDOW_MS) * LOSS_WINDOW_MS;
    windows.set(window, [...(windows.get(window) ?? []), row]);
  }
  const found: Blindness[] = [];
  for (const kind of ['loss', 'missed'] as const) {
    const over = [...windows]
      .map(([window, list]) => ({ window, ...shareOf(kind, list) }))
      .filter(({ percent, count }) => percent >= parameters.lossPercent! && count >= parameters.leastLost!)
      .sort((a, b) => a.window - b.window);
    if (over.length === 0) continue;
    const worst = over.reduce((best, one) => (one.percent > best.percent ? one : best));
    const what =
      kind === 'loss'
        ? `${sensor.name} lost ${countText(worst.count)} of what it sent`
        : `${sensor.name} did not look at ${countText(worst.count)} packets`;
    found.push({
      kind,
      sensor: sensor.name,
      severity: worst.percent >= parameters.heavyLossPercent! ? 'high' : 'info',
      observed: worst.percent,
      expected: parameters.lossPercent!,
      unit: '%',
      firstSeenMs: over[0]!.window,
      lastSeenMs: over.at(-1)!.window + LOSS_WINDOW_MS,
      windowFromMs: worst.window,
      windowToMs: worst.window + LOSS_WINDOW_MS,
      records: over.reduce((sum, one) => sum + one.count, 0),
      sessions: over.length,
      rule: `at least ${parameters.lossPercent} % in five minutes`,
      sentence: `${what} (${shareText(worst.percent / 100)}), ${formatSpan(worst.window, worst.window + LOSS_WINDOW_MS)}${over.length > 1 ? `, the worst of ${over.length} such five minutes that day` : ''}: sessions may be missing.`,
    });
  }
  return found;
}

function shareOf(kind: 'loss' | 'missed', rows: readonly CoverageMinute[]): { readonly percent: number; readonly count: number } {
  if (kind === 'loss') {
    const loss = lossOf(rows);
    return { percent: 100 * lostShare(loss), count: loss.lost };
  }
  let missed = 0;
  let seen = 0;
  for (const row of rows) {
    missed += row.packetsMissed;
    seen += row.packetsPool > 0 ? row.packetsPool : isCapture(row) ? row.messagesReceived : row.recordsReceived;
  }
  return { percent: missed === 0 ? 0 : (100 * missed) / (missed + seen), count: missed };
}

/** Records that nobody could read, and templates that changed in flight. */
function templatesOf({ name }: SensorSight, rows: readonly CoverageMinute[], fromMs: number, toMs: number): Blindness[] {
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
function unreadOf(rows: readonly CoverageMinute[]): number {
  return rows.reduce((sum, row) => sum + row.recordsUndecodable, 0);
}

function spanOf(rows: readonly CoverageMinute[], fromMs: number): { readonly firstSeenMs: number; readonly lastSeenMs: number } {
  const minutes = rows.map(({ minute }) => minute);
  return minutes.length === 0
    ? { firstSeenMs: fromMs, lastSeenMs: fromMs }
    : { firstSeenMs: Math.min(...minutes), lastSeenMs: Math.max(...minutes) + MINUTE_MS };
}

function clockOf(
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
function samplingOf({ name, rows }: SensorSight, fromMs: number, toMs: number): Blindness[] {
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

function dropsOf(rows: readonly CoverageMinute[], fromMs: number, toMs: number, parameters: Parameters): Blindness[] {
  const { unexplained, received } = kernelDropsOf(rows, fromMs, toMs);
  const percent = unexplained === 0 ? 0 : (100 * unexplained) / (unexplained + received);
  if (percent < parameters.lossPercent! || unexplained < parameters.leastLost!) return [];
  const at = rows.filter((row) => row.kernelDrops > 0 && row.minute >= fromMs && row.minute < toMs);
  return [
    {
      kind: 'kernel-drops',
      sensor: COLLECTOR,
      severity: percent >= parameters.heavyLossPercent! ? 'high' : 'info',
      observed: unexplained,
      expected: 0,
      unit: 'packets',
      ...spanOf(at, fromMs),
      windowFromMs: fromMs,
      windowToMs: toMs,
      records: unexplained,
      sessions: at.length,
      rule: `at least ${parameters.lossPercent} % of all datagrams dropped before they were read`,
      sentence: `The kernel dropped ${countText(unexplained)} datagrams (${shareText(percent / 100)}) that no known exporter misses: the records of somebody else were in them.`,
    },
  ];
}

function holesOf(rows: readonly CoverageMinute[], fromMs: number, toMs: number): Blindness[] {
  const holes = rows.filter((row) => isHole(row) && row.firstMessageMilliseconds >= fromMs && row.firstMessageMilliseconds < toMs);
  if (holes.length === 0) return [];
  const frames = holes.reduce((sum, row) => sum + row.messagesLost, 0);
  const first = Math.min(...holes.map((row) => row.firstMessageMilliseconds));
  const last = Math.max(...holes.map((row) => row.lastMessageMilliseconds));
  return [
    {
      kind: 'bus-hole',
      sensor: BUS_SENSOR,
      severity: 'high',
      observed: frames,
      expected: 0,
      unit: 'messages',
      firstSeenMs: first,
      lastSeenMs: last,
      windowFromMs: first,
      windowToMs: last,
      records: frames,
      sessions: holes.length,
      rule: 'messages that were published and never delivered',
      sentence: `${countText(frames)} messages ${formatSpan(first, last)} were gone from the bus before they were read: whose records they held is not known.`,
    },
  ];
}

function isHole(row: CoverageMinute): boolean {
  return row.sensor === BUS_SENSOR && row.messagesLost > 0;
}

/** `observed` of such a finding by the ledger's rows of its window: those of its sensor, and of all for what is the collector's. */
export function recomputeBlindness(finding: Finding, all: readonly CoverageMinute[]): number {
  const { asset, unit, windowFromMs, windowToMs } = finding;
  const rows = all.filter(({ sensor }) => sensor === asset);
  if (asset === COLLECTOR) return kernelDropsOf(all, windowFromMs, windowToMs).unexplained;
  if (asset === BUS_SENSOR) return rows.filter(isHole).reduce((sum, row) => sum + row.messagesLost, 0);
  const within = rowsWithin(rows, windowFromMs, windowToMs);
  if (unit === '1:N') return Math.max(...within.map((row) => row.samplingInterval));
  if (unit === 'templates') return within.reduce((sum, row) => sum + row.templatesChanged, 0);
  if (unit === 'records') return unreadOf(within);
  if (unit === '%') return shareOf(finding.sentence.includes('did not look at') ? 'missed' : 'loss', within).percent;
  if (finding.rule.startsWith('clock')) {
    const offsets = clockReasons(asset, within, finding.expected * SECOND_MS).filter(({ code }) => code === 'clock');
    return Math.abs(offsets[0]?.observed ?? 0) / SECOND_MS;
  }
  return longestPauseMs(rows, windowFromMs, windowToMs) / SECOND_MS;
}

/** Longest stretch of the window without a message. */
function longestPauseMs(rows: readonly CoverageMinute[], fromMs: number, toMs: number): number {
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
