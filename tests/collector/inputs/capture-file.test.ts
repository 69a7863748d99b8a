import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCaptureFile } from '../../../collector/inputs/capture-file.js';
import { InputError } from '../../../collector/inputs/input-error.js';
import * as build from '../packets/capture-builder.js';
import { bytes, concat, ethernet, ipv4, udp } from '../packets/packet-builder.js';
import { writeTrafficCapture } from '../packets/traffic-capture.js';
import { FaultCounts, readCaptureBytes, readCaptureFile, temporaryFile, temporaryFolder } from './collecting.js';

const frame = (fill: number, octets = 40): Uint8Array =>
  ethernet(0x0800, ipv4('192.0.2.1', '198.51.100.2', 17, udp(1000, 2000, new Uint8Array(octets).fill(fill))));
const START = 1_796_256_000_123.456;
const PACKETS: readonly build.TestPacket[] = [
  { timeMs: START, data: frame(1) },
  { timeMs: START + 0.001, data: frame(2, 7), original: 1500 },
  { timeMs: START + 1000, data: frame(3, 0) },
];
const EXPECTED = PACKETS.map(({ timeMs, data, original = data.length }, index) => ({
  number: index + 1,
  timeMs: expect.closeTo(timeMs, 3),
  linkType: 1,
  original,
  data,
}));

describe('classic pcap', () => {
  for (const littleEndian of [true, false]) {
    for (const nanoseconds of [true, false]) {
      test(`${littleEndian ? 'little' : 'big'}-endian with ${nanoseconds ? 'nanoseconds' : 'microseconds'}`, async () => {
        const { packets, statistics, faults } = await readCaptureBytes(build.pcap(PACKETS, { littleEndian, nanoseconds }));
        expect(packets).toEqual(EXPECTED);
        expect(statistics).toMatchObject({ format: 'pcap', packets: 3, cut: false, malformed: false });
        expect(faults).toEqual({});
      });
    }
  }

  test.each([true, false])('of the modified libpcap, little-endian %s', async (littleEndian) => {
    const { packets, statistics, faults } = await readCaptureBytes(build.pcap(PACKETS, { littleEndian, modified: true }), 50);
    expect(packets).toEqual(EXPECTED);
    expect([statistics.packets, faults]).toEqual([3, {}]);
  });

  test('nanoseconds are kept to a fraction of a microsecond', async () => {
    const { packets } = await readCaptureBytes(build.pcap([{ timeMs: 1_796_256_000_000.25, data: frame(1) }], { nanoseconds: true }));
    expect(packets[0]?.timeMs).toBeCloseTo(1_796_256_000_000.25, 3);
  });

  test('a captured length above libpcap’s limit is damage: what came before is kept, nothing behind is believed', async () => {
    const good = build.pcap(PACKETS);
    const header = build.pcap([{ timeMs: START, data: frame(9) }]).slice(24);
    header.set([0xff, 0xff, 0xff, 0x7f], 8);
    const { packets, statistics, faults } = await readCaptureBytes(concat(good, header, good.subarray(24)));
    expect(packets).toEqual(EXPECTED);
    expect(statistics).toMatchObject({ malformed: true, packets: 3 });
    expect(faults).toEqual({ 'block-malformed': 1 });
  });
});

describe('pcapng', () => {
  for (const littleEndian of [true, false]) {
    test(`${littleEndian ? 'little' : 'big'}-endian gives the same packets and times as pcap`, async () => {
      const { packets, statistics } = await readCaptureBytes(build.pcapng(PACKETS, littleEndian));
      const classic = await readCaptureBytes(build.pcap(PACKETS));
      expect(packets).toEqual(classic.packets);
      expect(statistics).toMatchObject({ format: 'pcapng', packets: 3, interfaces: 1 });
    });
  }

  test('each interface has its link type, resolution and offset; simple and obsolete blocks are read', async () => {
    const le = false;
    const capture = concat(
      build.sectionHeader(le),
      build.interfaceDescription(le, 1, 30, build.option(le, 2, bytes(0x65, 0x74, 0x68))),
      build.interfaceDescription(
        le,
        101,
        0,
        build.option(le, 9, bytes(9)),
        build.option(le, 14, build.u64(le, 1000)),
        build.option(le, 0, bytes()),
      ),
      build.interfaceDescription(le, 1, 0, build.option(le, 9, bytes(0x80 | 10))),
      build.block(le, 4, bytes(0, 0, 0, 0)),
      build.block(le, 0x7777, new Uint8Array(20)),
      build.enhancedPacket(le, 1, 5_000_000_000, frame(1)),
      build.enhancedPacket(le, 2, 2048, frame(2)),
      build.simplePacket(le, frame(3).subarray(0, 30), 82),
      build.oldPacket(le, 0, 7_000_000, frame(4)),
    );
    const { packets, statistics, faults } = await readCaptureBytes(capture);
    expect(faults).toEqual({});
    expect(packets.map(({ timeMs, linkType, original, data }) => [timeMs, linkType, original, data.length])).toEqual([
      [1_005_000, 101, 82, 82],
      [2000, 1, 82, 82],
      [Number.NaN, 1, 82, 30],
      [7000, 1, 82, 82],
    ]);
    expect(statistics.blocks).toMatchObject({ SHB: 1, IDB: 3, EPB: 2, SPB: 1, PB: 1, NRB: 1, other: 1 });
  });

  test('a section may change the byte order, and starts its interfaces anew', async () => {
    const { packets, statistics } = await readCaptureBytes(concat(build.pcapng(PACKETS, true), build.pcapng(PACKETS, false)));
    expect(packets.map(({ data }) => data)).toEqual([...PACKETS, ...PACKETS].map(({ data }) => data));
    expect(packets.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(statistics).toMatchObject({ interfaces: 2, packets: 6 });
  });

  test('drops are the last totals of each interface, summed over interfaces and sections', async () => {
    const le = true;
    const drops = (index: number, byInterface: number, bySystem: number): Uint8Array =>
      build.interfaceStatistics(le, index, build.option(le, 5, build.u64(le, byInterface)), build.option(le, 7, build.u64(le, bySystem)));
    const section = concat(build.sectionHeader(le), build.interfaceDescription(le, 1, 0), build.interfaceDescription(le, 1, 0));
    const { statistics } = await readCaptureBytes(
      concat(section, drops(0, 1, 2), drops(0, 10, 20), drops(1, 5, 0), section, drops(1, 100, 200)),
    );
    expect(statistics).toMatchObject({ droppedByInterface: 115, droppedBySystem: 220 });
  });

  test('drops that packets tell of count where statistics do not tell more', async () => {
    const le = true;
    const lossy = (drops: number): Uint8Array =>
      build.enhancedPacket(
        le,
        0,
        1000,
        frame(1),
        undefined,
        build.option(le, 1, new Uint8Array(5)),
        build.option(le, 4, build.u64(le, drops)),
      );
    const section = concat(build.sectionHeader(le), build.interfaceDescription(le, 1, 0));
    const statistics = build.interfaceStatistics(le, 0, build.option(le, 5, build.u64(le, 4)), build.option(le, 7, build.u64(le, 5)));
    const told = async (...blocks: Uint8Array[]): Promise<number[]> => {
      const read = await readCaptureBytes(concat(section, ...blocks));
      expect(read.faults).toEqual({});
      return [read.statistics.packets, read.statistics.droppedByInterface, read.statistics.droppedBySystem];
    };
    expect(await told(lossy(3), lossy(4))).toEqual([2, 7, 0]);
    expect(await told(lossy(3), lossy(4), statistics)).toEqual([2, 4, 5]);
    expect(await told(lossy(30), statistics)).toEqual([1, 25, 5]);
    expect(await told(build.oldPacket(le, 0, 1000, frame(1), 6), build.oldPacket(le, 0, 1000, frame(1), 0xffff))).toEqual([2, 6, 0]);
    expect(await told(lossy(1), section, lossy(2))).toEqual([2, 3, 0]);
  });

  test('a block of an unknown kind is stepped over whatever its length, without being held', async () => {
    const le = true;
    const large = build.block(le, 0x0bad, new Uint8Array(5 * 1024 * 1024));
    const { packets, statistics } = await readCaptureBytes(
      concat(build.pcapng([PACKETS[0]!]), large, build.enhancedPacket(le, 0, 1000, frame(2))),
      70_000,
    );
    expect(packets).toHaveLength(2);
    expect(statistics).toMatchObject({ cut: false, malformed: false });
    expect(statistics.blocks.CB).toBe(1);
  });

  test('a packet of an interface that was not described ends the reading, counted', async () => {
    const { packets, faults } = await readCaptureBytes(
      concat(build.pcapng(PACKETS), build.enhancedPacket(true, 7, 0, frame(9)), build.pcapng(PACKETS)),
    );
    expect(packets).toHaveLength(3);
    expect(faults).toEqual({ 'block-malformed': 1 });
  });
});

describe('cut, damaged and hostile captures', () => {
  for (const [name, capture] of [
    ['pcap', build.pcap(PACKETS)],
    ['pcapng', concat(build.pcapng(PACKETS), build.interfaceStatistics(true, 0, build.option(true, 5, build.u64(true, 1))))],
  ] as const) {
    test(`${name} cut at every octet ends with the whole packets before the cut`, async () => {
      const whole = (await readCaptureBytes(capture)).packets;
      for (let length = 4; length < capture.length; length++) {
        const { packets, statistics, faults } = await readCaptureBytes(capture.subarray(0, length));
        expect(packets).toEqual(whole.slice(0, packets.length));
        expect(statistics.packets).toBe(packets.length);
        expect(faults, `${length} octets`).toEqual(statistics.cut ? { 'message-truncated': 1 } : {});
      }
    });
  }

  test('arbitrary octets behind a magic number neither throw, hang, nor give packets outside the input', async () => {
    const magics = [build.pcap([]), build.pcap([], { littleEndian: false }), build.pcapng([]), build.pcapng([], false)];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...magics),
        fc.uint8Array({ maxLength: 400 }),
        fc.integer({ min: 1, max: 64 }),
        async (magic, rest, piece) => {
          const { packets } = await readCaptureBytes(concat(magic, rest), piece);
          expect(packets.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThanOrEqual(rest.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('one damaged octet anywhere never throws, and keeps the packets before it', async () => {
    const capture = build.pcapng(PACKETS);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 12, max: capture.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = capture.slice();
        damaged[at] = damaged[at]! ^ flip;
        const { packets } = await readCaptureBytes(damaged);
        expect(packets.length).toBeLessThanOrEqual(4);
      }),
      { numRuns: 300 },
    );
  });
});

describe('how it is read', () => {
  test('the pieces in which octets come change nothing', async () => {
    for (const capture of [build.pcap(PACKETS), build.pcapng(PACKETS, false)]) {
      const whole = await readCaptureBytes(capture);
      for (const piece of [1, 2, 3, 7, 16, 61, 100]) expect((await readCaptureBytes(capture, piece)).packets).toEqual(whole.packets);
      for (const chunk of [4, 5, 33]) expect((await readCaptureBytes(capture, capture.length, chunk)).packets).toEqual(whole.packets);
    }
  });

  test('gzip is recognised in files and on standard input; concatenated members are one capture', async () => {
    const capture = build.pcap(PACKETS);
    const packed = concat(gzipSync(capture.subarray(0, 50)), gzipSync(capture.subarray(50)));
    expect((await readCaptureFile({ path: temporaryFile('capture.pcap.gz', packed) })).packets).toEqual(EXPECTED);
    expect((await readCaptureBytes(packed, 1)).packets).toEqual(EXPECTED);
    expect((await readCaptureFile({ path: temporaryFile('capture.pcap', capture) })).packets).toEqual(EXPECTED);
  });

  test('gzip cut short gives the packets before the cut, and says so', async () => {
    const path = join(temporaryFolder(), 'traffic.pcap');
    writeTrafficCapture(path, 2000);
    const packed = gzipSync(readFileSync(path));
    const { packets, statistics, faults } = await readCaptureBytes(packed.subarray(0, packed.length >> 1));
    expect(packets.length).toBeGreaterThan(100);
    expect(packets.length).toBeLessThan(2000);
    expect(statistics.cut).toBe(true);
    expect(faults).toEqual({ 'message-truncated': 1 });
  });

  test('a decompression bomb is refused with what to do', async () => {
    const packed = gzipSync(concat(build.pcap([]), new Uint8Array(8 * 1024 * 1024)));
    const path = temporaryFile('bomb.pcap.gz', packed);
    const limits = { maxOctets: 2 ** 40, maxRatio: 100, ratioFromOctets: 2 ** 20 };
    await expect(readCaptureFile({ path, limits })).rejects.toMatchObject({
      code: 'decompression-limit',
      message: expect.stringMatching(/'bomb\.pcap\.gz'.*100 times/),
    });
    await expect(readCaptureFile({ path, limits: { ...limits, maxRatio: 5000, maxOctets: 2 ** 21 } })).rejects.toMatchObject({
      code: 'decompression-limit',
    });
    expect((await readCaptureFile({ path })).statistics.octets).toBe(8 * 1024 * 1024 + 24);
  });

  test('nothing more is read before the consumer is done with a batch', async () => {
    const path = join(temporaryFolder(), 'traffic.pcap');
    writeTrafficCapture(path, 30_000);
    let inside = 0;
    let packets = 0;
    const { packets: counted } = await createCaptureFile({ path, chunkOctets: 65_536 }).start(async (batch) => {
      expect(++inside).toBe(1);
      const first = batch.bytes.slice(0, 64);
      await new Promise((resolve) => setImmediate(resolve));
      expect(batch.bytes.slice(0, 64)).toEqual(first);
      packets += batch.length;
      inside--;
    }, new FaultCounts());
    expect([packets, counted]).toEqual([30_000, 30_000]);
  });

  test('stop ends after the current batch', async () => {
    const path = join(temporaryFolder(), 'traffic.pcap');
    writeTrafficCapture(path, 30_000);
    const capture = createCaptureFile({ path, chunkOctets: 65_536 });
    const statistics = await capture.start(() => void capture.stop(), new FaultCounts());
    expect(statistics.packets).toBeLessThan(5000);
    expect(statistics.cut).toBe(false);
  });

  test('an error of the consumer reaches whoever started the reading', async () => {
    const path = temporaryFile('capture.pcap', build.pcap(PACKETS));
    const failing = createCaptureFile({ path }).start(() => Promise.reject(new Error('downstream')), new FaultCounts());
    await expect(failing).rejects.toThrow('downstream');
  });
});

describe('what is no capture', () => {
  test.each([
    ['text.txt', Buffer.from('hello world, this is text'), /'text\.txt' is no capture: it begins with 68 65 6c .* \('hello wo'\)/],
    ['empty.pcap', Buffer.alloc(0), /'empty\.pcap' is no capture: the file is empty/],
    ['short', Buffer.from([0xd4, 0xc3]), /begins with d4 c3,/],
    ['text.gz', gzipSync('not packets at all'), /'text\.gz' \(decompressed\) is no capture/],
  ])('%s is refused with what was found', async (name, content, sentence) => {
    const path = temporaryFile(name, content);
    await expect(readCaptureFile({ path })).rejects.toSatisfy(
      (error) => error instanceof InputError && error.code === 'not-a-capture' && sentence.test(error.message),
    );
  });

  test('a missing file and a directory are told apart', async () => {
    const folder = temporaryFolder();
    await expect(readCaptureFile({ path: join(folder, 'none.pcap') })).rejects.toMatchObject({
      code: 'missing-file',
      message: expect.stringMatching(/'none\.pcap' does not exist/),
    });
    await expect(readCaptureFile({ path: folder })).rejects.toMatchObject({ code: 'not-a-file' });
  });
});

interface ParsedPacket {
  header: { timestampSeconds: number; timestampMicroseconds: number; capturedLength: number; originalLength: number };
  data: Buffer;
}
interface PcapParser {
  parse(stream: Readable): {
    on(event: 'packet', listener: (packet: ParsedPacket) => void): void;
    on(event: 'end', listener: () => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
  };
}

test('the pcap-parser package, written by others, reads the same packets', async () => {
  const path = join(temporaryFolder(), 'traffic.pcap');
  writeTrafficCapture(path, 5000);
  const { parse } = createRequire(import.meta.url)('pcap-parser') as PcapParser;
  const theirs: ParsedPacket[] = [];
  await new Promise<void>((resolve, reject) => {
    const parser = parse(createReadStream(path));
    parser.on('packet', (packet) => theirs.push(packet));
    parser.on('error', reject);
    parser.on('end', resolve);
  });
  const { packets } = await readCaptureFile({ path });
  expect(theirs).toHaveLength(5000);
  expect(packets.map(({ timeMs, original, data }) => [timeMs, original, Buffer.from(data).toString('hex')])).toEqual(
    theirs.map(({ header, data }) => [
      (header.timestampSeconds * 1e6 + header.timestampMicroseconds) / 1000,
      header.originalLength,
      data.toString('hex'),
    ]),
  );
});
