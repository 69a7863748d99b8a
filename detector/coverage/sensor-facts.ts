import { MINUTE_MS } from '../../flow/time.js';
import type { CompiledSensor, CoverageDemand } from '../claims/compiled.js';
import { hideableOctets, missProbability, packetsOf } from '../claims/detectability.js';
import { formatOctets } from '../claims/units.js';
import type { Interval } from './intervals.js';
import { blindTimes, type CoverageMinute, isCapture, lossOf } from './observed-time.js';
import type { Reason } from './verdict-types.js';
import { shareText } from './words.js';

/** Exports whose record formats have no IPv6 addresses. */
const WITHOUT_IPV6 = new Set(['netflow1', 'netflow5', 'netflow7']);

/** Of sensors that declare no heartbeat. */
export const DEFAULT_HEARTBEAT_MS = 5 * MINUTE_MS;
/** Of claims that demand no `max_lost`. */
export const DEFAULT_MAX_LOST = 0.001;
/** Of claims that demand no `detect`: the confidence that the smallest visible transfer is told for. */
export const DEFAULT_CONFIDENCE = 0.999;
/** Clock offsets are the smallest delay over this long: queues add to a delay, never take away (reference: assurance.md §2.5). */
const OFFSET_WINDOW_MS = 10 * MINUTE_MS;

/** What one sensor told about one period, measured by one claim's demand. */
export interface SensorFacts {
  readonly name: string;
  readonly silent: boolean;
  readonly blind: readonly Interval[];
  readonly sent: number;
  readonly lost: number;
  /** Templates redefined in flight: records may have been read by the wrong one, or somebody forged it. */
  readonly templatesChanged: number;
  /** 'packets' for captures. */
  readonly unit: 'records' | 'packets';
  /** See hideableOctets; NaN when nothing is known of the sampling. */
  readonly hideable: number;
  /** Why this sensor alone cannot carry the claim; empty when it can. */
  readonly reasons: readonly Reason[];
}

/** `rows` are the sensor's rows, those around the period included; `ipv6` is true when the subject has IPv6 addresses. */
export function sensorFacts(
  sensor: CompiledSensor,
  rows: readonly CoverageMinute[],
  demand: CoverageDemand,
  fromMs: number,
  toMs: number,
  ipv6: boolean,
): SensorFacts {
  const inside = rows.filter((row) => row.minute >= fromMs && row.minute < toMs);
  const maxLost = Number.isNaN(demand.maxLost) ? DEFAULT_MAX_LOST : demand.maxLost;
  const heartbeatMs = sensor.heartbeatMs > 0 ? sensor.heartbeatMs : DEFAULT_HEARTBEAT_MS;
  const silent = !inside.some((row) => row.messagesReceived > 0 || row.observedMilliseconds > 0);
  const { sent, lost } = lossOf(inside);
  const loss = sent > 0 ? Math.min(1, lost / sent) : 0;
  const sampling = samplingOf(sensor, inside);
  const confidence = Number.isNaN(demand.detectConfidence) ? DEFAULT_CONFIDENCE : demand.detectConfidence;
  const unit = inside.length > 0 && inside.every(isCapture) ? 'packets' : 'records';
  const base = {
    name: sensor.name,
    silent,
    blind: blindTimes(rows, fromMs, toMs, heartbeatMs, maxLost),
    sent,
    lost,
    templatesChanged: inside.reduce((sum, row) => sum + row.templatesChanged, 0),
    unit,
  } as const;
  if (silent)
    return {
      ...base,
      hideable: Number.NaN,
      reasons: [reason('sensor-silent', sensor.name, 0, 1, 'messages', `${sensor.name} delivered nothing in this period`)],
    };
  const reasons = [
    ...lostReasons(sensor.name, inside, loss, maxLost, unit),
    ...sampledReasons(sensor.name, sampling, loss, demand),
    ...clockReasons(sensor.name, inside, demand.maxSkewMs),
  ];
  if (ipv6 && inside.every((row) => WITHOUT_IPV6.has(row.exportProtocol))) {
    reasons.push(
      reason(
        'no-ipv6-fields',
        sensor.name,
        0,
        1,
        'templates',
        `the subject has IPv6 addresses, and ${sensor.name} delivered a version of NetFlow that has no field for them (v1, v5, v7)`,
      ),
    );
  }
  return { ...base, hideable: sampling === 0 ? Number.NaN : hideableOctets(sampling, loss, confidence), reasons };
}

export function reason(code: Reason['code'], about: string, observed: number, demanded: number, unit: string, sentence: string): Reason {
  return { code, about, observed, demanded, unit, sentence };
}

/** The worse of what is declared and what was told; captures see every packet; 0 when nobody says. */
function samplingOf(sensor: CompiledSensor, rows: readonly CoverageMinute[]): number {
  let sampling = sensor.samplingInterval;
  for (const row of rows) sampling = Math.max(sampling, isCapture(row) ? Math.max(1, row.samplingInterval) : row.samplingInterval);
  return sampling;
}

function lostReasons(name: string, rows: readonly CoverageMinute[], loss: number, maxLost: number, unit: string): Reason[] {
  const reasons: Reason[] = [];
  if (loss > maxLost)
    reasons.push(
      reason(
        'records-lost',
        name,
        loss,
        maxLost,
        'share',
        `${shareText(loss)} of the ${unit} of ${name} were lost, ${shareText(maxLost)} at most are allowed`,
      ),
    );
  let received = 0;
  let unread = 0;
  let waiting = 0;
  for (const row of rows) {
    received += row.recordsReceived;
    unread += row.recordsUndecodable + row.recordsMalformed;
    waiting += row.recordsHeld - row.recordsReleased;
  }
  // What was held and never released arrived, and nobody could read it.
  unread += Math.max(0, waiting);
  const share = received > 0 ? Math.min(1, unread / received) : unread > 0 ? 1 : 0;
  if (share > maxLost)
    reasons.push(
      reason(
        'undecodable',
        name,
        share,
        maxLost,
        'share',
        `${shareText(share)} of the records of ${name} arrived and could not be read, ${shareText(maxLost)} at most are allowed`,
      ),
    );
  return reasons;
}

function sampledReasons(name: string, sampling: number, loss: number, demand: CoverageDemand): Reason[] {
  if (sampling === 0) {
    return [
      reason(
        'sampled',
        name,
        0,
        1,
        '1:N',
        `neither the claim file nor ${name} says at what rate it samples; declare sampling: 1 if it does not`,
      ),
    ];
  }
  if (Number.isNaN(demand.detectOctets)) {
    if (sampling === 1) return [];
    return [
      reason(
        'sampled',
        name,
        sampling,
        1,
        '1:N',
        `${name} sees 1 in ${sampling} packets, and the claim does not say what transfer it must detect`,
      ),
    ];
  }
  const allowed = 1 - demand.detectConfidence;
  const missed = missProbability(packetsOf(demand.detectOctets), sampling, loss);
  if (missed <= allowed) return [];
  const why = sampling > 1 ? `at 1:${sampling}` : 'with its losses';
  const sentence = `${why} ${name} would miss a transfer of ${formatOctets(demand.detectOctets)} with ${shareText(missed)}, ${shareText(allowed)} at most are allowed`;
  return [reason(sampling > 1 ? 'sampled' : 'records-lost', name, missed, allowed, 'probability', sentence)];
}

function clockReasons(name: string, rows: readonly CoverageMinute[], maxSkewMs: number): Reason[] {
  if (Number.isNaN(maxSkewMs)) return [];
  const known = rows.filter((row) => !Number.isNaN(row.clockOffsetMilliseconds)).sort((a, b) => a.minute - b.minute);
  if (known.length === 0) {
    return [
      reason(
        'demand-not-judged',
        `max_skew ${name}`,
        0,
        maxSkewMs,
        'ms',
        `the clock of ${name} could not be compared with ours: these records came without arrival times`,
      ),
    ];
  }
  let worst = 0;
  known.forEach((row, index) => {
    let least = row.clockOffsetMilliseconds;
    for (let i = index - 1; i >= 0 && known[i]!.minute > row.minute - OFFSET_WINDOW_MS; i--)
      least = Math.min(least, known[i]!.clockOffsetMilliseconds);
    if (Math.abs(least) > Math.abs(worst)) worst = least;
  });
  if (Math.abs(worst) <= maxSkewMs) return [];
  return [
    reason(
      'clock',
      name,
      worst,
      maxSkewMs,
      'ms',
      `the clock of ${name} was off by ${Math.round(worst)} ms, ${maxSkewMs} ms at most are allowed`,
    ),
  ];
}
