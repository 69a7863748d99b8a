import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadLibrary } from '../../dashboards/console/library.js';
import { packageRoot } from '../../flow/service/paths.js';
import { DAY_RANGE } from './support/sample-data.js';
import { openSampleStore, type SampleStore } from './support/sample-store.js';
import { sourcesOf } from './support/sources.js';

/*
 * What is chosen must count: a screen asked for names that nobody bears shows nothing of others, whatever the names look like as SQL, and no answer grows
 * with the store.
 */

const library = loadLibrary(join(packageRoot(), 'dashboards', 'generated'));
const NOW = Date.parse(DAY_RANGE.to);

const sources = library.dashboards.flatMap(sourcesOf);

let sample: SampleStore;
beforeAll(async () => {
  sample = await openSampleStore();
});
afterAll(() => sample.close());

/** Each would show every row, or none at all and an error, if it were not quoted. */
const HOSTILE = [
  "x') OR ('1'='1",
  "') OR 1=1 --",
  '\\',
  "\\') OR 1=1 --",
  '$__conditionalAll(1=1, $asset)',
  '/* ',
  "';SELECT 1;--",
  '%',
  "%' OR '1'='1",
];

const filtered = sources.filter(({ query }) => query.rawSql.includes(':singlequote}'));

test('most queries follow a variable', () => {
  expect(filtered.length).toBeGreaterThan(40);
});

/** Rows that stand whatever is chosen, and why. */
const MAY_SHOW: Readonly<Record<string, string>> = {
  'cordon-claims: Exceptions, doubts and drills: claim': 'drills belong to a fleet, and to all of its claims',
};

describe.each(filtered)('$dashboard.title: $source.kind $name', ({ dashboard, name: title, source, query }) => {
  test('shows nothing of others for names that nobody bears', async () => {
    for (const { name, type } of dashboard.templating.list) {
      if (!query.rawSql.includes(`\${${name}:singlequote}`) || MAY_SHOW[`${dashboard.uid}: ${title}: ${name}`] !== undefined) continue;
      const variables = { [name]: type === 'textbox' ? HOSTILE.slice(0, 1) : HOSTILE };
      const { data } = await sample.query(library.expand({ dashboard: dashboard.uid, source, ...DAY_RANGE, variables }, NOW).sql);
      // A sum over nothing is 0, in the one row of a stat; a share or an age over nothing is empty.
      const told = data.length === 1 ? data[0]!.filter((value) => value !== null && Number(value) !== 0) : data;
      expect(told, name).toEqual([]);
    }
  });
});

/**
 * The plugin turns these into fields of Grafana as one would think. Others it hands on as JSON or text (arrays, tuples, SimpleAggregateFunction of anything with
 * arguments), which then are no time, no number, and no link.
 */
const PLAIN =
  /^(?:LowCardinality\(String\)|DateTime\('UTC'\)|(?:Nullable\()?(?:String|U?Int(?:8|16|32|64)|Float64|DateTime64\(3, 'UTC'\))\)?)$/;

test("every column of every answer is of a type that Grafana's plugin knows", async () => {
  for (const { dashboard, name, source } of sources) {
    const { sql } = library.expand({ dashboard: dashboard.uid, source, ...DAY_RANGE, variables: {} }, NOW);
    for (const column of (await sample.query(sql)).meta) expect(column.type, `${dashboard.title}, ${name}: ${column.name}`).toMatch(PLAIN);
  }
});

test('no answer grows with the store: tables have a LIMIT or are one row, series are bounded by their interval', async () => {
  for (const { dashboard, name, source, query } of sources) {
    const limit = /\bLIMIT (\d+)\b(?! BY)/.exec(query.rawSql)?.[1];
    if (query.format === 1 && limit === undefined) {
      const { sql } = library.expand({ dashboard: dashboard.uid, source, ...DAY_RANGE, variables: {} }, NOW);
      expect((await sample.query(sql)).data.length, `${dashboard.title}, ${name}`).toBeLessThanOrEqual(1);
    } else if (query.format === 1) {
      expect(Number(limit), name).toBeLessThanOrEqual(5000);
    } else {
      const panel = dashboard.panels.find(({ id }) => source.kind === 'panel' && id === source.panel)!;
      expect([panel.interval, panel.maxDataPoints! <= 300], name).toEqual([expect.stringMatching(/^\d+[mh]$/), true]);
    }
  }
});
