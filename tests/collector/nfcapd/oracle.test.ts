import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createExportCapture } from '../../../collector/inputs/export-capture.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { freePorts } from '../../support/free-ports.js';
import { corpus } from '../inputs/corpora.js';
import { expectedRow, type NfdumpRecord } from './nfdump-json.js';
import { readNfcapd } from './read-nfcapd.js';

/*
 * nfcapd writes a file of what we send it, nfdump says what is in it, and our rows are compared record by record: our scenarios' exports, and where they are,
 * the datagrams of thirty vendors in the corpora.
 */

const installed = spawnSync('nfcapd', ['-V']).status === 0 && spawnSync('nfdump', ['-V']).status === 0;
if (!installed) process.stderr.write('skipped: nfcapd and nfdump are not installed (apt-get install nfdump)\n');
const vendors = corpus('flows', 'logstash-codec-netflow', 'spec', 'codecs');

async function* datagrams(): AsyncGenerator<Uint8Array> {
  for (const name of ['netflow9', 'ipfix', 'netflow5']) {
    const path = join(packageRoot(), 'fixtures', 'scenarios', 'port-scanners', `${name}.pcap.gz`);
    const payloads: Uint8Array[] = [];
    const capture = createExportCapture({ path, sensorOf: () => 'router' }, { add: () => undefined });
    await capture.start((payload) => {
      if (payloads.length < 250) payloads.push(payload.slice());
    });
    yield* payloads;
  }
  if (vendors === undefined) return;
  const files = readdirSync(vendors, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.dat'));
  // Twice: templates and data of one exporter are in several files.
  for (const name of [...files.sort(), ...files.sort()]) yield readFileSync(join(vendors, name)).subarray(0, 8900);
}

/** Octets that the kernel holds for whoever listens on this port, from /proc/net/udp (proc(5)); undefined: nobody listens. */
function waitingAt(port: number): number | undefined {
  const here = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const sockets = readFileSync('/proc/net/udp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const socket = sockets.find((fields) => fields[1]?.endsWith(here));
  return socket === undefined ? undefined : Number.parseInt(socket[4]!.split(':')[1]!, 16);
}

describe.skipIf(!installed)('nfcapd as installed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-nfcapd-'));
  let file = '';

  beforeAll(async () => {
    const [port] = (await freePorts(1)) as [number];
    // A file for the whole day: it shall not be ended while we send.
    const nfcapd = spawn('nfcapd', ['-w', folder, '-p', String(port), '-t', '86400'], { stdio: 'ignore' });
    const ended = once(nfcapd, 'exit');
    // A busy machine takes seconds to start it, and to let it read what we sent.
    while (waitingAt(port) === undefined) {
      if (nfcapd.exitCode !== null) throw new Error(`nfcapd ended with ${nfcapd.exitCode} before it listened on ${port}`);
      await sleep(50);
    }
    const socket = createSocket('udp4');
    let sent = 0;
    for await (const datagram of datagrams()) {
      await new Promise((resolve) => socket.send(datagram, port, '127.0.0.1', resolve));
      if (++sent % 20 === 0) while (waitingAt(port) !== 0) await sleep(5);
    }
    while (waitingAt(port) !== 0) await sleep(50);
    nfcapd.kill('SIGTERM');
    await ended;
    socket.close();
    // Two, if midnight was in between.
    const files = readdirSync(folder).filter((name) => /^nfcapd\.\d+$/.test(name));
    const sizes = files.map((name) => statSync(join(folder, name)).size);
    file = join(folder, files[sizes.indexOf(Math.max(...sizes))]!);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['as written', []],
    ['LZO', ['-z']],
    ['LZ4', ['-y']],
    ['bzip2', ['-j']],
  ])('%s: our rows are the records that nfdump prints', async (_, flags) => {
    const path = flags.length === 0 ? file : join(folder, `packed${flags[0]}`);
    if (flags.length > 0) execFileSync('nfdump', ['-q', '-r', file, '-w', path, ...flags]);
    const printed = execFileSync('nfdump', ['-r', path, '-o', 'json'], {
      env: { ...process.env, TZ: 'UTC' },
      maxBuffer: 2 ** 28,
      encoding: 'latin1',
    });
    // User names are printed as they came, control characters too.
    const records = JSON.parse(printed.replace(/"user_name" : .*/g, '"user_name" : "",')) as NfdumpRecord[];
    const { rows, faults, summary } = await readNfcapd(path);
    // Some of the vendors' records end before they began, or have counters below zero: that is told, and they are rows.
    const { 'time-implausible': _times, 'counter-implausible': _counters, ...others } = faults as Record<string, number>;
    expect([others, summary.cut, rows.length]).toEqual([{}, false, records.length]);
    expect(rows.length).toBeGreaterThan(1000);
    for (const [index, row] of rows.entries()) {
      const { packets, octets, ...exact } = expectedRow(records[index]!);
      expect(row, JSON.stringify(records[index])).toMatchObject(exact);
      // nfdump prints counters that nfcapd has multiplied; ours are divided again.
      const factor = row.sampling === 0 ? 1 : row.sampling;
      const ours = [...row.packets, ...row.octets].map((count) => count * factor);
      const theirs = [...packets!, ...octets!];
      for (const way of row.biflow === 1 ? [0, 1, 2, 3] : [0, 2])
        if (theirs[way]! <= Number.MAX_SAFE_INTEGER) expect(ours[way], JSON.stringify(records[index])).toBe(theirs[way]);
    }
  });
});
