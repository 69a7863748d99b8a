import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { ReportFigures } from '../../../detector/report/figures.js';
import { browserExpected } from '../../dashboards/support/chromium.js';
import { says, start, stop } from '../../pipeline/support/cordon.js';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, scenarioFile, scratchFolder } from '../support/command.js';

const scratch = scratchFolder();
const data = join(scratch.path, 'data');
const claims = scenarioFile('port-scanners', 'claims.yaml');
const out = join(scratch.path, 'report.html');

const report = (...args: string[]) => command(['report', '--data', data, '--claims', claims, ...args], { cwd: scratch.path });
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

let page: Buffer;
beforeAll(async () => {
  await freshDist();
  await command(['replay', '--scenario', 'port-scanners', '--input', 'ipfix', '--data', data]);
  await report('--out', out);
  page = readFileSync(out);
});

test('a report of the scenario tells its verdicts, ends with the code of the worst, and is the same bytes each time', async () => {
  const { code, stdout } = await report('--period', '2026-12-03', '--out', join(scratch.path, 'again.html'));
  expect(code).toBe(1);
  expect(stdout).toMatch(/closed-network +scanners +1 +0 +0 +3/);
  expect((await report('--out', join(scratch.path, 'twice.html'))).code).toBe(1);
  expect(readFileSync(join(scratch.path, 'twice.html')).equals(page)).toBe(true);
  const text = page.toString();
  for (const told of [
    'The scanners sit on a closed data network',
    'What was not seen',
    'Community ID',
    'ip.addr == 10.40.10.11',
    'Audit trail',
  ])
    expect(text).toContain(told);
  expect(text, 'claim file as sha256sum tells it').toContain(sha256(readFileSync(claims)));
});

test('--json prints the figures whose sha256 the page names, and every stored verdict is the same when it is computed anew', async () => {
  const { code, stdout, stdoutBytes } = await report('--json');
  expect(code).toBe(1);
  expect(page.toString()).toContain(sha256(stdoutBytes));
  const figures = JSON.parse(stdout) as ReportFigures;
  expect(figures.recomputed).toMatchObject({
    computed: figures.claims.length,
    same: figures.claims.length,
    notComputed: 0,
    differences: [],
  });
  const blind = figures.claims.find(({ claim }) => claim === 'no-local-neighbours')!.seen;
  expect(blind).toMatchObject({ blindCount: 1, blindMs: 86_400_000 });
});

test('one claim that held ends with 0; without --out the file is named by its days', async () => {
  const { code, stdout } = await report('--claim', 'no-lateral');
  expect(code).toBe(0);
  const name = /Written: (cordon-report-[\d-]+\.html)/.exec(stdout)![1]!;
  expect(existsSync(join(scratch.path, name))).toBe(true);
});

test('while a process runs on the store, it is asked, and says the same', async () => {
  const config = scratch.write('cordon.yaml', 'metrics: { port: 0 }\n');
  const running = start(['run', '--data', data, '--claims', claims, '--config', config, '--listen', '127.0.0.1:0', '--port', '0']);
  try {
    await says(running, /Listening for/);
    const asked = join(scratch.path, 'asked.html');
    expect(await report('--period', '2026-12-03', '--out', asked)).toMatchObject({ code: 1, stderr: '' });
    const again = readFileSync(join(scratch.path, 'again.html'), 'utf8');
    expect(readFileSync(asked, 'utf8')).toBe(again);
    expect(await report('--claim', 'nothing', '--json')).toMatchObject({ code: 4, stderr: expect.stringContaining('no-lateral') });
  } finally {
    await stop(running);
  }
});

test.each([
  ['a period that is none', ['--period', 'november'], 'P1M'],
  ['a period and a range', ['--period', '2026-12', '--from', '2026-12-01T00:00:00Z'], '--from'],
  ['two ends', ['--until', '2026-12-02T00:00:00Z', '--to', '2026-12-02T00:00:00Z'], 'give one'],
  ['a claim that is none', ['--claim', 'closed-netwrok'], 'closed-network'],
  ['a folder as file', ['--out', '.'], 'it is a folder'],
])('%s is refused with exit code 4 and what to do', async (_name, args, hint) => {
  expect(await report(...args)).toMatchObject({ code: 4, stderr: expect.stringContaining(hint) });
});

test('an empty folder is no report', async () => {
  const empty = join(scratch.path, 'empty');
  mkdirSync(empty);
  expect(await command(['report', '--data', empty])).toMatchObject({ code: 4, stderr: expect.stringContaining('there is no store') });
});

test('without a browser --pdf says what to do, before anything is read', async () => {
  const env = { PATH: scratch.path };
  expect(await command(['report', '--data', data, '--pdf', join(scratch.path, 'a.pdf')], { env })).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/apt-get install chromium.*CORDON_CHROMIUM/),
  });
  expect(await command(['report', '--data', data, '--pdf', 'a.pdf'], { env: { CORDON_CHROMIUM: '/nowhere/chromium' } })).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('/nowhere/chromium is no program'),
  });
});

test.skipIf(!browserExpected)('--pdf prints the same pages by Chromium', async () => {
  const pdf = join(scratch.path, 'report.pdf');
  const { code, stdout } = await report('--claim', 'no-lateral', '--pdf', pdf);
  expect([code, stdout]).toEqual([0, expect.stringContaining(`Written: ${pdf}`)]);
  expect(readFileSync(pdf).subarray(0, 5).toString()).toBe('%PDF-');
});
