import { createApplicationReader } from '../application-names.js';
import type { LogRecord } from '../log-row.js';
import { countOf, isText, macOf, microsecondsOf, readAddress } from '../text-fields.js';
import { applyPorts, applyState, applyVlans, protocolOf } from './connection.js';
import { SLOTS, Slot } from './fields-table.js';
import type { ZeekHeader } from './header.js';
import { applyHistory } from './history.js';
import { Read } from './read.js';

export type TsvReader = (bytes: Uint8Array, from: number, to: number, unterminated: boolean, into: LogRecord) => number;

const ZERO = 0x30;
/** Digits of numbers that fit 31 bits. */
const SMALL_DIGITS = 9;

/** How a column is read: not at all, as text to be looked at later, as a whole number, as seconds with decimals. */
const Kind = { skipped: 0, text: 1, count: 2, time: 3 } as const;
const TEXTS: readonly number[] = [
  Slot.originator,
  Slot.responder,
  Slot.protocol,
  Slot.state,
  Slot.history,
  Slot.originatorMac,
  Slot.responderMac,
  Slot.service,
];
const TIMES: readonly number[] = [Slot.time, Slot.duration];

/** What `numbers` holds for a field that is unset; −1 for one that is no number. */
const UNSET = -2;

/** Reads lines of conn.log in TSV by the columns that `header` names. */
export function createTsvReader(header: ZeekHeader): TsvReader {
  /** Of text: where it is; both 0 where the log has no such column, or the field is unset. */
  const starts = new Int32Array(SLOTS);
  const ends = new Int32Array(SLOTS);
  /** Of numbers: the value, times in microseconds. */
  const numbers = new Float64Array(SLOTS);
  const kinds = new Uint8Array(header.slots.length);
  const applicationOf = createApplicationReader();
  let revision = -1;

  function learn(): void {
    revision = header.revision;
    starts.fill(0);
    ends.fill(0);
    numbers.fill(UNSET);
    for (let column = 0; column < header.columns; column++) {
      const slot = header.slots[column]!;
      kinds[column] = slot < 0 ? Kind.skipped : TEXTS.includes(slot) ? Kind.text : TIMES.includes(slot) ? Kind.time : Kind.count;
    }
  }

  /** Reads the columns. False when there are not as many as the header names. */
  function split(bytes: Uint8Array, from: number, to: number): boolean {
    const { separator, columns, slots, unset } = header;
    const unsetFirst = unset[0];
    let i = from;
    for (let column = 0; column < columns; column++) {
      const start = i;
      const kind = kinds[column]!;
      if (kind >= Kind.count) {
        // No separator is a digit (ZeekHeader), so that digits need not be compared with it.
        let value = 0;
        for (; i < to && i - start < SMALL_DIGITS; i++) {
          const digit = bytes[i]! - ZERO;
          if (digit < 0 || digit > 9) break;
          value = (value * 10 + digit) | 0;
        }
        const isSmall = i > start && (i === to || bytes[i] === separator);
        if (!isSmall || kind === Kind.time) {
          while (i < to && bytes[i] !== separator) i++;
          value = kind === Kind.time ? microsecondsOf(bytes, start, i) : countOf(bytes, start, i);
        }
        const isUnset = bytes[start] === unsetFirst && isText(bytes, start, i, unset);
        numbers[slots[column]!] = isUnset ? UNSET : value;
      } else {
        while (i < to && bytes[i] !== separator) i++;
        if (kind === Kind.text) {
          const slot = slots[column]!;
          const isUnset = bytes[start] === unsetFirst && isText(bytes, start, i, unset);
          starts[slot] = isUnset ? 0 : start;
          ends[slot] = isUnset ? 0 : i;
        }
      }
      // Behind each column but the last stands a separator.
      if (column + 1 < columns) {
        if (i >= to) return false;
        i++;
      }
    }
    return i === to;
  }

  /** 0 where unset, −1 where it is no number. */
  const count = (slot: number): number => (numbers[slot] === UNSET ? 0 : numbers[slot]!);

  return (bytes, from, to, unterminated, into) => {
    if (header.columns === 0) return Read.malformed;
    if (!header.isConnections) return Read.other;
    if (revision !== header.revision) learn();
    if (!split(bytes, from, to)) return Read.malformed;
    // The last column of a line that breaks off may be cut: a shorter number is another number.
    if (unterminated && header.slots[header.columns - 1]! >= 0) return Read.malformed;
    const startUs = numbers[Slot.time]!;
    const durationUs = count(Slot.duration);
    if (startUs < 0 || durationUs < 0) return Read.malformed;
    into.startMs = Math.floor(startUs / 1000);
    into.endMs = Math.floor((startUs + durationUs) / 1000);
    if (!readAddress(bytes, starts[Slot.originator]!, ends[Slot.originator]!, into.addresses, 0)) return Read.malformed;
    if (!readAddress(bytes, starts[Slot.responder]!, ends[Slot.responder]!, into.addresses, 16)) return Read.malformed;
    const told = numbers[Slot.ipProtocol]!;
    const protocol = told === UNSET ? protocolOf(bytes, starts[Slot.protocol]!, ends[Slot.protocol]!) : told;
    if (protocol < 0 || protocol > 255) return Read.malformed;
    into.protocol = protocol;
    if (!applyPorts(into, count(Slot.originatorPort), count(Slot.responderPort))) return Read.malformed;
    into.octets = count(numbers[Slot.originatorIpBytes] === UNSET ? Slot.originatorBytes : Slot.originatorIpBytes);
    into.reverseOctets = count(numbers[Slot.responderIpBytes] === UNSET ? Slot.responderBytes : Slot.responderIpBytes);
    into.packets = count(Slot.originatorPackets);
    into.reversePackets = count(Slot.responderPackets);
    const missed = count(Slot.missedBytes);
    if (into.octets < 0 || into.reverseOctets < 0 || into.packets < 0 || into.reversePackets < 0 || missed < 0) return Read.malformed;
    if (!applyVlans(into, count(Slot.vlan), count(Slot.innerVlan))) return Read.malformed;
    into.sourceMac = macOf(bytes, starts[Slot.originatorMac]!, ends[Slot.originatorMac]!);
    into.destinationMac = macOf(bytes, starts[Slot.responderMac]!, ends[Slot.responderMac]!);
    into.applicationName = applicationOf(bytes, starts[Slot.service]!, ends[Slot.service]!);
    into.biflow = 1;
    applyHistory(into, bytes, starts[Slot.history]!, ends[Slot.history]!);
    applyState(into, bytes, starts[Slot.state]!, ends[Slot.state]!);
    return missed > 0 ? Read.recordWithGaps : Read.record;
  };
}
