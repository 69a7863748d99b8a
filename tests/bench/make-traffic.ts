import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TrafficSummary, writeExportCapture } from './traffic.js';
import { writeTrafficClaims } from './traffic-claims.js';

/*
 * Traffic for the pipelines, made by a process of its own so that its memory is not counted as theirs.
 *
 *   node <compiled>/tests/bench/make-traffic.js FILE RECORDS
 */

export interface MadeTraffic extends TrafficSummary {
  /** To be removed by the caller. Lies in memory where there is /dev/shm, so that no disk is measured in reading it. */
  readonly folder: string;
  readonly capture: string;
  readonly claims: readonly string[];
}

const self = fileURLToPath(import.meta.url);

export function makeTraffic(records: number): MadeTraffic {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'cordon-traffic-'));
  const capture = join(folder, 'export.pcap');
  const run = spawnSync(process.execPath, [self, capture, String(records)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (run.status !== 0) throw new Error(`the traffic could not be made: exit ${run.status}`);
  return { folder, capture, claims: writeTrafficClaims(folder), ...(JSON.parse(run.stdout) as TrafficSummary) };
}

if (process.argv[1] === self) process.stdout.write(JSON.stringify(writeExportCapture(process.argv[2]!, Number(process.argv[3]))));
