import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NameSink } from '../../../collector/names/name-sink.js';
import { formatAddress } from '../../../flow/address.js';
import { corpus } from '../inputs/corpora.js';
import { ASKED, addressRecord, dnsResponse } from '../packets/dns-builder.js';
import { ACK, concat, ethernet, ipv4, ipv6, tcp, u16, u32, udp } from '../packets/packet-builder.js';
import { meterFile, meterPackets } from './records.js';

const T0 = 1_796_256_000_000;
const CLIENT = '10.40.10.11';
const RESOLVER = '10.40.0.53';
const RESPONSE = dnsResponse('update.vendor.example', [addressRecord(ASKED, '203.0.113.7', 60), addressRecord(ASKED, '203.0.113.8', 90)]);

class Told implements NameSink {
  readonly answers: string[] = [];
  answer(
    client: Uint8Array,
    clientAt: number,
    address: Uint8Array,
    addressAt: number,
    name: string,
    ttlSeconds: number,
    atMs: number,
  ): void {
    this.answers.push(`${formatAddress(client, clientAt)} ${name} ${formatAddress(address, addressAt)} ${ttlSeconds} ${atMs - T0}`);
  }
}

function toldBy(data: Uint8Array, original = data.length): string[] {
  const names = new Told();
  const { records, counters } = meterPackets([{ timeMs: T0, data, original }], { names });
  expect(records).toHaveLength(1);
  expect(counters.dnsAnswers).toBe(names.answers.length);
  return names.answers;
}

const BOTH = [`${CLIENT} update.vendor.example 203.0.113.7 60 0`, `${CLIENT} update.vendor.example 203.0.113.8 90 0`];
const overUdp = (payload: Uint8Array, source = 53, destination = 40_000): Uint8Array =>
  ipv4(RESOLVER, CLIENT, 17, udp(source, destination, payload));
const overTcp = (payload: Uint8Array): Uint8Array => ipv4(RESOLVER, CLIENT, 6, tcp(53, 40_000, ACK, payload));

describe('DNS answers in captures', () => {
  test.each([
    ['over UDP', ethernet(0x0800, overUdp(RESPONSE))],
    ['over TCP, in one segment', ethernet(0x0800, overTcp(concat(u16(RESPONSE.length), RESPONSE)))],
    [
      'in a tunnel',
      ethernet(
        0x0800,
        ipv4('192.0.2.1', '198.51.100.2', 17, udp(9, 4789, concat(u32(0x0800_0000), u32(0), ethernet(0x0800, overUdp(RESPONSE))))),
      ),
    ],
  ])('%s tell the client the addresses of the name', (_name, frame) => {
    expect(toldBy(frame)).toEqual(BOTH);
  });

  test('an IPv6 client', () => {
    expect(toldBy(ethernet(0x86dd, ipv6('fd00::53', 'fd00::11', 17, udp(53, 40_000, RESPONSE))))[0]).toBe(
      'fd00::11 update.vendor.example 203.0.113.7 60 0',
    );
  });

  test('of a response cut by the snap length, what is whole', () => {
    const frame = ethernet(0x0800, overUdp(RESPONSE));
    expect(toldBy(frame.subarray(0, frame.length - 3), frame.length)).toEqual(BOTH.slice(0, 1));
  });

  test.each([
    ['a segment that is not the start of a message', ethernet(0x0800, overTcp(concat(u16(3), RESPONSE)))],
    ['an empty segment', ethernet(0x0800, overTcp(new Uint8Array(0)))],
    ['another port', ethernet(0x0800, overUdp(RESPONSE, 5353, 5353))],
    ['a query', ethernet(0x0800, overUdp(RESPONSE, 40_000, 53))],
    ['noise', ethernet(0x0800, overUdp(new Uint8Array(70).fill(0xc0)))],
  ])('%s tells nothing', (_name, frame) => {
    expect(toldBy(frame)).toEqual([]);
  });

  test.skipIf(corpus('pcap', 'ipfixprobe') === undefined)(
    "ipfixprobe's DNS trace gives the addresses that its passivedns plugin and tshark find",
    async () => {
      const names = new Told();
      await meterFile(join(corpus('pcap', 'ipfixprobe', 'tests', 'functional', 'inputs')!, 'dns.pcap'), { names });
      expect(names.answers.map((answer) => answer.split(' ').slice(0, 4).join(' '))).toEqual([
        '192.168.0.30 kernel.org 199.204.44.194 360',
        '192.168.0.30 kernel.org 198.145.20.140 360',
        '192.168.0.30 kernel.org 149.20.4.69 360',
        '192.168.0.30 google.com 2a00:1450:400d:806::200e 32',
      ]);
    },
  );
});
