/** Addresses of one response that are told; beyond them nobody answers in one message. */
export const MAX_ADDRESSES = 64;
/** Aliases that are followed from the name asked for: resolvers give up at 8 to 16. */
export const MAX_ALIASES = 16;
/** Records of a response that are looked at. */
const MAX_RECORDS = 128;
/** RFC 1035 §2.3.4: octets of a name on the wire. */
const MAX_NAME_OCTETS = 255;

const HEADER = 12;
const FIXED_RECORD = 10;
const Type = { a: 1, cname: 5, aaaa: 28 } as const;
const IN = 1;

interface Alias {
  readonly owner: string;
  readonly target: string;
  readonly ttl: number;
}

interface AddressRecord {
  readonly owner: string;
  readonly at: number;
  readonly octets: number;
  readonly ttl: number;
}

/*
 * RFC 1035 §4.1
 *   0        2                                            4          6          8            10
 *   +--------+--------------------------------------------+----------+----------+------------+------------+----------
 *   | id     | QR, 1; opcode, 4; AA TC RD RA; Z, 3; RCODE | questions| answers  | authorities| additional | question:
 *   +--------+--------------------------------------------+----------+----------+------------+------------+----------
 *   name, type 16, class 16; then records:  name | type, 16 | class, 16 | TTL, 32 | length, 16 | data
 *   name: labels of | length, 1 … 63 | octets |, 0 at the end, or a pointer | 11, 2 | offset, 14 | to labels earlier in the message (§4.1.4)
 */

/**
 * The addresses that a DNS response gives for the name it was asked for, aliases followed. One instance is made and refilled; a response makes a few
 * strings, so that it is for packets of DNS alone.
 */
export class DnsAnswers {
  /** The name asked for, as text without the root's dot; octets that would not be plain text are escaped as in RFC 1035 §5.1. */
  name = '';
  count = 0;
  /** 16 octets an address, IPv4 mapped. */
  readonly addresses = new Uint8Array(MAX_ADDRESSES * 16);
  /** The smallest TTL on the way from the name to the address, in seconds. */
  readonly ttls = new Uint32Array(MAX_ADDRESSES);

  /**
   * Reads the message in `bytes[from … to)`. True when it is a successful response to one question that gives addresses. A message cut by the capture gives
   * what its whole records tell. Never throws.
   */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    this.count = 0;
    if (to - from < HEADER) return false;
    const reader = new MessageReader(bytes, from, to);
    const flags = reader.u16(2);
    // A response to a standard query, without error, to one question, with answers.
    if ((flags & 0xf80f) !== 0x8000 || reader.u16(4) !== 1) return false;
    const records = Math.min(reader.u16(6), MAX_RECORDS);
    const name = reader.name(HEADER);
    if (name === undefined || reader.next + 4 > reader.length || reader.u16(reader.next + 2) !== IN) return false;
    this.name = name;
    const aliases: Alias[] = [];
    const addresses: AddressRecord[] = [];
    readRecords(reader, reader.next + 4, records, aliases, addresses);
    if (addresses.length > 0) this.follow(bytes, from, name, aliases, addresses);
    return this.count > 0;
  }

  /** From the name along its aliases, in whatever order they came, to the addresses. */
  private follow(bytes: Uint8Array, from: number, name: string, aliases: readonly Alias[], addresses: readonly AddressRecord[]): void {
    let owner = name.toLowerCase();
    let ttl = 0xffff_ffff;
    const passed = new Set<string>();
    for (let step = 0; step <= MAX_ALIASES && !passed.has(owner); step++) {
      passed.add(owner);
      for (const record of addresses) if (record.owner === owner) this.take(bytes, from, record, ttl);
      const alias = aliases.find((candidate) => candidate.owner === owner);
      if (alias === undefined) return;
      owner = alias.target;
      ttl = Math.min(ttl, alias.ttl);
    }
  }

  private take(bytes: Uint8Array, from: number, { at, octets, ttl }: AddressRecord, least: number): void {
    if (this.count === MAX_ADDRESSES) return;
    const place = this.count * 16;
    this.addresses.fill(0, place, place + 16);
    if (octets === 4) this.addresses.fill(0xff, place + 10, place + 12);
    this.addresses.set(bytes.subarray(from + at, from + at + octets), place + 16 - octets);
    this.ttls[this.count] = Math.min(ttl, least);
    this.count++;
  }
}

function readRecords(reader: MessageReader, from: number, count: number, aliases: Alias[], addresses: AddressRecord[]): void {
  let at = from;
  for (let i = 0; i < count; i++) {
    const owner = reader.name(at)?.toLowerCase();
    const fixed = reader.next;
    if (owner === undefined || fixed + FIXED_RECORD > reader.length) return;
    const data = fixed + FIXED_RECORD;
    const octets = reader.u16(fixed + 8);
    if (data + octets > reader.length) return;
    const type = reader.u16(fixed);
    const ttl = reader.ttl(fixed + 4);
    if (reader.u16(fixed + 2) === IN) {
      if ((type === Type.a && octets === 4) || (type === Type.aaaa && octets === 16)) addresses.push({ owner, at: data, octets, ttl });
      else if (type === Type.cname && aliases.length < MAX_ALIASES) {
        const target = reader.name(data)?.toLowerCase();
        if (target !== undefined) aliases.push({ owner, target, ttl });
      }
    }
    at = data + octets;
  }
}

/** Reads numbers and names of one message; offsets count from its start. */
class MessageReader {
  readonly length: number;
  /** Where the name read last ends, that is behind its first pointer. */
  next = 0;
  private readonly bytes: Uint8Array;
  private readonly from: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes;
    this.from = from;
    this.length = to - from;
  }

  u16(at: number): number {
    return (this.bytes[this.from + at]! << 8) | this.bytes[this.from + at + 1]!;
  }

  /** RFC 2181 §8: a TTL with its highest bit set is 0. */
  ttl(at: number): number {
    const high = this.u16(at);
    return high >= 0x8000 ? 0 : high * 65_536 + this.u16(at + 2);
  }

  /** The name at `start`, undefined when it is cut, too long, or no name. Each pointer must lead further back than the one before, so that it ends. */
  name(start: number): string | undefined {
    let text = '';
    let octets = 0;
    let at = start;
    let earliest = start;
    let jumped = false;
    while (at < this.length) {
      const length = this.bytes[this.from + at]!;
      if (length === 0) {
        if (!jumped) this.next = at + 1;
        return text;
      }
      if (length >= 0xc0) {
        if (at + 2 > this.length) return undefined;
        const target = this.u16(at) & 0x3fff;
        if (target >= earliest) return undefined;
        if (!jumped) this.next = at + 2;
        jumped = true;
        earliest = target;
        at = target;
        continue;
      }
      octets += length + 1;
      if (length > 63 || octets >= MAX_NAME_OCTETS || at + 1 + length > this.length) return undefined;
      text += text === '' ? this.label(at + 1, length) : `.${this.label(at + 1, length)}`;
      at += 1 + length;
    }
    return undefined;
  }

  private label(at: number, length: number): string {
    let text = '';
    for (let i = 0; i < length; i++) {
      const octet = this.bytes[this.from + at + i]!;
      text += isPlain(octet) ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, '0')}`;
    }
    return text;
  }
}

/** Printable ASCII but for the dot, which would look like two labels, the backslash of escapes, and the comma, which stands between names. */
function isPlain(octet: number): boolean {
  return octet > 0x20 && octet < 0x7f && octet !== 0x2e && octet !== 0x5c && octet !== 0x2c;
}
