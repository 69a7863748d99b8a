import type { CompiledSensor, CoverageDemand } from '../claims/compiled.js';
import { missProbability, packetsOf } from '../claims/detectability.js';
import { formatOctets } from '../claims/units.js';
import { sumOf } from './loss.js';
import { type CoverageMinute, isCapture } from './observed-time.js';
import { reason } from './reason.js';
import type { Reason } from './verdict-types.js';
import { shareText } from './words.js';

/**
 * The worst (reference: assurance.md §2.3) of what is declared, what was told, and what was attained: packets of the pool for each one taken (RFC 5475
 * §6.5.3), which loss on the way makes worse. Captures see every packet; 0 when nobody says.
 */
export function samplingOf(sensor: CompiledSensor, rows: readonly CoverageMinute[]): number {
  let sampling = sensor.samplingInterval;
  for (const row of rows) sampling = Math.max(sampling, isCapture(row) ? Math.max(1, row.samplingInterval) : row.samplingInterval);
  const pool = sumOf(rows, 'packetsPool');
  // None taken of a pool that passed: one in more than all of them.
  return pool === 0 ? sampling : Math.max(sampling, pool / Math.max(1, sumOf(rows, 'packetsSelected')));
}

export function samplingReasons(name: string, sampling: number, loss: number, demand: CoverageDemand): Reason[] {
  if (sampling === 0) {
    const sentence = `neither the claim file nor ${name} says at what rate it samples; declare sampling: 1 if it does not`;
    return [reason('sampled', name, 0, 1, '1:N', sentence)];
  }
  if (Number.isNaN(demand.detectOctets)) {
    if (sampling === 1) return [];
    const sentence = `${name} sees 1 in ${rateText(sampling)} packets, and the claim does not say what transfer it must detect`;
    return [reason('sampled', name, sampling, 1, '1:N', sentence)];
  }
  const allowed = 1 - demand.detectConfidence;
  const missed = missProbability(packetsOf(demand.detectOctets), sampling, loss);
  if (missed <= allowed) return [];
  const why = sampling > 1 ? `at 1:${rateText(sampling)}` : 'with its losses';
  const sentence = `${why} ${name} would miss a transfer of ${formatOctets(demand.detectOctets)} with ${shareText(missed)}, ${shareText(allowed)} at most are allowed`;
  return [reason(sampling > 1 ? 'sampled' : 'records-lost', name, missed, allowed, 'probability', sentence)];
}

function rateText(sampling: number): string {
  return String(Math.round(sampling * 10) / 10);
}
