import { Completion, Initiator, TRANSFERRED_OCTETS } from '../../../flow/columns.js';
import type { LogRecord } from '../log-row.js';
import { countOf, isText, readAddress, textOf } from '../text-fields.js';
import { SLOTS, Slot } from './fields-table.js';
import type { VpcHeader } from './header.js';

const SPACE = 0x20;
const HYPHEN = 0x2d;
const TCP = 6;
const SYN = 0x02;
const ACK = 0x10;
const SEEN = 100;
/** Seconds up to the year 2286. */
const MAX_SECONDS = 1e10;

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const OK = ascii('OK');
const NODATA = ascii('NODATA');
const SKIPDATA = ascii('SKIPDATA');
const ACCEPT = ascii('ACCEPT');
const REJECT = ascii('REJECT');
const INGRESS = ascii('ingress');
const EGRESS = ascii('egress');
const MAX_ID_OCTETS = 256;
/** IPFIX firewallEvent (element 233): the flow was denied. */
const DENIED = 3;

/** What a line was. */
export const Read = { record: 0, noData: 1, skippedData: 2, malformed: 3 } as const;

/** Reads a line by the fields that `header` names. For NODATA and SKIPDATA, `into` has the times alone. */
export function createVpcLineReader(
  header: VpcHeader,
): (bytes: Uint8Array, from: number, to: number, unterminated: boolean, into: LogRecord) => number {
  const starts = new Int32Array(SLOTS);
  const ends = new Int32Array(SLOTS);
  let line: Uint8Array = new Uint8Array(0);

  /** A field '-' is unset: its start and end are 0, as those of a slot without column. */
  function split(from: number, to: number): boolean {
    if (header.assumed && !header.assume(fieldsIn(line, from, to))) return false;
    starts.fill(0);
    ends.fill(0);
    let column = 0;
    let start = from;
    for (let i = from; i <= to; i++) {
      if (i < to && line[i] !== SPACE) continue;
      if (column === header.columns) return false;
      const slot = header.slots[column]!;
      if (slot >= 0 && !(i - start === 1 && line[start] === HYPHEN)) {
        starts[slot] = start;
        ends[slot] = i;
      }
      column++;
      start = i + 1;
    }
    return column === header.columns;
  }

  const count = (slot: number): number => (ends[slot] === 0 ? 0 : countOf(line, starts[slot]!, ends[slot]!));
  const is = (slot: number, text: Uint8Array): boolean => isText(line, starts[slot]!, ends[slot]!, text);
  /** The field as it is, empty where unset or longer than any id. */
  const text = (slot: number): string =>
    ends[slot] === 0 || ends[slot]! - starts[slot]! > MAX_ID_OCTETS ? '' : textOf(line, starts[slot]!, ends[slot]!);
  const address = (first: number, second: number, into: LogRecord, at: number): boolean => {
    const slot = ends[first] === 0 ? second : first;
    return readAddress(line, starts[slot]!, ends[slot]!, into.addresses, at);
  };

  return (bytes, from, to, unterminated, into) => {
    line = bytes;
    if (!split(header.assumed ? afterPrefix(bytes, from, to) : from, to) || !header.complete) return Read.malformed;
    if (header.assumed && count(Slot.version) !== header.version) return Read.malformed;
    const lastSlot = header.slots[header.columns - 1]!;
    const hasStatus = header.present[Slot.status] === 1;
    const ok = !hasStatus || is(Slot.status, OK);
    const noData = hasStatus && is(Slot.status, NODATA);
    if (!ok && !noData && !is(Slot.status, SKIPDATA)) return Read.malformed;
    // A line that breaks off may be cut within its last field; the words of log-status cannot be taken for one another.
    if (unterminated && lastSlot >= 0 && lastSlot !== Slot.status) return Read.malformed;
    const start = count(Slot.start);
    const end = count(Slot.end);
    if (ends[Slot.start] === 0 || start < 0 || end < start || end >= MAX_SECONDS) return Read.malformed;
    into.startMs = start * 1000;
    into.endMs = end * 1000;
    if (!ok) return noData ? Read.noData : Read.skippedData;
    // The addresses in the packet: srcaddr and dstaddr are the interface's own where traffic passes through it (NAT gateways, load balancers).
    if (!address(Slot.packetSource, Slot.source, into, 0) || !address(Slot.packetDestination, Slot.destination, into, 16))
      return Read.malformed;
    into.protocol = ends[Slot.protocol] === 0 ? -1 : count(Slot.protocol);
    into.sourcePort = count(Slot.sourcePort);
    into.destinationPort = count(Slot.destinationPort);
    into.packets = count(Slot.packets);
    into.octets = count(Slot.octets);
    const flags = count(Slot.tcpFlags);
    if (into.protocol < 0 || into.protocol > 255 || into.packets < 0 || into.octets < 0 || flags < 0 || flags > 255) return Read.malformed;
    if (!(into.sourcePort >= 0 && into.sourcePort <= 65_535 && into.destinationPort >= 0 && into.destinationPort <= 65_535))
      return Read.malformed;
    const rejected = is(Slot.action, REJECT);
    if (!rejected && ends[Slot.action] !== 0 && !is(Slot.action, ACCEPT)) return Read.malformed;
    settle(into, flags, rejected);
    const name = text(Slot.interfaceId);
    into.ingressName = is(Slot.direction, INGRESS) ? name : '';
    into.egressName = is(Slot.direction, EGRESS) ? name : '';
    into.vrfName = text(Slot.network);
    return Read.record;
  };
}

/**
 * Who began, and how far it came. `tcp-flags` are ORed over the interval, and an ACK is told only beside a SYN ("tcp-flags": 18 is SYN-ACK, a record of ACKs
 * alone has 0): a SYN without ACK says who began, and not that it was never answered. Such a SYN is therefore kept out of tcpControlBits, where it would say
 * so, unless the traffic was rejected.
 */
function settle(into: LogRecord, flags: number, rejected: boolean): void {
  const tcp = into.protocol === TCP;
  const began = tcp && (flags & (SYN | ACK)) === SYN;
  const answered = tcp && (flags & (SYN | ACK)) === (SYN | ACK);
  into.initiator = began ? Initiator.source : answered ? Initiator.destination : Initiator.unknown;
  into.initiatorConfidence = began || answered ? SEEN : 0;
  into.flags = began && !rejected ? flags & ~SYN : flags;
  into.firewallEvent = rejected ? DENIED : 0;
  if (rejected) into.completion = Completion.attempt;
  else if (into.octets >= TRANSFERRED_OCTETS && (!tcp || answered)) into.completion = Completion.transferred;
  else if (answered) into.completion = Completion.established;
  else into.completion = flags === SYN ? Completion.attempt : Completion.unknown;
}

function fieldsIn(line: Uint8Array, from: number, to: number): number {
  let fields = 1;
  for (let i = from; i < to; i++) if (line[i] === SPACE) fields++;
  return fields;
}

/** Behind the time of arrival that an export of CloudWatch to S3 puts before each line ('2026-12-03T10:00:05.000Z '). */
function afterPrefix(line: Uint8Array, from: number, to: number): number {
  if (line[from + 4] !== HYPHEN || line[from + 10] !== 0x54) return from;
  const space = line.subarray(from, to).indexOf(SPACE);
  return space < 0 ? from : from + space + 1;
}
