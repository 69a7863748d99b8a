import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Decision } from '../../../detector/decisions/decision.js';
import type { Standing } from '../../../detector/decisions/standing.js';
import type { Finding } from '../../../detector/findings/finding.js';
import type { Incident } from '../../../detector/incidents/incident.js';
import { says, start, stop } from '../../pipeline/support/cordon.js';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, scenarioFile, scratchFolder } from '../support/command.js';

const scratch = scratchFolder();
const data = join(scratch.path, 'data');
const claims = scenarioFile('port-scanners', 'claims.yaml');
const because = ['--reason', "agreed with the vendor: 'CHG-1182'", '--author', 'eve'];

type Listed = Finding & { readonly standing: Standing };

const findings = (...args: string[]) => command(['findings', ...args, '--data', data]);
const list = async (...args: string[]) => JSON.parse((await findings('list', '--json', ...args)).stdout) as Listed[];

let everything: Listed[];
beforeAll(async () => {
  await freshDist();
  await command(['replay', '--scenario', 'port-scanners', '--input', 'ipfix', '--data', data]);
  everything = await list('--state', 'all');
});

test('list filters by what findings say; its answer is no verdict, so its exit code is 0', async () => {
  expect(everything.length).toBeGreaterThan(3);
  expect(everything.every(({ standing }) => standing.state === 'open')).toBe(true);
  const { asset: name } = everything[0]!;
  expect(
    (await list('--asset', name, '--severity', 'high')).every(
      ({ asset, severity }) => asset === name && (severity === 'high' || severity === 'critical'),
    ),
  ).toBe(true);
  const { code, stdout } = await findings('list', '--severity', 'high');
  expect([code, stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(/^id .* severity .* state$/)]);
  expect(await findings('list', '--severity', 'awful')).toMatchObject({ code: 4, stderr: expect.stringContaining('--severity awful') });
});

test('show says why, the sum, the evidence, what was seen and what to do', async () => {
  const [one] = everything;
  const { code, stdout } = await findings('show', one!.id.slice(0, 12));
  expect(code).toBe(0);
  for (const text of [one!.sentence, 'The sum', 'Seen by', 'What to do', 'ATT&CK', 'Evidence', one!.rule, 'minutes,'])
    expect(stdout).toContain(text);
  const told = JSON.parse((await findings('show', one!.id, '--json')).stdout) as Listed & {
    coverage: { sensor: string; minutes: number }[];
    runbook: string[];
  };
  expect(told).toMatchObject({ id: one!.id, standing: { state: 'open' } });
  expect(told.coverage.map(({ sensor }) => sensor)).toEqual([...new Set(one!.evidence.map(({ sensor }) => sensor))].sort());
  expect(told.coverage.every(({ minutes }) => minutes > 0)).toBe(true);
  expect(told.runbook.length).toBeGreaterThan(0);
});

test('incidents hold every finding once, each told with its sums', async () => {
  const incidents = JSON.parse((await findings('incidents', '--json')).stdout) as Incident[];
  expect(incidents.flatMap(({ story }) => story.map(({ finding }) => finding)).sort()).toEqual(everything.map(({ id }) => id).sort());
  const { stdout } = await findings('list', '--incidents');
  for (const { severityScore, confidenceScore } of incidents) expect(stdout).toContain(`${severityScore.sum} ${confidenceScore.sum}`);
});

describe('deciding', () => {
  test('acknowledging and closing change what is listed, and stay in the trail with who and why', async () => {
    const [one, two] = everything;
    expect(await findings('ack', one!.id, ...because)).toMatchObject({
      code: 0,
      stdout: `Finding ${one!.id.slice(0, 8)} is acknowledged.\n`,
    });
    expect((await list('--state', 'acknowledged')).map(({ id }) => id)).toEqual([one!.id]);
    const closed = await findings('close', two!.id, '--as', 'noise', '--days', '30', ...because, '--json');
    const decision = JSON.parse(closed.stdout) as Decision;
    expect(decision).toMatchObject({ verb: 'noise', author: 'eve', reason: because[1], finding: two!.id, asset: two!.asset });
    expect((await list()).map(({ id }) => id)).not.toContain(two!.id);
    expect((await findings('mutes')).stdout).toContain(decision.id.slice(0, 8));
    await findings('unmute', decision.id.slice(0, 8), ...because);
    expect((await list()).map(({ id }) => id)).toContain(two!.id);
    expect((await findings('mutes', '--all')).stdout).toBe('Nothing is muted.\n');
    const trail = JSON.parse((await findings('trail', '--json')).stdout) as Decision[];
    expect(trail.map(({ verb, author }) => [verb, author])).toEqual([
      ['acknowledge', 'eve'],
      ['noise', 'eve'],
      ['revoke', 'eve'],
    ]);
  });

  test('what is expected goes into a draft that nothing judges; a file in force is left alone', async () => {
    const [one] = (await list('--state', 'open')).filter(({ claim, peerAddress }) => claim !== '' && peerAddress !== '::');
    const draft = join(scratch.path, 'expected.draft.yaml');
    const flags = ['--as', 'expected', '--until', '2099-01-01T00:00:00Z', ...because, '--claims', claims];
    const untouched = scratch.write('in-force.yaml', readFileSync(claims, 'utf8'));
    expect(await findings('close', one!.id, ...flags, '--draft', untouched)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("no line 'draft'"),
    });
    expect((await list()).map(({ id }) => id)).toContain(one!.id);
    expect((await findings('close', one!.id, ...flags, '--draft', draft)).code).toBe(0);
    const text = readFileSync(draft, 'utf8');
    for (const part of ['draft:', `claim: ${one!.claim}`, one!.peerAddress, 'approved_by: eve', 'CHG-1182', 'expires: 2099-01-01'])
      expect(text).toContain(part);
    expect((await list()).map(({ id }) => id)).not.toContain(one!.id);
    expect((await command(['claims', 'lint', draft])).stdout).toContain('draft');
  });

  test.each([
    ['no reason', ['ack', 'a'], '--reason'],
    ['no such finding', ['ack', 'ffffffff', ...because], 'cordon findings list'],
    ['noise for good', ['close', 'FIRST', '--as', 'noise', ...because], '--until'],
    ['a word that closes nothing', ['close', 'FIRST', '--as', 'done', ...because], 'expected, incident, noise'],
    ['a date that has passed', ['close', 'FIRST', '--as', 'noise', '--until', '2020-01-01T00:00:00Z', ...because], 'has passed'],
    ['a time that is none', ['close', 'FIRST', '--as', 'noise', '--days', '3', '--between', '25:00-26:00', ...because], '--between'],
    ['two ends', ['close', 'FIRST', '--as', 'noise', '--days', '3', '--until', '2099-01-01T00:00:00Z', ...because], 'give one'],
  ])('%s is refused with exit code 4 and what to do', async (_name, args, hint) => {
    const { code, stderr } = await findings(...args.map((arg) => (arg === 'FIRST' ? everything[0]!.id : arg)));
    expect([code, stderr]).toEqual([4, expect.stringContaining(hint)]);
  });
});

test('while a process runs on the store, it is asked; whoever may not read the folder may not ask', async () => {
  const config = scratch.write('cordon.yaml', 'metrics: { port: 0 }\n');
  const running = start(['run', '--data', data, '--claims', claims, '--config', config, '--listen', '127.0.0.1:0', '--port', '0']);
  try {
    await says(running, /Listening for/);
    const path = join(data, 'processes', 'desk.json');
    const door = JSON.parse(readFileSync(path, 'utf8')) as { url: string; token: string };
    expect(statSync(path).mode & 0o077).toBe(0);
    const [one] = everything;
    expect(await findings('reopen', one!.id, ...because)).toMatchObject({ code: 0 });
    const trail = JSON.parse((await findings('trail', '--json')).stdout) as Decision[];
    expect(trail.at(-1)).toMatchObject({ verb: 'reopen', finding: one!.id });
    expect(await findings('show', 'zz')).toMatchObject({ code: 4, stderr: expect.stringContaining('no finding begins') });
    const ask = (token: string) =>
      fetch(`${door.url}/desk`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ method: 'trail', arguments: [] }),
      });
    expect((await ask('0'.repeat(64))).status).toBe(401);
    expect((await ask(door.token)).status).toBe(200);
  } finally {
    await stop(running);
  }
});

test('baseline tells the state of every asset, and refuses to approve what is still being learned', async () => {
  const baseline = (...args: string[]) => command(['baseline', ...args, '--data', data, '--claims', claims]);
  const { code, stdout } = await baseline('list');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^asset .* state [\s\S]* LEARN /)]);
  const name = stdout.split('\n')[2]!.split(' ')[0];
  expect((await baseline('show', name!)).stdout).toContain(`${name} (`);
  expect(await baseline('approve', name!, ...because)).toMatchObject({ code: 4, stderr: expect.stringContaining('learns until') });
});
