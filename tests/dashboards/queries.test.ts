import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { columnType, toFrame } from '../../dashboards/console/frame.js';
import { loadLibrary } from '../../dashboards/console/library.js';
import type { Dashboard, Frame, QueryRequest, Selection } from '../../dashboards/console/model.js';
import { locatePeers } from '../../detector/store/queries/places.js';
import { packageRoot } from '../../flow/service/paths.js';
import { DAY_RANGE, sampleFinder } from './support/sample-data.js';
import { openSampleStore, type SampleStore } from './support/sample-store.js';

/*
 * Every query of every dashboard, expanded as the ClickHouse plugin expands it, runs on the real engine: whatever is chosen, over short, long and
 * empty ranges, and gives the columns that its panel is drawn from.
 */

const library = loadLibrary(join(packageRoot(), 'dashboards', 'generated'));
const NOW = Date.parse(DAY_RANGE.to);

const SELECTIONS: Readonly<Record<string, Selection>> = {
  All: {},
  one: {
    fleet: ['scanners'],
    asset: ['scan-mv-01'],
    country: ['NL'],
    severity: ['critical'],
    claim: ['scanners-closed'],
    sensor: ['dc-core'],
    finding: ['f1'],
    state: ['open'],
    search: ['203.0'],
  },
  several: {
    fleet: ['scanners', 'billing'],
    asset: ['scan-mv-01', 'bssdb-1'],
    country: ['local', 'unknown'],
    severity: ['critical', 'high'],
    claim: ['scanners-closed', 'bastion-budget'],
    sensor: ['dc-core', 'dc-edge'],
    finding: ['f1', 'f6'],
    state: ['open', 'acknowledged'],
    search: [''],
  },
  quotes: {
    fleet: ["o'neil", 'a"b'],
    asset: ["x') OR ('1'='1", '\\'],
    country: ["N'L", '\\'],
    severity: ["'; DROP TABLE findings --", '$__toTime', '{{x}}'],
    claim: ["a'b", '\\'],
    sensor: ["') --"],
    finding: ["'", '\\'],
    state: ["'"],
    search: ["%' OR 1=1 --\\"],
  },
};
const RANGES: Readonly<Record<string, { from: string; to: string }>> = {
  '1 h': { from: 'now-10h', to: 'now-9h' },
  '24 h': DAY_RANGE,
  '30 d': { from: 'now-30d', to: 'now' },
  empty: { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' },
};

function sources(dashboard: Dashboard): { name: string; source: QueryRequest['source']; format: number }[] {
  return [
    ...dashboard.panels.flatMap((panel) =>
      panel.targets.map(({ refId, format }) => ({ name: panel.title, source: { kind: 'panel', panel: panel.id, refId } as const, format })),
    ),
    ...dashboard.templating.list
      .filter(({ query }) => typeof query === 'object')
      .map(({ name }) => ({ name: `variable ${name}`, source: { kind: 'variable', name } as const, format: 1 })),
    ...dashboard.annotations.list.map(({ name }) => ({
      name: `annotation ${name}`,
      source: { kind: 'annotation', name } as const,
      format: 1,
    })),
  ];
}

const cases = library.dashboards.flatMap((dashboard) => sources(dashboard).map((entry) => ({ dashboard, ...entry })));
let sample: SampleStore;
beforeAll(async () => {
  sample = await openSampleStore();
});
afterAll(() => sample.close());

async function run(
  dashboard: Dashboard,
  source: QueryRequest['source'],
  range: { from: string; to: string },
  variables: Selection,
): Promise<Frame> {
  const { sql, ...expanded } = library.expand({ dashboard: dashboard.uid, source, ...range, variables }, NOW);
  const withoutQuotes = sql.replaceAll(/'(?:[^'\\]|\\.)*'/g, "''");
  expect(withoutQuotes, 'every macro and variable is expanded').not.toMatch(/\$__|\$\{|\$[a-z]/);
  const result = await sample.query(sql);
  for (const { name, type } of result.meta) {
    if (columnType(type) === 'time') expect(type, `${name} says its time zone`).toMatch(/'UTC'\)*$/);
  }
  return toFrame(result, expanded);
}

describe.each(cases)('$name', ({ dashboard, source, format }) => {
  test.each(Object.keys(SELECTIONS))('runs with %s chosen over every range', async (selection) => {
    for (const [name, range] of Object.entries(RANGES)) {
      const frame = await run(dashboard, source, range, SELECTIONS[selection]!);
      if (format === 0) {
        expect(
          frame.columns.map(({ type }) => type),
          name,
        ).toEqual(['time', 'string', 'number']);
        const keys = frame.rows.map((row) => `${row[0]} ${row[1]}`);
        expect(new Set(keys).size, 'one value a series and time').toBe(keys.length);
        expect(frame.rows.map((row) => row[0])).toEqual(frame.rows.map((row) => row[0]).sort((a, b) => Number(a) - Number(b)));
      }
      // What is seen of sensors and the disk does not depend on the asset; all else finds nothing for names that nobody bears.
      if (selection === 'quotes' && source.kind === 'annotation' && source.name !== 'Blindness') expect(frame.rows, name).toEqual([]);
    }
  });

  test('has rows where there are data, and columns that its panel and overrides name', async () => {
    const frame = await run(dashboard, source, DAY_RANGE, {});
    expect(frame.rows.length).toBeGreaterThan(0);
    const names = frame.columns.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const panel = source.kind === 'panel' ? dashboard.panels.find(({ id }) => id === source.panel) : undefined;
    for (const { matcher } of panel?.fieldConfig.overrides ?? []) {
      const matched = names.filter((name) =>
        matcher.id === 'byName' ? name === matcher.options : new RegExp(matcher.options!.slice(1, -1)).test(name),
      );
      expect(matched.length, `${panel?.title}: override for ${matcher.options}`).toBeGreaterThan(0);
    }
    if (source.kind === 'annotation') expect(names).toEqual(['time', 'timeEnd', 'text', 'tags']);
    if (source.kind === 'variable') expect(names).toHaveLength(1);
  });
});

describe('what the screens of findings and decisions say of the sample day', () => {
  const rows = async (uid: string, title: string, variables: Selection = {}) => {
    const dashboard = library.dashboards.find((candidate) => candidate.uid === uid)!;
    const panel = dashboard.panels.find((candidate) => candidate.title === title)!;
    return (await run(dashboard, { kind: 'panel', panel: panel.id, refId: 'A' }, DAY_RANGE, variables)).rows;
  };

  test('evidence rows carry a display filter and the Community ID of the published vector', async () => {
    const evidence = await rows('cordon-finding', 'Evidence rows', { finding: ['f1'] });
    expect(evidence.map((row) => row.slice(9))).toEqual([
      ['ip.addr == 128.232.110.120 && ip.addr == 66.35.250.204 && tcp.port == 34855 && tcp.port == 80', '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
      [
        'ipv6.addr == 2001:db8::11 && ipv6.addr == 2001:db8::200 && tcp.port == 40001 && tcp.port == 8443',
        expect.stringMatching(/^1:.{28}$/),
      ],
    ]);
  });

  test('the queue begins with what is open, and a decision taken back opens its finding again', async () => {
    const queue = await rows('cordon-triage', 'Queue');
    expect(queue.map((row) => [row[9], row[8], row[1]])).toEqual([
      ['f2', 'open', 'open'],
      ['f3', 'open', 'open'],
      ['f4', 'open', 'open'],
      ['f5', 'open', 'open'],
      ['f1', 'acknowledged', 'acknowledged by analyst-a'],
      ['f6', 'closed', 'closed as noise by analyst-a'],
    ]);
    expect((await rows('cordon-triage', 'Waiting'))[0]?.slice(0, 4)).toEqual([4, 3, 1, 1]);
    expect((await rows('cordon-triage', 'Queue', { state: ['closed'] })).map((row) => row[9])).toEqual(['f6']);
    expect((await rows('cordon-triage', 'Queue', { search: ['SSH session'] })).map((row) => row[9])).toEqual(['f4']);
    expect((await rows('cordon-triage', 'Queue', { search: ['2001:DB8::40'] })).map((row) => row[9])).toEqual(['f4']);
  });

  test('the trail keeps what was taken back and says so', async () => {
    const decisions = await rows('cordon-trail', 'Who decided what');
    expect(decisions.map((row) => [row[1], row[7]])).toEqual([
      ['revoke', ''],
      ['acknowledge', ''],
      ['noise', ''],
      ['acknowledge', 'taken back'],
    ]);
    expect((await rows('cordon-trail', 'Muted scopes')).map((row) => row.slice(0, 3))).toEqual([
      ['holds', 'noise', 'detection D03-volume-up, asset bssdb-1, port 22'],
    ]);
  });

  test('peers are told with country and AS, local ones and what the data does not know as such', async () => {
    const met = await rows('cordon-destinations', 'First seen', { fleet: ['scanners'] });
    expect(new Set(met.map((row) => row.slice(2, 5).join(' ').trim()))).toEqual(
      new Set(['203.0.113.200 NL AS64500', '203.0.113.7 DE AS64500', '198.51.100.99 unknown', '10.40.30.10 local']),
    );
    expect((await rows('cordon-destinations', 'Rarest')).map((row) => row.slice(0, 3))).toContainEqual(['2001:db8::40', 'US', 'AS64501']);
    expect((await rows('cordon-destinations', 'Largest')).map((row) => row[0])).toContain('203.0.113.200 · NL · AS64500');
    // 34 MB in 70 talks of scan-mv-01, as the matrix has it: the country that most went to comes first.
    const pairs = await rows('cordon-destinations', 'Devices and countries', { asset: ['scan-mv-01'] });
    expect(pairs).toEqual([
      ['scan-mv-01', 'local', 70 * 34_000_000],
      ['scan-mv-01', 'NL', 5 * 5_200_000],
      ['scan-mv-01', 'DE', 2 * 4_100],
    ]);
  });

  test('countries are told with peers, devices and octets, and peers can be chosen by country, the unknown too', async () => {
    expect((await rows('cordon-destinations', 'Countries', { fleet: ['scanners'] })).map((row) => row.slice(0, 4))).toEqual([
      ['local', 1, 2, 70 * 34_000_000 + 43 * 29_000_000],
      ['NL', 1, 1, 5 * 5_200_000],
      ['DE', 1, 1, 2 * 4_100],
      ['unknown', 1, 1, 6 * 180],
    ]);
    expect((await rows('cordon-destinations', 'Peers by country', { fleet: ['scanners'] })).map((row) => row[0])).toEqual(['NL', 'DE']);
    const peers = async (...country: string[]) => (await rows('cordon-destinations', 'Rarest', { country })).map((row) => row[0]);
    expect(await peers('US', 'unknown')).toEqual(['2001:db8::40', '198.51.100.99']);
    await sample.store.command("ALTER TABLE peer_places DELETE WHERE peerAddress = toIPv6('2001:db8::40') SETTINGS mutations_sync = 2");
    expect(await peers('unknown'), 'not looked up yet').toEqual(['2001:db8::40', '198.51.100.99']);
    await locatePeers(sample.store, sampleFinder(), Date.parse(DAY_RANGE.to) + 1);
    expect(await peers('unknown')).toEqual(['198.51.100.99']);
  });

  test('the lag of an exporter is what it held its newest flow back for; one that told of no flow has none', async () => {
    const exporters = await rows('cordon-telemetry', 'Exporters');
    expect(exporters.map((row) => [row[0], row[5]])).toEqual([
      ['dc-edge', null],
      ['dc-core', 35],
      ['terminal-switch', 15],
    ]);
    expect((await rows('cordon-telemetry', 'Exporters', { sensor: ['dc-core'] })).length).toBe(1);
    const lag = await rows('cordon-telemetry', 'Lag per sensor', { sensor: ['terminal-switch'] });
    expect(new Set(lag.map((row) => row[2]))).toEqual(new Set([15]));
  });

  test('records with peers that a window is about are told inside and outside of it, to the minute; one withdrawn counts no longer', async () => {
    const inside = await rows('cordon-device', 'Sessions inside and outside windows', { asset: ['bssdb-1'] });
    // A record every eight minutes from hour 13 to hour 17; the ticket ends twelve minutes into hour 15.
    const hour = (at: unknown): number => (Number(at) - Date.parse(DAY_RANGE.from)) / 3_600_000;
    expect(inside.map(([time, ...row]) => [hour(time), ...row])).toEqual([
      [13, 'inside a window', 8],
      [14, 'inside a window', 7],
      [15, 'inside a window', 2],
      [15, 'outside of windows', 6],
      [16, 'outside of windows', 7],
    ]);
  });

  test('peers of a device that were met before the range are not among the first seen', async () => {
    expect((await rows('cordon-destinations', 'First seen', { asset: ['scan-mv-02'] })).map((row) => row[2])).toEqual([
      '198.51.100.99',
      '10.40.30.10',
    ]);
  });
});

describe('what the overview says of the sample day', () => {
  const rows = async (title: string, range = DAY_RANGE, variables: Selection = {}) => {
    const dashboard = library.dashboards.find(({ uid }) => uid === 'cordon-overview')!;
    const panel = dashboard.panels.find((candidate) => candidate.title === title)!;
    return (await run(dashboard, { kind: 'panel', panel: panel.id, refId: 'A' }, range, variables)).rows;
  };

  test('claims are counted by their latest verdict, findings by severity', async () => {
    expect(await rows('Claims by verdict')).toEqual([[3, 1, 1]]);
    expect(await rows('Open findings by severity'), 'f6 is closed').toEqual([[2, 2, 1, 0, 0]]);
    expect(await rows('Open findings by severity', DAY_RANGE, { fleet: ['billing'] })).toEqual([[0, 1, 1, 0, 0]]);
  });

  test('the worst verdict and the worst finding come first', async () => {
    expect((await rows('Verdict per claim now'))[0]?.slice(0, 2)).toEqual(['VIOLATED', 'scanners-closed']);
    const findings = await rows('Findings');
    expect(findings.map((row) => row[0])).toEqual(['critical', 'critical', 'high', 'high', 'medium', 'low']);
    expect([findings[0]?.slice(1, 3), findings[0]?.slice(4, 9)].flat()).toEqual([
      'scan-mv-01',
      'scanners-closed',
      '203.0.113.200',
      'tcp/8443',
      'transferred',
      26_000_000,
      220_000,
    ]);
    expect(findings.find((row) => row[2] === 'bastion-budget')?.slice(4, 6)).toEqual(['several', 'tcp']);
  });

  test('minute and hour rollups tell the same octets', async () => {
    const total = async (range: { from: string; to: string }) =>
      (await rows('Octets sent per asset', range)).reduce((sum, row) => sum + Number(row[2]), 0);
    expect(await total(DAY_RANGE)).toBeGreaterThan(3e9);
    expect(await total({ from: '2026-11-20T00:00:00Z', to: '2026-12-04T00:00:00Z' })).toBe(await total(DAY_RANGE));
  });

  test('outside peers are those in no internal range, IPv6 too, largest first', async () => {
    const peers = (await rows('Outside peers that received most')).map((row) => String(row[0]).split(' ')[0]);
    expect(peers).toEqual(['203.0.113.200', '2001:db8::40', '203.0.113.7', '198.51.100.99']);
  });

  test('peers outside claims carry what the rollups counted', async () => {
    const peers = await rows('Peers that no claim allows');
    expect(peers.map((row) => row[1])).toEqual(['203.0.113.200', '2001:db8::40', '203.0.113.7', '198.51.100.99']);
    expect(peers.at(-1)).toEqual(['scan-mv-02', '198.51.100.99', 'tcp/443', 'scanners-closed', 'attempt', 1080, 0, 6, 6]);
  });

  test('coverage: loss, share and silence', async () => {
    const [[received, lost, silence]] = (await rows('Telemetry')) as [[number, number, number]];
    expect(lost).toBe(720);
    expect(received).toBeCloseTo(1 - 720 / ((1440 * 3 - 41 - 340) * 200), 6);
    expect(silence).toBe(340 * 60 + 1);
    expect(await rows('Age of the last message')).toEqual([
      ['dc-edge', 20_401],
      ['dc-core', 1],
      ['terminal-switch', 1],
    ]);
  });

  test('a verdict holds until its period ends, and the worst in an interval is shown', async () => {
    const timeline = await rows('Verdict per claim over time', { from: 'now-48h', to: 'now' });
    const of = (claim: string) => timeline.filter((row) => String(row[1]).startsWith(claim)).map((row) => row[2]);
    expect(of('scanners-closed').at(0)).toBe(0);
    expect(of('scanners-closed').at(-1)).toBe(2);
    expect(new Set(of('no-interception-zone'))).toEqual(new Set([0, 1]));
    expect(of('maintenance-window').length).toBe(48 * 4);
  });
});
