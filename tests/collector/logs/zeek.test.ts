import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLog } from './read-log.js';
import { type Connection, FIELDS, HTTPS, header, jsonLine, line } from './zeek-lines.js';

const one = (connection: Connection, fields = FIELDS) => {
  const read = readLog('zeek', header(fields) + line(connection, fields));
  expect(read.faults).toEqual({});
  expect(read.rows).toHaveLength(1);
  return read.rows[0]!;
};

describe('conn.log', () => {
  test('a connection becomes a row of both directions, dated by its end', () => {
    expect(one(HTTPS)).toEqual({
      startMs: 1796284800250,
      endMs: 1796284801750,
      source: '10.40.10.11',
      destination: '203.0.113.7',
      ports: [50000, 443],
      protocol: 6,
      flags: 0x13,
      reverseFlags: 0x13,
      octets: [1060, 7488],
      packets: [11, 12],
      biflow: 1,
      sampling: 1,
      icmp: 0,
      vlan: 0,
      macs: [0, 0],
      endReason: 0,
      initiator: 'source',
      confidence: 100,
      completion: 'established',
      exportProtocol: 'zeek',
      sensor: 'tap',
      exportMs: 1796284801750,
      application: 'ssl',
      line: 9,
      sequence: 9,
    });
  });

  test('TSV and JSON say the same', () => {
    const connections = [
      HTTPS,
      { ...HTTPS, 'id.orig_h': '2001:db8::1', 'id.resp_h': '2001:db8:0:1::ffff', conn_state: 'S0', history: 'S' },
      { ...HTTPS, proto: 'icmp', 'id.orig_p': '8', 'id.resp_p': '0', history: '', conn_state: 'OTH' },
      { ...HTTPS, vlan: '120', orig_l2_addr: '02:00:00:00:00:0a', resp_l2_addr: '02:00:00:00:00:0b' },
      { ...HTTPS, vlan: '120', inner_vlan: '7' },
    ];
    const fields = [...FIELDS, 'vlan', 'inner_vlan', 'orig_l2_addr', 'resp_l2_addr'];
    const tsv = readLog('zeek', header(fields) + connections.map((connection) => line(connection, fields)).join(''));
    const json = readLog('zeek', connections.map(jsonLine).join(''));
    const without = (rows: typeof tsv.rows) => rows.map((row) => ({ ...row, line: 0, sequence: 0 }));
    expect(tsv.rows).toHaveLength(5);
    expect(without(json.rows)).toEqual(without(tsv.rows));
    expect(tsv.rows[4]).toMatchObject({ vlan: 7, tunnel: 'vlan 120' });
    expect(tsv.rows[3]).toMatchObject({ vlan: 120, macs: [0x02000000000a, 0x02000000000b] });
  });

  test('the service that Zeek recognised is told in its words, TSV and JSON alike; what could harm a terminal is left out', () => {
    const services = ['dns', 'gssapi,smb', '-', 'x'.repeat(200), 'a\u001b[31mb'];
    const told = ['dns', 'gssapi,smb', undefined, 'x'.repeat(128), 'a[31mb'];
    expect(services.map((service) => one({ ...HTTPS, service }).application)).toEqual(told);
    const inJson = services.map((service) => jsonLine({ ...HTTPS, ...(service === '-' ? { service: '' } : { service }) })).join('');
    expect(readLog('zeek', inJson).rows.map(({ application }) => application)).toEqual(told);
    const { service: _, ...without } = HTTPS;
    expect(readLog('zeek', jsonLine(without)).rows[0]!.application).toBeUndefined();
    const rows = readLog('zeek', header() + line({ ...HTTPS }) + line({ ...HTTPS, service: '-' })).rows;
    expect(rows.map(({ application }) => application)).toEqual(['ssl', undefined]);
  });

  test.each([
    ['S0', 'S', '60', 'attempt'],
    ['REJ', 'Sr', '60', 'attempt'],
    ['RSTOS0', 'SR', '60', 'attempt'],
    ['S1', 'ShADad', '60', 'established'],
    ['SF', 'ShADadFf', '10000', 'transferred'],
    ['RSTR', 'ShADadr', '60', 'established'],
    ['OTH', 'Dd', '60', 'established'],
  ])('state %s with history %s comes as far as %s octets say: %s', (conn_state, history, orig_ip_bytes, completion) => {
    const answered = /[a-z]/.test(history);
    const resp = answered ? {} : { resp_pkts: '0', resp_ip_bytes: '0' };
    expect(one({ ...HTTPS, conn_state, history, orig_ip_bytes, ...resp }).completion).toBe(completion);
  });

  test('a midstream connection seen from one side says nothing of how far it came', () => {
    const row = one({ ...HTTPS, conn_state: 'OTH', history: 'D', orig_ip_bytes: '60', resp_pkts: '0', resp_ip_bytes: '0' });
    expect(row).toMatchObject({ completion: 'unknown', flags: 0x10, reverseFlags: 0, confidence: 50 });
  });

  test.each([
    ['ShADadFf', 'source', 100],
    ['^hADafF', 'source', 100],
    ['^dDa', 'source', 50],
    ['DdA', 'source', 50],
    ['HaDd', 'destination', 100],
  ])('who began is read from the history %s', (history, initiator, confidence) => {
    expect(one({ ...HTTPS, history })).toMatchObject({ initiator, confidence });
  });

  test('a SYN that carries data and is not answered acknowledges nothing', () => {
    expect(one({ ...HTTPS, conn_state: 'S0', history: 'SD' }).flags).toBe(0x02);
  });

  test('UDP that is not answered is an attempt, and a transfer once much has left', () => {
    const udp = { ...HTTPS, proto: 'udp', history: 'D', conn_state: 'S0', resp_pkts: '0', resp_ip_bytes: '0' };
    expect(one(udp)).toMatchObject({ protocol: 17, flags: 0, completion: 'attempt', confidence: 50 });
    expect(one({ ...udp, orig_ip_bytes: '25000000' }).completion).toBe('transferred');
  });

  test('the ports of ICMP are type and code, and between IPv6 addresses it is ICMPv6', () => {
    const echo = { ...HTTPS, proto: 'icmp', 'id.orig_p': '8', 'id.resp_p': '0', history: '-', conn_state: 'OTH' };
    expect(one(echo)).toMatchObject({ protocol: 1, ports: [0, 0], icmp: 0x0800 });
    expect(one({ ...echo, 'id.orig_p': '128', 'id.orig_h': 'fe80::1', 'id.resp_h': '2001:db8::1' })).toMatchObject({
      protocol: 58,
      icmp: 0x8000,
    });
  });

  test('payload octets stand in where the log has no others', () => {
    const fields = FIELDS.filter((name) => !name.includes('ip_bytes') && !name.includes('pkts'));
    expect(one(HTTPS, fields)).toMatchObject({ octets: [600, 7000], packets: [0, 0] });
  });

  test('content that Zeek missed is told', () => {
    const read = readLog('zeek', header() + line({ ...HTTPS, missed_bytes: '1448' }) + line(HTTPS));
    expect([read.rows.length, read.faults]).toEqual([2, { 'content-missed': 1 }]);
  });

  test('columns come in any order, under other names and with another separator, and the header may change on the way', () => {
    const renamed = FIELDS.map((name) => name.replace('id.', 'id_'));
    const connection = Object.fromEntries(Object.entries(HTTPS).map(([name, value]) => [name.replace('id.', 'id_'), value]));
    const log =
      header([...FIELDS].reverse()) +
      line(HTTPS, [...FIELDS].reverse()) +
      '#close\t2026-12-03-01-00-00\n' +
      header(renamed, '|', 'NULL') +
      line(connection, renamed, '|', 'NULL') +
      '#close|2026-12-03-02-00-00\n';
    const { rows, told, faults } = readLog('zeek', log);
    expect(faults).toEqual({});
    expect(rows.map(({ octets, ports }) => [octets, ports])).toEqual([
      [
        [1060, 7488],
        [50000, 443],
      ],
      [
        [1060, 7488],
        [50000, 443],
      ],
    ]);
    expect(told).toMatchObject({ records: 2, other: 18, malformed: 0 });
  });

  test('lines of other logs are no flows', () => {
    const dns = ['ts', 'uid', 'id.orig_h', 'id.orig_p', 'id.resp_h', 'id.resp_p', 'proto', 'trans_id', 'query'];
    const tsv = readLog('zeek', header(dns) + line(HTTPS, dns) + header() + line(HTTPS));
    expect(tsv.told).toMatchObject({ records: 1, other: 17, malformed: 0 });
    const { conn_state, orig_pkts, orig_ip_bytes, orig_bytes, ...rest } = HTTPS;
    const json = readLog('zeek', jsonLine(rest) + jsonLine(HTTPS).replace('{', '{"_path":"conn_long",') + jsonLine(HTTPS));
    expect(json.told).toMatchObject({ records: 1, other: 2, malformed: 0 });
  });

  test.each([
    ['a column too few', line(HTTPS).replace('\tssl', '')],
    ['a column too many', line(HTTPS).replace('\tssl', '\tssl\tssl')],
    ['a masked time', line({ ...HTTPS, ts: 'XXXXXXXXXX.XXXXXX' })],
    ['a time before 1970', line({ ...HTTPS, ts: '-1.000000' })],
    ['no originator', line({ ...HTTPS, 'id.orig_h': '-' })],
    ['an address with a leading zero', line({ ...HTTPS, 'id.orig_h': '10.40.010.11' })],
    ['a port beyond 65535', line({ ...HTTPS, 'id.orig_p': '65536' })],
    ['an ICMP type beyond 255', line({ ...HTTPS, proto: 'icmp', 'id.orig_p': '256', 'id.resp_p': '0' })],
    ['a negative counter', line({ ...HTTPS, orig_ip_bytes: '-5' })],
    ['a counter beyond 2^53', line({ ...HTTPS, orig_ip_bytes: '9007199254740992' })],
    ['a protocol without name', line({ ...HTTPS, proto: 'quic' })],
    ['a JSON line cut off', jsonLine(HTTPS).slice(0, 90).concat('\n')],
    ['JSON with text for a counter', jsonLine(HTTPS).replace('"orig_pkts":11', '"orig_pkts":"11"')],
    ['JSON with an address of other letters', jsonLine(HTTPS).replace('10.40.10.11', '\u0131\u0130.40.10.11')],
  ])('%s makes no row, and is counted', (_, broken) => {
    const { rows, told, faults } = readLog('zeek', header() + broken + line(HTTPS));
    expect(rows).toHaveLength(1);
    expect(told.malformed).toBe(1);
    expect(faults).toEqual({ 'line-malformed': 1 });
  });

  test('lines before any header are counted, their columns being unknown', () => {
    expect(readLog('zeek', line(HTTPS)).told).toMatchObject({ records: 0, malformed: 1 });
    const twice = [...FIELDS, 'id_orig_h'];
    expect(readLog('zeek', header(twice) + line(HTTPS, twice)).told).toMatchObject({ records: 0, malformed: 2 });
  });

  test('names that JavaScript objects inherit or that poison them are only text', () => {
    const poisoned = jsonLine(HTTPS).replace('{', '{"__proto__":{"orig_ip_bytes":1},"constructor":{"prototype":{"x":1}},');
    const { rows } = readLog('zeek', poisoned);
    expect(rows[0]).toMatchObject({ octets: [1060, 7488] });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(readLog('zeek', '{"__proto__":{"conn_state":"SF"}}\n').told).toMatchObject({ records: 0, other: 1 });
  });

  test('a log cut at any octet gives the rows of its whole lines and no other', () => {
    const fields = [...FIELDS.filter((name) => name !== 'tunnel_parents'), 'vlan'];
    for (const log of [
      header(fields) + line({ ...HTTPS, vlan: '120' }, fields) + line({ ...HTTPS, vlan: '7' }, fields),
      jsonLine(HTTPS) + jsonLine(HTTPS),
    ]) {
      const whole = readLog('zeek', log).rows;
      expect(whole).toHaveLength(2);
      for (let length = 0; length < log.length; length++) {
        const { rows } = readLog('zeek', log.slice(0, length));
        expect(rows).toEqual(whole.slice(0, rows.length));
        const lines = log.slice(0, length).split('\n').length - 1;
        expect(rows.length).toBeLessThanOrEqual(Math.max(0, log.startsWith('{') ? lines + 1 : lines - 8));
      }
    }
  });

  test('rows do not depend on how the octets come', () => {
    const log = `${header() + line(HTTPS) + jsonLine(HTTPS)}broken\n${line({ ...HTTPS, missed_bytes: '9' })}`;
    const whole = readLog('zeek', log);
    for (const chunk of [1, 2, 7, 64, 333]) {
      const { batch: _batch, ...read } = readLog('zeek', log, chunk);
      expect(read).toEqual({ rows: whole.rows, told: whole.told, faults: whole.faults, lines: whole.lines });
    }
  });

  test('any octets and any mutation of a line are survived, every line told once, and no row is made that no line holds', () => {
    const log = new TextEncoder().encode(header() + line(HTTPS) + jsonLine(HTTPS) + line(HTTPS));
    const mutation = fc.array(fc.record({ at: fc.nat(log.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 6 });
    const input = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      mutation.map((changes) => {
        const bytes = log.slice();
        for (const { at, byte } of changes) bytes[at] = byte;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(input, (bytes) => {
        const { batch, told, faults } = readLog('zeek', bytes);
        const lines = new TextDecoder('latin1')
          .decode(bytes)
          .split('\n')
          .filter((text) => text !== '' && text !== '\r').length;
        expect(told.records + told.malformed + told.other).toBe(lines);
        expect(batch.length).toBe(told.records);
        expect(faults['line-malformed'] ?? 0).toBe(told.malformed);
      }),
      { numRuns: 1500 },
    );
  });
});
