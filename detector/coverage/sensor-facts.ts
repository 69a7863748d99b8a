import { MINUTE_MS } from '../../flow/time.js';
import type { CompiledSensor, CoverageDemand } from '../claims/compiled.js';
import { hideableOctets } from '../claims/detectability.js';
import { clockReasons } from './clock.js';
import type { Interval } from './intervals.js';
import { ipv6Reasons } from './ipv6-fields.js';
import { lossOf, lossReasons, lossyMinutes, lostShare, sumOf } from './loss.js';
import { blindTimes, type CoverageMinute, isCapture } from './observed-time.js';
import { reason } from './reason.js';
import { type Reconciliation, reconcileReasons, reconciliationOf } from './reconcile.js';
import { samplingOf, samplingReasons } from './sampling.js';
import type { Reason } from './verdict-types.js';

/** Of sensors that declare no heartbeat. */
export const DEFAULT_HEARTBEAT_MS = 5 * MINUTE_MS;
/** Of claims that demand no `max_lost`. */
export const DEFAULT_MAX_LOST = 0.001;
/** Of claims that demand no `detect`: the confidence that the smallest visible transfer is told for. */
export const DEFAULT_CONFIDENCE = 0.999;

/** What one sensor told about one period, measured by one claim's demand. */
export interface SensorFacts {
  readonly name: string;
  readonly silent: boolean;
  readonly blind: readonly Interval[];
  readonly sent: number;
  readonly lost: number;
  /** Records that arrived and could not be read. */
  readonly unread: number;
  /** How long its messages kept away beyond their usual pause: explains, the heartbeat decides. */
  readonly silentMs: number;
  readonly reconciliation: Reconciliation;
  /** 'packets' for captures. */
  readonly unit: 'records' | 'packets';
  /** See hideableOctets; NaN when nothing is known of the sampling. */
  readonly hideable: number;
  /** Why this sensor alone cannot carry the claim; empty when it can. */
  readonly reasons: readonly Reason[];
}

/** The share of records that a claim lets be lost. */
export function maxLostOf({ maxLost }: CoverageDemand): number {
  return Number.isNaN(maxLost) ? DEFAULT_MAX_LOST : maxLost;
}

/** `rows` are the sensor's rows, those around the period included; `ipv6` is true when the subject has IPv6 addresses, or may have. */
export function sensorFacts(
  sensor: CompiledSensor,
  rows: readonly CoverageMinute[],
  demand: CoverageDemand,
  fromMs: number,
  toMs: number,
  ipv6: boolean,
): SensorFacts {
  const { name } = sensor;
  const inside = rows.filter((row) => row.minute >= fromMs && row.minute < toMs);
  const maxLost = maxLostOf(demand);
  const heartbeatMs = sensor.heartbeatMs > 0 ? sensor.heartbeatMs : DEFAULT_HEARTBEAT_MS;
  const silent = !inside.some((row) => row.messagesReceived > 0 || row.observedMilliseconds > 0);
  const loss = lossOf(inside);
  const sampling = samplingOf(sensor, inside);
  const unit = inside.length > 0 && inside.every(isCapture) ? 'packets' : 'records';
  const reconciliation = reconciliationOf(inside);
  const base = {
    name,
    silent,
    blind: blindTimes(rows, fromMs, toMs, heartbeatMs, lossyMinutes(rows, maxLost)),
    sent: loss.sent,
    lost: loss.lost,
    unread: loss.unread,
    silentMs: sumOf(inside, 'silentMilliseconds'),
    reconciliation,
    unit,
  } as const;
  if (silent) {
    const sentence = `${name} delivered nothing in this period`;
    return { ...base, hideable: Number.NaN, reasons: [reason('sensor-silent', name, 0, 1, 'messages', sentence)] };
  }
  const reasons = [
    ...lossReasons(name, inside, loss, maxLost, unit),
    ...samplingReasons(name, sampling, lostShare(loss), demand),
    ...clockReasons(name, inside, demand.maxSkewMs),
    ...reconcileReasons(name, reconciliation, demand.reconcile),
  ];
  if (ipv6) reasons.push(...ipv6Reasons(name, inside, demand));
  const confidence = Number.isNaN(demand.detectConfidence) ? DEFAULT_CONFIDENCE : demand.detectConfidence;
  return { ...base, hideable: sampling === 0 ? Number.NaN : hideableOctets(sampling, lostShare(loss), confidence), reasons };
}
