import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadScenario } from '../../cli/scenario/scenario.js';
import type { ProcessStatus } from '../../cli/wiring/process-status.js';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import type { Finding } from '../../detector/findings/finding.js';
import { freePorts } from '../support/free-ports.js';
import { cordon, killAll, type Running, says, start, stop, until } from './support/cordon.js';
import { freshDist } from './support/dist.js';
import { KEEP_ALL } from './support/kafka-shape.js';

/*
 * A claim file that changes under a running `cordon run`: it takes effect at the minute that the log says, both versions have their findings and verdicts
 * for their part of the day, a wrong file in between changes nothing, and neither a stop nor a kill loses or doubles anything.
 */

/** 10:00 in UTC, 11:00 in Amsterdam, of a day that is over: verdicts are final. */
const HOUR = Date.UTC(2026, 2, 3, 10);
const SCANNER = 0x0a280a0b;
/** Somebody whom the first version of the claims does not know. */
const STRANGER = 0x0a280a63;
const UPTIME_MS = 3_600_000;

let folder: string;
beforeAll(async () => {
  await freshDist();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-reload-'));
});
afterEach(async () => {
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

/** An exporter of NetFlow v5: one flow of `octets` in a datagram, see v5-sender.ts for the layout. */
async function createExporter(port: number) {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let sequence = 0;
  return {
    async send(source: number, startMs: number, octets: number, lengthMs = 500): Promise<void> {
      const datagram = Buffer.alloc(72);
      datagram.writeUInt16BE(5, 0);
      datagram.writeUInt16BE(1, 2);
      const sentMs = startMs + lengthMs;
      datagram.writeUInt32BE(UPTIME_MS, 4);
      datagram.writeUInt32BE(Math.floor(sentMs / 1000), 8);
      datagram.writeUInt32BE((sentMs % 1000) * 1_000_000, 12);
      datagram.writeUInt32BE(sequence++, 16);
      datagram.writeUInt32BE(source, 24);
      datagram.writeUInt32BE(0xcb007109, 28);
      datagram.writeUInt32BE(12, 40);
      datagram.writeUInt32BE(octets, 44);
      datagram.writeUInt32BE(UPTIME_MS - lengthMs, 48);
      datagram.writeUInt32BE(UPTIME_MS, 52);
      datagram.writeUInt16BE(40_000 + (sequence % 20_000), 56);
      datagram.writeUInt16BE(443, 58);
      datagram.writeUInt8(0x1b, 61);
      datagram.writeUInt8(6, 62);
      await new Promise((resolve) => socket.send(datagram, port, '127.0.0.1', resolve));
    },
    close: () => void socket.close(),
  };
}

test('a claim file changed under a running detector', async () => {
  const data = join(folder, 'data');
  const [port, metricsPort] = await freePorts(2);
  const [config, claims] = [join(folder, 'cordon.yaml'), join(folder, 'claims.yaml')];
  const first = readFileSync(loadScenario('port-scanners').claims, 'utf8').replace(/^effective: .*$/m, 'effective: { from: "2020-01-01" }');
  const second = first.replace('members:', 'members:\n      - { name: scan-mv-99, ip: ["10.40.10.99"] }');
  writeFileSync(claims, first);
  writeFileSync(
    config,
    JSON.stringify({
      claims: [claims],
      data,
      collector: { listen: [`127.0.0.1:${port}`], sensors: { '127.0.0.1': 'border-fw' }, flushMs: 50 },
      detector: { snapshotMs: 200 },
      retention: KEEP_ALL,
      metrics: { port: metricsPort },
      console: { port: 0 },
    }),
  );
  const run = async (): Promise<Running> => {
    const one = start(['run', '--config', config, '--log-level', 'info']);
    await says(one, /Listening/);
    return one;
  };
  const status = async (): Promise<ProcessStatus> =>
    (await (await fetch(`http://127.0.0.1:${metricsPort}/status`)).json()) as ProcessStatus;
  /** Flows that the running process has judged, by the count since its start. */
  const judged = (one: Running, records: number): Promise<true> =>
    until(`${records} records are judged`, [one], async () => ((await status()).detector?.records === records ? true : undefined));
  const inForce = async (): Promise<string> => (await status()).claims!.inForce[0]!.hash;

  let one = await run();
  const exporter = await createExporter(port!);
  await exporter.send(SCANNER, HOUR + 10_000, 1);
  await exporter.send(STRANGER, HOUR + 11_000, 2);
  await judged(one, 1);
  const hashA = await inForce();

  writeFileSync(claims, second);
  one.signal('SIGHUP');
  const hashB = await until('the change is taken', [one], async () => ((await inForce()) === hashA ? undefined : await inForce()));
  expect((await status()).claims!.inForce[0]!.fromMs).toBe(HOUR + 60_000);
  expect(one.output()).toMatch(/2026-03-03T10:01:00\.000Z.*changed claims take effect/);

  // Before the change takes effect, across it, after it, and late.
  await exporter.send(SCANNER, HOUR + 50_000, 4);
  await exporter.send(STRANGER, HOUR + 51_000, 8);
  await exporter.send(SCANNER, HOUR + 59_800, 16);
  await exporter.send(SCANNER, HOUR + 60_000, 32);
  await exporter.send(STRANGER, HOUR + 61_000, 64);
  await exporter.send(SCANNER, HOUR + 20_000, 128);
  await judged(one, 6);

  // Nobody sends a signal for this one: the file is looked at anyway.
  writeFileSync(claims, second.replace('severity: critical', 'severity: dreadful'));
  const rejected = await until('the wrong file is refused', [one], async () => (await status()).claims!.rejected[0]);
  expect(rejected.problems.join('\n')).toMatch(/claims\.yaml:\d+:\d+: .*dreadful/);
  expect(await inForce()).toBe(hashB);
  await until('the metric tells it', [one], async () => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return /^cordon_claims_rejected 1$/m.test(text) || undefined;
  });
  expect((await cordon(['doctor', '--config', config], [1])).replaceAll(/\s+/g, ' ')).toContain('the claims before stay in force');
  await exporter.send(STRANGER, HOUR + 80_000, 256);
  await judged(one, 7);
  writeFileSync(claims, second);
  await until('the right file is no longer refused', [one], async () => (await status()).claims!.rejected.length === 0 || undefined);

  one.signal('SIGKILL');
  await one.ended;
  one = await run();
  expect(await inForce()).toBe(hashB);
  await exporter.send(SCANNER, HOUR + 30_000, 512);
  await exporter.send(SCANNER, HOUR + 90_000, 1024);
  const found = async (): Promise<Finding[]> => {
    await stop(one);
    return JSON.parse(await cordon(['findings', 'list', '--json', '--config', config])) as Finding[];
  };
  // What is still in the socket when a process ends is gone.
  await until('both flows are read', [one], async () => (await status()).collector?.records === 2 || undefined);
  exporter.close();
  const findings = (await found()).filter(({ claim }) => claim === 'closed-network');
  const octets = (hash: string, asset: string): number =>
    findings.reduce((sum, finding) => (finding.claimsHash === hash && finding.asset === asset ? sum + finding.octetsOut : sum), 0);
  // Every flow breaks the claim, and its octets are a bit of its own: each is judged once, by the version of its time.
  expect(octets(hashA, 'scan-mv-01')).toBe(1 + 4 + 16 + 128 + 512);
  expect(octets(hashB, 'scan-mv-01')).toBe(32 + 1024);
  expect(octets(hashA, 'scan-mv-99')).toBe(0);
  expect(octets(hashB, 'scan-mv-99')).toBe(64 + 256);

  const verdicts = JSON.parse(await cordon(['verdict', '--json', '--closed', '--config', config], [1])) as Verdict[];
  const midnight = Date.UTC(2026, 2, 2, 23);
  expect(verdicts.filter(({ claim }) => claim === 'closed-network')).toMatchObject([
    { claimsHash: hashA, fromMs: midnight, toMs: HOUR + 60_000, verdict: 'VIOLATED', numbers: { recordsJudged: 5 } },
    { claimsHash: hashB, fromMs: HOUR + 60_000, toMs: midnight + 86_400_000, verdict: 'VIOLATED', numbers: { recordsJudged: 4 } },
  ]);
});
