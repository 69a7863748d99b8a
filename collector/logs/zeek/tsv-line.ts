import type { LogRecord } from '../log-row.js';
import { countOf, isText, macOf, microsecondsOf, readAddress } from '../text-fields.js';
import { applyPorts, applyState, protocolOf } from './connection.js';
import { SLOTS, Slot } from './fields-table.js';
import type { ZeekHeader } from './header.js';
import { applyHistory } from './history.js';
import { Read } from './read.js';

/** VLAN ids have 12 bits (IEEE 802.1Q §9.6). */
const MAX_VLAN = 4095;

export type TsvReader = (bytes: Uint8Array, from: number, to: number, unterminated: boolean, into: LogRecord) => number;

/** Reads lines of conn.log in TSV by the columns that `header` names. */
export function createTsvReader(header: ZeekHeader): TsvReader {
  const starts = new Int32Array(SLOTS);
  const ends = new Int32Array(SLOTS);
  /** Of the line being read. */
  let line: Uint8Array = new Uint8Array(0);

  /** Finds the columns. False when there are not as many as the header names. A slot without value, or without column, has start and end 0. */
  function split(from: number, to: number): boolean {
    const { separator, columns, slots } = header;
    starts.fill(0);
    ends.fill(0);
    let column = 0;
    let start = from;
    for (let i = from; i < to; i++) {
      if (line[i] !== separator) continue;
      if (column === columns) return false;
      keep(slots[column]!, start, i);
      column++;
      start = i + 1;
    }
    if (column !== columns - 1) return false;
    keep(slots[column]!, start, to);
    return true;
  }

  function keep(slot: number, start: number, end: number): void {
    if (slot < 0) return;
    const { unset } = header;
    if (end - start === unset.length && (unset.length === 1 ? line[start] === unset[0] : isText(line, start, end, unset))) return;
    starts[slot] = start;
    ends[slot] = end;
  }

  const isSet = (slot: number): boolean => ends[slot] !== 0;
  /** 0 where unset, −1 where it is no number. */
  const count = (slot: number): number => (ends[slot] === 0 ? 0 : countOf(line, starts[slot]!, ends[slot]!));

  return (bytes, from, to, unterminated, into) => {
    if (header.columns === 0) return Read.malformed;
    if (!header.isConnections) return Read.other;
    line = bytes;
    if (!split(from, to)) return Read.malformed;
    // The last column of a line that breaks off may be cut: a shorter number is another number.
    if (unterminated && header.slots[header.columns - 1]! >= 0) return Read.malformed;
    const startUs = isSet(Slot.time) ? microsecondsOf(line, starts[Slot.time]!, ends[Slot.time]!) : -1;
    const durationUs = isSet(Slot.duration) ? microsecondsOf(line, starts[Slot.duration]!, ends[Slot.duration]!) : 0;
    if (startUs < 0 || durationUs < 0) return Read.malformed;
    into.startMs = Math.floor(startUs / 1000);
    into.endMs = Math.floor((startUs + durationUs) / 1000);
    if (!readAddress(line, starts[Slot.originator]!, ends[Slot.originator]!, into.addresses, 0)) return Read.malformed;
    if (!readAddress(line, starts[Slot.responder]!, ends[Slot.responder]!, into.addresses, 16)) return Read.malformed;
    const protocol = isSet(Slot.ipProtocol) ? count(Slot.ipProtocol) : protocolOf(line, starts[Slot.protocol]!, ends[Slot.protocol]!);
    if (protocol < 0 || protocol > 255) return Read.malformed;
    into.protocol = protocol;
    if (!applyPorts(into, count(Slot.originatorPort), count(Slot.responderPort))) return Read.malformed;
    into.octets = count(isSet(Slot.originatorIpBytes) ? Slot.originatorIpBytes : Slot.originatorBytes);
    into.reverseOctets = count(isSet(Slot.responderIpBytes) ? Slot.responderIpBytes : Slot.responderBytes);
    into.packets = count(Slot.originatorPackets);
    into.reversePackets = count(Slot.responderPackets);
    const missed = count(Slot.missedBytes);
    if (into.octets < 0 || into.reverseOctets < 0 || into.packets < 0 || into.reversePackets < 0 || missed < 0) return Read.malformed;
    const vlan = count(Slot.vlan);
    if (vlan < 0 || vlan > MAX_VLAN) return Read.malformed;
    into.vlanId = vlan;
    into.sourceMac = macOf(line, starts[Slot.originatorMac]!, ends[Slot.originatorMac]!);
    into.destinationMac = macOf(line, starts[Slot.responderMac]!, ends[Slot.responderMac]!);
    into.biflow = 1;
    applyHistory(into, line, starts[Slot.history]!, ends[Slot.history]!);
    applyState(into, line, starts[Slot.state]!, ends[Slot.state]!);
    return missed > 0 ? Read.recordWithGaps : Read.record;
  };
}
