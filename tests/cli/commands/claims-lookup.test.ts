import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { diffCommand } from '../../../cli/commands/claims/diff.js';
import { explainCommand } from '../../../cli/commands/claims/explain.js';
import { testCommand } from '../../../cli/commands/claims/test.js';
import { Exit } from '../../../cli/errors.js';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { drillPorts } from '../../../detector/drills/nonce.js';
import type { Explanation } from '../../../detector/tools/explain.js';
import { scratchFolder } from '../support/command.js';

/*
 * What a person asks of a claim file before it is judged must be answered with what judging will look up: location data, approvals and the key of the drills,
 * all from the configuration.
 */

const KEY = '0123456789abcdef0123456789abcdef';
const folder = scratchFolder();
const config = ['--config', `${folder.path}/cordon.yaml`];
const claims = (assertion: string): string =>
  exampleClaims(assertion).replace(
    'claims:\n',
    'drills:\n  border: { fleet: scanners, probe: scan-02, sink: "192.0.2.10", every: PT10M }\nclaims:\n',
  );
const FORBIDDEN = '{ never: [{ peer: { country: [KP] } }] }';
let told = '';

beforeAll(() => {
  folder.write('countries.csv', '# date: 2026-11-01\nprefix,country\n203.0.113.0/24,KP\n198.51.100.0/24,NL\n');
  folder.write('drills.key', `${KEY}\n`);
  folder.write('cordon.yaml', 'lookup: { country: countries.csv }\ndrills: { keyFile: drills.key }\n');
  folder.write('never.yaml', claims(FORBIDDEN));
});

beforeEach(() => {
  told = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    told += String(text);
    return true;
  });
  return () => write.mockRestore();
});

/** Decisions of each explanation of the flows. */
async function explain(...args: string[]): Promise<{ decision: string; why: string }[]> {
  told = '';
  await explainCommand().parseAsync([`${folder.path}/never.yaml`, ...args, '--json'], { from: 'user' });
  return (JSON.parse(told) as Explanation[]).flatMap(({ decisions }) => decisions);
}

const to = (peer: string): string => `10.40.10.11:50000 > ${peer}:443 tcp 2026-12-03T03:00:00Z 1MB`;

describe('claims explain', () => {
  test('a rule by country is explained as it will be judged, with the table that the configuration names', async () => {
    expect((await explain(to('203.0.113.7'), ...config)).map(({ decision }) => decision)).toEqual(['VIOLATES']);
    expect((await explain(to('198.51.100.7'), ...config)).map(({ decision }) => decision)).toEqual(['OUTSIDE']);
    const [unknown] = await explain(to('192.0.2.7'), ...config);
    expect(unknown).toMatchObject({ decision: 'UNDECIDED', why: expect.stringContaining('does not know') });
  });

  test('without location data nothing of the rule is certain', async () => {
    folder.write('empty.yaml', 'claims: []\n');
    const answers = await explain(to('203.0.113.7'), '--config', `${folder.path}/empty.yaml`);
    expect(answers.map(({ decision }) => decision)).toEqual(['OUTSIDE']);
  });

  test('a drill is told as one, by the key that the configuration names; with other ports it is what it is', async () => {
    const slot = Math.floor(Date.parse('2026-12-03T03:02:00Z') / 600_000);
    const ports = drillPorts(Buffer.from(KEY), 'example', 'border', slot);
    const flow = (port: number): string => `10.40.10.12:${ports.source} > 192.0.2.10:${port} udp 2026-12-03T03:02:00Z 64B`;
    const [drill] = await explain(flow(ports.destination), ...config);
    expect(drill).toMatchObject({ decision: 'OUTSIDE', why: expect.stringContaining("drill 'border'") });
    const [other] = await explain(flow((ports.destination % 60_000) + 2000), ...config);
    expect(other!.why).not.toContain('drill');
  });
});

test('claims test judges by the same table', async () => {
  const tests = `tests:\n  - name: far\n    flows: ["${to('203.0.113.7')}"]\n    expect: { example-claim: violates }\n  - name: near\n    flows: ["${to('198.51.100.7')}"]\n    expect: { example-claim: outside }\n`;
  const file = folder.write('tested.yaml', claims(FORBIDDEN) + tests);
  await testCommand().parseAsync([file, ...config], { from: 'user' });
  expect(told).toContain('2 as expected, 0 not.');
  await expect(testCommand().parseAsync([file, '--config', `${folder.path}/empty.yaml`], { from: 'user' })).rejects.toBeInstanceOf(Exit);
});

test('claims diff tells by the same table which addresses a changed country means', async () => {
  const after = folder.write('after.yaml', readFileSync(`${folder.path}/never.yaml`, 'utf8').replace('[KP]', '[KP, NL]'));
  await expect(
    diffCommand().parseAsync([`${folder.path}/never.yaml`, after, ...config, '--json'], { from: 'user' }),
  ).rejects.toBeInstanceOf(Exit);
  const { traffic } = JSON.parse(told) as { traffic: { change: string; peers: string[] }[] };
  expect(traffic.map(({ change, peers }) => [change, peers])).toEqual([['forbidden', ['198.51.100.0/24']]]);
});
