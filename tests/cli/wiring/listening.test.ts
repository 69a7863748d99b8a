import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { checkConfig } from '../../../cli/wiring/check-config.js';
import { type Listening, openListening } from '../../../cli/wiring/listening.js';
import { type Collector, createCollector } from '../../../collector/collector.js';
import type { ColumnBatch } from '../../../flow/batch.js';
import type { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { type Config, defaultConfig } from '../../../flow/service/config.js';
import { Lifecycle } from '../../../flow/service/lifecycle.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { WatchList } from '../../../flow/watch-list.js';
import { field, recordBytes, set } from '../../collector/decoders/build-bytes.js';
import { ipfix, template } from '../../collector/decoders/build-ipfix.js';
import { hasOpenssl, makeAuthority, makeCertificate, pem } from '../../collector/inputs/certificates.js';

const folder = mkdtempSync(join(tmpdir(), 'cordon-listening-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const SOFTFLOWD = '/usr/sbin/softflowd';

interface LedgerRow {
  readonly sensor: string;
  readonly exportProtocol: string;
  readonly messagesReceived: number;
  readonly messagesMalformed: number;
  readonly recordsDecoded: number;
  readonly recordsLost: number;
  readonly recordsUndecodable: number;
  readonly restarts: number;
  readonly messagesRefused: number;
}

interface Open extends Listening {
  readonly collector: Collector;
  readonly lifecycle: Lifecycle;
  /** Stops everything and answers the ledger. */
  ledger(): Promise<LedgerRow[]>;
}

async function open(change: (collector: Config['collector']) => void): Promise<Open> {
  const config = defaultConfig();
  config.collector.listen = ['127.0.0.1:0'];
  change(config.collector);
  checkConfig(config, new Map());
  const rows: LedgerRow[] = [];
  const collector = createCollector({
    flows: { write: async (batch) => ({ produced: batch.length, unwatched: 0 }), flush: async () => undefined },
    async coverage(batch: ColumnBatch<typeof COVERAGE_COLUMNS>) {
      const c = batch.columns;
      for (let row = 0; row < batch.length; row++) {
        rows.push({
          sensor: c.sensor.dictionary.name(c.sensor.codes[row]!),
          exportProtocol: c.exportProtocol.dictionary.name(c.exportProtocol.codes[row]!),
          messagesReceived: Number(c.messagesReceived[row]),
          messagesMalformed: Number(c.messagesMalformed[row]),
          recordsDecoded: Number(c.recordsDecoded[row]),
          recordsLost: Number(c.recordsLost[row]),
          recordsUndecodable: Number(c.recordsUndecodable[row]),
          restarts: Number(c.restarts[row]),
          messagesRefused: Number(c.messagesRefused[row]),
        });
      }
    },
  });
  const lifecycle = new Lifecycle(quiet);
  onTestFinished(() => lifecycle.stop());
  const claimSets = { sets: [], watchList: new WatchList([]) };
  const listening = await openListening({
    config,
    claimSets,
    collector,
    sensorOf: (_exporter, domain) => `by-address-${domain}`,
    log: quiet,
    lifecycle,
  });
  await listening.start();
  return {
    ...listening,
    collector,
    lifecycle,
    async ledger() {
      await lifecycle.stop();
      return rows;
    },
  };
}

function total(rows: readonly LedgerRow[], name: Exclude<keyof LedgerRow, 'sensor' | 'exportProtocol'>): number {
  return rows.reduce((sum, row) => sum + row[name], 0);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const FIELDS = [field(8, 4), field(12, 4), field(2, 8)];
const TEMPLATE = template(256, FIELDS);

function data(sequence: number, records: number): Uint8Array {
  const record = recordBytes(FIELDS, [[192, 0, 2, 1], [198, 51, 100, 1], 7]);
  return ipfix(
    [
      set(
        256,
        Array.from({ length: records }, () => record),
      ),
    ],
    { sequence, domain: 5, seconds: Math.floor(Date.now() / 1000) },
  );
}

function templates(): Uint8Array {
  return ipfix([TEMPLATE], { sequence: 0, domain: 5, seconds: Math.floor(Date.now() / 1000) });
}

describe.skipIf(!existsSync(SOFTFLOWD) && process.env.CI !== 'true')('softflowd over TCP', () => {
  test('all that it exports is read, nothing is lost, and its records count as they do over UDP', async () => {
    const capture = join(folder, 'packets.pcap');
    writeFileSync(capture, gunzipSync(readFileSync(join(packageRoot(), 'fixtures/scenarios/port-scanners/packets.pcap.gz'))));
    const softflowd = async (port: number, transport: string): Promise<void> => {
      const options = ['-d', '-a', '-v', '10', '-P', transport, '-m', '40', '-c', 'none', '-p', join(folder, 'softflowd.pid')];
      const child = spawn(SOFTFLOWD, ['-r', capture, '-n', `127.0.0.1:${port}`, ...options], { stdio: 'ignore' });
      await once(child, 'exit');
    };
    const overTcp = await open((collector) => {
      collector.tcp = ['127.0.0.1:0'];
    });
    await softflowd(overTcp.tcpAddresses[0]!.port, 'tcp');
    await until(() => overTcp.tcp.counters.connections === 1 && overTcp.tcp.counters.open === 0);
    const byTcp = await overTcp.ledger();
    const overUdp = await open(() => undefined);
    await softflowd(overUdp.addresses[0]!.port, 'udp');
    await until(() => overUdp.input.counters.delivered >= total(byTcp, 'messagesReceived'));
    const byUdp = await overUdp.ledger();
    expect(total(byTcp, 'recordsDecoded')).toBeGreaterThan(100);
    for (const name of ['messagesReceived', 'recordsDecoded', 'recordsLost', 'recordsUndecodable', 'messagesMalformed'] as const) {
      expect([name, total(byTcp, name)]).toEqual([name, total(byUdp, name)]);
    }
    expect(total(byTcp, 'recordsLost')).toBe(0);
  });
});

describe.skipIf(!hasOpenssl)('IPFIX over TLS as configured', () => {
  const authority = hasOpenssl ? makeAuthority(folder, 'authority') : { cert: '', key: '' };
  const own = hasOpenssl ? makeCertificate(folder, authority, 'collector', ['IP:127.0.0.1']) : authority;
  const router = hasOpenssl ? makeCertificate(folder, authority, 'router-7', ['DNS:edge-1.example']) : authority;

  function listenTls(collector: Config['collector']): void {
    collector.tls = {
      ...collector.tls,
      listen: ['127.0.0.1:0'],
      cert: own.cert,
      key: own.key,
      ca: authority.cert,
      sensors: { 'Edge-1.example': 'border' },
    };
  }

  test("a certificate names the sensor; templates end with their connection and are not the next one's", async () => {
    const listening = await open(listenTls);
    const { port } = listening.tcpAddresses[0]!;
    const send = async (messages: readonly Uint8Array[]): Promise<void> => {
      const socket = connectTls({ host: '127.0.0.1', port, ca: pem(authority).cert, ...pem(router) });
      socket.end(Buffer.concat(messages));
      await once(socket, 'close');
    };
    await send([templates(), data(0, 3), data(3, 2)]);
    await until(() => listening.tcp.counters.messages === 3);
    await send([data(0, 4)]);
    await until(() => listening.tcp.counters.messages === 4);
    const rows = await listening.ledger();
    expect(new Set(rows.map(({ sensor }) => sensor))).toEqual(new Set(['border']));
    expect([total(rows, 'recordsDecoded'), total(rows, 'recordsLost'), total(rows, 'restarts')]).toEqual([5, 0, 0]);
    expect(total(rows, 'messagesReceived')).toBe(4);
  });

  test.each([
    ['no certificate', { cert: undefined }, 'collector.tls.cert is missing; name the PEM file of our certificate'],
    [
      'a file that is not there',
      { key: '/nowhere/key.pem' },
      'collector.tls.key: /nowhere/key.pem cannot be read (ENOENT); check the path',
    ],
    ['a key for a certificate', { cert: own.key }, "holds no PEM block 'CERTIFICATE'; it should be our certificate"],
    ["somebody else's key", { key: router.key }, 'cannot be used together (key values mismatch); check that the key is the certificate'],
    ['nobody to trust', { ca: undefined }, 'collector.tls.ca is missing: without it no exporter can be trusted'],
  ])('%s is told before anything is opened', async (_name, change, sentence) => {
    await expect(
      open((collector) => {
        listenTls(collector);
        Object.assign(collector.tls, change);
      }),
    ).rejects.toThrow(sentence);
  });
});

test("a message that is none over TCP is in the ledger of its sender, and a refused connection in the input's", async () => {
  const listening = await open((collector) => {
    collector.tcp = ['127.0.0.1:0'];
    collector.maxConnections = 1;
  });
  const { port } = listening.tcpAddresses[0]!;
  const first = connect(port, '127.0.0.1');
  await once(first, 'connect');
  await until(() => listening.tcp.counters.open === 1);
  const second = connect(port, '127.0.0.1').on('error', () => undefined);
  await new Promise<void>((resolve) => second.once('close', () => resolve()));
  first.write('GET / HTTP/1.1\r\n\r\n');
  await once(first, 'close');
  const rows = await listening.ledger();
  expect(rows.map(({ sensor, messagesMalformed, messagesRefused }) => [sensor, messagesMalformed, messagesRefused]).sort()).toEqual([
    ['by-address-0', 1, 0],
    ['tcp', 0, 1],
  ]);
});
