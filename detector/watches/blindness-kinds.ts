import { SECOND_MS } from '../../flow/time.js';
import { BUS_SENSOR } from '../coverage/bus-holes.js';
import { clockReasons } from '../coverage/clock.js';
import { kernelDropsOf } from '../coverage/kernel-drops.js';
import type { CoverageMinute } from '../coverage/observed-time.js';
import type { Finding } from '../findings/finding.js';
import { dropsOf, holesOf, isHole, lossesOf, shareOf } from './blind-losses.js';
import { longestPauseMs, silentOf } from './blind-pauses.js';
import { clockOf, samplingOf, templatesOf, unreadOf } from './blind-records.js';
import { type Blindness, COLLECTOR, type Parameters, rowsWithin } from './blindness.js';
import type { Scene } from './scene.js';

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
