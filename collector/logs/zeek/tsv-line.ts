import type { LogRecord } from '../log-row.js';
import { countOf, isText, macOf, microsecondsOf, readAddress } from '../text-fields.js';
import { applyPorts, applyState, applyVlans, protocolOf } from './connection.js';
import { SLOTS, Slot } from './fields-table.js';
import type { ZeekHeader } from './header.js';
import { applyHistory } from './history.js';
import { Read } from './read.js';

export type TsvReader = (bytes: Uint8Array, from: number, to: number, unterminated: boolean, into: LogRecord) => number;

/** Reads lines of conn.log in TSV by the columns that `header` names. */
export function createTsvReader(header: ZeekHeader): TsvReader {
  const starts = new Int32Array(SLOTS);
  const ends = new Int32Array(SLOTS);

  /** Finds the columns. False when there are not as many as the header names. A slot without value, or without column, has start and end 0. */
  function split(bytes: Uint8Array, from: number, to: number): boolean {
    const { separator, columns, slots, unset } = header;
    for (let slot = 0; slot < SLOTS; slot++) {
      starts[slot] = 0;
      ends[slot] = 0;
    }
    let column = 0;
    let start = from;
    for (let i = from; i <= to; i++) {
      if (i < to && bytes[i] !== separator) continue;
      if (column === columns) return false;
      const slot = slots[column]!;
      if (slot >= 0 && !(bytes[start] === unset[0] && isText(bytes, start, i, unset))) {
        starts[slot] = start;
        ends[slot] = i;
      }
      column++;
      start = i + 1;
    }
    return column === columns;
  }

  const isSet = (slot: number): boolean => ends[slot] !== 0;
  /** 0 where unset, −1 where it is no number. */
  const count = (bytes: Uint8Array, slot: number): number => (ends[slot] === 0 ? 0 : countOf(bytes, starts[slot]!, ends[slot]!));

  return (bytes, from, to, unterminated, into) => {
    if (header.columns === 0) return Read.malformed;
    if (!header.isConnections) return Read.other;
    if (!split(bytes, from, to)) return Read.malformed;
    // The last column of a line that breaks off may be cut: a shorter number is another number.
    if (unterminated && header.slots[header.columns - 1]! >= 0) return Read.malformed;
    const startUs = isSet(Slot.time) ? microsecondsOf(bytes, starts[Slot.time]!, ends[Slot.time]!) : -1;
    const durationUs = isSet(Slot.duration) ? microsecondsOf(bytes, starts[Slot.duration]!, ends[Slot.duration]!) : 0;
    if (startUs < 0 || durationUs < 0) return Read.malformed;
    into.startMs = Math.floor(startUs / 1000);
    into.endMs = Math.floor((startUs + durationUs) / 1000);
    if (!readAddress(bytes, starts[Slot.originator]!, ends[Slot.originator]!, into.addresses, 0)) return Read.malformed;
    if (!readAddress(bytes, starts[Slot.responder]!, ends[Slot.responder]!, into.addresses, 16)) return Read.malformed;
    const protocol = isSet(Slot.ipProtocol)
      ? count(bytes, Slot.ipProtocol)
      : protocolOf(bytes, starts[Slot.protocol]!, ends[Slot.protocol]!);
    if (protocol < 0 || protocol > 255) return Read.malformed;
    into.protocol = protocol;
    if (!applyPorts(into, count(bytes, Slot.originatorPort), count(bytes, Slot.responderPort))) return Read.malformed;
    into.octets = count(bytes, isSet(Slot.originatorIpBytes) ? Slot.originatorIpBytes : Slot.originatorBytes);
    into.reverseOctets = count(bytes, isSet(Slot.responderIpBytes) ? Slot.responderIpBytes : Slot.responderBytes);
    into.packets = count(bytes, Slot.originatorPackets);
    into.reversePackets = count(bytes, Slot.responderPackets);
    const missed = count(bytes, Slot.missedBytes);
    if (into.octets < 0 || into.reverseOctets < 0 || into.packets < 0 || into.reversePackets < 0 || missed < 0) return Read.malformed;
    if (!applyVlans(into, count(bytes, Slot.vlan), count(bytes, Slot.innerVlan))) return Read.malformed;
    into.sourceMac = macOf(bytes, starts[Slot.originatorMac]!, ends[Slot.originatorMac]!);
    into.destinationMac = macOf(bytes, starts[Slot.responderMac]!, ends[Slot.responderMac]!);
    into.biflow = 1;
    applyHistory(into, bytes, starts[Slot.history]!, ends[Slot.history]!);
    applyState(into, bytes, starts[Slot.state]!, ends[Slot.state]!);
    return missed > 0 ? Read.recordWithGaps : Read.record;
  };
}
