import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLog } from './read-log.js';

const ACCEPTED = '2 123456789010 eni-1235b8ca123456789 10.40.10.11 203.0.113.7 49761 443 6 20 4249 1796284810 1796284870 ACCEPT OK\n';
const REJECTED = ACCEPTED.replace('ACCEPT', 'REJECT');
const NODATA = '2 123456789010 eni-1235b8ca123456789 - - - - - - - 1796284876 1796284934 - NODATA\n';
const SKIPDATA = '2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1796284876 1796284936 - SKIPDATA\n';
const CUSTOM =
  'version vpc-id subnet-id interface-id instance-id srcaddr srcport dstaddr dstport protocol tcp-flags type pkt-srcaddr pkt-dstaddr action log-status start end bytes packets flow-direction reject-reason\n';
const custom = (flags: string, { octets = '900', action = 'ACCEPT', packetSource = '203.0.113.40' } = {}): string =>
  `8 vpc-1 subnet-1 eni-1 i-1 10.70.1.5 443 10.70.11.21 49761 6 ${flags} IPv4 ${packetSource} 10.70.11.21 ${action} OK 1796284810 1796284870 ${octets} 9 ingress -\n`;

describe('VPC flow logs', () => {
  test('a line of the default format becomes a row of one direction', () => {
    const { rows, faults } = readLog('vpc', ACCEPTED);
    expect(faults).toEqual({});
    expect(rows).toEqual([
      {
        startMs: 1796284810000,
        endMs: 1796284870000,
        source: '10.40.10.11',
        destination: '203.0.113.7',
        ports: [49761, 443],
        protocol: 6,
        flags: 0,
        reverseFlags: 0,
        octets: [4249, 0],
        packets: [20, 0],
        biflow: 0,
        sampling: 1,
        icmp: 0,
        vlan: 0,
        macs: [0, 0],
        endReason: 0,
        initiator: 'unknown',
        confidence: 0,
        completion: 'unknown',
        exportProtocol: 'vpcflow',
        sensor: 'tap',
        exportMs: 1796284870000,
        line: 1,
        sequence: 1,
      },
    ]);
  });

  test('a header line gives the order of the fields, again wherever files were put together', () => {
    const { rows, told, faults } = readLog('vpc', CUSTOM + custom('18') + CUSTOM.replace('version ', '') + custom('18').replace('8 ', ''));
    expect(faults).toEqual({});
    expect(told).toMatchObject({ records: 2, other: 2 });
    for (const row of rows) expect(row).toMatchObject({ source: '203.0.113.40', ports: [443, 49761], octets: [900, 0], packets: [9, 0] });
  });

  test('without a header, all fields of a version in their documented order, and those of a transit gateway, are read', () => {
    const version3 = ` vpc-1 subnet-1 i-1 3 IPv4 10.40.10.12 203.0.113.8`;
    const version4 = `${version3} eu-central-1 euc1-az2 - -`;
    const version5 = `${version4} - S3 egress 8`;
    const gateway =
      '6 TransitGateway 123456789012 tgw-1 tgw-attach-1 1 2 vpc-1 vpc-2 subnet-1 subnet-2 eni-1 eni-2 use1-az4 use1-az4 tgw-attach-2 10.40.10.11 10.50.1.1 0 0 1 3 252 1796284810 1796284870 OK IPv4 0 0 0 0 0 us-east-1 ingress - -\n';
    const line = (version: number, behind: string): string => ACCEPTED.replace('2 ', `${version} `).replace('\n', `${behind}\n`);
    const { rows, told } = readLog('vpc', ACCEPTED + line(3, version3) + line(4, version4) + line(5, version5) + gateway);
    expect(told).toMatchObject({ records: 5, malformed: 0 });
    expect(rows.map(({ source }) => source)).toEqual(['10.40.10.11', '10.40.10.12', '10.40.10.12', '10.40.10.12', '10.40.10.11']);
    expect(rows[3]).toMatchObject({ egress: 'eni-1235b8ca123456789', vrf: 'vpc-1', initiator: 'source', flags: 1 });
    expect(rows[4]).toMatchObject({ ingress: 'tgw-attach-1', vrf: 'tgw-1', protocol: 1, octets: [252, 0] });
    expect(readLog('vpc', line(5, version3) + line(3, version5)).told).toMatchObject({ records: 0, malformed: 2 });
  });

  test("CloudWatch's exports, subscriptions and events are the same lines", () => {
    const event = (message: string) => ({ id: '1', timestamp: 1796284870000, message });
    const subscription = (...messages: string[]) =>
      JSON.stringify({
        messageType: 'DATA_MESSAGE',
        owner: '1',
        logGroup: 'g',
        subscriptionFilters: ['f'],
        logEvents: messages.map(event),
      });
    const [accepted, nodata] = [ACCEPTED.trim(), NODATA.trim()];
    const plain = readLog('vpc', ACCEPTED + NODATA + ACCEPTED);
    for (const log of [
      `2026-12-03T10:00:05.000Z ${ACCEPTED}2026-12-03T10:00:05.000Z ${NODATA}2026-12-03T10:00:05.000Z ${ACCEPTED}`,
      subscription(accepted, nodata) + subscription(accepted),
      JSON.stringify({ events: [accepted, nodata, accepted].map(event), nextToken: 'x' }, undefined, 4),
      [accepted, nodata, accepted].map((message) => `${JSON.stringify(event(message))}\n`).join(''),
    ]) {
      const { rows, told, faults } = readLog('vpc', log);
      expect(rows.map(({ line: _, sequence: __, ...row }) => row)).toEqual(plain.rows.map(({ line: _, sequence: __, ...row }) => row));
      expect([told.quiet, told.malformed, faults]).toEqual([plain.told.quiet, 0, {}]);
    }
    expect(readLog('vpc', subscription('CWL CONTROL MESSAGE: Checking health of destination Firehose.')).told).toMatchObject({
      other: 1,
      malformed: 0,
    });
    expect(readLog('vpc', subscription('not a line')).told).toMatchObject({ malformed: 1 });
  });

  test('objects with the fields by name are read, as Athena and Firehose hand them on', () => {
    const fields = {
      version: 5,
      account_id: '123456789010',
      interface_id: 'eni-1',
      srcaddr: '10.40.10.11',
      dstaddr: '203.0.113.7',
      srcport: 49761,
      dstport: '443',
      protocol: 6,
      packets: 20,
      bytes: 4249,
      start: 1796284810,
      end: 1796284870,
      action: 'REJECT',
      log_status: 'OK',
      'tcp-flags': 2,
      flow_direction: 'ingress',
      pkt_srcaddr: null,
    };
    expect(readLog('vpc', JSON.stringify(fields)).rows[0]).toMatchObject({
      source: '10.40.10.11',
      ports: [49761, 443],
      octets: [4249, 0],
      completion: 'attempt',
      firewall: 3,
      ingress: 'eni-1',
    });
    expect(readLog('vpc', JSON.stringify([{ ...fields, protocol: 'a b' }, { ...fields, bytes: {} }, { other: 1 }])).told).toMatchObject({
      malformed: 2,
      other: 1,
    });
  });

  test('where traffic passes through an interface, the addresses are those in the packets', () => {
    expect(readLog('vpc', CUSTOM + custom('0', { packetSource: '-' })).rows[0]!.source).toBe('10.70.1.5');
    expect(readLog('vpc', CUSTOM + custom('0')).rows[0]!.source).toBe('203.0.113.40');
  });

  test.each([
    ['2', 'source', 100, 0, 'attempt'],
    ['3', 'source', 100, 1, 'unknown'],
    ['18', 'destination', 100, 18, 'established'],
    ['19', 'destination', 100, 19, 'established'],
    ['0', 'unknown', 0, 0, 'unknown'],
    ['4', 'unknown', 0, 4, 'unknown'],
  ])(
    'tcp-flags %s: an ACK is not told, so a SYN says who began and not that nobody answered',
    (flags, initiator, confidence, bits, completion) => {
      expect(readLog('vpc', CUSTOM + custom(flags)).rows[0]).toMatchObject({ initiator, confidence, flags: bits, completion });
    },
  );

  test('what was rejected was attempted, however much it was', () => {
    expect(readLog('vpc', REJECTED).rows[0]).toMatchObject({ completion: 'attempt' });
    expect(readLog('vpc', CUSTOM + custom('2', { action: 'REJECT', octets: '50000' })).rows[0]).toMatchObject({
      completion: 'attempt',
      flags: 2,
    });
    expect(readLog('vpc', CUSTOM + custom('18', { octets: '50000' })).rows[0]).toMatchObject({ completion: 'transferred' });
  });

  test('NODATA is time without traffic, SKIPDATA is loss of unknown size', () => {
    const { rows, told, faults } = readLog('vpc', NODATA + SKIPDATA + ACCEPTED);
    expect(rows).toHaveLength(1);
    expect(told).toMatchObject({ quiet: [1796284934000], missing: [1796284936000], records: 1, malformed: 0 });
    expect(faults).toEqual({ 'records-skipped': 1 });
  });

  test.each([
    ['a field too few', ACCEPTED.replace(' 443', '')],
    ['a field too many', ACCEPTED.replace(' 443', ' 443 443')],
    ['another version without its header', ACCEPTED.replace('2 ', '3 ')],
    ['no address', ACCEPTED.replace('10.40.10.11', '-')],
    ['no protocol', ACCEPTED.replace(' 6 20', ' - 20')],
    ['a protocol beyond 255', ACCEPTED.replace(' 6 20', ' 256 20')],
    ['a port beyond 65535', ACCEPTED.replace('49761', '65536')],
    ['an end before its start', ACCEPTED.replace('1796284870', '1796284809')],
    ['an unknown action', ACCEPTED.replace('ACCEPT', 'ACCEPTED')],
    ['an unknown status', ACCEPTED.replace('OK', 'O')],
    ['a header that lacks what a flow needs', 'srcaddr dstaddr bytes\n10.40.10.11 203.0.113.7 5\n'.slice(22)],
  ])('%s makes no row, and is counted', (_, broken) => {
    const { rows, told, faults } = readLog('vpc', broken + ACCEPTED);
    expect(rows).toHaveLength(1);
    expect([told.malformed, faults]).toEqual([1, { 'line-malformed': 1 }]);
  });

  test('a header that lacks what a flow needs, or names a field twice, makes no rows', () => {
    expect(readLog('vpc', 'srcaddr dstaddr bytes\n10.40.10.11 203.0.113.7 5\n').told).toMatchObject({ records: 0, malformed: 1, other: 1 });
    expect(readLog('vpc', CUSTOM.replace('packets', 'bytes') + custom('0')).told).toMatchObject({ records: 0, malformed: 1, other: 1 });
  });

  test('a log cut at any octet gives the rows of its whole lines and no other', () => {
    for (const log of [
      ACCEPTED + ACCEPTED.replace('4249', '9999'),
      CUSTOM + custom('18') + custom('2'),
      CUSTOM.replace(' flow-direction reject-reason', '') + custom('18').replace(' ingress -', ''),
    ]) {
      const whole = readLog('vpc', log).rows;
      for (let length = 0; length < log.length; length++) {
        const { rows } = readLog('vpc', log.slice(0, length));
        expect(rows).toEqual(whole.slice(0, rows.length));
      }
    }
  });

  test('any octets and any mutation of a line are survived, every line told once', () => {
    const log = new TextEncoder().encode(ACCEPTED + SKIPDATA + CUSTOM + custom('18') + NODATA);
    const mutated = fc
      .array(fc.record({ at: fc.nat(log.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = log.slice();
        for (const { at, byte } of changes) bytes[at] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
        // What begins as JSON is not read line by line.
        fc.pre(!/^\s*[{[]/.test(new TextDecoder('latin1').decode(bytes)));
        const { batch, told } = readLog('vpc', bytes);
        const lines = new TextDecoder('latin1')
          .decode(bytes)
          .split('\n')
          .filter((text) => text !== '' && text !== '\r').length;
        expect(told.records + told.malformed + told.other + told.quiet.length + told.missing.length).toBe(lines);
        expect(batch.length).toBe(told.records);
      }),
      { numRuns: 1500 },
    );
  });
});
