import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_LIST_DEPTH } from '../../../collector/decoders/record-lists.js';
import { ByteWriter, type FieldSpec, field, ip4, recordBytes, VARIABLE } from './build-bytes.js';
import { template } from './build-ipfix.js';
import { ipfixRecord, type Told } from './one-record.js';

const ALL_OF = 3;
const ENDS: Told[] = [
  [field(8, 4), ip4('192.0.2.1')],
  [field(12, 4), ip4('198.51.100.2')],
];

const records = (id: number, parts: readonly Uint8Array[]) => {
  const out = new ByteWriter().uint(2, id);
  for (const part of parts) out.bytes(part);
  return out.done();
};
const subTemplateList = (id: number, ...parts: Uint8Array[]) => Uint8Array.from([ALL_OF, ...records(id, parts)]);
const subTemplateMultiList = (...entries: readonly (readonly [id: number, part: Uint8Array])[]) =>
  Uint8Array.from([
    ALL_OF,
    ...entries.flatMap(([id, part]) => [
      ...new ByteWriter()
        .uint(2, id)
        .uint(2, part.length + 4)
        .bytes(part)
        .done(),
    ]),
  ]);
const basicList = (element: FieldSpec, values: Uint8Array) => {
  const out = new ByteWriter()
    .uint(1, ALL_OF)
    .uint(2, element.id | (element.enterprise === undefined ? 0 : 0x8000))
    .uint(2, element.length);
  if (element.enterprise !== undefined) out.uint(4, element.enterprise);
  return out.bytes(values).done();
};

const FLAGS = [field(6, 2), field(6, 2, 29_305)];
const FLOW = [field(8, 4), field(12, 4), field(7, 2), field(1, 4)];
const flow = (port: number, octets: number) => recordBytes(FLOW, [ip4('192.0.2.1'), ip4('198.51.100.2'), port, octets]);

describe('lists inside records (RFC 6313)', () => {
  it('tell a flow what its record does not (YAF: TCP flags in a subTemplateMultiList)', () => {
    const list = subTemplateMultiList([300, recordBytes(FLAGS, [0x1b, 0x13])], [301, new Uint8Array(3)]);
    const { cell } = ipfixRecord([...ENDS, [field(4, 1), 6], [field(293, VARIABLE), list]], [template(300, FLAGS)]);
    expect([cell('tcpControlBits'), cell('reverseTcpControlBits')]).toEqual([0x1b, 0x13]);
  });

  it('do not overwrite what the record tells itself', () => {
    const { cell } = ipfixRecord(
      [...ENDS, [field(1, 4), 77], [field(292, VARIABLE), subTemplateList(300, flow(53, 5))]],
      [template(300, FLOW)],
    );
    expect([cell('octetDeltaCount'), cell('sourceTransportPort')]).toEqual([77, 53]);
  });

  it('make a row where they hold the flow, one for a record: what else they hold is counted', () => {
    const { rows, report, faults, cell } = ipfixRecord(
      [
        [field(10, 4), 3],
        [field(292, VARIABLE), subTemplateList(300, flow(53, 5), flow(54, 6))],
      ],
      [template(300, FLOW)],
    );
    expect([rows, report.recordsDecoded, faults]).toEqual([1, 1, { 'records-skipped': 1 }]);
    expect([cell('sourceIPv6Address'), cell('sourceTransportPort'), cell('octetDeltaCount'), cell('ingressInterface')]).toEqual([
      '192.0.2.1',
      53,
      5,
      3,
    ]);
  });

  it('a list without a flow, or of an unknown template, makes none', () => {
    const without = ipfixRecord(
      [
        [field(10, 4), 3],
        [field(292, VARIABLE), subTemplateList(300, new Uint8Array(4))],
      ],
      [template(300, FLAGS)],
    );
    expect([without.rows, without.report.recordsUndecodable]).toEqual([0, 1]);
    const unknown = ipfixRecord([
      [field(10, 4), 3],
      [field(292, VARIABLE), subTemplateList(999, new Uint8Array(4))],
    ]);
    expect([unknown.rows, unknown.report.recordsUndecodable, unknown.report.malformed]).toEqual([0, 1, false]);
  });

  it('the first value of a basicList counts, whatever its width, enterprise elements too', () => {
    const port = (list: Uint8Array) => ipfixRecord([...ENDS, [field(291, VARIABLE), list]]).cell('sourceTransportPort');
    expect(port(basicList(field(7, 2), Uint8Array.from([0, 53, 0, 54])))).toBe(53);
    expect(port(basicList(field(7, VARIABLE), Uint8Array.from([2, 0, 53])))).toBe(53);
    expect(port(basicList(field(7, 2, 2011), Uint8Array.from([0, 53])))).toBe(0);
    expect(port(basicList(field(7, 2), new Uint8Array(0)))).toBe(0);
  });

  it(`are followed ${MAX_LIST_DEPTH} deep`, () => {
    const nested = (depth: number): Uint8Array => {
      if (depth === 1) return subTemplateList(300, recordBytes([field(7, 2)], [53]));
      const inner = nested(depth - 1);
      return subTemplateList(301, Uint8Array.from([inner.length, ...inner]));
    };
    const port = (depth: number) =>
      ipfixRecord(
        [...ENDS, [field(292, VARIABLE), nested(depth)]],
        [template(300, [field(7, 2)]), template(301, [field(292, VARIABLE)])],
      ).cell('sourceTransportPort');
    expect([port(1), port(MAX_LIST_DEPTH), port(MAX_LIST_DEPTH + 1)]).toEqual([53, 53, 0]);
  });

  it('of arbitrary octets harm neither their record nor those around it', () => {
    fc.assert(
      fc.property(fc.constantFrom(291, 292, 293), fc.uint8Array({ maxLength: 60 }), (kind, octets) => {
        const { rows, report, cell } = ipfixRecord([...ENDS, [field(kind, VARIABLE), octets], [field(1, 4), 9]], [template(300, FLOW)]);
        expect([rows, report.malformed, cell('octetDeltaCount'), cell('destinationIPv6Address')]).toEqual([1, false, 9, '198.51.100.2']);
      }),
    );
  });
});
