import { describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { formatAddress } from '../../../flow/address.js';
import { field, ip4, recordBytes, set, VARIABLE } from './build-bytes.js';
import { ipfix, optionsTemplate, template } from './build-ipfix.js';
import { netflow5 } from './build-netflow5.js';
import { netflow9, optionsTemplate9, template9 } from './build-netflow9.js';
import { decodeAll, testOrigin } from './decode-all.js';

/** Defects seen or reproduced in other collectors (reference: collectors.md §3, assurance.md §5.4). Each cost somebody data or a crash. */
describe('known defects of other collectors', () => {
  const PAIR = [field(8, 4), field(12, 4)];
  const pair = recordBytes(PAIR, [ip4('192.0.2.1'), ip4('198.51.100.2')]);

  it('1: an IPFIX template without fields is not stored, and over UDP it withdraws nothing (RFC 7011 §8.4)', () => {
    const { rows, faults } = decodeAll(createExportDecoder(), [
      ipfix([template(256, PAIR)]),
      ipfix([template(256, []), template(2, [])]),
      ipfix([set(256, [pair])]),
      ipfix([template(300, []), set(300, [pair])]),
    ]);
    expect(rows).toBe(1);
    expect(faults.counts).toEqual({ 'template-empty': 3, 'template-missing': 1 });
  });

  it('1: over TCP a withdrawal holds (RFC 7011 §8.1)', () => {
    const { rows, faults } = decodeAll(
      createExportDecoder(),
      [
        ipfix([template(256, PAIR), template(257, PAIR)]),
        ipfix([template(256, [])]),
        ipfix([set(256, [pair])]),
        ipfix([set(257, [pair])]),
        ipfix([template(2, [])]),
        ipfix([set(257, [pair])]),
      ],
      testOrigin('192.0.2.1', 4739, 'tcp'),
    );
    expect(rows).toBe(1);
    expect(faults.counts).toEqual({ 'template-missing': 2 });
  });

  it('1: a template whose records would have no octets is refused in both protocols', () => {
    const empty = [field(8, 0), field(12, 0)];
    const { rows, faults } = decodeAll(createExportDecoder(), [
      ipfix([template(256, empty), set(256, [new Uint8Array(8)])]),
      netflow9([template9(256, empty), set(256, [new Uint8Array(8)])]),
      netflow9([template9(257, []), set(257, [new Uint8Array(8)])]),
      netflow9([optionsTemplate9(258, [], []), set(258, [new Uint8Array(8)])]),
    ]);
    expect(rows).toBe(0);
    expect(faults.counts).toEqual({ 'template-empty': 4, 'template-missing': 4 });
  });

  it('2: a v5 count of 65 535 makes no record, whether bytes follow or not', () => {
    const { rows, reports } = decodeAll(createExportDecoder(), [netflow5([], { count: 65_535 }), netflow5([{}, {}], { count: 65_535 })]);
    expect(rows).toBe(0);
    expect(reports.map((report) => report.malformed)).toEqual([true, true]);
    expect(reports[1]!.recordsMalformed).toBe(2);
  });

  it('2: a v5 datagram cut short gives the records it holds and counts the others', () => {
    const { rows, reports } = decodeAll(createExportDecoder(), [netflow5([{}, {}, {}]).subarray(0, 24 + 48 * 2 + 47)]);
    expect(rows).toBe(2);
    expect(reports[0]).toMatchObject({ recordsAnnounced: 3, recordsDecoded: 2, recordsMalformed: 1, malformed: true });
  });

  it('3: variable-length records decode, padded or not; one that runs past its set ends the set, not the message', () => {
    const fields = [field(8, 4), field(12, 4), field(371, VARIABLE)];
    const only = [field(371, VARIABLE)];
    const one = recordBytes(fields, [ip4('192.0.2.1'), ip4('198.51.100.2'), [1, 2, 3]]);
    const long = Uint8Array.from([...one.subarray(0, 8), 200, 1, 2]);
    const { rows, reports, faults } = decodeAll(createExportDecoder(), [
      ipfix([template(256, fields), template(257, only)]),
      ipfix([set(256, [one, one], 4), set(257, [recordBytes(only, [[7, 7]])])]),
      ipfix([set(256, [one, long]), set(256, [one])]),
    ]);
    expect(rows).toBe(4);
    expect(reports[1]).toMatchObject({ recordsDecoded: 2, recordsUndecodable: 1, malformed: false });
    expect(reports[2]).toMatchObject({ recordsDecoded: 2, recordsMalformed: 1, recordsAnnounced: -1, malformed: true });
    expect(faults.counts).toEqual({ 'variable-length': 1 });
  });

  it('4: the enterprise bit is no part of an element, in options templates neither', () => {
    const options = [field(149, 4), field(34, 4), field(34, 4, 2011)];
    const { batch } = decodeAll(createExportDecoder(), [
      ipfix([optionsTemplate(400, options), set(400, [recordBytes(options, [0, 250, 9])]), template(256, PAIR), set(256, [pair])]),
    ]);
    expect(batch.columns.samplingInterval[0]).toBe(250);
  });

  it("5: Huawei's uptime times rest on each record's own systemInitTimeMilliseconds, its unused family is not an address", () => {
    const fields = [
      field(8, 4),
      field(12, 4),
      field(27, 16),
      field(28, 16),
      field(22, 4),
      field(21, 4),
      field(160, 8),
      field(1, 8),
      field(99, 4, 2011),
    ];
    const init = 1_796_250_000_000;
    const none6 = new Uint8Array(16);
    const ip6 = Uint8Array.from([0x20, 1, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 5]);
    const records = [
      recordBytes(fields, [ip4('192.0.2.1'), ip4('198.51.100.2'), none6, none6, 5_990_000, 5_995_000, init, 77, 0]),
      recordBytes(fields, [ip4('0.0.0.0'), ip4('0.0.0.0'), ip6, ip6, 5_990_000, 5_995_000, init, 77, 0]),
      recordBytes(fields, [ip4('0.0.0.0'), ip4('255.255.255.255'), none6, none6, 5_990_000, 5_995_000, init, 77, 0]),
    ];
    const { batch } = decodeAll(createExportDecoder(), [ipfix([template(2599, fields), set(2599, records)], { seconds: 1_796_256_000 })]);
    const c = batch.columns;
    expect([...c.flowStartMilliseconds.subarray(0, 3)]).toEqual([init + 5_990_000, init + 5_990_000, init + 5_990_000]);
    expect(c.flowEndMilliseconds[0]).toBe(init + 5_995_000);
    expect([0, 1, 2].map((row) => formatAddress(c.sourceIPv6Address.bytes, row * 16))).toEqual(['192.0.2.1', '2001:db8::5', '0.0.0.0']);
    expect(formatAddress(c.destinationIPv6Address.bytes, 32)).toBe('255.255.255.255');
  });

  it('6: the mode bits of the v5 sampling field are no part of the interval', () => {
    const { batch, reports } = decodeAll(createExportDecoder(), [
      netflow5([{}], { sampling: 0x4000 | 1000 }),
      netflow5([{}], { sampling: 0xffff }),
    ]);
    expect([...batch.columns.samplingInterval.subarray(0, 2)]).toEqual([1000, 0x3fff]);
    expect(reports.map((report) => report.samplingInterval)).toEqual([1000, 0x3fff]);
  });

  it('8: templates of one exporter, protocol and domain are never used for another', () => {
    const decoder = createExportDecoder();
    const swapped = [field(12, 4), field(8, 4)];
    decodeAll(decoder, [ipfix([template(256, PAIR)], { domain: 1 }), ipfix([template(256, swapped)], { domain: 2 })]);
    decodeAll(decoder, [netflow9([template9(256, swapped)], { sourceId: 1 })]);
    const data = ipfix([set(256, [pair])], { domain: 1 });
    expect(formatAddress(decodeAll(decoder, [data]).batch.columns.sourceIPv6Address.bytes)).toBe('192.0.2.1');
    expect(decodeAll(decoder, [ipfix([set(256, [pair])], { domain: 3 })]).rows).toBe(0);
    expect(decodeAll(decoder, [data], testOrigin('192.0.2.99')).rows).toBe(0);
    expect(decodeAll(decoder, [data], testOrigin('192.0.2.1', 50_000)).rows).toBe(1);
  });

  it('8: the source port tells template spaces apart where it is asked to', () => {
    const decoder = createExportDecoder({ keyByPort: true });
    decodeAll(decoder, [ipfix([template(256, PAIR)])], testOrigin('192.0.2.1', 1));
    expect(decodeAll(decoder, [ipfix([set(256, [pair])])], testOrigin('192.0.2.1', 2)).rows).toBe(0);
  });

  it('9: OUT_BYTES does not overwrite IN_BYTES, in either order of fields; alone it counts', () => {
    const decode = (ids: readonly number[]) => {
      const fields = [...PAIR, ...ids.map((id) => field(id, 4))];
      const values = ids.map((id) => (id === 1 ? 1000 : 5));
      const data = set(256, [recordBytes(fields, [ip4('192.0.2.1'), ip4('198.51.100.2'), ...values])]);
      return decodeAll(createExportDecoder(), [netflow9([template9(256, fields), data])]).batch.columns.octetDeltaCount[0];
    };
    expect(decode([1, 23])).toBe(1000);
    expect(decode([23, 1])).toBe(1000);
    expect(decode([23])).toBe(5);
  });

  it('a data set length of 0 to 3, or past the message, ends the message: rows before it stay, nothing loops', () => {
    for (const length of [0, 1, 2, 3, 4000]) {
      const broken = set(256, [pair]);
      broken[2] = length >>> 8;
      broken[3] = length & 0xff;
      for (const message of [
        ipfix([template(256, PAIR), set(256, [pair]), broken]),
        netflow9([template9(256, PAIR), set(256, [pair]), broken]),
      ]) {
        const { rows, reports } = decodeAll(createExportDecoder(), [message]);
        expect(rows).toBe(1);
        expect(reports[0]!.malformed).toBe(true);
      }
    }
  });

  it('zeros behind the last FlowSet are filling, not a fault of the message (Palo Alto)', () => {
    const { rows, reports } = decodeAll(createExportDecoder(), [netflow9([template9(256, PAIR), set(256, [pair]), new Uint8Array(900)])]);
    expect(rows).toBe(1);
    expect(reports[0]!.malformed).toBe(false);
  });

  it('a scope length that is no multiple of four, or scope fields beyond the count, are refused', () => {
    const nine = netflow9([optionsTemplate9(256, [field(1, 4)], [field(34, 4)])]);
    nine[20 + 4 + 3] = 3;
    const ten = ipfix([optionsTemplate(256, [field(149, 4), field(34, 4)], 9)]);
    const { faults, reports } = decodeAll(createExportDecoder(), [nine, ten]);
    expect(faults.counts['template-malformed']).toBe(2);
    expect(reports.every((report) => report.malformed)).toBe(true);
  });

  it('a template redefined in flight is a security event, its refresh is none', () => {
    const { reports, faults } = decodeAll(createExportDecoder(), [
      ipfix([template(256, PAIR)]),
      ipfix([template(256, PAIR)]),
      ipfix([template(256, [field(12, 4), field(8, 4)])]),
    ]);
    expect(reports.map((report) => report.templatesChanged)).toEqual([0, 0, 1]);
    expect(faults.counts).toEqual({ 'template-changed': 1 });
  });

  it("v9's count tells how many records of a missing template went by, and is not believed beyond the bytes", () => {
    const data = set(256, [new Uint8Array(40)]);
    const { reports } = decodeAll(createExportDecoder(), [
      netflow9([data], { count: 5 }),
      netflow9([data], { count: 60_000 }),
      netflow9([data, data], { count: 0 }),
    ]);
    expect(reports.map((report) => report.recordsHeld)).toEqual([5, 40, 2]);
    expect(reports.map((report) => report.recordsAnnounced)).toEqual([5, 40, 2]);
  });
});
