import { Completion, Initiator, TRANSFERRED_OCTETS } from '../../../flow/columns.js';
import type { LogRecord } from '../log-row.js';
import { countOf, readAddress } from '../text-fields.js';

/*
 * Flow tuples (learn.microsoft.com/azure/network-watcher: "NSG flow logs overview", "Virtual network flow logs"), text between commas:
 *
 *   NSG 1   time s,  source, destination, ports, T|U,    I|O, A|D
 *   NSG 2   time s,  source, destination, ports, T|U,    I|O, A|D, B|C|E,       packets, octets, packets back, octets back
 *   VNet 4  time ms, source, destination, ports, number, I|O, B|C|E|D, encryption, packets, octets, packets back, octets back
 */
const NSG1_FIELDS = 8;
const MOST_FIELDS = 13;

const COMMA = 0x2c;
const LETTER = { A: 0x41, B: 0x42, C: 0x43, D: 0x44, E: 0x45, I: 0x49, O: 0x4f, T: 0x54, U: 0x55 } as const;
const TCP = 6;
const UDP = 17;
/** Times from this on are milliseconds: as seconds they would lie beyond the year 5000. */
const MILLISECONDS_FROM = 1e11;
const MAX_MILLISECONDS = 1e13;
const CONVENTION = 50;
/** IPFIX firewallEvent (element 233). */
const FIREWALL_EVENT: Readonly<Record<number, number>> = { [LETTER.B]: 1, [LETTER.E]: 2, [LETTER.C]: 5 };
const DENIED = 3;
/** IPFIX flowEndReason (element 136): the active timeout, and the end of the flow. */
const END_REASON: Readonly<Record<number, number>> = { [LETTER.C]: 2, [LETTER.E]: 3 };

/** Reads a tuple; false when it is none. The MAC address of the interface goes to the end that the direction says it is at. */
export function createTupleReader(): (bytes: Uint8Array, from: number, to: number, mac: number, into: LogRecord) => boolean {
  const starts = new Int32Array(MOST_FIELDS + 1);
  let tuple: Uint8Array = new Uint8Array(0);

  function split(from: number, to: number): number {
    let fields = 0;
    starts[0] = from;
    for (let i = from; i <= to; i++) {
      if (i < to && tuple[i] !== COMMA) continue;
      if (++fields > MOST_FIELDS) return -1;
      starts[fields] = i + 1;
    }
    return fields;
  }

  const end = (field: number): number => starts[field + 1]! - 1;
  const isEmpty = (field: number): boolean => end(field) === starts[field];
  /** 0 where the field is empty, −1 where it is no number. */
  const count = (field: number): number => (isEmpty(field) ? 0 : countOf(tuple, starts[field]!, end(field)));
  /** The letter that a field is, 0 where it is anything else. */
  const letter = (field: number): number => (end(field) - starts[field]! === 1 ? tuple[starts[field]!]! : 0);

  return (bytes, from, to, mac, into) => {
    tuple = bytes;
    const fields = split(from, to);
    if (fields !== NSG1_FIELDS && fields !== MOST_FIELDS) return false;
    const time = isEmpty(0) ? -1 : count(0);
    const ms = time >= MILLISECONDS_FROM ? time : time * 1000;
    if (time < 0 || ms >= MAX_MILLISECONDS) return false;
    if (!readAddress(bytes, starts[1]!, end(1), into.addresses, 0) || !readAddress(bytes, starts[2]!, end(2), into.addresses, 16))
      return false;
    const sourcePort = count(3);
    const destinationPort = count(4);
    if (!(sourcePort >= 0 && sourcePort <= 65_535 && destinationPort >= 0 && destinationPort <= 65_535)) return false;
    const byLetter = letter(5) === LETTER.T ? TCP : letter(5) === LETTER.U ? UDP : -1;
    const protocol = byLetter >= 0 ? byLetter : isEmpty(5) ? -1 : count(5);
    if (protocol < 0 || protocol > 255) return false;
    const inbound = letter(6) === LETTER.I;
    if (!inbound && letter(6) !== LETTER.O) return false;
    // A letter in the protocol's place is a network security group's tuple: it has a decision, then the state.
    const decision = byLetter < 0 ? LETTER.A : letter(7);
    const state = byLetter < 0 ? letter(7) : fields === MOST_FIELDS ? letter(8) : LETTER.B;
    if (fields === NSG1_FIELDS && byLetter < 0) return false;
    if (decision !== LETTER.A && decision !== LETTER.D) return false;
    const denied = decision === LETTER.D || state === LETTER.D;
    if (!denied && FIREWALL_EVENT[state] === undefined) return false;
    const counted = fields === MOST_FIELDS;
    into.packets = counted ? count(9) : 0;
    into.octets = counted ? count(10) : 0;
    into.reversePackets = counted ? count(11) : 0;
    into.reverseOctets = counted ? count(12) : 0;
    if (into.packets < 0 || into.octets < 0 || into.reversePackets < 0 || into.reverseOctets < 0) return false;
    into.startMs = ms;
    into.endMs = ms;
    into.protocol = protocol;
    into.sourcePort = sourcePort;
    into.destinationPort = destinationPort;
    into.sourceMac = inbound ? 0 : mac;
    into.destinationMac = inbound ? mac : 0;
    settle(into, state, denied);
    return true;
  };
}

/**
 * Azure's source is the end that began, as its stateful firewall took it. Only `C` and `E` come with counters, of both directions, since the tuple of this flow
 * before: they are deltas. What was let through at its begin says nothing of an answer.
 */
function settle(into: LogRecord, state: number, denied: boolean): void {
  const measured = !denied && (state === LETTER.C || state === LETTER.E);
  const bothSent = into.packets + into.octets > 0 && into.reversePackets + into.reverseOctets > 0;
  const transferred = into.octets >= TRANSFERRED_OCTETS || into.reverseOctets >= TRANSFERRED_OCTETS;
  into.initiator = Initiator.source;
  into.initiatorConfidence = CONVENTION;
  into.biflow = measured ? 1 : 0;
  into.firewallEvent = denied ? DENIED : FIREWALL_EVENT[state]!;
  into.endReason = denied ? 0 : (END_REASON[state] ?? 0);
  if (denied) into.completion = Completion.attempt;
  else into.completion = measured && bothSent ? (transferred ? Completion.transferred : Completion.established) : Completion.unknown;
}
