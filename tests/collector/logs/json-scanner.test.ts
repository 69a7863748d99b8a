import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEventReader } from '../../../collector/logs/eve/event.js';
import { createEventScanner, Scan } from '../../../collector/logs/eve/event-scan.js';
import { objectOf, parseJsonLine } from '../../../collector/logs/json-line.js';
import { JsonKind, JsonScanner } from '../../../collector/logs/json-scanner.js';
import { LogRecord } from '../../../collector/logs/log-row.js';
import { createInstantReader, instantOf } from '../../../collector/logs/text-fields.js';
import { createJsonReader } from '../../../collector/logs/zeek/json-line.js';
import { createJsonScanReader } from '../../../collector/logs/zeek/json-scan.js';
import { Read } from '../../../collector/logs/zeek/read.js';
import { HTTPS, jsonLine } from './zeek-lines.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const NAMES = ['a', 'b', 'flow', 'flow.a', 'flow.bc', 'id\\.orig_h', 'ab'];
const PATHS: readonly (readonly string[])[] = [['a'], ['b'], ['flow'], ['flow', 'a'], ['flow', 'bc'], ['id.orig_h'], ['ab']];

/** What JSON.parse finds at a path. */
function parsedAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) found = objectOf(found)?.[name];
  return found;
}

/** What the scanner has found, as JSON.parse would give it. */
function scannedAt(scanner: JsonScanner, bytes: Uint8Array, place: number): unknown {
  switch (scanner.kinds[place]) {
    case JsonKind.text:
      return new TextDecoder().decode(bytes.subarray(scanner.starts[place]!, scanner.ends[place]!));
    case JsonKind.whole:
      return scanner.numbers[place];
    case JsonKind.decimal:
      return Number((scanner.numbers[place]! / 1e6).toFixed(6));
    case JsonKind.yes:
      return true;
    case JsonKind.no:
      return false;
    case JsonKind.nothing:
      return null;
    default:
      return undefined;
  }
}

const value = fc.oneof(
  fc.nat(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string(),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 2 }),
);
const member = fc.constantFrom('a', 'b', 'ab', 'flow', 'id.orig_h', 'other', 'bc');
const inner = fc.dictionary(member, value, { maxKeys: 4, noNullPrototype: true });
const line = fc.dictionary(member, fc.oneof(value, inner), { maxKeys: 7, noNullPrototype: true }).map((object) => JSON.stringify(object));

/** The first of these in nine of ten, else any. */
const mostly = <T>(first: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(first) }, { weight: 1, arbitrary: fc.constantFrom(first, ...others) });

/** A text with some of its characters exchanged for others that matter in JSON. */
const mutated = (text: fc.Arbitrary<string>) =>
  fc.tuple(text, fc.array(fc.tuple(fc.nat(2000), fc.constantFrom(...'{}[]",:.-0159eEtfn \\/u')), { maxLength: 4 })).map(([of, changes]) => {
    const characters = [...of];
    for (const [at, character] of changes) characters[at % Math.max(1, characters.length)] = character;
    return characters.join('');
  });

describe('members found in octets', () => {
  test('whatever is understood, JSON.parse understands alike', () => {
    const scanner = new JsonScanner(NAMES);
    let understood = 0;
    fc.assert(
      fc.property(fc.oneof(line, mutated(line)), (text) => {
        const bytes = bytesOf(text);
        if (!scanner.scan(bytes, 0, bytes.length)) return;
        understood++;
        const parsed = parseJsonLine(bytes, 0, bytes.length);
        expect(parsed).toBeDefined();
        for (const [place, path] of PATHS.entries()) {
          if (scanner.kinds[place] === JsonKind.other) expect(typeof parsedAt(parsed, path)).toBe('object');
          else expect(scannedAt(scanner, bytes, place), `${path.join('.')} of ${text}`).toEqual(parsedAt(parsed, path));
        }
      }),
      { numRuns: 4000 },
    );
    expect(understood).toBeGreaterThan(500);
  });

  test.each([
    ['{"a":1,"a":2}', 'a member twice'],
    ['{"a":01}', 'a leading zero'],
    ['{"a":1e3}', 'an exponent'],
    ['{"a":-1}', 'a number below zero'],
    ['{"a":"\\u0041"}', 'an escape'],
    ['{"a":"é"}', 'octets beyond ASCII'],
    ['{"a": 1}', 'spaces'],
    ['{"a":1}x', 'something behind'],
    ['{"a":1', 'a cut'],
    ['{"a":9007199254740993}', 'more digits than a double has'],
    ['{"a":0.1234567}', 'more decimals than microseconds'],
    ['{"a":1.0}', 'a whole number with a point'],
    [`{"a":${'['.repeat(20)}${']'.repeat(20)}}`, 'depth'],
  ])('%s is left to JSON.parse: %s', (text) => {
    expect(new JsonScanner(NAMES).scan(bytesOf(text), 0, bytesOf(text).length)).toBe(false);
  });

  test('decimals are the microseconds that rounding the double gives', () => {
    const scanner = new JsonScanner(['ts']);
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 999_999 }), (seconds, microseconds) => {
        const text = `${seconds}.${String(microseconds).padStart(6, '0')}`;
        const bytes = bytesOf(`{"ts":${text}}`);
        expect(scanner.scan(bytes, 0, bytes.length)).toBe(true);
        expect(scanner.numbers[0]).toBe(Math.round(Number(text) * 1e6));
      }),
      { numRuns: 3000 },
    );
  });

  test('instants read from octets are those read from text', () => {
    const read = createInstantReader();
    const instant = fc
      .tuple(
        fc.date({ min: new Date('1971-01-02'), max: new Date('2200-01-01'), noInvalidDate: true }),
        fc.nat(999_999),
        fc.constantFrom('Z', '+0000', '-0530', '+01:00', ''),
      )
      .map(([date, microseconds, zone]) => `${date.toISOString().slice(0, 19)}.${String(microseconds).padStart(6, '0')}${zone}`);
    fc.assert(
      fc.property(mutated(instant), (text) => {
        const bytes = bytesOf(text);
        const ms = read(bytes, 0, bytes.length);
        if (!Number.isNaN(ms)) expect(ms, text).toBe(instantOf(text));
      }),
      { numRuns: 3000 },
    );
    expect(read(bytesOf('2026-12-03T10:00:00.000000+0000'), 0, 31)).toBe(Date.parse('2026-12-03T10:00:00Z'));
  });
});

describe('lines read from octets are those read by JSON.parse', () => {
  test("Zeek's conn.log", () => {
    const [fast, slow] = [createJsonScanReader(), createJsonReader()];
    const connection = fc
      .record(
        {
          ts: fc.constantFrom('1796284800.250001', '1796284800', '1e9', '-1', '1796284800250'),
          duration: fc.constantFrom('1.5', '0.000001', '0', 'x'),
          'id.orig_h': fc.constantFrom('10.40.10.11', '2001:db8::1', '10.40.10', ''),
          proto: fc.constantFrom('tcp', 'udp', 'icmp', 'unknown_transport', 'x'),
          'id.orig_p': fc.nat(70_000).map(String),
          history: fc.constantFrom('ShADadFf', 'S', '^hA', 'é'),
          conn_state: fc.constantFrom('SF', 'S0', 'OTH'),
          missed_bytes: fc.constantFrom('0', '5'),
          vlan: fc.constantFrom('7', '5000'),
          inner_vlan: fc.constantFrom('9'),
          orig_l2_addr: fc.constantFrom('02:00:00:00:00:0a', 'x'),
          ip_proto: fc.constantFrom('6', '47', '300'),
        },
        { requiredKeys: [] },
      )
      .map((change) => jsonLine({ ...HTTPS, ...change }).trim());
    let records = 0;
    fc.assert(
      fc.property(fc.oneof(connection, mutated(connection)), (text) => {
        const bytes = bytesOf(text);
        const [one, other] = [new LogRecord(), new LogRecord()];
        const read = fast(bytes, 0, bytes.length, one);
        expect(read, text).toBe(slow(bytes, 0, bytes.length, other));
        if (read !== Read.record && read !== Read.recordWithGaps) return;
        records++;
        expect(one, text).toEqual(other);
      }),
      { numRuns: 3000 },
    );
    // Usually some 350: enough to have compared something.
    expect(records).toBeGreaterThan(200);
  });

  test("Suricata's flow events", () => {
    const scanner = createEventScanner();
    const readEvent = createEventReader();
    const event = fc
      .record({
        proto: fc.constantFrom('TCP', 'UDP', 'ICMP', 'IPv6-ICMP', 'tcp', '132'),
        src_ip: mostly('10.40.10.11', '2001:db8::1', 'x'),
        src_port: mostly(50_000, 70_000, undefined, null),
        icmp_type: mostly(8, 300, undefined),
        vlan: mostly(undefined, [7]),
        start: mostly('2026-12-03T09:59:29.025256+0100', '2026-12-03T09:59:29', 'x'),
        state: mostly('closed', 'new', 'established', 'other', undefined),
        reason: mostly('timeout', 'forced', 'shutdown', 'tcp_reuse', undefined),
        flags: mostly('1b', '02', 'xy', '', undefined),
        octets: fc.oneof(fc.nat(), fc.constant(-1), fc.constant(1.5)),
      })
      .map(({ start, state, reason, flags, octets, ...rest }) =>
        JSON.stringify({
          timestamp: '2026-12-03T10:00:05.000000+0100',
          event_type: 'flow',
          ...rest,
          dest_ip: '203.0.113.7',
          dest_port: 443,
          flow: {
            pkts_toserver: 3,
            pkts_toclient: 2,
            bytes_toserver: octets,
            bytes_toclient: 70,
            start,
            end: '2026-12-03T10:00:01.071281+0100',
            age: 32,
            state,
            reason,
          },
          tcp: { tcp_flags: flags, tcp_flags_ts: flags, tcp_flags_tc: flags },
        }),
      );
    let flows = 0;
    fc.assert(
      fc.property(fc.oneof(event, mutated(event)), (text) => {
        const bytes = bytesOf(text);
        const [one, other] = [new LogRecord(), new LogRecord()];
        const scanned = scanner.scan(bytes, 0, bytes.length, one);
        const parsed = parseJsonLine(bytes, 0, bytes.length);
        if (scanned === Scan.other) expect(['flow', 'netflow', 'dns', 'stats']).not.toContain(parsed?.event_type);
        if (scanned !== Scan.flow) return;
        flows++;
        expect(parsed?.event_type).toBe('flow');
        expect(readEvent(parsed!, 'flow', other), text).toBe(true);
        expect(one, text).toEqual(other);
        expect(objectOf(scanner.event.flow)?.state).toBe(objectOf(parsed!.flow)?.state);
      }),
      { numRuns: 3000 },
    );
    expect(flows).toBeGreaterThan(100);
  });
});
