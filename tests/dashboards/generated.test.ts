import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Action, Dashboard, DataLink, MapLayer } from '../../dashboards/console/model.js';
import { unsupported } from '../../dashboards/console/supported.js';
import { parseDataLink } from '../../dashboards/console/web/data-link.js';
import { parseDecisionAction } from '../../dashboards/console/web/decision-action.js';
import { generateDashboards } from '../../dashboards/definitions/generate.js';
import { packageRoot } from '../../flow/service/paths.js';

/*
 * The committed dashboards are what Grafana and the console load: they are what the definitions make, they carry what an analyst needs to
 * understand a panel, Grafana can provision them, and the console can draw all of them.
 */

const folder = join(packageRoot(), 'dashboards', 'generated');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const dashboards = files.map((file) => ({
  file,
  dashboard: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard & Record<string, unknown>,
}));
const CORE_PANELS = [
  'timeseries',
  'stat',
  'table',
  'bargauge',
  'gauge',
  'barchart',
  'piechart',
  'state-timeline',
  'status-history',
  'heatmap',
  'histogram',
  'geomap',
  'nodeGraph',
  'text',
];

test('the committed files are a fresh generation, no more and no fewer', () => {
  const fresh = generateDashboards();
  expect(files.sort()).toEqual(fresh.map(({ file }) => file).sort());
  for (const { file, json } of fresh)
    expect(readFileSync(join(folder, file), 'utf8'), `run 'cordon dashboards' to generate ${file}`).toBe(json);
});

test('uids are unique and generation is repeatable', () => {
  const uids = dashboards.map(({ dashboard }) => dashboard.uid);
  expect(new Set(uids).size).toBe(uids.length);
  expect(generateDashboards()).toEqual(generateDashboards());
});

describe.each(dashboards)('$file', ({ dashboard }) => {
  test('is classic JSON that Grafana provisions: no id, stable uid, not editable, a schema version it migrates', () => {
    expect(dashboard).not.toHaveProperty('id');
    expect(dashboard.uid).toMatch(/^cordon-[a-z-]+$/);
    expect(dashboard.editable).toBe(false);
    expect(dashboard.schemaVersion).toBeLessThanOrEqual(42);
    expect(dashboard.title).toBeTruthy();
  });

  test('every panel has an id of its own, a title, a description, a unit and a query, and is of a core type', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const panel of dashboard.panels) {
      expect(panel.title, `panel ${panel.id}`).toBeTruthy();
      expect(panel.description?.length ?? 0, `${panel.title}: description`).toBeGreaterThan(30);
      expect(panel.fieldConfig.defaults.unit, `${panel.title}: unit`).toBeTruthy();
      expect(CORE_PANELS, panel.title).toContain(panel.type);
      expect(panel.targets.length, panel.title).toBeGreaterThan(0);
    }
  });

  test('panels lie on the grid of 24 columns and do not overlap', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.get(`${x},${y}`), `${title} at ${x},${y}`).toBeUndefined();
          taken.set(`${x},${y}`, title);
        }
      }
    }
  });

  test('everything asks the data source by its variable; query variables follow the time range', () => {
    const text = JSON.stringify(dashboard);
    const uids = [...text.matchAll(/"datasource":\{"type":"([^"]+)","uid":"([^"]+)"\}/g)];
    expect(uids.length).toBeGreaterThan(dashboard.panels.length);
    for (const [, type, uid] of uids) expect([type, uid]).toEqual(['grafana-clickhouse-datasource', `\${datasource}`]);
    for (const variable of dashboard.templating.list as unknown as {
      type: string;
      refresh?: number;
      multi?: boolean;
      includeAll?: boolean;
      name: string;
    }[]) {
      if (variable.type === 'query') expect(variable.refresh, variable.name).toBe(2);
      // One screen is of one thing: the device. All others take several values and All.
      const several = !(dashboard.uid === 'cordon-device' && variable.name === 'asset');
      if (variable.type !== 'datasource' && variable.type !== 'textbox')
        expect([variable.multi, variable.includeAll], variable.name).toEqual([several, several]);
    }
  });

  test('names no host and leaves nothing that a replacement pattern of $__conditionalAll would change', () => {
    const text = JSON.stringify(dashboard);
    expect(text).not.toMatch(/https?:\/\/|\/\/[a-z0-9-]+\.[a-z]/i);
    // The plugin's front end puts conditions back with String.replace, where $$, $&, $` and $' have a meaning of their own.
    for (const sql of text.matchAll(/"rawSql":"((?:[^"\\]|\\.)*)"/g)) expect(sql[1]).not.toMatch(/\$[$&`']/);
  });

  test('reads views and rollups only, never the flow records', () => {
    for (const { title, targets } of dashboard.panels) {
      for (const { rawSql } of targets) expect(rawSql, title).not.toMatch(/\bcordon\.(?:flows|findings|coverage|verdicts)\b/);
    }
  });

  test('the console draws all of it', () => {
    expect(unsupported(dashboard)).toEqual([]);
  });
});

test('every link leads to a dashboard that there is, and sets a variable that it has', () => {
  const byUid = new Map(dashboards.map(({ dashboard }) => [dashboard.uid, dashboard]));
  const links = dashboards.flatMap(({ dashboard }) =>
    dashboard.panels.flatMap(({ fieldConfig }) =>
      fieldConfig.overrides.flatMap(({ properties }) =>
        properties.filter(({ id }) => id === 'links').flatMap(({ value }) => value as readonly DataLink[]),
      ),
    ),
  );
  expect(links.length).toBeGreaterThan(0);
  for (const { title, url } of links) {
    const { uid, variables, kept } = parseDataLink(url);
    expect(title).toBeTruthy();
    const names = byUid.get(uid)?.templating.list.map(({ name }) => name);
    for (const name of [...kept, ...variables.map((variable) => variable.name)]) expect(names, url).toContain(name);
  }
});

test('the console names what it could not draw', () => {
  const { dashboard } = dashboards.find(({ file }) => file === 'overview.json')!;
  const panel = dashboard.panels[0]!;
  const query = (rawSql: string) => ({ ...panel, targets: [{ ...panel.targets[0]!, rawSql }] });
  const problems = (changed: object) => unsupported({ ...dashboard, panels: [{ ...panel, ...changed }] }).join('\n');
  expect(problems({ type: 'nodeGraph' })).toContain("type 'nodeGraph'");
  expect(problems({ transformations: [{ id: 'joinByField' }] })).toContain("transformation 'joinByField'");
  expect(problems(query('SELECT $__rateColumns(a)'))).toContain('$__rateColumns');
  expect(problems(query(`SELECT \${asset:csv}`))).toContain('singlequote');
  expect(problems(query(`SELECT \${asset:singlequote}`))).toContain('outside $__conditionalAll');
  expect(problems(query(`SELECT \${nobody:singlequote}`))).toContain('does not have');
  expect(
    problems({
      fieldConfig: { defaults: { unit: 'furlongs' }, overrides: [{ matcher: { id: 'byType' }, properties: [{ id: 'filterable' }] }] },
    }),
  ).toMatch(/furlongs[\s\S]*byType[\s\S]*filterable/);
  const linked = (url: string) =>
    problems({
      type: 'table',
      fieldConfig: {
        defaults: {},
        overrides: [{ matcher: { id: 'byName', options: 'a' }, properties: [{ id: 'links', value: [{ title: 'x', url }] }] }],
      },
    });
  expect(linked('https://example.com/d/x/x?a=1')).toContain('leads to no dashboard');
  expect(linked('/d/cordon-device/x?orgId=1')).toContain('orgId=1');
});

test('the console draws our map, and names every map that it could not draw', () => {
  const { dashboard } = dashboards.find(({ file }) => file === 'destinations.json')!;
  const map = dashboard.panels.find(({ type }) => type === 'geomap')!;
  const { layers = [], basemap } = map.options;
  const [shapes, circles] = layers as [MapLayer, MapLayer];
  const problems = (options: object) =>
    unsupported({ ...dashboard, panels: [{ ...map, options: { ...map.options, ...options } }] }).join('\n');
  const styled = (change: object) =>
    problems({ layers: [shapes, { ...circles, config: { style: { ...(circles.config?.style as object), ...change } } }] });
  expect(problems({})).toBe('');
  expect(problems({ basemap: { type: 'carto' } })).toContain('tiles of a server');
  expect(problems({ basemap: { ...basemap, config: { url: 'https://tiles.example/{z}/{x}/{y}' } } })).toContain('tiles of a server');
  expect(problems({ layers: [{ ...shapes, config: { src: 'public/maps/usa-states.geojson' } }, circles] })).toContain('first layer');
  expect(problems({ layers: [shapes, { ...circles, type: 'heatmap' }] })).toContain('other layers');
  expect(problems({ layers: [shapes, circles, circles] })).toContain('other layers');
  expect(problems({ layers: [shapes, { ...circles, location: { mode: 'coords' } }] })).toContain('not placed by');
  expect(styled({ size: { fixed: 4 } })).toContain('not sized');
  expect(styled({ color: { field: 'Peers', fixed: 'red' } })).toContain('circles of one colour');
  expect(styled({ symbol: { fixed: 'img/icons/marker/star.svg' } })).toContain('circles of one colour');
  expect(problems({ legend: {} })).toContain('option legend');
});

test('the console knows the actions of decisions and refuses every other', () => {
  const { dashboard } = dashboards.find(({ file }) => file === 'triage.json')!;
  const queue = dashboard.panels.find(({ title }) => title === 'Queue')!;
  const column = queue.fieldConfig.overrides.find(({ matcher }) => matcher.options === 'Decide')!;
  const actions = column.properties.find(({ id }) => id === 'actions')!.value as Action[];
  expect(actions.map((action) => parseDecisionAction(action))).toEqual([
    { deciding: 'acknowledge', title: 'Acknowledge', column: 'Finding' },
    { deciding: 'close', title: 'Close', column: 'Finding' },
    { deciding: 'reopen', title: 'Reopen', column: 'Finding' },
  ]);
  const changed = (change: object, fetch: object = {}) => {
    const value = [{ ...actions[0]!, ...change, fetch: { ...actions[0]!.fetch!, ...fetch } }];
    const overrides = [{ matcher: column.matcher, properties: [{ id: 'actions', value }] }];
    return unsupported({ ...dashboard, panels: [{ ...queue, fieldConfig: { ...queue.fieldConfig, overrides } }] }).join('\n');
  };
  expect(changed({})).toBe('');
  expect(changed({ type: 'infinity' })).toContain('of the type infinity');
  expect(changed({}, { method: 'DELETE' })).toContain('sends DELETE');
  expect(changed({}, { url: 'https://example.com/x' })).toContain('posts to https://example.com/x');
  expect(changed({}, { body: '{"reason":"$reason"}' })).toContain('escapes nothing');
  expect(changed({}, { headers: [['Authorization', 'Bearer x']] })).toContain('sends the headers Authorization');
  expect(changed({}, { queryParams: [['reason', 'always']] })).toContain('reason=always');
  expect(changed({ variables: [] })).toContain('asks for nothing');
});
