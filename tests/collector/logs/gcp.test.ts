import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLog } from './read-log.js';

const CONNECTION = { src_ip: '10.40.10.11', src_port: 49761, dest_ip: '203.0.113.7', dest_port: 443, protocol: 6 };
const PAYLOAD = {
  connection: CONNECTION,
  bytes_sent: '4249',
  packets_sent: '20',
  start_time: '2026-12-03T10:00:00.250000017Z',
  end_time: '2026-12-03T10:00:05.5Z',
  reporter: 'SRC',
  rtt_msec: '7',
  src_instance: { vm_name: 'billing-1', project_id: 'p', zone: 'europe-west6-a', region: 'europe-west6' },
  src_vpc: { vpc_name: 'plant', subnetwork_name: 'a', project_id: 'p' },
};
const ENTRY = {
  insertId: 'abc',
  jsonPayload: PAYLOAD,
  logName: 'projects/p/logs/compute.googleapis.com%2Fvpc_flows',
  receiveTimestamp: '2026-12-03T10:00:12Z',
  resource: { type: 'gce_subnetwork', labels: { subnetwork_name: 'a' } },
  timestamp: '2026-12-03T10:00:12Z',
};
const lineOf = (value: unknown): string => `${JSON.stringify(value)}\n`;
const withPayload = (change: Record<string, unknown>) => ({ ...ENTRY, jsonPayload: { ...PAYLOAD, ...change } });
const withConnection = (change: Record<string, unknown>) => withPayload({ connection: { ...CONNECTION, ...change } });

describe("Google Cloud's VPC flow logs", () => {
  test('an entry becomes a row of one direction, sampled at a rate that is not told', () => {
    const { rows, faults } = readLog('gcp', lineOf(ENTRY));
    expect(faults).toEqual({});
    expect(rows[0]).toMatchObject({
      startMs: Date.parse('2026-12-03T10:00:00.250Z'),
      endMs: Date.parse('2026-12-03T10:00:05.500Z'),
      source: '10.40.10.11',
      destination: '203.0.113.7',
      ports: [49761, 443],
      protocol: 6,
      octets: [4249, 0],
      packets: [20, 0],
      biflow: 0,
      sampling: 0,
      completion: 'unknown',
      initiator: 'unknown',
      vrf: 'plant',
      exportProtocol: 'gcpflow',
    });
  });

  test('the payload alone, numbers as numbers, IPv6 and flows without ports are read too', () => {
    const { rows, told } = readLog(
      'gcp',
      lineOf(PAYLOAD) +
        lineOf(
          withPayload({ bytes_sent: 7, packets_sent: 1, reporter: 'DEST', dest_vpc: { vpc_name: 'other' }, network_service: { dscp: 46 } }),
        ) +
        lineOf(withPayload({ connection: { src_ip: '2001:db8::1', dest_ip: '2001:db8::2', protocol: '58' }, bytes_sent: undefined })),
    );
    expect(told).toMatchObject({ records: 3, malformed: 0 });
    expect(rows[1]).toMatchObject({ octets: [7, 0], vrf: 'other', tos: 184 });
    expect(rows[2]).toMatchObject({ protocol: 58, ports: [0, 0], octets: [0, 0], source: '2001:db8::1' });
  });

  test('entries of other logs are passed over and told', () => {
    expect(
      readLog('gcp', lineOf({ ...ENTRY, jsonPayload: { message: 'x' } }) + lineOf({ textPayload: 'x' }) + lineOf(ENTRY)).told,
    ).toMatchObject({
      records: 1,
      other: 2,
    });
  });

  test.each([
    ['no object', '[1]'],
    ['no address', lineOf(withConnection({ src_ip: undefined }))],
    ['no protocol', lineOf(withConnection({ protocol: null }))],
    ['a port beyond 65535', lineOf(withConnection({ dest_port: 65_536 }))],
    ['a count that is none', lineOf(withPayload({ bytes_sent: '12x' }))],
    ['no times', lineOf(withPayload({ start_time: undefined }))],
    ['an end before its start', lineOf(withPayload({ end_time: '2026-12-03T09:00:05.5Z' }))],
    ['a connection that is none', lineOf(withPayload({ connection: 'x' }))],
    ['a line cut off', lineOf(ENTRY).slice(0, 200)],
  ])('%s makes no row, and is counted', (_, broken) => {
    const { told, faults } = readLog('gcp', `${broken.trimEnd()}\n${lineOf(ENTRY)}`);
    expect(told).toMatchObject({ records: 1, malformed: 1 });
    expect(faults).toEqual({ 'line-malformed': 1 });
  });

  test('any value in any place is survived, every line told once', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('connection', 'bytes_sent', 'start_time', 'network_service', 'src_vpc', 'reporter'),
        (value, name) => {
          const { told } = readLog('gcp', lineOf(withPayload({ [name]: value })) + lineOf({ jsonPayload: value }));
          expect(told.records + told.malformed + told.other).toBe(2);
        },
      ),
      { numRuns: 500 },
    );
  });
});
