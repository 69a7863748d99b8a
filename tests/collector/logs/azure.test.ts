import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TupleDocument } from '../../../collector/logs/azure/document.js';
import { readLog } from './read-log.js';

const TIME = 1796284800;
const BEGIN = `${TIME},10.40.10.11,203.0.113.7,44931,443,T,O,A,B,,,,`;
const CONTINUE = `${TIME + 300},10.40.10.11,203.0.113.7,44931,443,T,O,A,C,1021,588096,8005,4610880`;
const END = `${TIME + 400},10.40.10.11,203.0.113.7,44931,443,T,O,A,E,52,29952,47,27072`;
const DENIED = `${TIME + 9},198.51.100.9,10.40.10.11,35370,23,T,I,D,B,,,,`;
const VNET = `${TIME}251,10.40.10.11,203.0.113.7,23956,443,6,O,E,NX,3,767,2,1580`;
const VNET_DENIED = `${TIME}600,2001:db8::9,2001:db8::b,35370,23,6,I,D,NX,0,0,0,0`;

/** A record of a network security group's log. */
const nsg = (tuples: readonly unknown[], version = 2) => ({
  time: '2026-12-03T10:00:00.0000000Z',
  systemId: '2c002c16-72f3-4dc5-b391-3444c3527434',
  macAddress: '000D3AF8B0AA',
  category: 'NetworkSecurityGroupFlowEvent',
  resourceId: '/SUBSCRIPTIONS/0/NSG',
  operationName: 'NetworkSecurityGroupFlowEvents',
  properties: {
    Version: version,
    flows: [{ rule: 'DefaultRule_AllowInternetOutBound', flows: [{ mac: '000D3AF87856', flowTuples: tuples }] }],
  },
});
const vnet = (tuples: readonly unknown[]) => ({
  time: '2026-12-03T10:00:00.2510000Z',
  flowLogVersion: 4,
  flowLogGUID: '7d7c4bd0',
  macAddress: '112233445566',
  category: 'FlowLogFlowEvent',
  targetResourceID: '/subscriptions/0/vnet',
  operationName: 'FlowLogFlowEvent',
  flowRecords: { flows: [{ aclID: '0', flowGroups: [{ rule: 'DefaultRule', flowTuples: tuples }] }] },
});
const document = (...records: unknown[]): string => JSON.stringify({ records });
const one = (tuple: string) => {
  const { rows, faults } = readLog('azure', document(vnet([tuple])));
  expect(faults).toEqual({});
  return rows[0]!;
};

describe("Azure's flow logs", () => {
  test('the tuples of a flow become rows: begun, counted since, ended', () => {
    const { rows, told, faults } = readLog('azure', document(nsg([BEGIN, CONTINUE]), nsg([END])));
    expect([faults, told.records]).toEqual([{}, 3]);
    expect(rows[0]).toMatchObject({
      startMs: TIME * 1000,
      endMs: TIME * 1000,
      source: '10.40.10.11',
      destination: '203.0.113.7',
      ports: [44931, 443],
      protocol: 6,
      octets: [0, 0],
      biflow: 0,
      firewall: 1,
      completion: 'unknown',
      initiator: 'source',
      confidence: 50,
      macs: [0x000d3af87856, 0],
      exportProtocol: 'azureflow',
      line: 1,
    });
    expect(rows[1]).toMatchObject({
      octets: [588096, 4610880],
      packets: [1021, 8005],
      biflow: 1,
      completion: 'transferred',
      firewall: 5,
      endReason: 2,
      line: 2,
    });
    expect(rows[2]).toMatchObject({ octets: [29952, 27072], firewall: 2, endReason: 3, exportMs: (TIME + 400) * 1000 });
  });

  test('tuples of version 1 have no state and no counters', () => {
    const { rows } = readLog(
      'azure',
      document(nsg([`${TIME},10.40.10.11,203.0.113.7,1,53,U,O,A`, `${TIME},203.0.113.7,10.40.10.11,1,23,T,I,D`], 1)),
    );
    expect(rows).toMatchObject([
      { protocol: 17, biflow: 0, completion: 'unknown', firewall: 1 },
      { protocol: 6, completion: 'attempt', firewall: 3, macs: [0, 0x000d3af87856] },
    ]);
  });

  test('what was denied is an attempt', () => {
    expect(readLog('azure', document(nsg([DENIED]))).rows[0]).toMatchObject({ completion: 'attempt', firewall: 3, biflow: 0 });
    expect(one(VNET_DENIED)).toMatchObject({ completion: 'attempt', firewall: 3, source: '2001:db8::9', macs: [0, 0x112233445566] });
  });

  test('tuples of virtual networks count milliseconds and have protocol numbers', () => {
    expect(one(VNET)).toMatchObject({
      startMs: TIME * 1000 + 251,
      protocol: 6,
      octets: [767, 1580],
      packets: [3, 2],
      completion: 'established',
      macs: [0x112233445566, 0],
    });
    expect(one(VNET.replace(',6,O', ',1,O'))).toMatchObject({ protocol: 1, ports: [23956, 443] });
    expect(one(VNET.replace('E,NX,3,767,2,1580', 'B,X,0,0,0,0'))).toMatchObject({ completion: 'unknown', biflow: 0 });
  });

  test('a line a record, an array, records printed over lines and wrappers in a row are read alike', () => {
    const records = [nsg([BEGIN, END]), vnet([VNET])];
    const forms = [
      document(...records),
      JSON.stringify({ records }, undefined, 2),
      records.map((record) => `${JSON.stringify(record)}\n`).join(''),
      records.map((record) => document(record)).join(''),
      JSON.stringify(records),
    ];
    const rows = forms.map((form) => readLog('azure', form, 97).rows);
    for (const form of rows) expect(form).toEqual(rows[0]);
    expect(rows[0]).toHaveLength(3);
  });

  test("records without tuples are told as other, a MAC address is one record's only", () => {
    const { told } = readLog('azure', `${JSON.stringify({ category: 'Other', records: 3 })}\n${JSON.stringify(vnet([VNET]))}\n`);
    expect(told).toMatchObject({ other: 1, records: 1, malformed: 0 });
    const { macAddress: _, ...without } = vnet([VNET]);
    expect(readLog('azure', document(nsg([END]), without)).rows.map(({ macs }) => macs[0])).toEqual([0x000d3af87856, 0]);
  });

  test.each([
    ['a field too few', VNET.replace(',1580', '')],
    ['a field too many', `${VNET},1`],
    ['no time', VNET.replace(`${TIME}251`, '')],
    ['no address', VNET.replace('10.40.10.11', '')],
    ['a port beyond 65535', VNET.replace('23956', '65536')],
    ['no protocol', VNET.replace(',6,O', ',,O')],
    ['a protocol beyond 255', VNET.replace(',6,O', ',256,O')],
    ['no direction', VNET.replace(',O,', ',,')],
    ['an unknown state', VNET.replace(',E,NX', ',X,NX')],
    ['an unknown decision', END.replace(',A,E', ',B,E')],
    ['a counter that is none', VNET.replace('767', '-1')],
    ['a number among tuples', 5],
    ['an object among tuples', { a: 1 }],
  ])('%s makes no row, and is counted', (_, broken) => {
    const { told, faults, rows } = readLog('azure', document(vnet([broken, VNET])));
    expect(rows).toHaveLength(1);
    expect([told.malformed, faults]).toEqual([1, { 'line-malformed': 1 }]);
  });

  test('a document cut at any octet gives the rows of its whole tuples, and is told as cut unless it is whole', () => {
    const text = document(nsg([BEGIN, CONTINUE]), vnet([VNET, VNET_DENIED]));
    const whole = readLog('azure', text).rows;
    for (let length = 1; length < text.length; length++) {
      const { rows, told } = readLog('azure', text.slice(0, length));
      expect(rows).toEqual(whole.slice(0, rows.length));
      expect(told.malformed).toBe(1);
    }
  });

  test('a line cut off does not take the next with it', () => {
    const line = JSON.stringify(vnet([VNET]));
    for (let length = 1; length < line.length; length++) {
      const { rows } = readLog('azure', `${line.slice(0, length)}\n${line}\n`);
      expect(rows.length).toBeGreaterThanOrEqual(1);
    }
  });

  test('any mutation is survived, with the same rows however the octets come', () => {
    const bytes = new TextEncoder().encode(document(nsg([BEGIN, CONTINUE, DENIED]), vnet([VNET, VNET_DENIED])));
    const mutated = fc
      .array(fc.record({ at: fc.nat(bytes.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const copy = bytes.slice();
        for (const { at, byte } of changes) copy[at] = byte;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), fc.integer({ min: 1, max: 50 }), (input, chunk) => {
        const whole = readLog('azure', input);
        expect(whole.rows).toHaveLength(whole.told.records);
        const parts = readLog('azure', input, chunk);
        expect([parts.rows, parts.told]).toEqual([whole.rows, whole.told]);
      }),
      { numRuns: 500 },
    );
  });

  test('memory does not grow with the document', () => {
    let tuples = 0;
    const found = new TupleDocument({ tuple: () => void tuples++, broken: () => undefined, ended: () => undefined });
    const chunk = new TextEncoder().encode(`"${VNET}",`.repeat(1000));
    const head = new TextEncoder().encode('{"records":[{"flowTuples":[');
    found.read(head, 0, head.length);
    for (let i = 0; i < 200; i++) found.read(chunk, 0, chunk.length);
    expect(tuples).toBe(200_000);
  });
});
