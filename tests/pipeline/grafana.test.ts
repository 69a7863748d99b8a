import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadLibrary } from '../../dashboards/console/library.js';
import { expandMacros } from '../../dashboards/console/macros.js';
import type { QueryRequest, Selection } from '../../dashboards/console/model.js';
import { ALERT_RULES } from '../../dashboards/definitions/alert-rules.js';
import { readSql } from '../../dashboards/definitions/clickhouse-query.js';
import { packageRoot } from '../../flow/service/paths.js';
import { sourcesOf } from '../dashboards/support/sources.js';
import { killAll, type Running, says, start } from './support/cordon.js';
import { freshDist } from './support/dist.js';

/*
 * What a Grafana gets from `cordon run`: the real process with both scenarios played, asked through its HTTP front, as the reader, for every query of every
 * dashboard, variable, annotation and alert rule.
 */

const library = loadLibrary(join(packageRoot(), 'dashboards', 'generated'));
const NOW = Date.parse('2026-12-04T00:00:00Z');
const DAY = { from: 'now-25h', to: 'now' };
/** What is chosen over which range, beside everything over the day; tests/dashboards/queries.test.ts has every pair, over made rows. */
const OTHERS = {
  one: { from: 'now-10h', to: 'now-9h' },
  several: { from: 'now-30d', to: 'now' },
  nobody: { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' },
} as const;
/** Of what the scenarios have nothing: nobody decided anything in them, no record was unread, no exporter told its clock, nothing was excepted, none has drills, and there is no location data. */
const EMPTY_IN_SCENARIOS = new Set([
  ...['What was decided', 'Decisions', 'Who decided what', 'Muted scopes', 'Decisions over time'],
  ...['Arrived and not read, by why', 'Clock offset per sensor', 'Exceptions, doubts and drills', 'Drills'],
  'Peers by country',
]);

let folder: string;
let run: Running;
let client: ClickHouseClient;
beforeAll(async () => {
  await freshDist();
  folder = mkdtempSync(join(tmpdir(), 'cordon-grafana-'));
  const config = join(folder, 'cordon.yaml');
  writeFileSync(config, 'front: { port: 0 }\nmetrics: { port: 0 }\n');
  run = start(['run', '--bundled', '--config', config, '--listen', '127.0.0.1:0', '--port', '0'], { CORDON_FRONT_PASSWORD: 'secret' });
  await says(run, /Ctrl-C ends\n/);
  const url = /^Grafana {3}(http:\/\/127\.0\.0\.1:\d+) /m.exec(run.output())![1]!;
  client = createClient({
    url,
    username: 'grafana_reader',
    password: 'secret',
    database: 'cordon',
    log: { level: ClickHouseLogLevel.OFF },
  });
});
afterAll(async () => {
  await client?.close();
  run?.signal('SIGINT');
  await run?.ended;
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}
async function ask(query: string): Promise<Answer> {
  const { meta, data } = await (await client.query({ query, format: 'JSONCompact' })).json<unknown[]>();
  return { columns: meta!.map(({ name, type }) => `${name} ${type}`), rows: data };
}

describe.each(library.dashboards)('$title', (dashboard) => {
  test('every query answers with the same columns whatever is chosen over short, long and empty ranges, and has rows where the scenarios have', async () => {
    const asked = (source: QueryRequest['source'], range: { from: string; to: string }, variables: Selection) =>
      ask(library.expand({ dashboard: dashboard.uid, source, ...range, variables }, NOW).sql);
    const chosen: Record<keyof typeof OTHERS, Record<string, string[]>> = { one: {}, several: {}, nobody: {} };
    for (const { name, type } of dashboard.templating.list.filter((variable) => variable.type !== 'datasource')) {
      if (type === 'query') {
        const values = (await asked({ kind: 'variable', name }, DAY, {})).rows.map(([value]) => String(value));
        expect(values.length, `values of ${name}`).toBeGreaterThan(0);
        chosen.one[name] = values.slice(0, 1);
        chosen.several[name] = values.slice(0, 3);
      }
      chosen.nobody[name] = ["o'neil", "x') OR ('1'='1", '\\'].slice(0, type === 'textbox' ? 1 : 3);
    }
    for (const { name, source } of sourcesOf(dashboard)) {
      const all = await asked(source, DAY, {});
      if (EMPTY_IN_SCENARIOS.has(name)) expect(all.rows, name).toEqual([]);
      else expect(all.rows.length, name).toBeGreaterThan(0);
      for (const which of ['one', 'several', 'nobody'] as const) {
        expect((await asked(source, OTHERS[which], chosen[which])).columns, `${name}, ${which}`).toEqual(all.columns);
      }
    }
  });
});

test('every alert rule answers; those that the scenarios break fire', async () => {
  const firing: Record<string, number> = {};
  for (const { name, rangeMs, above } of ALERT_RULES) {
    for (const toMs of [NOW, NOW - 10 * 3_600_000, Date.UTC(2020, 0, 1)]) {
      const { rows } = await ask(expandMacros(readSql('alerts', name), { fromMs: toMs - rangeMs, toMs, intervalMs: 60_000 }));
      expect(rows.length, name).toBeGreaterThan(0);
      if (toMs === NOW) firing[name] = rows.filter((row) => Number(row.at(-1)) > above).length;
    }
  }
  expect(firing['open-critical-finding']).toBeGreaterThan(0);
  expect(firing['claim-violated']).toBeGreaterThan(0);
  expect(firing['drill-missed']).toBe(0);
});
