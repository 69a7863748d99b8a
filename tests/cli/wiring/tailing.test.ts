import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTailing } from '../../../cli/wiring/tailing.js';
import { createCollector } from '../../../collector/collector.js';
import type { LogSource } from '../../../flow/service/config.js';
import { createLog } from '../../../flow/service/log.js';
import { temporaryFolder } from '../../collector/inputs/collecting.js';
import { waitFor } from '../../collector/inputs/tailing.js';
import { HTTPS, header, jsonLine, line } from '../../collector/logs/zeek-lines.js';

interface Stored {
  port: number;
  line: number;
  names: string;
}

/** One process that follows logs: what it stored, and its ledger. */
async function running(data: string, logs: readonly LogSource[]) {
  const rows: Stored[] = [];
  const minutes: { observed: number; lost: number; missed: number; lines: number }[] = [];
  const collector = createCollector({
    flows: {
      async write(batch, unwatched) {
        unwatched?.fill(0, 0, batch.length);
        const { sourceTransportPort, recordNumber, destinationNames } = batch.columns;
        for (let row = 0; row < batch.length; row++) {
          const names = destinationNames.dictionary.name(destinationNames.codes[row]!);
          rows.push({ port: sourceTransportPort[row]!, line: recordNumber[row]!, names });
        }
        return { produced: batch.length, unwatched: 0 };
      },
      flush: async () => undefined,
    },
    async coverage({ columns, length }) {
      for (let row = 0; row < length; row++)
        minutes.push({
          observed: columns.observedMilliseconds[row]!,
          lost: columns.recordsLost[row]!,
          missed: columns.packetsMissed[row]!,
          lines: columns.messagesReceived[row]!,
        });
    },
  });
  const tailing = await startTailing({ logs, data, collector, log: createLog('silent', 'test'), now: Date.now });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (!stopped) await tailing.stop();
    stopped = true;
  };
  onTestFinished(stop);
  return {
    rows,
    minutes,
    collector,
    stop,
    async until(count: number): Promise<void> {
      await waitFor(
        () => {
          void collector.flushDecoded();
          return rows.length >= count;
        },
        () => `${rows.length} of ${count} rows`,
      );
    },
    async ledger() {
      await collector.flushLedger(Number.POSITIVE_INFINITY);
      return minutes;
    },
  };
}

const connection = (port: number, seconds = port): Record<string, string> => ({
  ...HTTPS,
  'id.orig_p': String(port),
  ts: `${1_796_284_800 + seconds}.000000`,
  duration: '0.000000',
});
const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, i) => line(connection(from + i))).join('');
const ports = (rows: readonly Stored[]): number[] => rows.map(({ port }) => port);
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function folders() {
  const folder = temporaryFolder();
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  const zeek = (name: string): LogSource => ({ path: join(logs, name), format: 'zeek', sensor: 'tap' });
  return { data: join(folder, 'data'), logs, zeek, position: join(folder, 'data', 'state', 'log-positions.json') };
}

describe('following the configured logs', () => {
  test('a restart goes on in the middle of a Zeek log: its header is known, no record is lost or doubled', async () => {
    const { data, zeek } = folders();
    const source = zeek('conn.log');
    writeFileSync(source.path, header() + lines(0, 10));
    const first = await running(data, [source]);
    await first.until(10);
    await first.stop();
    appendFileSync(source.path, lines(10, 20));
    renameSync(source.path, source.path.replace('.log', '.2026-12-03.log'));
    writeFileSync(source.path, header() + lines(20, 30));
    const second = await running(data, [source]);
    await second.until(20);
    await second.stop();
    expect([...ports(first.rows), ...ports(second.rows)]).toEqual(numbers(0, 30));
    expect([first.rows[9]!.line, second.rows[0]!.line, second.rows[10]!.line]).toEqual([18, 19, 9]);
    expect((await second.ledger()).reduce((sum, { lost }) => sum + lost, 0)).toBe(0);
  });

  test('after a crash what was not noted is read again: nothing is lost, and nothing noted is doubled', async () => {
    const { data, zeek, position } = folders();
    const source = zeek('conn.log');
    writeFileSync(source.path, header() + lines(0, 10));
    const first = await running(data, [source]);
    await first.until(10);
    await first.stop();
    const noted = readFileSync(position);
    appendFileSync(source.path, lines(10, 20));
    const crashed = await running(data, [source]);
    await crashed.until(10);
    await crashed.stop();
    // As if the process had been killed before its last note.
    writeFileSync(position, noted);
    const third = await running(data, [source]);
    await third.until(10);
    await third.stop();
    expect(ports(first.rows)).toEqual(numbers(0, 10));
    expect(third.rows).toEqual(crashed.rows);
  });

  test('answers of one log name the flows of another, and all logs of a sensor are one account', async () => {
    const { data, logs, zeek } = folders();
    const dns = {
      ts: 1_796_284_801.0,
      'id.orig_h': '10.40.10.11',
      'id.resp_h': '10.40.0.53',
      trans_id: 1,
      query: 'license.vendor.example',
      qtype: 1,
      rcode: 0,
      answers: ['203.0.113.7'],
      TTLs: [60],
    };
    const stats = { ts: 1_796_284_920.0, peer: 'zeek', pkts_proc: 100, pkts_dropped: 7 };
    const process = await running(data, [zeek('dns.log'), zeek('conn.log'), zeek('stats.log')]);
    writeFileSync(join(logs, 'dns.log'), `${JSON.stringify(dns)}\n`);
    await waitFor(
      () => process.collector.names.entries === 1,
      () => 'no name',
    );
    writeFileSync(join(logs, 'conn.log'), jsonLine(connection(2)));
    await process.until(1);
    writeFileSync(join(logs, 'stats.log'), `${JSON.stringify(stats)}\n`);
    await waitFor(
      () => process.collector.counters.lines === 3,
      () => 'no statistics',
    );
    await process.stop();
    expect(process.rows).toMatchObject([{ names: 'license.vendor.example' }]);
    const ledger = await process.ledger();
    expect(ledger.reduce((sum, { missed }) => sum + missed, 0)).toBe(7);
    // From the connection's end to the statistics: a minute of silence that the sensor was there in.
    expect(ledger.reduce((sum, { observed }) => sum + observed, 0)).toBe(118_000);
  });

  test('records that are gone with their file are marked in the ledger', async () => {
    const { data, zeek } = folders();
    const source = zeek('conn.log');
    writeFileSync(source.path, header() + lines(0, 10));
    const first = await running(data, [source]);
    await first.until(10);
    await first.stop();
    writeFileSync(`${source.path}.new`, header() + lines(50, 60));
    renameSync(`${source.path}.new`, source.path);
    const second = await running(data, [source]);
    await second.until(10);
    await second.stop();
    expect(ports(second.rows)).toEqual(numbers(50, 60));
    expect((await second.ledger()).reduce((sum, { lost }) => sum + lost, 0)).toBe(1);
  });

  test('a file of positions that holds something else is an error with a remedy', async () => {
    const { data, zeek, position } = folders();
    mkdirSync(join(data, 'state'), { recursive: true });
    for (const content of ['{', '{"version":2,"logs":{}}', '{"version":1,"logs":{"/x":{"offset":"1"}}}']) {
      writeFileSync(position, content);
      await expect(running(data, [zeek('conn.log')])).rejects.toThrow('remove it');
    }
  });
});
