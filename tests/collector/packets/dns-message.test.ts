import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DnsAnswers, MAX_ADDRESSES } from '../../../collector/packets/dns-message.js';
import { formatAddress } from '../../../flow/address.js';
import { ASKED, addressRecord, dnsResponse, labels, pointer, record } from './dns-builder.js';
import { bytes, concat, u16 } from './packet-builder.js';

const answers = new DnsAnswers();

/** What a message tells, surrounded by other octets as in a capture; undefined for nothing. */
function told(message: Uint8Array): { name: string; addresses: [string, number][] } | undefined {
  const chunk = concat(new Uint8Array(7).fill(0xc0), message, new Uint8Array(40).fill(0x03));
  if (!answers.read(chunk, 7, 7 + message.length)) return undefined;
  const addresses = Array.from({ length: answers.count }, (_, i): [string, number] => [
    formatAddress(answers.addresses, i * 16),
    answers.ttls[i]!,
  ]);
  return { name: answers.name, addresses };
}

const NAME = 'update.vendor.example';
const SIMPLE = dnsResponse(NAME, [addressRecord(ASKED, '203.0.113.7', 60), addressRecord(labels(NAME), '2001:db8::7', 30)]);

describe('DNS responses', () => {
  test('give addresses of both families for the name asked for, by pointer or in full', () => {
    expect(told(SIMPLE)).toEqual({
      name: NAME,
      addresses: [
        ['203.0.113.7', 60],
        ['2001:db8::7', 30],
      ],
    });
  });

  test('aliases are followed whatever their order and case; the name is the one asked for, the TTL the smallest on the way', () => {
    const message = dnsResponse('Update.Vendor.example', [
      addressRecord(labels('edge.cdn.example'), '203.0.113.8', 500),
      record(labels('cdn.vendor.example'), 5, 20, labels('EDGE.cdn.example')),
      record(ASKED, 5, 100, labels('cdn.vendor.example')),
      addressRecord(labels('other.example'), '203.0.113.9'),
    ]);
    expect(told(message)).toEqual({ name: 'Update.Vendor.example', addresses: [['203.0.113.8', 20]] });
  });

  test('an alias may be a label and a pointer', () => {
    // The question's name begins at 12; 'vendor.example' in it at 19.
    const alias = concat(bytes(3), Buffer.from('cdn'), pointer(19));
    const message = dnsResponse(NAME, [record(ASKED, 5, 100, alias), addressRecord(labels('cdn.vendor.example'), '203.0.113.8')]);
    expect(told(message)!.addresses).toEqual([['203.0.113.8', 100]]);
  });

  test.each([
    ['a query', dnsResponse(NAME, [addressRecord(ASKED, '203.0.113.7')], { flags: 0x0100 })],
    ['an error', dnsResponse(NAME, [addressRecord(ASKED, '203.0.113.7')], { flags: 0x8183 })],
    ['an update', dnsResponse(NAME, [addressRecord(ASKED, '203.0.113.7')], { flags: 0xa800 })],
    ['two questions', dnsResponse(NAME, [addressRecord(ASKED, '203.0.113.7')], { questions: 2 })],
    ['another class', dnsResponse(NAME, [addressRecord(ASKED, '203.0.113.7')], { questionClass: 3 })],
    ['no answer', dnsResponse(NAME, [])],
    ['an answer to another name', dnsResponse(NAME, [addressRecord(labels('evil.example'), '203.0.113.7')])],
    ['an address of wrong length', dnsResponse(NAME, [record(ASKED, 1, 60, bytes(1, 2, 3))])],
    ['a record of another class', dnsResponse(NAME, [record(ASKED, 1, 60, bytes(203, 0, 113, 7), 4, 3)])],
    ['a pointer to itself', dnsResponse(pointer(12), [])],
    ['a pointer forward', dnsResponse(pointer(40), [addressRecord(ASKED, '203.0.113.7')])],
    ['aliases in a ring', dnsResponse('a.example', [record(ASKED, 5, 1, labels('b.example')), record(labels('b.example'), 5, 1, ASKED)])],
    ['a name of 300 octets', dnsResponse(Array(30).fill('a'.repeat(9)).join('.'), [addressRecord(ASKED, '203.0.113.7')])],
  ])('%s tells nothing', (_name, message) => {
    expect(told(message)).toBeUndefined();
  });

  test('a dot within a label is no border of labels, and what is not plain text is escaped', () => {
    const odd = concat(bytes(4), Buffer.from('a.b,'), bytes(2, 0xff, 0x5c, 0));
    expect(told(dnsResponse(odd, [addressRecord(ASKED, '203.0.113.7')]))!.name).toBe('a\\046b\\044.\\255\\092');
  });

  test('a TTL with its highest bit set is 0', () => {
    expect(told(dnsResponse(NAME, [addressRecord(ASKED, '203.0.113.7', 0x8000_0001)]))!.addresses).toEqual([['203.0.113.7', 0]]);
  });

  test('counts are the sender’s word: more records than there are, more addresses than are told', () => {
    expect(told(dnsResponse(NAME, [addressRecord(ASKED, '203.0.113.7')], { answers: 0xffff }))!.addresses).toHaveLength(1);
    const many = Array.from({ length: 100 }, (_, i) => addressRecord(ASKED, `203.0.113.${i}`));
    expect(told(dnsResponse(NAME, many))!.addresses).toHaveLength(MAX_ADDRESSES);
  });

  test('a response cut by the capture tells its whole records', () => {
    const lengths = Array.from({ length: SIMPLE.length + 1 }, (_, length) => told(SIMPLE.subarray(0, length))?.addresses.length ?? 0);
    expect(lengths).toEqual([...lengths].sort());
    expect(new Set(lengths)).toEqual(new Set([0, 1, 2]));
  });

  test('damaged messages and noise never throw, and are read within themselves alone', () => {
    const message = dnsResponse(NAME, [
      record(ASKED, 5, 100, labels('cdn.vendor.example')),
      addressRecord(labels('cdn.vendor.example'), '203.0.113.8'),
    ]);
    const damage = fc.array(fc.tuple(fc.nat(message.length - 1), fc.nat(255)), { maxLength: 5 });
    fc.assert(
      fc.property(damage, fc.nat(message.length), (changes, length) => {
        const damaged = message.slice(0, length);
        for (const [at, value] of changes) if (at < length) damaged[at] = value;
        const read = (filling: number): unknown => {
          const chunk = concat(damaged, new Uint8Array(80).fill(filling));
          return answers.read(chunk, 0, length) && [answers.name, answers.count, ...answers.addresses.slice(0, answers.count * 16)];
        };
        expect(read(0xc0)).toEqual(read(0x01));
      }),
      { numRuns: 5000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => void told(concat(u16(1), u16(0x8180), u16(1), u16(9), noise))));
  });

  test('pointers down a ladder end: each leads further back', () => {
    let ladder = bytes(1, 0x61, 0);
    for (let step = 0; step < 4000; step++) ladder = concat(ladder, pointer(step === 0 ? 12 : 15 + (step - 1) * 2));
    const message = concat(dnsResponse(ladder.subarray(0, 3), []).subarray(0, 12), ladder, pointer(12 + ladder.length - 2), u16(1), u16(1));
    expect(() => told(message)).not.toThrow();
  });
});
