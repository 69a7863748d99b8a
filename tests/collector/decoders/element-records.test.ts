import { describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createElementListener, type ElementRecord } from '../../../collector/decoders/element-records.js';
import { readElement } from '../../../collector/decoders/element-values.js';
import { createElementRegistry } from '../../../collector/templates/element-registry.js';
import { ELEMENT_TYPES, type ElementType } from '../../../collector/templates/element-types.js';
import { elementKey } from '../../../collector/templates/elements-table.js';
import { enterpriseElements } from '../../../collector/templates/enterprise-elements-table.js';
import { ianaElements } from '../../../collector/templates/iana-elements-table.js';
import { ByteWriter, field, ip4, recordBytes, set, VARIABLE } from './build-bytes.js';
import { ipfix, optionsTemplate, template } from './build-ipfix.js';
import { netflow5 } from './build-netflow5.js';
import { netflow9, optionsTemplate9 } from './build-netflow9.js';
import { decodeAll } from './decode-all.js';
import { V1, V5, V7, V9, V10 } from './samples.js';

function elementsOf(messages: readonly Uint8Array[], withTemplates = false): ElementRecord[] {
  const records: ElementRecord[] = [];
  const emit = (record: ElementRecord): void => void records.push(JSON.parse(JSON.stringify(record)) as ElementRecord);
  const listener = createElementListener({ registry: createElementRegistry(), maxFieldsPerTemplate: 256, emit, withTemplates });
  decodeAll(createExportDecoder({ listener }), messages);
  return records;
}

describe('values by their type (RFC 7011 §6.1)', () => {
  const value = (type: ElementType, ...octets: number[]) => readElement(Uint8Array.from(octets), 0, octets.length, type);
  const u64 = (number: bigint) => [...new ByteWriter().uint(8, number).done()];

  it('integers of any width, beyond 2^53 as text', () => {
    expect(value('unsigned64', 1, 0)).toBe(256);
    expect(value('unsigned8', 0, 0, 1, 0)).toBe(256);
    expect(value('unsigned64', ...u64(2n ** 64n - 1n))).toBe('18446744073709551615');
    expect(value('unsigned256', ...new Array<number>(31).fill(0), 7)).toBe(7);
    expect([value('signed32', 0xff, 0xff, 0xff, 0xfe), value('signed64', 0xfe), value('signed8', 5)]).toEqual([-2, -2, 5]);
  });

  it('floats, booleans, addresses, text, octets', () => {
    expect(value('float64', 0x3f, 0x80, 0, 0)).toBe(1);
    expect(value('float32', 0x7f, 0x80, 0, 0)).toBe('Infinity');
    expect([value('boolean', 1), value('boolean', 2), value('boolean', 0)]).toEqual([true, false, 0]);
    expect(value('ipv4Address', 192, 0, 2, 1)).toBe('192.0.2.1');
    expect(value('ipv6Address', 0x20, 1, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 1)).toBe('2001:db8::1');
    expect(value('ipv6Address', ...new Array<number>(10).fill(0), 0xff, 0xff, 192, 0, 2, 1)).toBe('::ffff:192.0.2.1');
    expect(value('macAddress', 0, 0xc, 0x29, 0x70, 0x86, 9)).toBe('00:0c:29:70:86:09');
    expect(value('string', 0xc3, 0xa9, 0x41, 0, 0)).toBe('éA');
    expect(value('octetArray', 0xde, 0xad)).toBe('dead');
  });

  it('times with as many digits as the type has; 0 is none', () => {
    expect(value('dateTimeSeconds', 0x6b, 0x10, 0x76, 0x80)).toBe('2026-12-02T19:50:24Z');
    expect(value('dateTimeMilliseconds', ...u64(1_796_256_000_123n))).toBe(new Date(1_796_256_000_123).toISOString());
    const half = (BigInt(1_796_256_000 + 2_208_988_800) << 32n) | 0x8000_0000n;
    const second = new Date(1_796_256_000_000).toISOString().slice(0, 19);
    expect(value('dateTimeMicroseconds', ...u64(half))).toBe(`${second}.500000Z`);
    expect(value('dateTimeNanoseconds', ...u64(half))).toBe(`${second}.500000000Z`);
    expect([value('dateTimeSeconds', 0, 0, 0, 0), value('dateTimeNanoseconds', ...u64(0n))]).toEqual([null, null]);
    expect(value('dateTimeMilliseconds', ...u64(2n ** 63n))).toBe(2 ** 63);
  });

  it('a width that the type cannot have shows the octets, no width is null', () => {
    expect([value('ipv4Address', 1, 2), value('float64', 1), value('macAddress', 1), value('dateTimeMicroseconds', 1)]).toEqual([
      '0102',
      '01',
      '01',
      '01',
    ]);
    for (const type of ELEMENT_TYPES) expect(value(type)).toBe(null);
  });
});

describe('the registry of elements', () => {
  const registry = createElementRegistry([{ pen: 64_512, id: 1, name: 'mine', type: 'string' }]);

  it('is the whole IANA registry: each id and name once, with a type that we know', () => {
    const elements = ianaElements();
    expect(elements.length).toBeGreaterThan(490);
    expect(new Set(elements.map(({ id }) => id)).size).toBe(elements.length);
    expect(new Set(elements.map(({ name }) => name)).size).toBe(elements.length);
    for (const { type } of [...elements, ...enterpriseElements()]) expect(ELEMENT_TYPES).toContain(type);
  });

  it("names reverse elements (RFC 5103), makers' elements, the user's own, and what has no name by its number", () => {
    expect(registry.of(elementKey(29_305, 1))).toEqual({ name: 'reverseOctetDeltaCount', type: 'unsigned64' });
    expect(registry.of(elementKey(6871, 14 | 0x4000)).name).toBe('reverseInitialTCPFlags');
    expect(registry.of(elementKey(0, 45_004)).name).toBe('clientIPv4Address');
    expect(registry.of(elementKey(64_512, 1))).toEqual({ name: 'mine', type: 'string' });
    expect([registry.of(elementKey(64_512, 2)).name, registry.of(elementKey(0, 9999)).name]).toEqual(['64512:2', '0:9999']);
  });
});

describe('records with all their elements', () => {
  it('have their head, fields in order, repeated elements as lists, unknown ones in octets', () => {
    const fields = [field(8, 4), field(104, 2), field(104, 2), field(104, 2), field(7, VARIABLE), field(99, VARIABLE, 2011), field(12, 0)];
    const data = recordBytes(fields, [ip4('192.0.2.1'), 1, 2, 3, [0, 53], [0xde, 0xad], []]);
    const [one] = elementsOf([ipfix([template(256, fields), set(256, [data])], { sequence: 5, domain: 9 })]);
    expect(one).toEqual({
      record: 'data',
      exportProtocol: 'ipfix',
      exporter: '192.0.2.1',
      observationDomainId: 9,
      exportTime: new Date(1_796_256_000_000).toISOString(),
      exportSequenceNumber: 5,
      templateId: 256,
      fields: {
        sourceIPv4Address: '192.0.2.1',
        layer2packetSectionData: ['0001', '0002', '0003'],
        sourceTransportPort: 53,
        '2011:99': 'dead',
        destinationIPv4Address: null,
      },
    });
  });

  it('tell options with their scope, by the names of RFC 3954 in NetFlow v9', () => {
    const options = [field(48, 1), field(50, 4)];
    const data = set(300, [recordBytes([field(2, 4), ...options], [7, 1, 100])]);
    const [nine] = elementsOf([netflow9([optionsTemplate9(300, [field(2, 4)], options), data])]);
    expect(nine).toMatchObject({ record: 'options', scope: { scopeInterface: 7 }, fields: { samplerId: 1, samplerRandomInterval: 100 } });
    const ten = [field(149, 4), field(34, 4)];
    const [ipfixOne] = elementsOf([ipfix([optionsTemplate(300, ten), set(300, [recordBytes(ten, [9, 64])])])]);
    expect(ipfixOne).toMatchObject({ record: 'options', scope: { observationDomainId: 9 }, fields: { samplingInterval: 64 } });
  });

  it('come behind their template, once, where that is asked for', () => {
    const records = elementsOf([...V10, ...V10], true);
    const ids = records.filter(({ record }) => record.endsWith('template')).map(({ templateId }) => templateId);
    expect(ids).toEqual([302, 300, 301]);
    expect(records[0]).toMatchObject({
      record: 'options-template',
      fields: [
        { name: 'selectorId', type: 'unsigned64', pen: 0, id: 302, length: 8, scope: true },
        { name: 'samplingPacketInterval' },
        { name: 'samplingPacketSpace' },
      ],
    });
  });

  it('are as many as the rows, and the rows are the same with and without', () => {
    for (const messages of [V1, V5, V7, V9, V10]) {
      const records = elementsOf(messages).filter(({ record }) => record === 'data');
      expect(records.length).toBe(decodeAll(createExportDecoder(), messages).rows);
    }
  });

  it('exist for the fixed layouts of old NetFlow too, without their padding', () => {
    const [one] = elementsOf([netflow5([{ source: '192.0.2.1', octets: 77 }])]);
    expect(one).toMatchObject({
      exportProtocol: 'netflow5',
      templateId: 0,
      fields: { sourceIPv4Address: '192.0.2.1', octetDeltaCount: 77 },
    });
    expect(Object.keys(one!.fields).filter((name) => name.startsWith('0:'))).toEqual([]);
  });
});
