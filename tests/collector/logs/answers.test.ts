import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LineDecoder } from '../../../collector/contracts.js';
import { createEveDecoder } from '../../../collector/logs/eve/eve.js';
import { createZeekDecoder } from '../../../collector/logs/zeek/zeek.js';
import type { NameSink } from '../../../collector/names/name-sink.js';
import { formatAddress } from '../../../flow/address.js';
import { corpus } from '../inputs/corpora.js';
import { readWith } from './read-log.js';
import { HTTPS, header, jsonLine, line } from './zeek-lines.js';

interface Answer {
  client: string;
  address: string;
  name: string;
  ttl: number;
  at: number;
}

/** Reads a log with a decoder that is given a sink, and what the sink was told. */
function learn(createDecoder: (sensor: string, names: NameSink) => LineDecoder, log: string | Uint8Array, chunkOctets?: number) {
  const answers: Answer[] = [];
  const names: NameSink = {
    answer: (client, clientAt, address, addressAt, name, ttl, at) =>
      void answers.push({ client: formatAddress(client, clientAt), address: formatAddress(address, addressAt), name, ttl, at }),
  };
  return { answers, ...readWith(createDecoder('tap', names), log, chunkOctets) };
}

const FIELDS =
  'ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected'.split(
    ' ',
  );
const QUERY: Readonly<Record<string, string>> = {
  ts: '1796284800.500000',
  uid: 'C1',
  'id.orig_h': '10.40.10.11',
  'id.orig_p': '50001',
  'id.resp_h': '10.40.0.53',
  'id.resp_p': '53',
  proto: 'udp',
  rtt: '0.020000',
  query: 'License.Vendor.example',
  qtype: '1',
  rcode: '0',
  answers: 'edge.cdn.example;203.0.113.7;203.0.113.8',
  TTLs: '30.000000;300.000000;20.000000',
};
const AT = 1_796_284_800_520;
const dnsHeader = (): string => header(FIELDS).replace('path\tconn', 'path\tdns');
const NUMBERS = new Set(['ts', 'id.orig_p', 'id.resp_p', 'rtt', 'qtype', 'rcode']);

function dnsJson(query: Readonly<Record<string, string>>): string {
  const entries = Object.entries(query).map(([name, value]) => {
    if (name === 'answers') return [name, value.split(';')];
    if (name === 'TTLs') return [name, value.split(';').map(Number)];
    return [name, NUMBERS.has(name) ? Number(value) : value];
  });
  return `${JSON.stringify(Object.fromEntries(entries))}\n`;
}

describe("Zeek's dns.log", () => {
  test.each([
    ['TSV', dnsHeader() + line(QUERY, FIELDS)],
    ['JSON', dnsJson(QUERY)],
  ])('%s: each address of an answer is told under the name asked for, with the smallest TTL of its chain', (_, log) => {
    const { answers, rows, told, faults } = learn(createZeekDecoder, log);
    const answer = { client: '10.40.10.11', name: 'License.Vendor.example', at: AT };
    expect(answers).toEqual([
      { ...answer, address: '203.0.113.7', ttl: 30 },
      { ...answer, address: '203.0.113.8', ttl: 20 },
    ]);
    expect([rows, told.malformed, Object.keys(faults).length, told.other]).toEqual([[], 0, 0, log.split('\n').length - 1]);
  });

  test.each([
    ['no such name', { rcode: '3' }],
    ['a pointer', { qtype: '12', answers: '203.0.113.9' }],
    ['text that looks like an address', { qtype: '16', answers: '203.0.113.9' }],
    ['multicast DNS', { 'id.resp_h': '224.0.0.251', 'id.resp_p': '5353' }],
    ['no answers', { answers: '-', TTLs: '-' }],
    ['a client that is none', { 'id.orig_h': '10.40.10' }],
  ])('%s tells nothing', (_, change) => {
    expect(learn(createZeekDecoder, dnsHeader() + line({ ...QUERY, ...change }, FIELDS)).answers).toEqual([]);
  });

  test('an answer seen without its question, and one without TTLs', () => {
    const log = dnsHeader() + line({ ...QUERY, qtype: '-', rtt: '-', answers: '2001:db8::7', TTLs: '-' }, FIELDS);
    expect(learn(createZeekDecoder, log).answers).toEqual([
      { client: '10.40.10.11', address: '2001:db8::7', name: 'License.Vendor.example', ttl: 0, at: AT - 20 },
    ]);
  });

  test('connections and answers may be in one file, however it is cut', () => {
    const log = dnsHeader() + line(QUERY, FIELDS) + header() + line(HTTPS) + dnsJson(QUERY) + jsonLine(HTTPS);
    for (const chunk of [1, 17, 65_536]) {
      const { answers, rows, told, lines } = learn(createZeekDecoder, log, chunk);
      expect([answers.length, rows.length, told.malformed]).toEqual([4, 2, 0]);
      expect(told.records + told.other).toBe(lines);
    }
  });

  test('a line with too few columns is counted, and tells nothing', () => {
    const { answers, faults, told } = learn(createZeekDecoder, `${dnsHeader()}1\t2\n`);
    expect([answers, faults['line-malformed'], told.malformed]).toEqual([[], 1, 0]);
  });

  test.skipIf(corpus('logs/zat') === undefined)('corpora: answers of Zeek logs, counted by hand from the logs', () => {
    for (const name of ['dns.log', 'json/dns.log']) {
      const path = `${corpus('logs/zat')!}/data/${name}`;
      const { answers, rows, told, faults } = learn(createZeekDecoder, readFileSync(path));
      expect(answers.length).toBe(addressesIn(readFileSync(path, 'utf8'), name.startsWith('json')));
      expect([rows, told.malformed, Object.keys(faults).length]).toEqual([[], 0, 0]);
    }
    const benign = `${corpus('detection')!}/benign-17h/dns.log.labeled`;
    const { answers, faults } = learn(createZeekDecoder, readFileSync(benign));
    expect([answers.length, Object.keys(faults).length]).toEqual([addressesIn(readFileSync(benign, 'utf8'), false), 0]);
  });
});

/** The same count by another way: by regular expressions over the lines, in the answers to single clients; Zeek leaves the type out where it saw no question. */
function addressesIn(log: string, isJson: boolean): number {
  let count = 0;
  const isAddress = (text: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(text) || /^[0-9a-f:]*:[0-9a-f:]*$/.test(text);
  let names: string[] = [];
  for (const text of log.split('\n')) {
    if (text.startsWith('#fields')) names = text.split('\t').slice(1);
    if (text === '' || text.startsWith('#')) continue;
    const values = text.split('\t');
    const fields: Record<string, unknown> = isJson ? JSON.parse(text) : Object.fromEntries(names.map((name, i) => [name, values[i]]));
    const server = String(fields['id.resp_h']);
    if (/^(22[4-9]|23\d)\.|^ff/.test(server) || !['A', 'AAAA', '*', '-', 'undefined'].includes(String(fields.qtype_name))) continue;
    if (String(fields.rcode) !== '0') continue;
    const answers = Array.isArray(fields.answers) ? fields.answers.map(String) : String(fields.answers ?? '-').split(',');
    count += answers.filter(isAddress).length;
  }
  return count;
}

const EVENT = {
  timestamp: '2026-12-03T10:00:00.520000+0000',
  flow_id: 7,
  event_type: 'dns',
  src_ip: '10.40.10.11',
  src_port: 50001,
  dest_ip: '10.40.0.53',
  dest_port: 53,
  proto: 'UDP',
};
const EVE_AT = Date.UTC(2026, 11, 3, 10, 0, 0, 520);
const CHAIN = [
  { rrname: 'license.vendor.example', rrtype: 'CNAME', ttl: 30, rdata: 'edge.cdn.example' },
  { rrname: 'edge.cdn.example', rrtype: 'A', ttl: 300, rdata: '203.0.113.7' },
  { rrname: 'edge.cdn.example', rrtype: 'AAAA', ttl: 20, rdata: '2001:db8::7' },
];
const eve = (...events: object[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');

describe("Suricata's dns events", () => {
  const told = { client: '10.40.10.11', name: 'license.vendor.example', at: EVE_AT };
  const both = [
    { ...told, address: '203.0.113.7', ttl: 30 },
    { ...told, address: '2001:db8::7', ttl: 20 },
  ];
  const reversed = { ...EVENT, src_ip: EVENT.dest_ip, src_port: 53, dest_ip: EVENT.src_ip, dest_port: EVENT.src_port };

  test('version 3: a response with its questions', () => {
    const dns = {
      version: 3,
      type: 'response',
      rcode: 'NOERROR',
      queries: [{ rrname: 'license.vendor.example', rrtype: 'A' }],
      answers: CHAIN,
    };
    const { answers, rows, told: events } = learn(createEveDecoder, eve({ ...EVENT, dns }));
    expect([answers, rows, events.other, events.malformed]).toEqual([both, [], 1, 0]);
  });

  test('version 2: an answer, told from either end', () => {
    const dns = { version: 2, type: 'answer', rcode: 'NOERROR', rrname: 'license.vendor.example', rrtype: 'A', answers: CHAIN };
    for (const event of [EVENT, reversed]) expect(learn(createEveDecoder, eve({ ...event, dns })).answers).toEqual(both);
  });

  test('grouped answers have no TTL', () => {
    const dns = {
      version: 2,
      type: 'answer',
      rcode: 'NOERROR',
      rrname: 'license.vendor.example',
      grouped: { A: ['203.0.113.7'], CNAME: ['x.example'] },
    };
    expect(learn(createEveDecoder, eve({ ...EVENT, dns })).answers).toEqual([{ ...told, address: '203.0.113.7', ttl: 0 }]);
  });

  test('version 1: an event for each record, the chain followed within one answer', () => {
    const events = CHAIN.map((record) => ({ ...reversed, dns: { type: 'answer', id: 9, rcode: 'NOERROR', ...record } }));
    expect(learn(createEveDecoder, eve(...events)).answers).toEqual(both);
    const other = { ...reversed, dns: { type: 'answer', id: 10, rcode: 'NOERROR', ...CHAIN[1] } };
    expect(learn(createEveDecoder, eve(events[0]!, other)).answers).toEqual([
      { ...told, name: 'edge.cdn.example', address: '203.0.113.7', ttl: 300 },
    ]);
  });

  test('questions, refusals and what is no record tell nothing', () => {
    const answer = { type: 'answer', rcode: 'NOERROR', rrname: 'a.example' };
    const events = [
      { type: 'query', rrname: 'a.example', rrtype: 'A' },
      { ...answer, rcode: 'NXDOMAIN', answers: CHAIN },
      { ...answer, answers: [null, 7, 'x', { rrtype: 'A', rdata: {} }, { rrtype: 'TXT', rdata: '203.0.113.9' }] },
      { ...answer, grouped: { A: [7, null], AAAA: 'x' } },
      { ...answer, answers: [] },
      'none',
    ];
    const { answers, told: lines } = learn(createEveDecoder, eve(...events.map((dns) => ({ ...EVENT, dns }))));
    expect([answers, lines.other, lines.malformed]).toEqual([[], 6, 0]);
  });

  test('property: whatever a dns event holds, it is one line and no row', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('answers', 'grouped', 'queries', 'rrname', 'ttl'), (value, name) => {
        const dns = { type: 'answer', rrname: 'a.example', rrtype: 'A', rdata: '203.0.113.7', [name]: value };
        const { told: lines, rows } = learn(createEveDecoder, eve({ ...EVENT, dns }));
        expect([lines.other, lines.malformed, rows.length]).toEqual([1, 0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});
