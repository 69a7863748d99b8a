import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createCollector } from '../../../collector/collector.js';
import { type FileFormat, readFileInto } from '../../../collector/files.js';
import { COVERAGE_COLUMNS, type CoverageColumnName } from '../../../flow/coverage.js';
import { temporaryFile } from '../inputs/collecting.js';
import { corpus } from '../inputs/corpora.js';
import { HTTPS, header, jsonLine, line } from './zeek-lines.js';

type Sums = Record<string, number>;
const SUMMED = (Object.keys(COVERAGE_COLUMNS) as CoverageColumnName[]).filter((name) => /^(messages|records|observed|loss)/.test(name));

/** Reads a file as `decode` does, and sums rows and ledger. */
async function readInto(path: string, format: FileFormat = 'auto') {
  const ledger: Sums = {};
  const rows = { count: 0, octets: 0, packets: 0, protocols: new Set<string>() };
  const collector = createCollector({
    flows: {
      async write(batch, unwatched) {
        unwatched?.fill(0, 0, batch.length);
        const { columns } = batch;
        for (let row = 0; row < batch.length; row++) {
          rows.count++;
          rows.octets += columns.octetDeltaCount[row]! + columns.reverseOctetDeltaCount[row]!;
          rows.packets += columns.packetDeltaCount[row]! + columns.reversePacketDeltaCount[row]!;
          rows.protocols.add(columns.exportProtocol.dictionary.name(columns.exportProtocol.codes[row]!));
        }
        return { produced: batch.length, unwatched: 0 };
      },
      flush: async () => undefined,
    },
    async coverage(batch) {
      for (const name of SUMMED) {
        const values = batch.columns[name] as Float64Array;
        for (let row = 0; row < batch.length; row++) ledger[name] = (ledger[name] ?? 0) + values[row]!;
      }
    },
  });
  const summary = await readFileInto(collector, { path, format, sensor: 'tap' });
  await collector.flush();
  await collector.flushLedger(Number.POSITIVE_INFINITY);
  expect(ledger.recordsSent ?? 0).toBe((ledger.recordsReceived ?? 0) + (ledger.recordsLost ?? 0));
  expect(ledger.recordsReceived ?? 0).toBe((ledger.recordsDecoded ?? 0) + (ledger.recordsMalformed ?? 0));
  expect(ledger.recordsDecoded ?? 0).toBe(rows.count);
  expect(ledger.messagesSent ?? 0).toBe((ledger.messagesReceived ?? 0) + (ledger.messagesLost ?? 0));
  return { summary, rows, ledger, faults: Object.fromEntries(collector.counters.faults), lines: collector.counters.lines };
}

const EVE = `${JSON.stringify({ timestamp: '2026-12-03T10:00:00.000000+0000', event_type: 'stats', stats: {} })}\n${JSON.stringify({
  timestamp: '2026-12-03T10:00:00.000000+0000',
  event_type: 'netflow',
  src_ip: '10.40.10.11',
  dest_ip: '203.0.113.7',
  proto: 'UDP',
  netflow: { pkts: 1, bytes: 90, start: '2026-12-03T10:00:00.000000+0000', end: '2026-12-03T10:00:00.000000+0000' },
})}\n`;
const VPC = '2 123456789010 eni-1 10.40.10.11 203.0.113.7 49761 443 6 20 4249 1796284810 1796284870 ACCEPT OK\n';
const AZURE =
  '{"records":[{"time":"2026-12-03T10:00:00Z","flowLogVersion":4,"macAddress":"112233445566","flowRecords":{"flows":[{"aclID":"0","flowGroups":[{"rule":"r","flowTuples":["1796284800251,10.40.10.11,203.0.113.7,23956,443,6,O,E,NX,3,767,2,1580"]}]}]}}]}';
const GCP =
  '{"insertId":"a","jsonPayload":{"bytes_sent":"90","connection":{"dest_ip":"203.0.113.7","dest_port":53,"protocol":17,"src_ip":"10.40.10.11","src_port":5353},"end_time":"2026-12-03T10:00:05Z","packets_sent":"1","reporter":"SRC","start_time":"2026-12-03T10:00:00Z"},"logName":"projects/p/logs/compute.googleapis.com%2Fvpc_flows"}';

describe('files of logs', () => {
  test.each([
    ['zeek', 'zeek', header() + line(HTTPS)],
    ['zeek', 'zeek', jsonLine(HTTPS)],
    ['eve', 'suricata', EVE],
    ['vpc', 'vpcflow', VPC],
    [
      'vpc',
      'vpcflow',
      `version srcaddr dstaddr protocol packets bytes start end log-status\n2 10.40.10.11 203.0.113.7 6 1 40 1796284810 1796284870 OK\n`,
    ],
    ['vpc', 'vpcflow', `2026-12-03T10:00:05.000Z ${VPC}`],
    ['vpc', 'vpcflow', `{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1,"message":"${VPC.trim()}"}]}`],
    ['azure', 'azureflow', AZURE],
    ['azure', 'azureflow', JSON.stringify(JSON.parse(AZURE), undefined, 2)],
    ['gcp', 'gcpflow', `${GCP}\n`],
    ['gcp', 'gcpflow', JSON.stringify([JSON.parse(GCP)], undefined, 2)],
    ['zeek', 'zeek', `[${jsonLine(HTTPS).trim()}]`],
    ['zeek', 'zeek', JSON.stringify(JSON.parse(jsonLine(HTTPS)), undefined, 2)],
  ] as const)('%s is recognised by its first lines, gzip or not', async (format, protocol, log) => {
    for (const bytes of [Buffer.from(log), gzipSync(log), Buffer.from(log.replaceAll('\n', '\r\n'))]) {
      const { summary, rows, faults } = await readInto(temporaryFile('some.log', bytes));
      expect([summary.format, summary.cut, rows.count, [...rows.protocols], faults]).toEqual([format, false, 1, [protocol], {}]);
    }
  });

  test.each([
    ["Zeek's dns.log", header(['ts', 'uid', 'id.orig_h', 'id.resp_h', 'proto', 'query'])],
    ['any JSON', '{"ts":1,"proto":"udp","query":"x"}\n'],
    ['prose', 'the bytes that srcaddr sent\n'],
  ])('%s is not taken for a log of flows', async (_, log) => {
    await expect(readInto(temporaryFile('some.log', Buffer.from(log)))).rejects.toMatchObject({ code: 'not-a-capture' });
  });

  test('the ledger counts every line: quiet minutes, what cannot be read, what is missing', async () => {
    const at = (seconds: number, change: Record<string, string> = {}): string =>
      line({ ...HTTPS, ts: `${1796284800 + seconds}.000000`, duration: '0.000000', ...change });
    const log = `${header()}broken\n${at(0)}${at(30)}${at(40, { orig_pkts: 'x' })}${at(180)}`;
    const { ledger, faults, summary, lines } = await readInto(temporaryFile('conn.log', Buffer.from(log)));
    expect(ledger).toMatchObject({
      messagesReceived: 5,
      messagesMalformed: 2,
      recordsDecoded: 3,
      recordsMalformed: 2,
      observedMilliseconds: 180_000,
    });
    expect([faults, summary.lines, lines]).toEqual([{ 'line-malformed': 2 }, 13, 13]);
    const skipped = `${VPC}2 1 eni-1 - - - - - - - 1796284870 1796284930 - SKIPDATA\n2 1 eni-1 - - - - - - - 1796284930 1796284990 - NODATA\n`;
    const vpc = await readInto(temporaryFile('vpc.log', Buffer.from(skipped)));
    expect(vpc.ledger).toMatchObject({
      messagesReceived: 3,
      messagesLost: 1,
      recordsLost: 1,
      lossEstimated: 1,
      recordsDecoded: 1,
      observedMilliseconds: 120_000,
    });
  });

  test('a log that ends within a line is named as cut', async () => {
    const whole = header() + line(HTTPS) + line(HTTPS);
    const { summary, rows, faults } = await readInto(temporaryFile('conn.log', Buffer.from(whole.slice(0, -40))));
    expect([summary.cut, rows.count, faults]).toEqual([true, 1, { 'line-malformed': 1 }]);
  });

  test('a long log makes every row once, in bounded batches', async () => {
    const { rows, summary } = await readInto(temporaryFile('conn.log.gz', gzipSync(header() + line(HTTPS).repeat(50_000))));
    expect([rows.count, summary.lines, rows.octets]).toEqual([50_000, 50_008, 50_000 * (1060 + 7488)]);
  });
});

/** Rows and sums of a conn.log in TSV, counted here by plain splitting. */
function counted(path: string) {
  const lines = readFileSync(path, 'utf8').split('\n');
  const fields = lines
    .find((text) => text.startsWith('#fields'))!
    .split('\t')
    .slice(1);
  const records = lines.filter((text) => text !== '' && !text.startsWith('#')).map((text) => text.split('\t'));
  const sum = (...names: string[]): number =>
    records.reduce((total, cells) => total + names.reduce((of, name) => of + (Number(cells[fields.indexOf(name)]) || 0), 0), 0);
  return { count: records.length, octets: sum('orig_ip_bytes', 'resp_ip_bytes'), packets: sum('orig_pkts', 'resp_pkts') };
}

const zat = corpus('logs', 'zat', 'data');
const detection = corpus('detection');
const zeek = corpus('pcap', 'zeek');

describe.skipIf(zat === undefined)("Zeek's logs of others", () => {
  test('zat: TSV and JSON give a row a line', async () => {
    const tsv = await readInto(join(zat!, 'conn.log'));
    expect(tsv.rows).toMatchObject(counted(join(zat!, 'conn.log')));
    expect(tsv.ledger.recordsMalformed).toBe(0);
    const path = join(zat!, 'json', 'conn.log');
    const objects = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, number>);
    const json = await readInto(path);
    const sum = (...names: string[]) =>
      objects.reduce((total, object) => total + names.reduce((of, name) => of + (object[name] ?? 0), 0), 0);
    expect(json.rows).toMatchObject({
      count: objects.length,
      octets: sum('orig_ip_bytes', 'resp_ip_bytes'),
      packets: sum('orig_pkts', 'resp_pkts'),
    });
  });
});

describe.skipIf(detection === undefined)('long recordings', () => {
  test.each(['benign-17h/conn.log.labeled', 'njrat/conn.log', 'njrat/labeled-conn.log', 'ctu-010/data/conn.log.labeled'])(
    '%s gives a row a line, to the octet',
    async (name) => {
      const { rows, summary, faults } = await readInto(join(detection!, name));
      expect(rows).toMatchObject(counted(join(detection!, name)));
      expect(summary).toMatchObject({ format: 'zeek', cut: false });
      expect(faults['line-malformed']).toBeUndefined();
    },
  );
});

describe.skipIf(zeek === undefined)("Zeek's test baselines", () => {
  test('each conn.log with a header gives a row a line; its times are masked, so they are put back', async () => {
    const logs = (JSON.parse(readFileSync(join(zeek!, 'MANIFEST.json'), 'utf8')) as { conn_log: string }[]).map(({ conn_log }) => conn_log);
    let read = 0;
    for (const name of new Set(logs)) {
      const text = readFileSync(join(zeek!, name), 'utf8').replaceAll('XXXXXXXXXX.XXXXXX', '1300475167.096535');
      const path = temporaryFile('conn.log', Buffer.from(text));
      // Some tests print other columns than a flow needs.
      if (!/^#fields.*\bproto\b.*\borig_bytes\b/m.test(text)) continue;
      const { rows, faults, ledger } = await readInto(path, 'zeek');
      const { count, octets, packets } = counted(path);
      expect(rows, name).toMatchObject({ count, octets, packets });
      expect([ledger.recordsMalformed, faults['line-malformed']], name).toEqual([0, undefined]);
      read++;
    }
    expect(read).toBeGreaterThan(40);
  });
});
