import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../../detector/findings/finding.js';
import { killAll, type Running, says, start, until } from '../../pipeline/support/cordon.js';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, scenarioFile, scratchFolder } from '../support/command.js';

/*
 * `cordon run` on live telemetry, ended by Ctrl-C in the middle of a day and started again: it goes on where it was. The bulk copy of this day is one
 * sum over many hours, so a detector that forgot would begin it anew.
 */

const scratch = scratchFolder();
const data = join(scratch.path, 'data');
const claims = [
  '--claims',
  scenarioFile('billing-cluster', 'claims.yaml'),
  '--approvals',
  scenarioFile('billing-cluster', 'approvals.jsonl'),
];
const recording = scenarioFile('billing-cluster', 'ipfix.pcap.gz');
/** Datagrams before the restart: in the middle of the bulk copy. */
const BEFORE = 1389;
const config = scratch.write('cordon.yaml', 'collector:\n  sensors: { "127.0.0.1": dc-core }\n');

beforeAll(freshDist);
afterAll(killAll);

/** A little-endian pcap as two: the first `packets` packets, and the rest. */
function cutCapture(path: string, packets: number): [Uint8Array, Uint8Array] {
  const bytes = gunzipSync(readFileSync(path));
  let at = 24;
  for (let packet = 0; packet < packets; packet++) at += 16 + bytes.readUInt32LE(at + 8);
  return [bytes.subarray(0, at), Buffer.concat([bytes.subarray(0, 24), bytes.subarray(at)])];
}

async function startRun(): Promise<{ run: Running; target: string; console: string }> {
  const run = start([
    'run',
    '--config',
    config,
    ...claims,
    '--data',
    data,
    '--listen',
    '127.0.0.1:0',
    '--port',
    '0',
    '--log-level',
    'error',
  ]);
  const [, target] = await says(run, /Listening for NetFlow and IPFIX on (127\.0\.0\.1:\d+) \(UDP\); Ctrl-C ends\n/);
  return { run, target: target!, console: /Console {3}(\S+)/.exec(run.output())![1]! };
}

async function interrupt(run: Running): Promise<void> {
  run.signal('SIGINT');
  expect(await run.ended).toBe(0);
  expect(run.output()).not.toContain('"level":"error"');
}

async function findings(folder: string): Promise<Finding[]> {
  const { code, stdout } = await command(['findings', 'list', '--json', '--data', folder]);
  expect(code).toBe(0);
  return JSON.parse(stdout) as Finding[];
}

const about = ({ id, claim, asset, records, octetsOut, octetsIn }: Finding) => ({ id, claim, asset, records, octetsOut, octetsIn });

describe('cordon run, ended by Ctrl-C and started again', () => {
  const [morning, evening] = cutCapture(recording, BEFORE).map((bytes, part) => scratch.write(`part-${part}.pcap`, bytes)) as [
    string,
    string,
  ];
  let before: Finding[] = [];

  test('ends with exit code 0 and has judged and stored what it received', async () => {
    const { run, target } = await startRun();
    expect(await command(['replay', morning, '--to', `udp://${target}`])).toMatchObject({ code: 0 });
    await says(run, /no-bulk-copy/);
    await interrupt(run);
    before = await findings(data);
    expect(before.map(({ claim, asset }) => `${claim} ${asset}`)).toEqual(['only-via-bastion bssdb-1', 'no-bulk-copy billing-db']);
  });

  test('nobody else opens the folder meanwhile: who tries is told, and questions about findings are answered by the process that has it', async () => {
    const { run, target, console } = await startRun();
    const { code, stdout, stderr } = await command(['run', ...claims, '--data', data, '--port', '0', '--listen', '127.0.0.1:0']);
    expect(stderr).toMatch(
      /^cordon: the data directory .* is in use by process \d+; stop that one, or choose another directory with --data\n$/,
    );
    expect([code, stdout]).toEqual([4, '']);
    expect((await findings(data)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect((await fetch(new URL('/healthz', console))).status).toBe(200);
    expect(await command(['replay', evening, '--to', `udp://${target}`])).toMatchObject({ code: 0 });
    await until('the last finding of the day', [run], async () => (/no-direct-vendor/.test(run.stdout()) ? true : undefined));
    await interrupt(run);
  });

  test('has gone on with the findings that it had, and ends where an undisturbed day ends', async () => {
    const after = await findings(data);
    const bulk = before.find(({ claim }) => claim === 'no-bulk-copy')!;
    const same = after.find(({ id }) => id === bulk.id)!;
    expect(same.records).toBeGreaterThan(bulk.records);
    expect(same.octetsOut).toBeGreaterThan(bulk.octetsOut);
    expect(same.revision).toBeGreaterThan(bulk.revision);
    expect(same.firstSeenMs).toBe(bulk.firstSeenMs);
    const undisturbed = join(scratch.path, 'undisturbed');
    await command(['replay', recording, ...claims, '--data', undisturbed]);
    expect(after.map(about)).toEqual((await findings(undisturbed)).map(about));
  });
});
