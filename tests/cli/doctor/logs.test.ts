import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { examineLogs } from '../../../cli/doctor/logs.js';
import { defaultConfig } from '../../../flow/service/config.js';
import { HOUR_MS } from '../../../flow/time.js';

const folder = mkdtempSync(join(tmpdir(), 'cordon-doctor-logs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a followed log is there and fresh, or quiet, or missing', async () => {
  const now = Date.now();
  const config = defaultConfig();
  config.collector.logs = ['fresh.log', 'quiet.log', 'none.log'].map((name) => ({
    path: join(folder, name),
    format: 'zeek',
    sensor: 'tap',
  }));
  for (const name of ['fresh.log', 'quiet.log']) writeFileSync(join(folder, name), 'x');
  utimesSync(join(folder, 'quiet.log'), (now - HOUR_MS) / 1000, (now - HOUR_MS) / 1000);
  const checks = await examineLogs(config, now);
  expect(checks.map(({ state }) => state)).toEqual(['ok', 'note', 'wrong']);
  expect(checks[1]!.says).toContain('1 h ago');
  expect(checks[2]!.remedy).toContain('collector.logs');
});
