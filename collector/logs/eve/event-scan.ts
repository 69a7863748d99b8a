import { isMappedIPv4 } from '../../../flow/address.js';
import { createApplicationReader } from '../application-names.js';
import type { JsonObject } from '../json-line.js';
import { JsonKind, JsonScanner } from '../json-scanner.js';
import type { LogRecord } from '../log-row.js';
import { createInstantReader, readAddress } from '../text-fields.js';

/** Members of a flow event, by their place in NAMES. */
const Member = {
  type: 0,
  source: 1,
  destination: 2,
  sourcePort: 3,
  destinationPort: 4,
  protocol: 5,
  icmpType: 6,
  icmpCode: 7,
  flow: 8,
  start: 9,
  end: 10,
  packets: 11,
  reversePackets: 12,
  octets: 13,
  reverseOctets: 14,
  state: 15,
  reason: 16,
  tcp: 17,
  flags: 18,
  reverseFlags: 19,
  application: 20,
  /** From here on: members that are seldom there, and are left to JSON.parse. */
  seldom: 21,
} as const;
const NAMES = [
  'event_type',
  'src_ip',
  'dest_ip',
  'src_port',
  'dest_port',
  'proto',
  'icmp_type',
  'icmp_code',
  'flow',
  'flow.start',
  'flow.end',
  'flow.pkts_toserver',
  'flow.pkts_toclient',
  'flow.bytes_toserver',
  'flow.bytes_toclient',
  'flow.state',
  'flow.reason',
  'tcp',
  'tcp.tcp_flags_ts',
  'tcp.tcp_flags_tc',
  'app_proto',
  'vlan',
  'tunnel',
  'ether',
  'tcp.ts_gap',
  'tcp.tc_gap',
];

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const FLOW = ascii('flow');
/** Types that eve.ts reads from the whole event. */
const READ_WHOLE = ['netflow', 'dns', 'stats'].map(ascii);
const ICMP = 1;
const ICMP6 = 58;
const PROTOCOLS = [
  { name: ascii('TCP'), number: 6 },
  { name: ascii('UDP'), number: 17 },
  { name: ascii('ICMP'), number: ICMP },
  { name: ascii('IPv6-ICMP'), number: ICMP6 },
  { name: ascii('SCTP'), number: 132 },
] as const;
/** What flow-state.ts looks at, by state. */
const STATES = ['closed', 'established', 'new', 'bypassed'].map((state) => ({
  name: ascii(state),
  event: { flow: { state } } as JsonObject,
}));
const CLOSED = STATES[0]!;
/** IPFIX flowEndReason (element 136). */
const REASONS = [
  { name: ascii('timeout'), number: 1 },
  { name: ascii('forced'), number: 4 },
  { name: ascii('shutdown'), number: 4 },
  { name: ascii('tcp_reuse'), number: 3 },
] as const;
const END_OF_FLOW = 3;
const MAX_PORT = 65_535;
const MAX_TEXT = 256;

/** What a line was: `unread` goes to JSON.parse. */
export const Scan = { unread: 0, flow: 1, other: 2 } as const;

export interface EventScanner {
  /** Reads a `flow` event as Suricata writes most of them; tells events that are none of the types that are read. */
  scan(bytes: Uint8Array, from: number, to: number, into: LogRecord): number;
  /** After a flow: what of the event is needed beyond the record. */
  readonly event: JsonObject;
}

/** Reads events from their octets; what it reads is what the reader by JSON.parse (event.ts) would have. */
export function createEventScanner(): EventScanner {
  const scanner = new JsonScanner(NAMES);
  const instantAt = createInstantReader();
  const applicationOf = createApplicationReader();
  const { kinds, starts, ends } = scanner;
  let event = CLOSED.event;

  const instant = (bytes: Uint8Array, place: number): number =>
    kinds[place] === JsonKind.text ? instantAt(bytes, starts[place]!, ends[place]!) : Number.NaN;

  const address = (bytes: Uint8Array, place: number, into: LogRecord, at: number): boolean =>
    kinds[place] === JsonKind.text && readAddress(bytes, starts[place]!, ends[place]!, into.addresses, at);

  function protocolOf(): number {
    for (const { name, number } of PROTOCOLS) if (scanner.is(Member.protocol, name)) return number;
    return -1;
  }

  /** One to four hexadecimal digits; 0 where absent, −1 when they are none. */
  function flagsOf(bytes: Uint8Array, place: number): number {
    if (scanner.isNothing(place)) return 0;
    const length = ends[place]! - starts[place]!;
    if (kinds[place] !== JsonKind.text || length < 1 || length > 4) return -1;
    let flags = 0;
    for (let i = starts[place]!; i < ends[place]!; i++) {
      const byte = bytes[i]!;
      const letter = byte | 0x20;
      const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
      if (digit < 0) return -1;
      flags = flags * 16 + digit;
    }
    return flags;
  }

  /** Nowhere when it is no text. False when it is longer than such texts are. */
  function isShort(place: number): boolean {
    if (kinds[place] !== JsonKind.text) {
      starts[place] = 0;
      ends[place] = 0;
    }
    return ends[place]! - starts[place]! <= MAX_TEXT;
  }

  function settle(into: LogRecord): boolean {
    const state = scanner.isNothing(Member.state) ? undefined : STATES.find(({ name }) => scanner.is(Member.state, name));
    const reason = REASONS.find(({ name }) => scanner.is(Member.reason, name));
    if (state === undefined || reason === undefined) return false;
    event = state.event;
    into.endReason = reason.number === 1 && state === CLOSED ? END_OF_FLOW : reason.number;
    return true;
  }

  function read(bytes: Uint8Array, into: LogRecord): boolean {
    for (let place: number = Member.seldom; place < NAMES.length; place++) if (kinds[place] !== JsonKind.absent) return false;
    into.startMs = instant(bytes, Member.start);
    into.endMs = instant(bytes, Member.end);
    if (!(into.endMs >= into.startMs)) return false;
    if (!address(bytes, Member.source, into, 0) || !address(bytes, Member.destination, into, 16)) return false;
    const protocol = protocolOf();
    into.protocol = protocol === ICMP && !isMappedIPv4(into.addresses) ? ICMP6 : protocol;
    into.sourcePort = scanner.count(Member.sourcePort);
    into.destinationPort = scanner.count(Member.destinationPort);
    if (protocol < 0 || !(into.sourcePort >= 0 && into.sourcePort <= MAX_PORT)) return false;
    if (!(into.destinationPort >= 0 && into.destinationPort <= MAX_PORT)) return false;
    into.biflow = 1;
    into.octets = scanner.count(Member.octets);
    into.packets = scanner.count(Member.packets);
    into.reverseOctets = scanner.count(Member.reverseOctets);
    into.reversePackets = scanner.count(Member.reversePackets);
    if (into.octets < 0 || into.packets < 0 || into.reverseOctets < 0 || into.reversePackets < 0) return false;
    into.flags = flagsOf(bytes, Member.flags);
    into.reverseFlags = flagsOf(bytes, Member.reverseFlags);
    if (into.flags < 0 || into.reverseFlags < 0) return false;
    const isIcmp = into.protocol === ICMP || into.protocol === ICMP6;
    const icmpType = isIcmp ? scanner.count(Member.icmpType) : 0;
    const icmpCode = isIcmp ? scanner.count(Member.icmpCode) : 0;
    if (!(icmpType >= 0 && icmpType <= 255 && icmpCode >= 0 && icmpCode <= 255)) return false;
    into.icmpTypeCode = icmpType * 256 + icmpCode;
    if (!isShort(Member.application)) return false;
    into.applicationName = applicationOf(bytes, starts[Member.application]!, ends[Member.application]!);
    into.vlanId = 0;
    into.tunnel = '';
    into.sourceMac = 0;
    into.destinationMac = 0;
    return settle(into);
  }

  return {
    get event() {
      return event;
    },
    scan(bytes, from, to, into) {
      if (!scanner.scan(bytes, from, to) || kinds[Member.type] !== JsonKind.text) return Scan.unread;
      if (scanner.is(Member.type, FLOW)) return read(bytes, into) ? Scan.flow : Scan.unread;
      return READ_WHOLE.some((type) => scanner.is(Member.type, type)) ? Scan.unread : Scan.other;
    },
  };
}
