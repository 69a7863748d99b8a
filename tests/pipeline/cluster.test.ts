import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { loadScenario } from '../../cli/scenario/scenario.js';
import { formatAddress } from '../../flow/address.js';
import { ColumnBatch } from '../../flow/batch.js';
import { createKafkaBus } from '../../flow/bus/kafka.js';
import { COVERAGE_COLUMNS } from '../../flow/coverage.js';
import { decodeFrame } from '../../flow/frame.js';
import { field, ip4, recordBytes, set } from '../collector/decoders/build-bytes.js';
import { ipfix, template } from '../collector/decoders/build-ipfix.js';
import { kafkaBrokers, kafkaSkip } from '../kafka/shared.js';
import { freePorts } from '../support/free-ports.js';
import { killAll, type Running, says, start, stop, until } from './support/cordon.js';
import { freshDist } from './support/dist.js';

/*
 * `collector.processes: 2` before a real broker. Templates are sent once, at the beginning: an exporter whose datagrams met another process than the one that
 * has its template would be undecodable there.
 */

const EXPORTERS = ['127.0.0.21', '127.0.0.22', '127.0.0.23', '127.0.0.24'];
const FIELDS = [field(8, 4), field(12, 4), field(2, 8)];
const RECORDS = 5;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

interface Sums {
  records: number;
  lost: number;
  undecodable: number;
}

let folder: string;
beforeAll(freshDist);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-cluster-'));
});
afterEach(async () => {
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

/** An exporter that counts as RFC 7011 §3.1 says. */
class Exporter {
  sent = 0;
  private readonly socket: Socket;
  private readonly port: number;

  private constructor(socket: Socket, port: number) {
    this.socket = socket;
    this.port = port;
  }

  static async on(address: string, port: number): Promise<Exporter> {
    const socket = createSocket('udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    onTestFinished(() => void socket.close());
    return new Exporter(socket, port);
  }

  sendTemplate(): Promise<void> {
    return this.send([template(256, FIELDS)]);
  }

  async sendRecords(): Promise<void> {
    const record = recordBytes(FIELDS, [ip4('10.40.10.11'), ip4('198.51.100.1'), 7]);
    await this.send([
      set(
        256,
        Array.from({ length: RECORDS }, () => record),
      ),
    ]);
    this.sent += RECORDS;
  }

  private send(sets: Uint8Array[]): Promise<void> {
    const message = ipfix(sets, { sequence: this.sent, domain: 1, seconds: Math.floor(Date.now() / 1000) });
    return new Promise((resolve, reject) =>
      this.socket.send(message, this.port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error))),
    );
  }
}

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

function valuesOf(text: string, name: string): number[] {
  return text
    .split('\n')
    .flatMap((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `) ? [Number(line.split(' ').at(-1))] : []));
}

/** Adds up the ledger on the topic `coverage` by exporter, as it comes. */
async function readLedger(brokers: readonly string[], topicPrefix: string): Promise<Map<string, Sums>> {
  const sums = new Map<string, Sums>();
  const bus = createKafkaBus({
    brokers,
    clientId: 'cluster-test',
    topicPrefix,
    partitions: { flows: 1, coverage: 1, findings: 1, quarantine: 1 },
    replicationFactor: 1,
    compression: 'none',
    limits: { sessionTimeoutMs: 3000, rebalanceTimeoutMs: 3000, heartbeatIntervalMs: 1000 },
    ssl: false,
    log: quiet,
  });
  await bus.start();
  onTestFinished(() => bus.stop());
  const batch = new ColumnBatch(COVERAGE_COLUMNS);
  await bus.subscribe({
    group: topicPrefix,
    topics: ['coverage'],
    reader: {
      assigned: async () => undefined,
      revoked: async () => undefined,
      async messages(messages) {
        for (const message of messages) {
          batch.clear();
          decodeFrame(message, batch);
          const c = batch.columns;
          for (let row = 0; row < batch.length; row++) {
            const exporter = formatAddress(c.exporterIPv6Address.bytes.subarray(row * 16, row * 16 + 16));
            const sum = sums.get(exporter) ?? { records: 0, lost: 0, undecodable: 0 };
            sum.records += Number(c.recordsDecoded[row]);
            sum.lost += Number(c.recordsLost[row]);
            sum.undecodable += Number(c.recordsUndecodable[row]) + Number(c.recordsHeld[row]);
            sums.set(exporter, sum);
          }
        }
      },
    },
  });
  return sums;
}

describe.skipIf(kafkaSkip !== undefined)('several collecting processes', () => {
  async function collect(
    processes: number,
  ): Promise<{ cluster: Running; port: number; tcpPort: number; metrics: string; brokers: string[]; prefix: string }> {
    const brokers = await kafkaBrokers();
    const prefix = `cluster-${randomUUID().slice(0, 8)}.`;
    const config = join(folder, 'cordon.yaml');
    const [tcpPort] = (await freePorts(1)) as [number];
    writeFileSync(
      config,
      JSON.stringify({
        claims: [loadScenario('port-scanners').claims],
        collector: { listen: ['127.0.0.1:0'], processes, tcp: [`127.0.0.1:${tcpPort}`] },
        kafka: { brokers, topicPrefix: prefix, partitions: 2, sessionTimeoutMs: 3000 },
        metrics: { port: 0 },
      }),
    );
    const cluster = start(['collect', '--config', config, '--data', join(folder, 'data')]);
    const [, port, metrics] = await says(
      cluster,
      /"addresses":\[\{"address":"127\.0\.0\.1","port":(\d+)\}\],"processes":\d,"metrics":"([^"]+)"/,
    );
    return { cluster, port: Number(port), tcpPort, metrics: metrics!, brokers, prefix };
  }

  test('each exporter is read by one of them, to the record; the metrics of all are one text; a stop loses nothing', async () => {
    const { cluster, port, tcpPort, metrics, brokers, prefix } = await collect(2);
    const ledger = await readLedger(brokers, prefix);
    const exporters = await Promise.all(EXPORTERS.map((address) => Exporter.on(address, port)));
    for (const exporter of exporters) await exporter.sendTemplate();
    for (let round = 0; round < 200; round++) {
      for (const exporter of exporters) await exporter.sendRecords();
      if (round % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const connection = createConnection(tcpPort, '127.0.0.1');
    const record = recordBytes(FIELDS, [ip4('10.40.10.11'), ip4('198.51.100.1'), 7]);
    const seconds = Math.floor(Date.now() / 1000);
    connection.end(ipfix([template(256, FIELDS), set(256, [record, record])], { domain: 9, seconds }));
    await once(connection, 'close');
    await until('all datagrams read', [cluster], async () => {
      const text = await metricsOf(metrics);
      const read = valuesOf(text, 'cordon_collector_datagrams_total');
      return read.length === 2 && read.reduce((sum, value) => sum + value, 0) === 4 * 201 + 1 ? read : undefined;
    }).then((read) => expect(Math.min(...read)).toBeGreaterThanOrEqual(2 * 201));
    const text = await metricsOf(metrics);
    expect(text).toMatch(/cordon_collector_datagrams_total\{process="2"\} \d+/);
    expect(text.match(/^# TYPE cordon_collector_datagrams_total /gm)).toHaveLength(1);
    // Most came straight from the kernel.
    expect(valuesOf(text, 'cordon_dispatcher_datagrams_total')[0]).toBeLessThan(400);
    await stop(cluster);
    await until('the ledger', [], async () => (ledger.size >= EXPORTERS.length + 1 ? true : undefined));
    for (const address of EXPORTERS)
      expect([address, ledger.get(address)]).toEqual([address, { records: 200 * RECORDS, lost: 0, undecodable: 0 }]);
    expect(ledger.get('127.0.0.1')).toEqual({ records: 2, lost: 0, undecodable: 0 });
  });

  test('one that is killed is started again and gets its exporters back; the others notice nothing', async () => {
    const { cluster, port, metrics, brokers, prefix } = await collect(2);
    const ledger = await readLedger(brokers, prefix);
    const exporters = await Promise.all(EXPORTERS.slice(0, 2).map((address) => Exporter.on(address, port)));
    const rounds = async (count: number): Promise<void> => {
      for (const exporter of exporters) await exporter.sendTemplate();
      for (let round = 0; round < count; round++) for (const exporter of exporters) await exporter.sendRecords();
    };
    await rounds(50);
    const pids = ((await (await fetch(`${metrics}/status`)).json()) as { members: { pid: number }[] }).members.map(({ pid }) => pid);
    // The first exporter is the first process's.
    process.kill(pids[0]!, 'SIGKILL');
    await says(cluster, /a collecting process died/);
    const before = exporters[0]!.sent;
    await rounds(50);
    await until('a new process', [cluster], async () => {
      const status = (await (await fetch(`${metrics}/status`)).json()) as { members: { pid: number; url: string; restarts: number }[] };
      const [member] = status.members;
      return member!.restarts === 1 && member!.url !== '' && member!.pid !== pids[0] ? true : undefined;
    });
    await rounds(50);
    await until('all datagrams read', [cluster], async () => {
      const read = valuesOf(await metricsOf(metrics), 'cordon_collector_datagrams_total');
      return read[1] === 153 && read[0] === 102 ? true : undefined;
    });
    expect(valuesOf(await metricsOf(metrics), 'cordon_dispatcher_member_restarts_total')).toEqual([1, 0]);
    await stop(cluster);
    await until('the ledger', [], async () => (ledger.get(EXPORTERS[1]!)?.records === 150 * RECORDS ? true : undefined));
    await until('the ledger', [], async () => (ledger.get(EXPORTERS[0]!) !== undefined ? true : undefined));
    // What came while there was no process waited for it.
    expect(ledger.get(EXPORTERS[0]!)).toEqual({ records: exporters[0]!.sent - before, lost: 0, undecodable: 0 });
    expect(ledger.get(EXPORTERS[1]!)).toEqual({ records: exporters[1]!.sent, lost: 0, undecodable: 0 });
  });

  test('what is wrong is told once, and ends all of them', async () => {
    const taken = createSocket('udp4');
    taken.bind(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const config = join(folder, 'cordon.yaml');
    const { port } = taken.address();
    writeFileSync(
      config,
      JSON.stringify({
        claims: [loadScenario('port-scanners').claims],
        collector: { listen: [`127.0.0.1:${port}`], processes: 2 },
        kafka: { brokers: ['127.0.0.1:1'] },
        metrics: { port: 0 },
      }),
    );
    const cluster = start(['collect', '--config', config, '--data', join(folder, 'data')]);
    expect(await cluster.ended).toBe(4);
    expect(cluster.output()).toContain(`UDP port ${port} on 127.0.0.1 is in use`);
  });
});
