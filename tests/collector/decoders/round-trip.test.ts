import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createElementListener, type ElementRecord } from '../../../collector/decoders/element-records.js';
import { createElementRegistry } from '../../../collector/templates/element-registry.js';
import { ianaElements } from '../../../collector/templates/iana-elements-table.js';
import { type FieldSpec, type FieldValue, field, recordBytes, set, VARIABLE } from './build-bytes.js';
import { ipfix, template } from './build-ipfix.js';
import { netflow9, template9 } from './build-netflow9.js';
import { decodeAll } from './decode-all.js';

/*
 * Random templates and random records, written by the tests' own encoder (build-bytes.ts), read by the decoders: as all elements, and as rows.
 */

interface Sample {
  readonly spec: FieldSpec;
  readonly value: FieldValue;
  /** What the element must be shown as. */
  readonly shown: unknown;
}

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
const TYPES = new Map(ianaElements().map((element) => [element.id, element]));
const idsOf = (...types: string[]) => [...TYPES.values()].filter(({ type }) => types.includes(type)).map(({ id }) => id);

const integers = fc
  .tuple(
    fc.constantFrom(...idsOf('unsigned8', 'unsigned16', 'unsigned32', 'unsigned64')),
    fc.integer({ min: 1, max: 8 }),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  )
  .map(([id, width, random]): Sample => {
    const value = random & ((1n << BigInt(width * 8)) - 1n);
    return { spec: field(id, width), value, shown: value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString() };
  });
const addresses = fc
  .tuple(fc.constantFrom(...idsOf('ipv4Address')), fc.uint8Array({ minLength: 4, maxLength: 4 }))
  .map(([id, value]): Sample => ({ spec: field(id, 4), value, shown: value.join('.') }));
const macs = fc
  .tuple(fc.constantFrom(...idsOf('macAddress')), fc.uint8Array({ minLength: 6, maxLength: 6 }))
  .map(([id, value]): Sample => ({ spec: field(id, 6), value, shown: hex(value).match(/../g)!.join(':') }));
const octets = fc
  .tuple(fc.constantFrom(...idsOf('octetArray')), fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.boolean())
  .map(([id, value, isVariable]): Sample => ({ spec: field(id, isVariable ? VARIABLE : value.length), value, shown: hex(value) }));
const texts = fc
  .tuple(fc.constantFrom(...idsOf('string')), fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }), fc.boolean())
  .filter(([, value]) => !value.endsWith('\0') && !value.startsWith('\ufeff'))
  .map(([id, value, isVariable]): Sample => {
    const bytes = new TextEncoder().encode(value);
    return { spec: field(id, isVariable ? VARIABLE : bytes.length), value: bytes, shown: value };
  });
const unknown = fc
  .tuple(fc.integer({ min: 1, max: 32_767 }), fc.uint8Array({ minLength: 1, maxLength: 20 }))
  .map(([id, value]): Sample => ({ spec: field(id, value.length, 64_999), value, shown: hex(value) }));

const fields = fc.uniqueArray(fc.oneof(integers, addresses, macs, octets, texts, unknown), {
  minLength: 1,
  maxLength: 30,
  selector: ({ spec }) => `${spec.enterprise ?? 0}:${spec.id}`,
});

const registry = createElementRegistry();

function decode(message: Uint8Array): { rows: number; records: ElementRecord[] } {
  const records: ElementRecord[] = [];
  const listener = createElementListener({
    registry,
    maxFieldsPerTemplate: 256,
    emit: (record) => records.push(record),
  });
  const { rows, reports, faults } = decodeAll(createExportDecoder({ listener }), [message]);
  expect([reports[0]!.malformed, faults.counts['template-malformed'], faults.counts['variable-length']]).toEqual([
    false,
    undefined,
    undefined,
  ]);
  return { rows, records };
}

describe('random records of random templates', () => {
  it.each(['ipfix', 'netflow9'] as const)('%s: every element comes back as it was written, whatever stands around it', (protocol) => {
    fc.assert(
      fc.property(fields, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 3 }), (samples, count, padding) => {
        const used = protocol === 'netflow9' ? samples.filter(({ spec }) => spec.enterprise === undefined) : samples;
        fc.pre(used.length > 0);
        const specs = used.map(({ spec }) => spec);
        const record = recordBytes(
          specs,
          used.map(({ value }) => value),
        );
        const smallest = specs.reduce((sum, { length }) => sum + (length === VARIABLE ? 1 : length), 0);
        const data = set(256, new Array<Uint8Array>(count).fill(record), Math.min(padding, smallest - 1));
        const message = protocol === 'ipfix' ? ipfix([template(256, specs), data]) : netflow9([template9(256, specs), data]);
        const { records } = decode(message);
        expect(records.length).toBe(count);
        for (const { fields: shown } of records) {
          const expected = used.map(({ spec, shown: value }) => [registry.of((spec.enterprise ?? 0) * 65_536 + spec.id).name, value]);
          expect(Object.entries(shown)).toEqual(expected);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('rows have the ends, ports and counters, in whatever order and among whatever else the template has them', () => {
    fc.assert(
      fc.property(
        fields,
        fc.array(fc.nat(1000), { minLength: 7, maxLength: 7 }),
        fc.tuple(fc.nat(0xffff), fc.nat(0xffff), fc.nat(255), fc.nat(0xffff_ffff), fc.nat(0xffff)),
        (samples, places, [source, destination, protocol, octetCount, packetCount]) => {
          // Nothing that could tell the same columns otherwise, by itself or by what it says of the record.
          const others = samples.filter(({ spec }) => spec.enterprise !== undefined || isBystander(spec.id));
          const told: Sample[] = [
            { spec: field(8, 4), value: [192, 0, 2, 1], shown: '' },
            { spec: field(12, 4), value: [198, 51, 100, 2], shown: '' },
            { spec: field(7, 2), value: source, shown: '' },
            { spec: field(11, 2), value: destination, shown: '' },
            { spec: field(4, 1), value: protocol, shown: '' },
            { spec: field(1, 4), value: octetCount, shown: '' },
            { spec: field(2, 2), value: packetCount, shown: '' },
          ];
          const all = [...others];
          told.forEach((one, index) => void all.splice(places[index]! % (all.length + 1), 0, one));
          const specs = all.map(({ spec }) => spec);
          const data = set(256, [
            recordBytes(
              specs,
              all.map(({ value }) => value),
            ),
          ]);
          const { batch, rows } = decodeAll(createExportDecoder(), [ipfix([template(256, specs), data])]);
          const c = batch.columns;
          expect(rows).toBe(1);
          const isIcmp = protocol === 1 || protocol === 58;
          expect([...c.sourceIPv6Address.bytes.subarray(12, 16)]).toEqual([192, 0, 2, 1]);
          expect([...c.destinationIPv6Address.bytes.subarray(12, 16)]).toEqual([198, 51, 100, 2]);
          expect([c.sourceTransportPort[0], c.destinationTransportPort[0]]).toEqual(isIcmp ? [0, 0] : [source, destination]);
          expect([c.protocolIdentifier[0], c.octetDeltaCount[0], c.packetDeltaCount[0]]).toEqual([protocol, octetCount, packetCount]);
        },
      ),
      { numRuns: 150 },
    );
  });
});

/** Elements that no column is read from. */
function isBystander(id: number): boolean {
  return (
    (id >= 25 && id <= 26) ||
    (id >= 36 && id <= 47) ||
    (id >= 87 && id <= 97) ||
    (id >= 184 && id <= 192) ||
    (id >= 377 && id <= 407) ||
    id >= 455
  );
}
