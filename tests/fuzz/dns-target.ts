import { createNameTable } from '../../collector/names/name-table.js';
import { DnsAnswers, MAX_ADDRESSES } from '../../collector/packets/dns-message.js';
import { type FuzzTarget, magnitude, mustBe } from './target.js';

/** A response with an alias, addresses of both families and compressed names (RFC 1035 §4.1.4). */
const RESPONSE = Uint8Array.from([
  ...[0x12, 0x34, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0],
  ...[4, 0x68, 0x6f, 0x73, 0x74, 7, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0, 0, 1, 0, 1], // host.example A IN
  ...[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 8, 5, 0x61, 0x6c, 0x69, 0x61, 0x73, 0xc0, 17], // CNAME alias.example
  ...[0xc0, 42, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 198, 51, 100, 7], // alias.example A
  ...[0xc0, 42, 0, 28, 0, 1, 0, 0, 0, 30, 0, 16, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
]);

/** DNS responses of strangers: answers are bounded, names are text, and the table of names stays within its limits. */
export function dnsTarget(name: string): FuzzTarget {
  const answers = new DnsAnswers();
  const table = createNameTable({ maxEntries: 4096 });
  const client = new Uint8Array(16).fill(1);
  let atMs = 1_796_256_000_000;
  return {
    name,
    kind: 'bytes',
    seeds: [[RESPONSE]],
    run([bytes = new Uint8Array(0)]) {
      const found = answers.read(bytes, 0, bytes.length);
      mustBe(found === answers.count > 0, 'a response is read when it has addresses');
      mustBe(
        answers.count <= MAX_ADDRESSES && answers.count * 4 <= bytes.length,
        `${answers.count} addresses out of ${bytes.length} octets`,
      );
      mustBe(answers.name.length <= 4 * 255, 'names are bounded');
      for (let i = 0; i < answers.count; i++) table.answer(client, 0, answers.addresses, i * 16, answers.name, answers.ttls[i]!, atMs);
      atMs += 1000;
      for (let i = 0; i < answers.count; i++) {
        for (const told of table.namesAt(client, answers.addresses.subarray(i * 16, i * 16 + 16), atMs).split(',')) {
          mustBe(told.length <= 253 && told === told.toLowerCase(), 'names in the table are clean');
        }
      }
      mustBe(table.entries <= 4096, 'the table is bounded');
      return `${answers.count} ${magnitude(answers.name.length)}`;
    },
  };
}
