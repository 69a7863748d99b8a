import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDatagramFile } from '../../../collector/inputs/datagram-file.js';
import { createExportCapture } from '../../../collector/inputs/export-capture.js';
import { datagramLength } from '../../../collector/inputs/export-datagram.js';
import { sniffBytes, sniffFormat } from '../../../collector/inputs/sniff-format.js';
import { formatAddress } from '../../../flow/address.js';
import { netflow1, netflow7 } from '../decoders/build-fixed-records.js';
import { counterSample, flowSample, sampledIp, sflow5 } from '../decoders/build-sflow5.js';
import * as build from '../packets/capture-builder.js';
import { bytes, concat, ethernet, icmp, ipv4, SYN, tcp, u16, u32, udp } from '../packets/packet-builder.js';
import { FaultCounts, temporaryFile } from './collecting.js';
import { corpus } from './corpora.js';

const SECONDS = 1_796_256_000;
const v5 = (count: number): Uint8Array =>
  concat(u16(5), u16(count), u32(1000), u32(SECONDS), new Uint8Array(12), new Uint8Array(48 * count));
const set = (id: number, octets: number): Uint8Array => concat(u16(id), u16(octets + 4), new Uint8Array(octets).fill(0xab));
const v9 = (seconds: number, ...sets: Uint8Array[]): Uint8Array =>
  concat(u16(9), u16(sets.length), u32(1000), u32(seconds), u32(1), u32(0), ...sets);
const ipfix = (...sets: Uint8Array[]): Uint8Array => {
  const body = concat(...sets);
  return concat(u16(10), u16(16 + body.length), u32(SECONDS), u32(1), u32(0), body);
};

async function readDatagrams(content: Uint8Array, piece = content.length): Promise<Uint8Array[]> {
  const standardInput = Readable.from(
    (function* () {
      for (let at = 0; at < content.length; at += piece) yield Buffer.from(content.subarray(at, at + piece));
    })(),
  );
  const got: Uint8Array[] = [];
  await createDatagramFile({ path: '-', standardInput, sensor: 'file' }).start((payload) => void got.push(payload.slice()));
  return got;
}

describe('files of export datagrams', () => {
  const many = [
    v5(2),
    v5(30),
    ipfix(set(2, 8), set(256, 100)),
    v9(SECONDS, set(0, 12), set(256, 40)),
    v9(SECONDS + 60, set(256, 44)),
    ipfix(),
  ];

  test('v5 by its count, IPFIX by its length, v9 by the header that follows', async () => {
    expect(await readDatagrams(concat(...many))).toEqual([...many.slice(0, 5), many[5]]);
  });

  test('the pieces in which octets come change nothing', async () => {
    const content = concat(...Array.from({ length: 80 }, () => many).flat());
    const whole = await readDatagrams(content);
    expect(whole).toHaveLength(480);
    expect(await readDatagrams(content, 1009)).toEqual(whole);
  });

  test('v1 and v7 by their counts, v1 with records of either length, sFlow by the lengths of its samples', async () => {
    const older = [netflow1([{}, {}]), netflow1([{}]), netflow7([{}, {}, {}])];
    expect(await readDatagrams(concat(...older))).toEqual(older);
    const long = [netflow1([{}, {}], {}, 52), netflow1([{}], {}, 52)];
    expect(await readDatagrams(concat(...long))).toEqual(long);
    const flow = flowSample([sampledIp({ source: '192.0.2.1', destination: '192.0.2.2' })]);
    const samples = [sflow5([flow, counterSample()]), sflow5([], { agent: '2001:db8::1' }), sflow5([flow], { agentType: 0 })];
    expect(await readDatagrams(concat(...samples))).toEqual(samples);
  });

  test('a v9 datagram with trailing zeros stays one', async () => {
    const padded = concat(v9(SECONDS, set(256, 40)), new Uint8Array(37));
    expect(await readDatagrams(padded)).toEqual([padded]);
    expect(await readDatagrams(concat(v9(SECONDS, set(256, 40)), new Uint8Array(36), v9(SECONDS, set(257, 4))))).toHaveLength(2);
  });

  test('a datagram cut short is delivered as it is: its decoder counts what is missing', async () => {
    expect(await readDatagrams(v5(30).subarray(0, 200))).toEqual([v5(30).subarray(0, 200)]);
    expect(await readDatagrams(ipfix(set(256, 100)).subarray(0, 50))).toHaveLength(1);
  });

  test('lengths always advance, on any octets', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(bytes(0, 1), bytes(0, 5), bytes(0, 7), bytes(0, 9), bytes(0, 10), bytes(0, 0, 0, 5, 0, 0, 0, 1), bytes()),
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        (version, rest) => {
          const content = concat(version, rest);
          expect(datagramLength(content)).toBeGreaterThan(0);
          expect(datagramLength(content)).toBeLessThanOrEqual(content.length);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('what holds no export datagrams is refused with what was found', async () => {
    await expect(readDatagrams(Buffer.from('hello'))).rejects.toMatchObject({
      code: 'not-export-datagrams',
      message: expect.stringMatching(/^standard input holds no NetFlow .*: it begins with 68 65 6c 6c 6f \('hello'\)/),
    });
    await expect(readDatagrams(new Uint8Array(0))).rejects.toThrow('the file is empty');
  });

  test('gzip is read as well', async () => {
    const path = temporaryFile('datagrams.gz', gzipSync(v5(2)));
    const got: number[] = [];
    await createDatagramFile({ path, sensor: 'x' }).start((payload, origin) => {
      got.push(payload.length);
      expect([origin.sensor, origin.transport, origin.receivedMs]).toEqual(['x', 'file', Number.NaN]);
    });
    expect(got).toEqual([120]);
    expect(await sniffFormat({ path })).toBe('netflow');
  });
});

const frame = (source: string, port: number, payload: Uint8Array): Uint8Array =>
  ethernet(0x0800, ipv4(source, '198.51.100.9', 17, udp(3000, port, payload)));
const capture = (...frames: Uint8Array[]): Uint8Array =>
  build.pcap(frames.map((data, index) => ({ timeMs: SECONDS * 1000 + index, data })));

describe('captures of export traffic', () => {
  test('datagrams come with exporter, port, sensor and the packet’s time; other traffic is left out', async () => {
    const path = temporaryFile(
      'exports.pcap',
      capture(
        frame('192.0.2.1', 2055, v5(1)),
        frame('192.0.2.2', 5555, ipfix(set(256, 8))),
        frame('192.0.2.1', 53, bytes(1, 2, 3, 4)),
        ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.9', 6, tcp(1, 2055, SYN))),
        frame('192.0.2.1', 2055, v9(SECONDS, set(256, 4))),
      ),
    );
    const got: unknown[] = [];
    let inside = 0;
    const input = createExportCapture({ path, sensorOf: (exporter, port) => `${formatAddress(exporter)}:${port}` }, new FaultCounts());
    await input.start(async (payload, origin) => {
      expect(++inside).toBe(1);
      const { sensor, exporterPort, transport, receivedMs } = origin;
      await new Promise((resolve) => setImmediate(resolve));
      got.push([payload.length, sensor, exporterPort, transport, receivedMs - SECONDS * 1000]);
      inside--;
    });
    expect(got).toEqual([
      [72, '192.0.2.1:3000', 3000, 'file', 0],
      [28, '192.0.2.2:3000', 3000, 'file', 1],
      [28, '192.0.2.1:3000', 3000, 'file', 4],
    ]);
    expect([input.delivered, input.counters, input.statistics?.packets]).toEqual([3, { packets: 5, datagrams: 4, other: 1, cut: 0 }, 5]);
  });

  test('given ports are taken whatever they hold, and only they', async () => {
    const path = temporaryFile('exports.pcap', capture(frame('192.0.2.1', 2055, v5(1)), frame('192.0.2.1', 7000, bytes(9))));
    const got: number[] = [];
    await createExportCapture({ path, ports: [7000], sensorOf: () => 'x' }, new FaultCounts()).start(
      (payload) => void got.push(payload.length),
    );
    expect(got).toEqual([1]);
  });
});

describe('guessing the format', () => {
  test.each([
    ['traffic', 'pcap', capture(frame('192.0.2.1', 53, bytes(1, 2, 3)), frame('192.0.2.1', 443, bytes(0, 5, 0, 1)))],
    ['an empty capture', 'pcap', capture()],
    [
      'traffic with one export in it',
      'pcap',
      capture(frame('192.0.2.1', 2055, v5(1)), ...Array.from({ length: 20 }, () => frame('192.0.2.1', 53, bytes(1)))),
    ],
    ['exports', 'export-pcap', capture(frame('192.0.2.1', 2055, v5(1)), frame('192.0.2.1', 2055, v5(2)))],
    [
      'exports on an odd port, answered by ICMP errors',
      'export-pcap',
      capture(frame('192.0.2.1', 777, ipfix(set(2, 8))), ethernet(0x0800, ipv4('198.51.100.9', '192.0.2.1', 1, icmp(3, 3)))),
    ],
    ['exports in pcapng', 'export-pcap', build.pcapng([{ timeMs: 1, data: frame('192.0.2.1', 4739, ipfix(set(256, 8))) }])],
    ['v1', 'netflow', netflow1([{}])],
    ['v7', 'netflow', netflow7([{}])],
    ['sFlow', 'netflow', sflow5([counterSample()])],
    [
      'sFlow from an agent on an odd port',
      'export-pcap',
      capture(frame('192.0.2.1', 777, sflow5([counterSample()], { agent: '2001:db8::1' }))),
    ],
    ['what only begins like v1, v7 or sFlow', 'unknown', concat(bytes(0, 1, 0, 1), new Uint8Array(80))],
    ['an sFlow header of an unknown address', 'unknown', sflow5([], { agentType: 3 })],
    ['v5', 'netflow', v5(1)],
    ['v9', 'netflow', v9(SECONDS, set(0, 12))],
    ['IPFIX', 'netflow', ipfix(set(2, 12))],
    ['text', 'unknown', Buffer.from('{"ts": 1}')],
    ['nothing', 'unknown', new Uint8Array(0)],
    ['a gzip magic', 'unknown', bytes(0x1f, 0x8b, 8, 0)],
  ])('%s: %s', (_name, format, content) => {
    expect(sniffBytes(content)).toBe(format);
  });

  test('any octets are answered', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => void sniffBytes(content)),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => void sniffBytes(concat(build.pcapng([]), content))),
      { numRuns: 500 },
    );
  });
});

const logstash = corpus('flows', 'logstash-codec-netflow');
const oracle = corpus('flows', 'oracle', 'pcap');
const ipfixprobe = corpus('pcap', 'ipfixprobe', 'tests', 'functional', 'inputs');

describe.skipIf(logstash === undefined || oracle === undefined || ipfixprobe === undefined)('the corpora', () => {
  const dat = (): string[] =>
    readdirSync(logstash!, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.dat'))
      .map((name) => join(logstash!, name));

  test('netflow5.dat is a dump of 12 datagrams of 30 records', async () => {
    const content = readFileSync(dat().find((path) => path.endsWith('/netflow5.dat'))!);
    const got = await readDatagrams(content);
    expect(got).toHaveLength(12);
    expect(got.reduce((sum, datagram) => sum + ((datagram[2]! << 8) | datagram[3]!), 0)).toBe(30);
  });

  test('every file of datagrams is recognised; all but two hold one datagram', async () => {
    const guesses = await Promise.all(dat().map(async (path) => ({ name: basename(path), format: await sniffFormat({ path }) })));
    expect(guesses.length).toBeGreaterThan(80);
    expect(guesses.filter(({ format }) => format !== 'netflow')).toEqual([]);
    const counts = await Promise.all(
      dat().map(async (path) => ({ name: basename(path), datagrams: (await readDatagrams(readFileSync(path))).length })),
    );
    expect(counts.filter(({ datagrams }) => datagrams !== 1)).toEqual([
      { name: 'ipfix.dat', datagrams: 3 },
      { name: 'netflow5.dat', datagrams: 12 },
    ]);
  });

  test('captures of exports are told from captures of traffic', async () => {
    const formats = async (folder: string): Promise<Set<string>> =>
      new Set(await Promise.all(readdirSync(folder).map((name) => sniffFormat({ path: join(folder, name) }))));
    expect(await formats(oracle!)).toEqual(new Set(['export-pcap']));
    expect(await formats(ipfixprobe!)).toEqual(new Set(['pcap']));
  });
});
