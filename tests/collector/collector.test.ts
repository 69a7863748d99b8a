import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Collector, type CollectorOutput, createCollector, MAX_WAITING_ROWS, ROWS_PER_WRITE } from '../../collector/collector.js';
import type { Origin } from '../../collector/contracts.js';
import { readFileInto } from '../../collector/files.js';
import { createDomainOrigins, observationDomainOf } from '../../collector/origins.js';
import { formatAddress, parseAddress } from '../../flow/address.js';
import { packageRoot } from '../../flow/service/paths.js';
import { field, ip4, recordBytes, set } from './decoders/build-bytes.js';
import { ipfix, template } from './decoders/build-ipfix.js';
import { netflow5 } from './decoders/build-netflow5.js';
import { sflow5 } from './decoders/build-sflow5.js';

const scenario = join(packageRoot(), 'fixtures/scenarios/port-scanners');

/** A collector whose rows are counted and whose ledger is added up. */
function measured(gate: () => Promise<void> = async () => undefined): {
  collector: Collector;
  ledger: Map<string, number>;
  rows: () => number;
} {
  const ledger = new Map<string, number>();
  let rows = 0;
  const output: CollectorOutput = {
    flows: {
      async write(batch, unwatched) {
        await gate();
        rows += batch.length;
        // Every third row concerns no asset.
        for (let row = 0; row < batch.length; row++) if (unwatched !== undefined) unwatched[row] = row % 3 === 0 ? 1 : 0;
        const dropped = Math.ceil(batch.length / 3);
        return { produced: batch.length - dropped, unwatched: dropped };
      },
      flush: async () => undefined,
    },
    async coverage(batch) {
      for (const name of batch.names) {
        const values: unknown = batch.columns[name];
        if (!(values instanceof Float64Array)) continue;
        let sum = 0;
        for (let row = 0; row < batch.length; row++) sum += values[row]!;
        ledger.set(name, (ledger.get(name) ?? 0) + sum);
      }
    },
  };
  return { collector: createCollector(output), ledger, rows: () => rows };
}

const origin = (receivedMs = Number.NaN): Origin => ({
  sensor: 'border',
  exporter: parseAddress('192.0.2.1'),
  exporterPort: 4739,
  transport: 'udp',
  receivedMs,
});
const FIELDS = [field(8, 4), field(12, 4), field(1, 8)];
const message = (records: number, header = {}) =>
  ipfix(
    [
      template(256, FIELDS),
      set(
        256,
        Array.from({ length: records }, () => recordBytes(FIELDS, [ip4('192.0.2.7'), ip4('198.51.100.7'), 100])),
      ),
    ],
    header,
  );

describe('collector', () => {
  test.each(['packets', 'netflow5', 'netflow9', 'ipfix'])('the double entry of %s balances to the last record', async (name) => {
    const { collector, ledger, rows } = measured();
    const format = name === 'packets' ? 'pcap' : 'export-pcap';
    const summary = await readFileInto(collector, { path: join(scenario, `${name}.pcap.gz`), format, sensor: 'border' });
    await collector.flush();
    await collector.flushLedger(Number.POSITIVE_INFINITY);
    const sum = (column: string) => ledger.get(column)!;
    const truth = JSON.parse(readFileSync(join(scenario, 'truth.json'), 'utf8')) as { exports: Record<string, { flowRecords: number }> };
    expect(summary.cut).toBe(false);
    expect(collector.counters.faults.size).toBe(0);
    if (name !== 'packets') expect(rows()).toBe(truth.exports[`${name}.pcap.gz`]!.flowRecords);
    expect(sum('recordsSent')).toBe(sum('recordsReceived') + sum('recordsLost'));
    expect(sum('recordsReceived')).toBe(
      sum('recordsDecoded') + sum('recordsUndecodable') + sum('recordsMalformed') + sum('recordsDuplicate') + sum('recordsRefused'),
    );
    expect(sum('recordsDecoded')).toBe(sum('recordsProduced') + sum('recordsUnwatched'));
    expect(sum('recordsDecoded')).toBe(rows());
    expect(sum('recordsLost')).toBe(0);
    expect(collector.counters.produced + collector.counters.unwatched).toBe(rows());
  });

  test('a datagram that comes twice gives its rows once', async () => {
    const { collector, rows } = measured();
    const bytes = message(5, { sequence: 10 });
    await collector.datagram(bytes, origin());
    await collector.datagram(bytes, origin());
    await collector.flush();
    expect([rows(), collector.counters.duplicates]).toEqual([5, 1]);
  });

  test('records that came before their template are handed on when it comes, with the state of their own message; repeated ones are not', async () => {
    const { collector, ledger, rows } = measured();
    const seconds = 1_796_256_000;
    const record = recordBytes(FIELDS, [ip4('192.0.2.7'), ip4('198.51.100.7'), 100]);
    const early = ipfix([set(256, [record, record])], { sequence: 0, seconds });
    await collector.datagram(early, origin());
    await collector.datagram(early, origin());
    await collector.datagram(message(1, { sequence: 2, seconds: seconds + 1 }), origin());
    await collector.flush();
    await collector.flushLedger(Number.POSITIVE_INFINITY);
    expect(rows()).toBe(3);
    const sum = (column: string) => ledger.get(column)!;
    expect([sum('messagesDuplicate'), sum('recordsReceived'), sum('recordsDecoded'), sum('recordsLost')]).toEqual([1, 3, 3, 0]);
    expect(sum('recordsProduced') + sum('recordsUnwatched')).toBe(3);
    expect(sum('recordsHeld')).toBe(sum('recordsReleased'));
  });

  test('a repeated message loses its own rows, not those that it released', async () => {
    const { collector, rows } = measured();
    const record = recordBytes(FIELDS, [ip4('192.0.2.7'), ip4('198.51.100.7'), 100]);
    const large = set(
      256,
      Array.from({ length: 3000 }, () => record),
    );
    for (let n = 0; n < 8; n++) await collector.datagram(ipfix([large], { sequence: n * 3000 }), origin());
    const last = message(5, { sequence: 24_000 });
    // Six of the eight are released with it, the others with its repetition.
    await collector.datagram(last, origin());
    await collector.datagram(last, origin());
    await collector.flush();
    expect([rows(), collector.counters.duplicates]).toEqual([24_005, 1]);
  });

  test('while nothing can be handed on, memory is bounded, and what is dropped is counted', async () => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { collector, ledger, rows } = measured(() => opened);
    const records = 1000;
    const needed = Math.ceil((MAX_WAITING_ROWS + ROWS_PER_WRITE) / records) + 50;
    for (let i = 0; i < needed; i++) void collector.datagram(message(records, { sequence: i * records }), origin());
    expect(collector.counters.overrun).toBeGreaterThan(0);
    open();
    await collector.flush();
    expect(rows()).toBe(collector.counters.datagrams * records);
    expect(collector.counters.datagrams + collector.counters.overrun).toBe(needed);
    await collector.flushLedger(Number.POSITIVE_INFINITY);
    expect(ledger.get('messagesOverrun')).toBe(collector.counters.overrun);
  });

  test('an output that fails is told to who delivers, and the collector goes on when it works again', async () => {
    let broken = true;
    const { collector, rows } = measured(async () => {
      if (broken) throw new Error('the bus is gone');
    });
    await collector.datagram(message(3), origin());
    await expect(collector.flush()).rejects.toThrow('the bus is gone');
    broken = false;
    await collector.datagram(message(3, { sequence: 3 }), origin());
    await collector.flush();
    expect(rows()).toBeGreaterThan(0);
  });
});

describe('origins', () => {
  test('the domain is read where each protocol keeps it', () => {
    expect(observationDomainOf(message(1, { domain: 7 }))).toBe(7);
    expect(observationDomainOf(netflow5([]))).toBe(0);
    for (let length = 0; length < 22; length++) expect(observationDomainOf(new Uint8Array(length))).toBe(0);
  });

  test('sensors behind one address are told apart by domain, and a forged stream of domains costs no memory', () => {
    const named: number[] = [];
    const originOf = createDomainOrigins((_exporter, domain) => {
      named.push(domain);
      return `sensor-${domain}`;
    });
    const sender = origin(5);
    expect(originOf(message(1, { domain: 7 }), sender)).toMatchObject({ sensor: 'sensor-7', receivedMs: 5 });
    expect(originOf(message(1, { domain: 7 }), sender)).toBe(originOf(message(2, { domain: 7 }), sender));
    for (let domain = 0; domain < 1000; domain++) originOf(message(1, { domain }), sender);
    expect(named.length).toBeLessThanOrEqual(256);
    expect(originOf(message(1, { domain: 999 }), sender)).toBe(sender);
  });

  test('the exporter of an sFlow datagram is the agent named in it, whoever forwards it; its domain is the sub-agent', () => {
    const declared: Record<string, string> = { '192.0.2.7': 'switch-7' };
    const originOf = createDomainOrigins((exporter) => declared[formatAddress(exporter)] ?? formatAddress(exporter));
    const sender = origin(5);
    const seven = originOf(sflow5([], { agent: '192.0.2.7', subAgent: 3 }), sender);
    expect(seven).toMatchObject({ sensor: 'switch-7', exporter: parseAddress('192.0.2.7'), receivedMs: 5 });
    expect(originOf(sflow5([], { agent: '192.0.2.7', subAgent: 3, sequence: 9 }), sender)).toBe(seven);
    expect(originOf(sflow5([], { agent: '192.0.2.7', subAgent: 4 }), sender)).not.toBe(seven);
    expect(originOf(sflow5([], { agent: '2001:db8::9' }), sender)).toMatchObject({
      sensor: '2001:db8::9',
      exporter: parseAddress('2001:db8::9'),
    });
    expect(originOf(sflow5([], { agentType: 0 }), sender).exporter).toEqual(sender.exporter);
    declared[formatAddress(sender.exporter)] = 'proxy';
    expect(originOf(sflow5([], { agent: '192.0.2.8' }), sender).sensor, 'an agent nobody declared belongs to the declared sender').toBe(
      'proxy',
    );
    expect(observationDomainOf(sflow5([], { agent: '2001:db8::9', subAgent: 70_000 }))).toBe(70_000);
    const whole = sflow5([]);
    for (let length = 0; length < whole.length; length++) originOf(whole.subarray(0, length), sender);
  });
});
