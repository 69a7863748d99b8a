import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../flow/service/paths.js';
import { temporaryFile } from '../inputs/collecting.js';
import { expectedRow, type NfdumpRecord } from './nfdump-json.js';
import { readNfcapd } from './read-nfcapd.js';

const folder = join(packageRoot(), 'fixtures', 'nfcapd');
const fixture = (name: string): Buffer => readFileSync(join(folder, `${name}.nfcapd`));
const expected = readFileSync(join(folder, 'expected.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => expectedRow(JSON.parse(line) as NfdumpRecord));
const COMPRESSIONS = ['none', 'lzo', 'bzip2', 'lz4', 'zstd'] as const;

/** Element with its header; numbers in the machine's order. */
function element(id: number, body: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(id, 0);
  header.writeUInt16LE(body.length + 4, 2);
  return Buffer.concat([header, body]);
}
function numbers(...values: (readonly [octets: 1 | 2 | 4 | 8, value: number])[]): Buffer {
  return Buffer.concat(
    values.map(([octets, value]) => {
      const bytes = Buffer.alloc(octets);
      if (octets === 8) bytes.writeBigUInt64LE(BigInt(value));
      else bytes.writeUIntLE(value, 0, octets);
      return bytes;
    }),
  );
}
function flowRecord(elements: readonly Buffer[], { version = 9, flags = 0 } = {}): Buffer {
  const body = Buffer.concat(elements);
  const header = numbers([2, 11], [2, body.length + 12], [2, elements.length], [2, 0], [2, 1], [1, flags], [1, version]);
  return Buffer.concat([header, body]);
}
function file(records: readonly Buffer[], { blocks = 1 } = {}): Buffer {
  const body = Buffer.concat(records);
  const header = numbers([2, 0xa50c], [2, 2], [4, 0x01070100], [8, 1796284800], [2, 0], [2, 0], [4, 1], [8, 0], [4, 0], [4, blocks]);
  return Buffer.concat([header, numbers([4, records.length], [4, body.length], [2, 3], [2, 0]), body]);
}
const TIME = 1796284800000;
const generic = (
  protocol: number,
  ports: readonly [number, number],
  times: readonly [number, number, number] = [TIME, TIME + 5, TIME + 9],
): Buffer =>
  element(
    1,
    numbers(
      [8, times[0]],
      [8, times[1]],
      [8, times[2]],
      [8, 20],
      [8, 4000],
      [2, ports[0]],
      [2, ports[1]],
      [1, protocol],
      [1, 0x1b],
      [1, 0],
      [1, 184],
    ),
  );
const ipv4 = element(2, numbers([4, 0x0a280a0b], [4, 0xcb007107]));
const read = (bytes: Buffer) => readNfcapd(temporaryFile('nfcapd.202612030000', bytes));

describe("nfdump's files", () => {
  test.each(COMPRESSIONS)('%s: each record is the row that nfdump prints', async (name) => {
    const { rows, summary, ledger, faults } = await readNfcapd(join(folder, `${name}.nfcapd`));
    expect([summary.format, summary.cut, faults, rows.length]).toEqual(['nfcapd', false, {}, expected.length]);
    for (const [index, row] of rows.entries()) expect(row, `record ${index}`).toMatchObject(expected[index]!);
    // nfcapd counted eight sequence failures: the fixture leaves datagrams out.
    expect(ledger).toMatchObject({ recordsSent: 128, recordsLost: 8, recordsReceived: 120, recordsDecoded: 120, recordsMalformed: 0 });
    expect(rows.filter(({ biflow }) => biflow === 1)).toHaveLength(40);
  });

  test('elements of translations, firewalls, tunnels and layer 2 are read, in any order', async () => {
    const nsel = element(19, numbers([8, TIME + 77], [4, 5], [2, 0], [1, 3], [1, 0]));
    const { rows } = await read(
      file([
        flowRecord([
          element(22, numbers([2, 5241], [2, 3328])),
          element(20, numbers([4, 0x34028675], [4, 0xc0510001])),
          nsel,
          ipv4,
          element(5, numbers([8, 1], [8, 7], [8, 900])),
          generic(6, [49761, 443], [0, 0, TIME + 99]),
        ]),
        flowRecord([
          generic(6, [1, 2]),
          element(3, Buffer.from('00000000b80d01200100000000000000' + '00000000b80d01200200000000000000', 'hex')),
          element(25, numbers([8, 0], [4, 0], [1, 4], [1, 0], [2, 0])),
          element(36, numbers([4, 7], [4, 9])),
          element(14, numbers([4, 16001 << 4], [4, (16002 << 4) | 1], ...Array.from({ length: 8 }, () => [4, 5] as const))),
          element(31, numbers([4, 0xc0000201], [4, 0xc6336402], [4, 47])),
          element(38, numbers([2, 100], [2, 7], [2, 0], [2, 0], [4, 0], [4, 0], [8, 0], [8, 0])),
          element(15, numbers([8, 0x02000000000a], [8, 0], [8, 0], [8, 0])),
          element(60, numbers([8, 1])),
        ]),
        flowRecord([ipv4, generic(1, [0, 0x0800])]),
      ]),
    );
    expect(rows[0]).toMatchObject({
      firewall: 3,
      completion: 'attempt',
      startMs: TIME + 77,
      receivedMs: TIME + 99,
      translated: ['52.2.134.117', '192.81.0.1'],
      translatedPorts: [5241, 3328],
      octets: [4000, 900],
      biflow: 1,
    });
    expect(rows[1]).toMatchObject({
      source: '2001:db8::1',
      destination: '2001:db8::2',
      nat: 4,
      vrf: '9',
      vlan: 7,
      tunnel: 'vlan 100/mpls 16001/mpls 16002/gre 192.0.2.1>198.51.100.2',
      macs: [0x02000000000a, 0],
    });
    expect(rows[2]).toMatchObject({ protocol: 1, ports: [0, 0], icmp: 0x0800 });
  });

  test('counters that nfcapd multiplied are divided again, where the interval is known and divides them', async () => {
    const sampler = numbers([2, 15], [2, 24], [2, 1], [2, 0], [8, 5], [4, 1], [4, 9]);
    const sampled = (id: number) => flowRecord([generic(6, [1, 2]), ipv4, element(18, numbers([8, id], [2, 1], [2, 0]))], { flags: 2 });
    const { rows } = await read(file([sampler, sampled(5), sampled(6), flowRecord([generic(6, [1, 2]), ipv4])]));
    expect(rows).toMatchObject([
      { sampling: 10, packets: [2, 0], octets: [400, 0] },
      { sampling: 0, packets: [20, 0], octets: [4000, 0] },
      { sampling: 0, packets: [20, 0] },
    ]);
  });

  test('records that lack what a flow needs, or whose elements do not fit, are counted; the others are read', async () => {
    const whole = flowRecord([generic(6, [1, 2]), ipv4]);
    const short = flowRecord([element(1, Buffer.alloc(20)), ipv4]);
    const beyond = flowRecord([generic(6, [1, 2]), ipv4]);
    beyond.writeUInt16LE(60_000, 14);
    const { rows, ledger, faults } = await read(file([whole, short, beyond, flowRecord([ipv4]), flowRecord([generic(6, [1, 2])]), whole]));
    expect([rows.length, ledger.recordsMalformed, faults]).toEqual([2, 4, { 'record-truncated': 4 }]);
    const zero = file([whole, Buffer.alloc(8), whole]);
    expect((await read(zero)).ledger).toMatchObject({ recordsDecoded: 1, recordsMalformed: 1 });
  });

  test('a file cut at any octet gives the records of its whole blocks, and is named as cut', async () => {
    for (const name of ['none', 'lzo'] as const) {
      const bytes = fixture(name);
      for (const length of [40, 45, 52, 300, bytes.length - 200, bytes.length - 1]) {
        const { summary, rows, faults } = await read(bytes.subarray(0, length));
        expect([summary.cut, faults['message-truncated']]).toEqual([true, 1]);
        expect([0, expected.length]).toContain(rows.length);
      }
    }
  });

  test('a block that cannot be unpacked is counted with its records', async () => {
    const lzo = fixture('lzo');
    lzo[60] = lzo[60]! ^ 0xff;
    lzo.fill(0, 70, 90);
    const { rows, faults, ledger } = await read(lzo);
    expect(rows.length + (ledger.recordsMalformed ?? 0)).toBeGreaterThanOrEqual(0);
    const bzip2 = fixture('bzip2');
    bzip2[200] = bzip2[200]! ^ 1;
    expect((await read(bzip2)).faults).toEqual({ 'block-malformed': 1 });
    expect(Object.keys(faults).every((code) => ['block-malformed', 'record-truncated'].includes(code))).toBe(true);
  });

  test('other layouts, encryption and other files are refused with what to do', async () => {
    const layout = (number: number): Buffer => {
      const bytes = fixture('none');
      bytes.writeUInt16LE(number, 2);
      return bytes;
    };
    await expect(read(layout(1))).rejects.toMatchObject({
      code: 'not-nfcapd',
      message: expect.stringMatching(/layout 1 .*1\.6.*nfdump -r OLD -w NEW/) as string,
    });
    await expect(read(layout(3))).rejects.toMatchObject({ message: expect.stringMatching(/newer nfdump/) as string });
    const encrypted = fixture('none');
    encrypted[17] = 1;
    await expect(read(encrypted)).rejects.toMatchObject({ message: expect.stringMatching(/encrypted/) as string });
    await expect(read(fixture('none').subarray(0, 20))).rejects.toMatchObject({ code: 'not-nfcapd' });
  });

  test('gzip around a file is read as well, and so is the other byte order', async () => {
    const gz = execFileSync('gzip', ['-c', join(folder, 'none.nfcapd')]);
    expect((await read(gz)).rows).toHaveLength(expected.length);
    const big = Buffer.concat([
      Buffer.from('a50c0002010701000000000000000000000000000000000000000000000000000000000000000001', 'hex'),
      Buffer.from('000000010000004c00030000', 'hex'),
      Buffer.from('000b004c0002000000010009', 'hex'),
      Buffer.from(
        '00010034' +
          '000001a23b7f1400' +
          '000001a23b7f1405' +
          '000001a23b7f1409' +
          '0000000000000014' +
          '0000000000000fa0' +
          'c261' +
          '01bb' +
          '061b00b8',
        'hex',
      ),
      Buffer.from('0002000c0a280a0bcb007107', 'hex'),
    ]);
    expect((await read(big)).rows).toMatchObject([
      { source: '10.40.10.11', destination: '203.0.113.7', ports: [49761, 443], octets: [4000, 0], flags: 0x1b },
    ]);
  });

  test('any mutation is survived: no row more than the file has records, memory bounded', async () => {
    const mutation = fc.record({
      name: fc.constantFrom(...COMPRESSIONS),
      changes: fc.array(fc.record({ at: fc.nat(13_000), byte: fc.nat(255) }), { minLength: 1, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ name, changes }) => {
        const bytes = fixture(name);
        for (const { at, byte } of changes) bytes[40 + (at % (bytes.length - 40))] = byte;
        const { rows, ledger } = await read(bytes);
        expect(ledger.recordsDecoded ?? 0).toBe(rows.length);
        expect(rows.length).toBeLessThanOrEqual(expected.length);
      }),
      { numRuns: 60 },
    );
  });
});
