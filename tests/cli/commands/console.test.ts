import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { says, start, stop } from '../../pipeline/support/cordon.js';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, scenarioFile, scratchFolder } from '../support/command.js';

const scratch = scratchFolder();
const data = join(scratch.path, 'data');
const claims = scenarioFile('port-scanners', 'claims.yaml');

interface Listed {
  readonly id: string;
  readonly standing: { readonly state: string };
}

type Source = { kind: 'panel'; panel: number; refId: string } | { kind: 'annotation'; name: string };

/** What the device screen of an asset is answered over the day of the scenario, as the page asks for it. */
async function rowsOf(url: string, source: Source, asset: string): Promise<unknown[][]> {
  const range = { from: '2026-12-03T00:00:00Z', to: '2026-12-04T00:00:00Z' };
  const answer = await fetch(new URL('/api/query', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dashboard: 'cordon-device', source, ...range, variables: { asset: [asset] } }),
  });
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  return (JSON.parse(text) as { rows: unknown[][] }).rows;
}

/** The panel of that title, so that its number may change. */
async function panelOf(url: string, title: string): Promise<Source> {
  const { panels } = (await (await fetch(new URL('/api/dashboards/cordon-device', url))).json()) as {
    panels: { id: number; title: string; targets: { refId: string }[] }[];
  };
  const { id, targets } = panels.find((panel) => panel.title === title)!;
  return { kind: 'panel', panel: id, refId: targets[0]!.refId };
}

const listed = async (): Promise<Listed[]> =>
  JSON.parse((await command(['findings', 'list', '--json', '--data', data])).stdout) as Listed[];

beforeAll(async () => {
  await freshDist();
  await command(['replay', '--scenario', 'port-scanners', '--input', 'ipfix', '--data', data]);
});

test('the screens over what a replay has left open on its last day, and what is decided there is stored', async () => {
  const [finding] = await listed();
  expect(finding).toMatchObject({ standing: { state: 'open' } });
  const one = start(['console', '--data', data, '--claims', claims, '--port', '0']);
  const [, url] = await says(one, /Console {3}(http:\S+\/);/);
  const page = await fetch(url!);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('Cordon');
  const settings = (await (await fetch(new URL('/api/settings', url))).json()) as object;
  expect(JSON.stringify(settings)).toContain('2026-12-03T');

  // The claim's weekly window is Thursday 02:00 to 05:00 in Amsterdam; the replay stored it with the verdicts, and the gateway came in its first hour.
  const [opens, closes] = [Date.UTC(2026, 11, 3, 1), Date.UTC(2026, 11, 3, 4)];
  expect(await rowsOf(url!, { kind: 'annotation', name: 'Windows' }, 'scan-mv-01')).toEqual([
    [opens, closes, 'weekly-maint open for scanners (closed-network)', 'window'],
  ]);
  expect(await rowsOf(url!, await panelOf(url!, 'Sessions inside and outside windows'), 'scan-mv-01')).toEqual([
    [opens, 'inside a window', expect.toSatisfy((records: number) => records > 0)],
  ]);

  const answer = await fetch(new URL(`/api/findings/${finding!.id}/acknowledge`, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-grafana-action': '1' },
    body: JSON.stringify({ author: 'analyst-a', reason: 'looked at it' }),
  });
  expect(answer.status, await answer.text()).toBe(200);

  const beside = await command(['console', '--data', data, '--port', '0']);
  expect(beside).toMatchObject({ code: 4, stdout: '' });
  expect(beside.stderr).toMatch(/holds|locked|in use/);

  await stop(one);
  expect((await listed()).find(({ id }) => id === finding!.id)).toMatchObject({ standing: { state: 'acknowledged' } });
});

test('a folder without a store and a port that is none are refused with the remedy', async () => {
  const nowhere = await command(['console', '--data', join(scratch.path, 'nowhere')]);
  expect(nowhere).toMatchObject({ code: 4, stdout: '' });
  expect(nowhere.stderr).toContain('there is no store in');
  const port = await command(['console', '--data', data, '--port', '70000']);
  expect(port).toMatchObject({ code: 4, stdout: '' });
  expect(port.stderr).toContain('--port 70000 is no port');
});
