import { DAY_MS, formatDuration, MINUTE_MS, SECOND_MS } from '../../flow/time.js';
import type { CoverageMinute } from '../coverage/observed-time.js';
import type { Finding } from '../findings/finding.js';
import { formatCount } from '../findings/quantity.js';
import { formatInstant, formatSpan } from '../findings/time-span.js';
import { exceedsDemand, pauseLimitMs } from './blind-pauses.js';
import { type Blindness, COLLECTOR, type Parameters, rowsWithin } from './blindness.js';
import { lateMinutes } from './late-arrival.js';
import { minuteNumber } from './minute-bits.js';
import type { Scene } from './scene.js';
import { type SensorSight, type Sight, sightOf } from './sensor-sight.js';
import { minuteMs, toldUntil } from './silence-text.js';

/** What is told of all that lies between exporters and the store. */
const PIPELINE = '(pipeline)';
/** Collectors count an exporter's silence for so long: who is told of no more was taken away. */
const COUNTED_SILENCE_MS = DAY_MS;

const RULE = {
  behind: 'the ledger tells nothing of any exporter',
  unheard: 'the ledger tells nothing of it, neither messages nor silence, and goes on with others',
  late: 'messages of all exporters came late together',
} as const;

/**
 * Telemetry that is on its way, told from exporters that are silent (detection.md D19). A collector that is there and up to date says of each exporter, minute by minute,
 * what came from it or that nothing did. Where the ledger says neither, the ledger itself is behind: the collector, the bus or the store is, and of the exporter
 * nobody knows. What comes late takes such findings back.
 */
export function pipelineLagOf(
  scene: Scene,
  fromMs: number,
  toMs: number,
  parameters: Parameters,
  late: ReadonlyMap<number, number>,
): Blindness[] {
  const { sight } = scene;
  if (sight === undefined) return [];
  const exporters = [...sight.sensors.values()].filter(({ capture }) => !capture).sort((a, b) => (a.name < b.name ? -1 : 1));
  return [...unheardOf(scene, exporters, fromMs, toMs, parameters), ...lateOf(late, fromMs, toMs, parameters)];
}

function unheardOf(scene: Scene, exporters: readonly SensorSight[], fromMs: number, toMs: number, parameters: Parameters): Blindness[] {
  const { untilMs } = scene;
  const present = exporters.filter((one) => !isTakenAway(one) && Number.isFinite(pauseLimitMs(scene, one, parameters)));
  const unheard = present.filter((one) => {
    const limitMs = Math.max(parameters.lagMinutes! * MINUTE_MS, pauseLimitMs(scene, one, parameters));
    return untilMs - one.toldUntilMs > limitMs;
  });
  if (unheard.length > 0 && unheard.length === present.length) {
    const sinceMs = Math.max(...unheard.map(({ toldUntilMs }) => toldUntilMs));
    return sinceMs >= fromMs && sinceMs < toMs ? [behind(scene, unheard, sinceMs)] : [];
  }
  return unheard
    .filter(({ toldUntilMs }) => toldUntilMs >= fromMs && toldUntilMs < toMs)
    .map((one) => ({
      ...lagFrom(scene, one.toldUntilMs),
      kind: 'unheard' as const,
      sensor: one.name,
      severity: exceedsDemand(scene, one.name, untilMs - one.toldUntilMs) ? ('high' as const) : ('medium' as const),
      expected: parameters.lagMinutes! * 60,
      rule: RULE.unheard,
      sentence: `Since ${formatInstant(one.toldUntilMs)} nothing is known of ${one.name}, neither messages nor that there were none, while the ledger goes on with ${formatCount(present.length - unheard.length, 'other exporter')}: whoever collects from it is behind, was started anew, or is gone.`,
    }));
}

/** Whether its collector has counted its silence to the end. */
function isTakenAway({ toldUntilMs, lastMessageMs }: SensorSight): boolean {
  return toldUntilMs - lastMessageMs >= COUNTED_SILENCE_MS - MINUTE_MS;
}

function behind(scene: Scene, exporters: readonly SensorSight[], sinceMs: number): Blindness {
  const lag = lagFrom(scene, sinceMs);
  const demanded = exporters.some(({ name }) => exceedsDemand(scene, name, scene.untilMs - sinceMs));
  return {
    ...lag,
    kind: 'behind',
    sensor: PIPELINE,
    severity: demanded ? 'high' : 'medium',
    expected: scene.parameters['blind-telemetry']!.lagMinutes! * 60,
    rule: RULE.behind,
    sentence: `The ledger ends ${formatInstant(sinceMs)} for ${exporters.length === 1 ? exporters[0]!.name : `all ${exporters.length} exporters`}, ${formatDuration(lag.windowToMs - sinceMs)} ago and more: collector, bus or store is behind or has stopped. Whether exporters or equipment are silent is told when it has caught up.`,
  };
}

/** What is the same of both: since when, and how long, in steps that grow. */
function lagFrom({ untilMs }: Scene, sinceMs: number) {
  const onset = minuteNumber(sinceMs);
  const windowToMs = minuteMs(toldUntil({ onset, end: minuteNumber(untilMs), open: true }));
  return {
    observed: (windowToMs - sinceMs) / SECOND_MS,
    unit: 'seconds',
    firstSeenMs: sinceMs,
    lastSeenMs: windowToMs,
    windowFromMs: sinceMs,
    windowToMs,
    records: 1,
    sessions: 1,
  } as const;
}

/** Minutes of [fromMs, toMs) in which the messages of all exporters came late, or early, together, by more than so many seconds (`lateMinutes`). */
export function lateWithin(sight: Sight, fromMs: number, toMs: number, seconds: number): ReadonlyMap<number, number> {
  return lateMinutes(
    [...sight.sensors.values()].map(({ rows }) => rowsWithin(rows, fromMs, toMs)),
    seconds * SECOND_MS,
  );
}

/** Messages of all exporters that came late together: the worst of it. */
function lateOf(late: ReadonlyMap<number, number>, fromMs: number, toMs: number, parameters: Parameters): Blindness[] {
  if (late.size === 0) return [];
  const minutes = [...late.keys()].sort((a, b) => a - b);
  const worst = worstOf(late);
  const untilMs = minutes.at(-1)! + MINUTE_MS;
  const why = worst > 0 ? 'the collector read what had waited, or its own clock is ahead' : 'the collector’s own clock is behind';
  return [
    {
      kind: 'late',
      sensor: COLLECTOR,
      severity: 'medium',
      observed: Math.abs(worst) / SECOND_MS,
      expected: parameters.clockSeconds!,
      unit: 'seconds',
      firstSeenMs: minutes[0]!,
      lastSeenMs: untilMs,
      windowFromMs: fromMs,
      windowToMs: toMs,
      records: late.size,
      sessions: 1,
      rule: `${RULE.late}, by more than ${parameters.clockSeconds} s over ten minutes`,
      sentence: `Messages of all exporters came ${formatDuration(Math.abs(worst))} ${worst > 0 ? 'late' : 'before they were sent'} in ${formatCount(late.size, 'minute')}, ${formatSpan(minutes[0]!, untilMs)}: ${why}. None of the exporters was silent or has a wrong clock.`,
    },
  ];
}

function worstOf(late: ReadonlyMap<number, number>): number {
  return [...late.values()].reduce((worst, offset) => (Math.abs(offset) > Math.abs(worst) ? offset : worst), 0);
}

/** What is said of a lag when it is taken back; undefined for another finding. */
export function lagWithdrawal({ rule }: Finding): string | undefined {
  return isLag(rule) ? 'Withdrawn: what was missing has come, or that nothing came from there has been counted since.' : undefined;
}

function isLag(rule: string): boolean {
  return rule === RULE.behind || rule === RULE.unheard;
}

/** `observed` of such a finding by the ledger's rows around its window; undefined for another. */
export function recomputeLag(
  { rule, asset, expected, windowFromMs, windowToMs }: Finding,
  all: readonly CoverageMinute[],
): number | undefined {
  const sight = sightOf(all, windowFromMs, windowToMs);
  if (rule.startsWith(RULE.late)) return Math.abs(worstOf(lateWithin(sight, windowFromMs, windowToMs, expected))) / SECOND_MS;
  if (!isLag(rule)) return undefined;
  const told = [...sight.sensors.values()].filter(({ name, capture }) => !capture && (asset === PIPELINE || asset === name));
  return (windowToMs - Math.max(...told.map(({ toldUntilMs }) => toldUntilMs))) / SECOND_MS;
}
