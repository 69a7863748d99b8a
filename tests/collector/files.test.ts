import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createCollector } from '../../collector/collector.js';
import { type FileFormat, inReadingOrder, readFileInto } from '../../collector/files.js';
import { temporaryFile } from './inputs/collecting.js';
import { corpus } from './inputs/corpora.js';
import { HTTPS, header, jsonLine, line } from './logs/zeek-lines.js';
import { pcap } from './packets/capture-builder.js';
import { ethernet, ipv4, udp } from './packets/packet-builder.js';

const DNS = `#separator \\x09
#set_separator\t,
#path\tdns
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\tqtype\trcode\tanswers\tTTLs
1796284790.000000\tC2\t10.40.10.11\t5000\t10.40.0.53\t53\tudp\t7\t0.01\tlicense.vendor.example\t1\t0\t203.0.113.7\t60.0
`;
const DNS_JSON =
  '{"ts":1796284790.0,"uid":"C2","id.orig_h":"10.40.10.11","id.orig_p":5000,"id.resp_h":"10.40.0.53","id.resp_p":53,"proto":"udp","trans_id":7,"query":"license.vendor.example","qtype":1,"rcode":0,"answers":["203.0.113.7"],"TTLs":[60.0]}\n';
const STATS = '#separator \\x09\n#path\tstats\n#fields\tts\tpeer\tpkts_proc\tpkts_dropped\n1796284790.000000\tzeek\t100\t5\n';

const PACKET = ethernet(0x0800, ipv4('10.40.10.11', '203.0.113.7', 17, udp(5000, 9, new Uint8Array(100))));
const CAPTURE = pcap(Array.from({ length: 3 }, (_, i) => ({ timeMs: 1_796_284_800_000 + i, data: PACKET })));

/** A collector that keeps the names of its rows: source's and destination's. */
function namedRows() {
  const names: [string, string][] = [];
  const collector = createCollector({
    flows: {
      async write({ columns, length }) {
        for (let row = 0; row < length; row++) {
          const { sourceNames, destinationNames } = columns;
          names.push([
            sourceNames.dictionary.name(sourceNames.codes[row]!),
            destinationNames.dictionary.name(destinationNames.codes[row]!),
          ]);
        }
        return { produced: length, unwatched: 0 };
      },
      flush: async () => undefined,
    },
    coverage: async () => undefined,
  });
  return { names, collector };
}

const fileOf = (name: string, text: string | Uint8Array) => ({
  path: temporaryFile(name, typeof text === 'string' ? Buffer.from(text) : text),
  format: 'auto' as FileFormat,
  sensor: 'tap',
});

describe('files through the collector', () => {
  test('names come from dns.log, whichever of the files is given first', async () => {
    const connections = fileOf('conn.log', header() + line(HTTPS));
    for (const answers of [DNS, gzipSync(DNS), DNS_JSON]) {
      const names = fileOf('dns.log', answers);
      for (const inputs of [
        [connections, names],
        [names, connections],
      ]) {
        const rows = namedRows();
        const summaries = [];
        for (const input of await inReadingOrder(inputs)) summaries.push(await readFileInto(rows.collector, input));
        expect(rows.names).toEqual([['', 'license.vendor.example']]);
        expect(summaries).toMatchObject([
          { format: 'zeek', answers: 1 },
          { format: 'zeek', answers: 0 },
        ]);
      }
    }
  });

  test('the order of other files is kept, and files that cannot be read keep their place', async () => {
    const files = [
      fileOf('a.log', header() + line(HTTPS)),
      { path: '/nowhere/dns.log', format: 'auto' as FileFormat },
      { path: '-', format: 'auto' as FileFormat },
      fileOf('b.log', jsonLine(HTTPS)),
      fileOf('dns.log', DNS),
      { ...fileOf('c.log', DNS), format: 'eve' as FileFormat },
      fileOf('stats.log', STATS),
    ];
    expect(await inReadingOrder(files)).toEqual([files[4], files[0], files[1], files[2], files[3], files[5], files[6]]);
  });

  test.each([
    ['zeek', header() + line(HTTPS), 1],
    ['zeek', jsonLine(HTTPS), 1],
    ['zeek', DNS, 0],
    ['zeek', STATS, 0],
    ['eve', '{"timestamp":"2026-12-03T10:00:00.000000+0000","event_type":"stats","stats":{}}\n', 0],
    ['vpc', '2 123456789010 eni-1 10.40.10.11 203.0.113.7 49761 443 6 20 4249 1796284810 1796284870 ACCEPT OK\n', 1],
    ['pcap', CAPTURE, 1],
  ] as const)('standard input is recognised as a file is: %s', async (format, content, rows) => {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const inPieces = Readable.from(Array.from({ length: Math.ceil(bytes.length / 100) }, (_, i) => bytes.subarray(i * 100, i * 100 + 100)));
    for (const standardInput of [Readable.from([bytes]), Readable.from([gzipSync(bytes)]), inPieces]) {
      const { names, collector } = namedRows();
      const summary = await readFileInto(collector, { path: '-', format: 'auto', sensor: 'tap', standardInput });
      expect([summary.format, summary.cut, names.length]).toEqual([format, false, rows]);
    }
  });

  test('standard input of no format is told as a file of none is', async () => {
    const { collector } = namedRows();
    const standardInput = Readable.from([Buffer.from('the bytes that srcaddr sent\n')]);
    const reading = readFileInto(collector, { path: '-', format: 'auto', sensor: 'tap', standardInput });
    await expect(reading).rejects.toMatchObject({ code: 'not-a-capture' });
  });
});

const detection = corpus('detection', 'benign-17h');

describe.skipIf(detection === undefined)('logs of others', () => {
  test('a day of Zeek: connections to addresses that their client was told have its names', async () => {
    const { names, collector } = namedRows();
    const inputs = ['conn.log.labeled', 'dns.log.labeled'].map((name) => ({
      path: join(detection!, name),
      format: 'auto' as FileFormat,
      sensor: 'tap',
    }));
    for (const input of await inReadingOrder(inputs)) await readFileInto(collector, input);
    expect([names.length, collector.names.counters.answers, collector.names.counters.refused]).toEqual([7124, 12435, 0]);
    const named = names.filter(([source, destination]) => source !== '' || destination !== '');
    expect(named.length).toBe(collector.names.counters.named);
    // Counted by another program over the same two files.
    expect(named.length).toBe(3212);
    for (const pair of named) for (const text of pair) expect(text).toMatch(/^([!-+\--~]+(,[!-+\--~]+){0,3})?$/);
  });
});
