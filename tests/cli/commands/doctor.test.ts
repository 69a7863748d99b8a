import { createSocket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../../cli/doctor/check.js';
import type { ExporterLine } from '../../../collector/collector-status.js';
import { field, ip4, recordBytes, set } from '../../collector/decoders/build-bytes.js';
import { ipfix, template } from '../../collector/decoders/build-ipfix.js';
import { killAll, type Running, says, start } from '../../pipeline/support/cordon.js';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, scenarioFile, scratchFolder } from '../support/command.js';

/*
 * An exporter sends, the doctor tells; the exporter does wrong, the doctor tells that; the process is killed and started again, and reads what comes before
 * any template by the ones that it kept.
 */

const scratch = scratchFolder();
const data = join(scratch.path, 'data');
const config = scratch.write(
  'cordon.yaml',
  `claims: [${scenarioFile('port-scanners', 'claims.yaml')}]
data: ${data}
collector:
  sensors: { "127.0.0.1": lab }
console: { port: 0 }
metrics: { port: 0 }
`,
);

interface Answer {
  readonly checks: readonly Check[];
  readonly exporters: readonly ExporterLine[];
}

beforeAll(freshDist);
afterAll(killAll);

async function doctor(): Promise<{ code: number | string; answer: Answer; states: (section: string) => string[] }> {
  const { code, stdout, stderr } = await command(['doctor', '--config', config, '--json']);
  expect(stderr).toBe('');
  const answer = JSON.parse(stdout) as Answer;
  const states = (section: string): string[] => answer.checks.filter((check) => check.section === section).map(({ state }) => state);
  return { code, answer, states };
}

async function run(): Promise<{ running: Running; port: number }> {
  const running = start(['run', '--config', config, '--listen', '127.0.0.1:0', '--log-level', 'warn']);
  const [, port] = await says(running, /Listening for NetFlow and IPFIX on 127\.0\.0\.1:(\d+)/);
  return { running, port: Number(port) };
}

async function send(port: number, payloads: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const payload of payloads)
    await new Promise<void>((resolve, reject) => {
      socket.send(payload, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
    });
  socket.close();
}

const FIELDS = [field(8, 4), field(12, 4), field(1, 4)];
// The exporter's clock is ours, so that nothing is said of it.
const seconds = (): number => Math.floor(Date.now() / 1000);
const defines = (fields = FIELDS) => ipfix([template(300, fields)], { seconds: seconds(), domain: 7 });
const flows = (sequence: number) =>
  ipfix([set(300, [recordBytes(FIELDS, [ip4('10.40.1.11'), ip4('203.0.113.9'), 500])])], { seconds: seconds(), domain: 7, sequence });
/** The exporter as the doctor sees it, when what was sent has arrived. */
const heard = (wanted: Partial<ExporterLine>): Promise<void> =>
  expect
    .poll(async () => (await doctor()).answer.exporters.find(({ domain }) => domain === 7), { timeout: 60_000, interval: 500 })
    .toMatchObject(wanted);

describe('cordon doctor', () => {
  test('says that it cannot tell, with exit code 2, and makes nothing, before anything ran', async () => {
    const { code, states } = await doctor();
    expect(code).toBe(2);
    expect(states('processes')).toEqual(['unknown']);
    expect(readdirSync(scratch.path)).toEqual(['cordon.yaml']);
  });

  test('tells each exporter of a running process, and what is wrong with it, and keeps what could not be read', async () => {
    const { running, port } = await run();
    await send(port, [defines(), flows(0), flows(1)]);
    await heard({ sensor: 'lab', protocol: 'ipfix', records: 2, templates: 1, templatesChanged: 0, lostRecords: 0 });
    await send(port, [defines([field(12, 4), field(8, 4), field(1, 4)]), Uint8Array.of(1, 2, 3, 4), defines(), flows(2)]);
    await heard({ templatesChanged: 2 });
    const { code, answer } = await doctor();
    expect(code).toBe(1);
    const wrong = answer.checks.filter(({ state, name }) => state === 'wrong' && name.startsWith('lab'));
    expect(wrong.map(({ says: text }) => text)).toContain('redefined 2 templates in flight');
    expect(answer.checks.find(({ name }) => name === 'quarantine')?.says).toMatch(/^1 messages/);
    for (const { state, remedy } of answer.checks) if (state === 'wrong') expect(remedy).toBeTruthy();
    expect(readdirSync(join(data, 'quarantine'))).toHaveLength(1);
    await expect
      .poll(() => running.output(), { timeout: 30_000 })
      .toMatch(/template 300 of 127\.0\.0\.1, domain 7, ipfix was redefined in flight/);
    running.signal('SIGINT');
    expect(await running.ended).toBe(0);
    expect(readdirSync(join(data, 'processes'))).toEqual([]);
  });

  test('reads by restored templates after a restart, says so, and notices a process that was killed', async () => {
    const { running, port } = await run();
    await send(port, [flows(3), flows(4)]);
    await heard({ records: 2, undecodable: 0, templatesRestored: 1, recordsByRestored: 2 });
    await send(port, [defines()]);
    await heard({ templatesRestored: 0, recordsByRestored: 2, templatesChanged: 0 });
    running.signal('SIGKILL');
    await running.ended;
    const { code, answer, states } = await doctor();
    expect(code).toBe(1);
    expect(states('processes')).toEqual(['wrong']);
    expect(answer.checks.find(({ section }) => section === 'processes')?.says).toMatch(/was killed/);
    // Nobody runs: the ledger of the first run tells.
    expect(answer.checks.filter(({ section }) => section === 'exporters').map(({ says: text }) => text)).toContain(
      'redefined 2 templates in flight',
    );
    expect(states('database')).not.toContain('wrong');
  });

  test('prints for people within 100 columns, and refuses what it does not know', async () => {
    const { stdout, code } = await command(['doctor', '--config', config]);
    expect(code).toBe(1);
    for (const line of stdout.split('\n')) if (!line.includes(scratch.path)) expect([...line].length, line).toBeLessThanOrEqual(100);
    expect(stdout).toMatch(/\d wrong, .*worth a look\.\n$/);
    expect(await command(['doctor', '--sections'])).toMatchObject({ code: 4 });
    expect(await command(['doctor', '--config', '/none.yaml'])).toMatchObject({ code: 4 });
  });
});
