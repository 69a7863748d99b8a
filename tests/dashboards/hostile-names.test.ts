import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toFrame } from '../../dashboards/console/frame.js';
import { loadLibrary } from '../../dashboards/console/library.js';
import { packageRoot } from '../../flow/service/paths.js';
import { HOUR_MS } from '../../flow/time.js';
import { HOSTILE_NAMES } from '../support/hostile-names.js';
import { DAY, DAY_RANGE, sampleFinding } from './support/sample-data.js';
import { openSampleStore, type SampleStore } from './support/sample-store.js';

/*
 * Names as somebody chose them who wants to be misread go through the dashboards' JSON and queries as data: chosen in a variable they find their own rows and no
 * others, and what Grafana is told to do with values is to show them as text and to encode them in links. (Grafana itself escapes what it shows.)
 */

const folder = join(packageRoot(), 'dashboards', 'generated');
const library = loadLibrary(folder);
const NOW = Date.parse(DAY_RANGE.to);
let sample: SampleStore;
beforeAll(async () => {
  const findings = HOSTILE_NAMES.map(({ text }, index) =>
    sampleFinding({ id: `h${index}`, claim: text, severity: 'info', fleet: text, asset: text, firstSeen: DAY + HOUR_MS, sentence: text }),
  );
  sample = await openSampleStore({ findings });
});
afterAll(() => sample?.close());

test.each(HOSTILE_NAMES)('a name that tries $tries finds its own finding and no other', async ({ text }) => {
  const overview = library.dashboards.find(({ uid }) => uid === 'cordon-overview')!;
  const panel = overview.panels.find(({ title }) => title === 'Findings')!;
  const source = { kind: 'panel', panel: panel.id, refId: panel.targets[0]!.refId } as const;
  const { sql, ...expanded } = library.expand(
    { dashboard: overview.uid, source, ...DAY_RANGE, variables: { fleet: [text], asset: [text] } },
    NOW,
  );
  const frame = toFrame(await sample.query(sql), expanded);
  expect(frame.rows.length).toBe(1);
  expect(frame.rows[0]!.filter((cell) => cell === text).length).toBeGreaterThan(1);
});

describe.each(readdirSync(folder))('%s', (file) => {
  const json = readFileSync(join(folder, file), 'utf8');
  const values = stringsOf(JSON.parse(json));

  test('variables enter SQL as quoted lists only', () => {
    const queries = values.filter(({ path }) => path.endsWith('.rawSql') || path.endsWith('.query'));
    expect(queries.length).toBeGreaterThan(0);
    for (const { path, text } of queries)
      for (const [reference] of text.matchAll(/\$\{[^}]*\}/g)) expect(reference, path).toMatch(/^\$\{(\w+:singlequote|datasource)\}$/);
  });

  test('values enter links percent-encoded', () => {
    // queryparam: `var-name=value` for each choice, the value percent-encoded.
    for (const { path, text } of values.filter((value) => value.path.endsWith('.url')))
      for (const [reference] of text.matchAll(/\$\{[^}]*\}/g))
        expect(reference, path).toMatch(/^\$\{(__url_time_range|datasource|\w+:queryparam|[^}]+:percentencode)\}$/);
  });

  test('no panel takes text for markup', () => {
    expect(values.filter(({ path, text }) => path.endsWith('.type') && ['text', 'html', 'markdown'].includes(text))).toEqual([]);
    expect(json).not.toMatch(/:raw\}|"disableSanitize|dangerouslySet/i);
  });
});

interface Found {
  readonly path: string;
  readonly text: string;
}

/** Every text of a JSON value, with where it stands. */
function stringsOf(value: unknown, path = ''): Found[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => stringsOf(inner, `${path}.${key}`));
}
