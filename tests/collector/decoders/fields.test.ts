import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { formatAddress } from '../../../flow/address.js';
import type { FlowBatch } from '../../../flow/batch.js';
import type { FlowColumnName } from '../../../flow/columns.js';
import { type FieldSpec, type FieldValue, field, ip4, recordBytes, set, VARIABLE } from './build-bytes.js';
import { ipfix, optionsTemplate, template } from './build-ipfix.js';
import { netflow5 } from './build-netflow5.js';
import { netflow9, optionsTemplate9, template9 } from './build-netflow9.js';
import { decodeAll } from './decode-all.js';

const SECONDS = 1_796_256_000;
const EXPORT_MS = SECONDS * 1000;
const PAIR = [field(8, 4), field(12, 4)];
const ENDS: FieldValue[] = [ip4('192.0.2.1'), ip4('198.51.100.2')];

function column(batch: FlowBatch, name: FlowColumnName, row = 0): number {
  return (batch.columns[name] as Float64Array)[row]!;
}

/** One IPFIX record with these fields behind a pair of addresses. */
function one(fields: readonly FieldSpec[], values: readonly FieldValue[], before: readonly Uint8Array[] = []): FlowBatch {
  const all = [...PAIR, ...fields];
  return decodeAll(createExportDecoder(), [ipfix([...before, template(256, all), set(256, [recordBytes(all, [...ENDS, ...values])])])])
    .batch;
}

function one9(fields: readonly FieldSpec[], values: readonly FieldValue[], header = {}): FlowBatch {
  const all = [...PAIR, ...fields];
  return decodeAll(createExportDecoder(), [netflow9([template9(256, all), set(256, [recordBytes(all, [...ENDS, ...values])])], header)])
    .batch;
}

describe('fields of a record', () => {
  it('integers of 1 to 8 octets reach every width of column (reduced-size encoding, RFC 7011 §6.2)', () => {
    const ids = [
      [1, 'octetDeltaCount', 8],
      [10, 'ingressInterface', 4],
      [7, 'sourceTransportPort', 2],
      [136, 'flowEndReason', 1],
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...ids), fc.integer({ min: 1, max: 8 }), fc.nat(), ([id, name, octets], width, seed) => {
        const value = seed % 2 ** (8 * Math.min(width, octets, 4));
        expect(column(one([field(id, width)], [value]), name)).toBe(value);
      }),
    );
  });

  it('variable-length fields before, between and as the fields we keep change nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.uint8Array({ maxLength: 5 }), fc.nat(65_535), (long, short, port) => {
        const fields = [field(371, VARIABLE), field(7, 2), field(5, VARIABLE, 2011), field(1, VARIABLE)];
        const batch = one(fields, [long, port, short, [0x01, 0x00, 0x00]]);
        expect(batch.length).toBe(1);
        expect(formatAddress(batch.columns.destinationIPv6Address.bytes)).toBe('198.51.100.2');
        expect([column(batch, 'sourceTransportPort'), column(batch, 'octetDeltaCount')]).toEqual([port, 65_536]);
      }),
    );
  });

  it('a field with a width its element cannot have is skipped, and so are zero-length and unknown ones', () => {
    const batch = one([field(27, 4), field(7, 0), field(11, 9), field(9999, 3), field(1, 4, 2011), field(2, 4)], [1, 0, 0, 5, 6, 7]);
    expect(formatAddress(batch.columns.sourceIPv6Address.bytes)).toBe('192.0.2.1');
    expect([column(batch, 'sourceTransportPort'), column(batch, 'destinationTransportPort'), column(batch, 'packetDeltaCount')]).toEqual([
      0, 0, 7,
    ]);
  });

  it.each([
    ['milliseconds', 152, 153, 8, EXPORT_MS - 9000, EXPORT_MS - 4000],
    ['seconds', 150, 151, 4, SECONDS - 9, SECONDS - 4],
    ['NTP microseconds', 154, 155, 8, BigInt(SECONDS - 9 + 2_208_988_800) << 32n, BigInt(SECONDS - 4 + 2_208_988_800) << 32n],
    ['NTP nanoseconds', 156, 157, 8, BigInt(SECONDS - 9 + 2_208_988_800) << 32n, BigInt(SECONDS - 4 + 2_208_988_800) << 32n],
    ['microseconds before export', 158, 159, 4, 9_000_000, 4_000_000],
  ])('times in %s', (_name, start, end, width, first, last) => {
    const batch = one([field(start, width), field(end, width)], [first, last]);
    expect([column(batch, 'flowStartMilliseconds'), column(batch, 'flowEndMilliseconds')]).toEqual([EXPORT_MS - 9000, EXPORT_MS - 4000]);
  });

  it('NTP keeps the half second, and runs on through its era 1 in 2036', () => {
    const half = (BigInt(SECONDS + 2_208_988_800) << 32n) | 0x8000_0000n;
    expect(column(one([field(154, 8)], [half]), 'flowStartMilliseconds')).toBe(EXPORT_MS + 500);
    const era1 = decodeAll(createExportDecoder(), [
      ipfix([template(256, [...PAIR, field(154, 8)]), set(256, [recordBytes([...PAIR, field(154, 8)], [...ENDS, 100n << 32n])])], {
        seconds: 2_085_978_600,
      }),
    ]).batch;
    expect(column(era1, 'flowStartMilliseconds')).toBe((2 ** 32 + 100 - 2_208_988_800) * 1000);
  });

  it('uptime times hold across the 49.7-day wrap, in v5 and v9', () => {
    const header = { uptimeMs: 2000, seconds: SECONDS };
    const expected = [EXPORT_MS - 5000, EXPORT_MS - 1000];
    const nine = one9([field(22, 4), field(21, 4)], [2 ** 32 - 3000, 1000], header);
    const five = decodeAll(createExportDecoder(), [netflow5([{ first: 2 ** 32 - 3000, last: 1000 }], header)]).batch;
    for (const batch of [nine, five])
      expect([column(batch, 'flowStartMilliseconds'), column(batch, 'flowEndMilliseconds')]).toEqual(expected);
  });

  it('IPFIX uptime times rest on the start told in options records, told in the same message or before (softflowd)', () => {
    const options = [field(144, 4), field(160, 8)];
    const told = [optionsTemplate(300, options), set(300, [recordBytes(options, [1, EXPORT_MS - 100_000])])];
    const batch = one([field(22, 4), field(21, 4)], [91_000, 96_000], told);
    expect([column(batch, 'flowStartMilliseconds'), column(batch, 'flowEndMilliseconds')]).toEqual([EXPORT_MS - 9000, EXPORT_MS - 4000]);
    expect(column(one([field(22, 4)], [91_000]), 'flowStartMilliseconds'), 'never told: the export time').toBe(EXPORT_MS);
  });

  it('no time, half a time, and times from the future', () => {
    expect(column(one([], []), 'flowStartMilliseconds')).toBe(EXPORT_MS);
    expect(column(one([field(152, 8)], [EXPORT_MS - 5]), 'flowEndMilliseconds')).toBe(EXPORT_MS - 5);
    expect(column(one([field(152, 8), field(153, 8)], [EXPORT_MS - 5, EXPORT_MS + 10 * 86_400_000]), 'flowEndMilliseconds')).toBe(
      EXPORT_MS - 5,
    );
  });

  it('a record that says it began years before its export is taken at the export time: one message cannot touch thousands of days', () => {
    const times = [field(152, 8), field(153, 8)];
    const old = one(times, [EXPORT_MS - 400 * 86_400_000, EXPORT_MS - 1000]);
    expect([column(old, 'flowStartMilliseconds'), column(old, 'flowEndMilliseconds')]).toEqual([EXPORT_MS - 1000, EXPORT_MS - 1000]);
    const month = one(times, [EXPORT_MS - 30 * 86_400_000, EXPORT_MS]);
    expect(column(month, 'flowStartMilliseconds')).toBe(EXPORT_MS - 30 * 86_400_000);
  });

  it('ICMP type and code from their own elements or from the destination port, which then is none', () => {
    const icmp = (fields: FieldSpec[], values: FieldValue[], protocol = 1) => {
      const batch = one9([field(4, 1), ...fields], [protocol, ...values]);
      return [column(batch, 'icmpTypeCode'), column(batch, 'sourceTransportPort'), column(batch, 'destinationTransportPort')];
    };
    expect(icmp([field(7, 2), field(11, 2)], [0, 2048])).toEqual([2048, 0, 0]);
    expect(icmp([field(32, 2)], [0x0301])).toEqual([0x0301, 0, 0]);
    expect(icmp([field(32, 2), field(139, 2)], [0, 0x8000], 58)).toEqual([0x8000, 0, 0]);
    expect(icmp([field(7, 2), field(176, 1), field(177, 1)], [17_549, 8, 1])).toEqual([0x0801, 0, 0]);
    expect(icmp([field(11, 2)], [2048], 6)).toEqual([0, 0, 2048]);
  });

  it('VLAN, MAC addresses, interfaces, AS numbers, end reason', () => {
    const batch = one(
      [
        field(59, 2),
        field(58, 2),
        field(57, 6),
        field(80, 6),
        field(56, 6),
        field(252, 4),
        field(14, 2),
        field(16, 2),
        field(17, 4),
        field(136, 1),
      ],
      [9, 3174, 1, 0x0c29708609, 0x5056c00001, 7, 8, 64_496, 4_200_000_000, 2],
    );
    expect(
      [
        'vlanId',
        'destinationMacAddress',
        'sourceMacAddress',
        'ingressInterface',
        'egressInterface',
        'bgpSourceAsNumber',
        'bgpDestinationAsNumber',
        'flowEndReason',
      ].map((name) => column(batch, name as FlowColumnName)),
    ).toEqual([3174, 0x0c29708609, 0x5056c00001, 7, 8, 64_496, 4_200_000_000, 2]);
  });
});

describe('biflows and orientation', () => {
  const FLAGS = { id: 6, length: 2 };
  const TCP = field(4, 1);

  it('reads reverse counters of RFC 5103 and says that both directions were measured', () => {
    const batch = one(
      [TCP, FLAGS, field(1, 8), field(2, 8), field(1, 8, 29_305), field(2, 8, 29_305), field(6, 1, 29_305)],
      [6, 0x1b, 500, 5, 20_000, 15, 0x1b],
    );
    expect(
      [
        'biflow',
        'reverseOctetDeltaCount',
        'reversePacketDeltaCount',
        'reverseTcpControlBits',
        'initiator',
        'initiatorConfidence',
        'completion',
      ].map((name) => column(batch, name as FlowColumnName)),
    ).toEqual([1, 20_000, 15, 0x1b, 1, 50, 3]);
  });

  it('sees a bare SYN of the destination, where the exporter put the lower address first (softflowd)', () => {
    const batch = one([TCP, FLAGS, field(2, 4), field(2, 4, 29_305), field(6, 2, 29_305)], [6, 0, 0, 3, 0x02]);
    expect((['initiator', 'initiatorConfidence', 'completion'] as const).map((name) => column(batch, name))).toEqual([2, 100, 1]);
    const refused = one([TCP, FLAGS, field(2, 4), field(2, 4, 29_305), field(6, 2, 29_305)], [6, 0x14, 1, 1, 0x02]);
    expect((['initiator', 'initiatorConfidence', 'completion'] as const).map((name) => column(refused, name))).toEqual([2, 100, 1]);
  });

  it("reads a firewall's initiator and responder counters (Cisco ASA)", () => {
    const batch = one9([TCP, field(231, 4), field(232, 4), field(298, 4), field(299, 4)], [6, 100, 60, 2, 1]);
    expect(
      ['biflow', 'octetDeltaCount', 'reverseOctetDeltaCount', 'packetDeltaCount', 'reversePacketDeltaCount', 'completion'].map((name) =>
        column(batch, name as FlowColumnName),
      ),
    ).toEqual([1, 100, 60, 2, 1, 2]);
  });

  it.each([
    [0, 0, 0],
    [1, 1, 100],
    [2, 2, 100],
    [3, 0, 0],
  ])('biflowDirection %i gives initiator %i with confidence %i', (direction, initiator, confidence) => {
    const batch = one([TCP, field(1, 4), field(1, 4, 29_305), field(239, 1)], [6, 1, 1, direction]);
    expect([column(batch, 'initiator'), column(batch, 'initiatorConfidence')]).toEqual([initiator, confidence]);
  });

  it.each([
    ['a bare SYN is an attempt of the source', 6, 0x02, 1, 1],
    ['a SYN with congestion bits too', 6, 0xc2, 1, 1],
    ['a SYN and a RST, never answered in this record, came from the source', 6, 0x06, 1, 0],
    ['SYN and ACK: either side', 6, 0x12, 0, 0],
    ['ACK alone', 6, 0x10, 0, 0],
    ['UDP', 17, 0x02, 0, 0],
  ])('one direction: %s', (_name, protocol, flags, initiator, completion) => {
    const batch = one([TCP, FLAGS], [protocol, flags]);
    expect([column(batch, 'initiator'), column(batch, 'completion')]).toEqual([initiator, completion]);
  });

  it.each([
    ['no answer', 0x02, 60, 0, 0, 1],
    ['refused by RST', 0x02, 60, 0x14, 40, 1],
    ['answered', 0x1b, 900, 0x1b, 800, 2],
    ['transferred', 0x1b, 900, 0x1b, 12_000, 3],
    ['a silent half of a longer connection', 0x10, 900, 0, 0, 0],
  ])('both directions of TCP: %s', (_name, forward, octets, backward, reverse, completion) => {
    const batch = one([TCP, FLAGS, field(1, 4), field(1, 4, 29_305), field(6, 2, 29_305)], [6, forward, octets, reverse, backward]);
    expect(column(batch, 'completion')).toBe(completion);
  });
});

describe('sampling', () => {
  const SAMPLED = [...PAIR, field(48, 1)];
  const sampler = (id: number) => recordBytes(SAMPLED, [...ENDS, id]);
  const plain = recordBytes(PAIR, ENDS);
  const intervals = (messages: readonly Uint8Array[]) => {
    const { batch } = decodeAll(createExportDecoder(), messages);
    return [...batch.columns.samplingInterval.subarray(0, batch.length)];
  };
  const SCOPE = [field(1, 4)];
  const SAMPLER_OPTIONS = [field(48, 1), field(49, 1), field(50, 4)];
  const told = (id: number, interval: number) => recordBytes([...SCOPE, ...SAMPLER_OPTIONS], [0, id, 2, interval]);

  it("gives each record its own sampler's interval; the last one told does not win", () => {
    expect(
      intervals([
        netflow9([optionsTemplate9(300, SCOPE, SAMPLER_OPTIONS), set(300, [told(1, 100), told(2, 2000)], 2)]),
        netflow9([template9(256, SAMPLED), template9(257, PAIR), set(256, [sampler(1), sampler(2), sampler(9)]), set(257, [plain])]),
      ]),
    ).toEqual([100, 2000, 0, 0]);
  });

  it('gives records without sampler the interval that all samplers agree on', () => {
    expect(
      intervals([
        netflow9([optionsTemplate9(300, SCOPE, SAMPLER_OPTIONS), set(300, [told(1, 100), told(2, 100)], 2)]),
        netflow9([template9(257, PAIR), set(257, [plain])]),
      ]),
    ).toEqual([100]);
  });

  it('reads 305 with 306, 309 with 310, and 34, and keeps a wild number out', () => {
    const interval = (fields: FieldSpec[], values: FieldValue[]) => {
      const all = [field(302, 8), ...fields];
      return intervals([
        ipfix([optionsTemplate(300, all), set(300, [recordBytes(all, [7, ...values])]), template(256, PAIR), set(256, [plain])]),
      ])[0];
    };
    expect(interval([field(304, 1), field(305, 4), field(306, 4)], [1, 1, 999])).toBe(1000);
    expect(interval([field(304, 1), field(309, 4), field(310, 4)], [3, 10, 5120])).toBe(512);
    expect(interval([field(34, 4), field(35, 1)], [64, 2])).toBe(64);
    expect(interval([field(309, 4), field(310, 4)], [0, 5120])).toBe(0);
    expect(interval([field(34, 8)], [2 ** 40])).toBe(0);
  });

  it('reads the interval that a record carries itself before any other', () => {
    expect(column(one([field(34, 4)], [50]), 'samplingInterval')).toBe(50);
    expect(column(one([field(305, 4), field(306, 4)], [1, 99]), 'samplingInterval')).toBe(100);
    expect(column(one([field(309, 4), field(310, 4)], [2, 100]), 'samplingInterval')).toBe(50);
  });

  it('counts options records apart from flows, whatever they say', () => {
    const options = [field(149, 4), field(82, VARIABLE)];
    const { rows, reports } = decodeAll(createExportDecoder(), [
      ipfix([optionsTemplate(300, options), set(300, [recordBytes(options, [1, [65]]), recordBytes(options, [2, [66, 67]])])]),
    ]);
    expect(rows).toBe(0);
    expect(reports[0]).toMatchObject({ optionsRecords: 2, recordsAnnounced: 0, recordsDecoded: 0 });
  });
});
