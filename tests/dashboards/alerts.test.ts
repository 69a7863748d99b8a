import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { expandMacros } from '../../dashboards/console/macros.js';
import type { Dashboard } from '../../dashboards/console/model.js';
import { generateAlerting } from '../../dashboards/definitions/alert-provisioning.js';
import { ALERT_RULES } from '../../dashboards/definitions/alert-rules.js';
import { JUDGEMENT_COLUMNS } from '../../detector/findings/judgement.js';
import { FLOW_COLUMNS } from '../../flow/columns.js';
import { packageRoot } from '../../flow/service/paths.js';
import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import { nativeRows } from './support/rows.js';
import { DAY, DAY_RANGE, sampleFinding, sampleFlows, sampleJudgements, sampleVerdicts } from './support/sample-data.js';
import { openSampleStore, type SampleStore } from './support/sample-store.js';

/*
 * The committed alerting files are what Grafana loads: they are what the definitions make, Grafana can provision them, and every query answers on the real
 * engine with labels and one number, fires on what it is for, and keeps quiet otherwise.
 */

interface Rule {
  readonly uid: string;
  readonly title: string;
  readonly condition: string;
  readonly data: readonly {
    readonly refId: string;
    readonly datasourceUid: string;
    readonly relativeTimeRange: { readonly from: number; readonly to: number };
    readonly model: Readonly<Record<string, unknown>>;
  }[];
  readonly noDataState: string;
  readonly execErrState: string;
  readonly for: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

const root = packageRoot();
const folder = join(root, 'dashboards/provisioning/alerting');
const committed = (file: string) => readFileSync(join(folder, file), 'utf8');
const groups = (parse(committed('rules.yml')) as { groups: { name: string; folder: string; interval: string; rules: Rule[] }[] }).groups;
const rules = groups.flatMap((group) => group.rules);
const dashboards = readdirSync(join(root, 'dashboards/generated')).map(
  (file) => JSON.parse(readFileSync(join(root, 'dashboards/generated', file), 'utf8')) as Dashboard,
);

describe('the files', () => {
  test('are a fresh generation, no more and no fewer', () => {
    const fresh = generateAlerting();
    expect(readdirSync(folder).sort()).toEqual(fresh.map(({ file }) => file).sort());
    for (const { file, yaml } of fresh) expect(committed(file), `run 'cordon dashboards' to generate ${file}`).toBe(yaml);
  });

  test('name no host, and the environment only where Grafana reads it', () => {
    for (const { file, yaml } of generateAlerting()) {
      expect(yaml, file).not.toMatch(/https?:\/\/|\/\/[a-z0-9-]+\.[a-z]/i);
      if (file !== 'rules.yml') continue;
      for (const group of groups) expect(`${group.name} ${group.folder}`).not.toContain('$');
      // Titles and labels are expanded with the environment; models are not.
      for (const rule of rules) expect(JSON.stringify([rule.uid, rule.title, rule.labels])).not.toContain('$');
      // Newer versions expand ${NAME} in annotations, but not $NAME.
      for (const rule of rules) expect(JSON.stringify(rule.annotations)).not.toContain('${');
    }
  });

  test('contact points take their addresses from variables that Compose sets, and every policy names a contact point', () => {
    const { contactPoints } = parse(committed('contact-points.yml')) as {
      contactPoints: { name: string; receivers: { uid: string; type: string; settings: Record<string, unknown> }[] }[];
    };
    const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
      services: { grafana: { environment: Record<string, string> } };
    };
    const used = [...committed('contact-points.yml').matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name!);
    expect(used).toEqual(['CORDON_ALERT_WEBHOOK_URL', 'CORDON_ALERT_EMAIL']);
    for (const name of used) {
      // Grafana does not start with an empty address.
      expect(compose.services.grafana.environment[name], name).toMatch(new RegExp(`^\\$\\{${name}:-[^}]+\\}$`));
      expect(readFileSync(join(root, '.env.example'), 'utf8')).toContain(name);
    }
    const { policies } = parse(committed('policies.yml')) as { policies: { receiver: string; routes: { receiver: string }[] }[] };
    const names = new Set(contactPoints.map(({ name }) => name));
    for (const { receiver, routes } of policies)
      for (const used of [receiver, ...routes.map((route) => route.receiver)]) expect(names).toContain(used);
  });
});

describe.each(rules)('$title', (rule) => {
  const [query, condition] = rule.data;
  const definition = ALERT_RULES.find(({ name }) => `cordon-${name}` === rule.uid)!;

  test('is one that Grafana provisions: uid, data source by uid, a condition on the query', () => {
    expect(rule.uid).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
    expect(rules.filter(({ uid, title }) => uid === rule.uid || title === rule.title)).toHaveLength(1);
    const [source] = (
      parse(readFileSync(join(root, 'dashboards/provisioning/datasources/clickhouse.yml'), 'utf8')) as {
        datasources: { uid: string; type: string }[];
      }
    ).datasources;
    expect([query!.datasourceUid, query!.model.datasource]).toEqual([source!.uid, { type: source!.type, uid: source!.uid }]);
    expect([condition!.refId, condition!.datasourceUid, condition!.model.expression]).toEqual([rule.condition, '__expr__', query!.refId]);
    expect(query!.model.format, 'a table: each row is an alert').toBe(1);
    expect(rule.for).toMatch(/^\d+[sm]$/);
  });

  test('a dead database alarms: the pipeline’s own rules fire, the others raise the alert that their data source failed', () => {
    const pipeline = ['cordon-telemetry-blind', 'cordon-pipeline-lag'].includes(rule.uid);
    expect([rule.noDataState, rule.execErrState]).toEqual(pipeline ? ['Alerting', 'Alerting'] : ['NoData', 'Error']);
    expect(['OK', 'KeepLast']).not.toContain(rule.noDataState);
  });

  test('says what to do, and opens a panel that there is with variables that the dashboard has and labels that the query gives', () => {
    expect(rule.annotations.runbook!.length).toBeGreaterThan(80);
    const [, uid, from, query_] = /^\{\{ externalURL \}\}d\/([\w-]+)\/\1\?from=(now-\d+[hd])&to=now(.*)$/.exec(
      rule.annotations.dashboard!,
    )!;
    expect(from).toBeTruthy();
    const dashboard = dashboards.find((candidate) => candidate.uid === uid)!;
    expect(rule.annotations.__dashboardUid__).toBe(uid);
    expect(dashboard.panels.map(({ id }) => String(id))).toContain(rule.annotations.__panelId__);
    const variables = dashboard.templating.list.map(({ name }) => name);
    for (const [, name] of query_!.matchAll(/&var-(\w+)=/g)) expect(variables).toContain(name);
  });

  test('its query is for the back end: no variable, no macro of the front end, the store named in full, bounded', () => {
    const sql = String(query!.model.rawSql);
    expect(sql).not.toMatch(/\$\{|\$__conditionalAll|\$__adHocFilters/);
    expect(sql).toMatch(/\$__fromTime/);
    for (const [, table] of sql.matchAll(/\b(?:FROM|JOIN)\s+([a-z]\w*\.\w+)/g)) expect(table).toMatch(/^cordon\./);
    expect(query!.relativeTimeRange).toEqual({ from: definition.rangeMs / 1000, to: 0 });
  });
});

test('docs/grafana.md tells of every rule and of what it makes of broken answers', () => {
  const page = readFileSync(join(root, 'docs/grafana.md'), 'utf8');
  for (const { name, broken } of ALERT_RULES)
    expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\|.*\\| ${broken.noDataState} / ${broken.execErrState} \\|$`, 'm'));
});

describe('on the sample day', () => {
  const NOW = Date.parse(DAY_RANGE.to);
  let sample: SampleStore;
  beforeAll(async () => {
    const [verdict] = sampleVerdicts();
    const missing = {
      code: 'canary-missing',
      about: '',
      observed: 7_200_000,
      demanded: 3_600_000,
      unit: 'ms',
      sentence: 'no drill for 2 h',
    };
    sample = await openSampleStore({
      findings: [
        sampleFinding({
          id: 'f7',
          claim: `o'neil "x"`,
          severity: 'critical',
          fleet: '\\',
          asset: "<b>'",
          firstSeen: DAY,
          lastSeen: DAY + HOUR_MS,
        }),
      ],
      verdicts: [
        { ...verdict, claim: 'drilled', verdict: 'NOT_PROVEN', reasons: JSON.stringify([{ code: 'records-lost' }, missing]), revision: 3 },
      ],
    });
  });
  afterAll(() => sample.close());

  interface Answer {
    /** Rows that fire, labels and number. */
    readonly firing: readonly (readonly unknown[])[];
    readonly rows: readonly (readonly unknown[])[];
    readonly columns: readonly { readonly name: string; readonly type: string }[];
  }
  async function evaluate(name: string, nowMs: number, rangeMs?: number): Promise<Answer> {
    const rule = rules.find(({ uid }) => uid === `cordon-${name}`)!;
    const [query, condition] = rule.data;
    const fromMs = nowMs - (rangeMs ?? query!.relativeTimeRange.from * 1000);
    const sql = expandMacros(String(query!.model.rawSql), { fromMs, toMs: nowMs, intervalMs: Number(query!.model.intervalMs) });
    const { meta, data } = await sample.query(sql);
    const [{ evaluator }] = condition!.model.conditions as [{ evaluator: { params: [number] } }];
    return { columns: meta, rows: data, firing: data.filter((row) => Number(row.at(-1)) > evaluator.params[0]) };
  }

  test.each(ALERT_RULES.map(({ name }) => name))(
    '%s answers over every range with distinct labels, one number and at least a row',
    async (name) => {
      for (const rangeMs of [HOUR_MS, 24 * HOUR_MS, 30 * 24 * HOUR_MS]) {
        for (const nowMs of [NOW, NOW + 300, Date.UTC(2020, 0, 1)]) {
          const { columns, rows } = await evaluate(name, nowMs, rangeMs);
          expect(columns.map(({ type }) => type)).toEqual([...columns.slice(1).map(() => 'String'), 'Float64']);
          expect(rows.length).toBeGreaterThan(0);
          expect(rows.length).toBeLessThanOrEqual(500);
          const labels = rows.map((row) => JSON.stringify(row.slice(0, -1)));
          expect(new Set(labels).size, 'Grafana refuses two rows of the same labels').toBe(labels.length);
          for (const row of rows) expect(Number.isFinite(row.at(-1))).toBe(true);
          const used = JSON.stringify(rules.find(({ uid }) => uid === `cordon-${name}`)!.annotations).matchAll(/\$labels\.(\w+)/g);
          for (const [, label] of used) expect(columns.map((column) => column.name)).toContain(label);
        }
      }
    },
  );

  test('critical findings count until somebody decided', async () => {
    const { firing } = await evaluate('open-critical-finding', NOW);
    expect(firing).toEqual([
      ['\\', "<b>'", `o'neil "x"`, 1],
      ['scanners', 'scan-mv-01', 'scanners-closed', 1],
    ]);
  });

  test('a violated claim fires until a day after its period', async () => {
    const violated = ['bastion-budget', 'vendor-by-bastion', 'scanners-closed'];
    const claims = async (nowMs: number) => (await evaluate('claim-violated', nowMs)).firing.map(([, claim]) => claim);
    expect(await claims(NOW)).toEqual(violated);
    expect(await claims(NOW + 23 * HOUR_MS)).toEqual(violated);
    expect(await claims(NOW + 25 * HOUR_MS)).toEqual([]);
  });

  test('a missed drill tells for how long', async () => {
    expect((await evaluate('drill-missed', NOW)).firing).toEqual([['scanners', 'drilled', 7200]]);
  });

  test('a silent sensor fires by the time of arrival; no telemetry at all fires too', async () => {
    // dc-edge was last heard 20 401 s ago by its own clock, which is 41 s behind.
    expect((await evaluate('telemetry-blind', NOW)).rows).toEqual([
      ['dc-edge', 20_360],
      ['dc-core', 1],
      ['terminal-switch', 1],
    ]);
    expect((await evaluate('telemetry-blind', NOW)).firing.map(([sensor]) => sensor)).toEqual(['dc-edge']);
    expect((await evaluate('telemetry-blind', Date.UTC(2020, 0, 1))).firing).toEqual([['(no sensor)', 604_800]]);
  });

  test('each stage of the pipeline is held against the one before it', async () => {
    const stages = async (nowMs: number) => (await evaluate('pipeline-lag', nowMs)).firing.map(([stage]) => stage);
    // The ledger goes on after the last flow record of the day; nothing was stored for two hours.
    expect(await stages(NOW)).toEqual(['rows']);
    const busy = DAY + 15 * HOUR_MS;
    expect(await stages(busy)).toEqual(['verdicts']);
    const [judged] = sampleJudgements();
    const caughtUp = nativeRows(JUDGEMENT_COLUMNS, [{ ...judged, unit: 'scan-mv-01', last: busy - 5 * MINUTE_MS }]);
    await sample.store.insertNative('judgements', [caughtUp], 'caught-up');
    expect(await stages(busy)).toEqual([]);
    expect((await stages(NOW + HOUR_MS)).sort()).toEqual(['ledger', 'rows']);
  });

  test('an exporter that holds its flows back is named, with its sensor and address', async () => {
    const at = DAY + 15 * HOUR_MS;
    const named = async () => (await evaluate('pipeline-lag', at)).rows.filter(([stage]) => String(stage).startsWith('exporter '));
    expect(await named()).toEqual([
      ['exporter dc-core 192.0.2.1', 35],
      ['exporter terminal-switch 192.0.2.1', 15],
    ]);
    const [flow] = sampleFlows();
    const end = at - 25 * MINUTE_MS;
    const held = { ...flow, sensor: 'dc-edge', flowStartMilliseconds: end - 1000, flowEndMilliseconds: end, exportTimeMilliseconds: at };
    await sample.store.insertNative('flows', [nativeRows(FLOW_COLUMNS, [held])], 'held');
    expect((await evaluate('pipeline-lag', at)).firing.map(([stage]) => stage)).toEqual(['exporter dc-edge 192.0.2.1']);
  });
});
