import { INTERFACE_NUMBERS, type InterfaceCounters } from '../../contracts.js';
import { readU32 } from '../bytes.js';
import { padded } from './padding.js';

/** The one format of counters, of enterprise 0, that is read; Ethernet's, VLANs', processors', hosts' and vendors' are skipped by their length. */
const IF_COUNTERS = 1;
const IF_COUNTERS_OCTETS = 88;
const COMPACT_HEADER = 12;
const EXPANDED_HEADER = 16;
/** All ones: the agent does not know (sflow_version_5.txt, "Counters"). */
const UNKNOWN = 0xffff_ffff;

/*
 * counters_sample (0:2) and counters_sample_expanded (0:4), 32 bits each:
 *   | sequence | source: class 8, index 24 | records |        | sequence | class | index | records |
 * if_counters (0:1), RFC 2233's:
 *   0         4      8        16          20       24           32 … 44        44          48        52        56             64
 *   | ifIndex | type | speed  | direction | status | in octets  | in packets … | in discards | errors | unknown | out octets    | …
 *   | 32      | 32   | 64     | 32        | 32     | 64         | 3 × 32       | 32          | 32     | 32      | 64            | 6 × 32
 */

/** Notes the interface counters of a counter sample in `into`. False when its records do not fit it; those before are kept. */
export function readCounterSample(bytes: Uint8Array, at: number, end: number, expanded: boolean, into: InterfaceCounters): boolean {
  let record = at + (expanded ? EXPANDED_HEADER : COMPACT_HEADER);
  if (record > end) return false;
  const count = readU32(bytes, record - 4);
  // The count is the agent's word; each round takes eight octets at least.
  for (let i = 0; i < count; i++) {
    const content = record + 8;
    if (content > end || readU32(bytes, record + 4) > end - content) return false;
    const length = readU32(bytes, record + 4);
    if (readU32(bytes, record) === IF_COUNTERS) {
      if (length < IF_COUNTERS_OCTETS) return false;
      noteInterface(bytes, content, into);
    }
    record = Math.min(end, content + padded(length));
  }
  return true;
}

function noteInterface(bytes: Uint8Array, at: number, into: InterfaceCounters): void {
  if (isUnknown64(bytes, at + 24) || isUnknown64(bytes, at + 56)) return;
  const place = into.length * INTERFACE_NUMBERS;
  if (place + INTERFACE_NUMBERS > into.numbers.length) {
    const larger = new Float64Array(Math.max(8 * INTERFACE_NUMBERS, into.numbers.length * 2));
    larger.set(into.numbers);
    into.numbers = larger;
  }
  const { numbers } = into;
  numbers[place] = readU32(bytes, at);
  numbers[place + 1] = readU64(bytes, at + 24);
  numbers[place + 2] = readU64(bytes, at + 56);
  numbers[place + 3] = known(readU32(bytes, at + 44)) + known(readU32(bytes, at + 48));
  into.length++;
}

function isUnknown64(bytes: Uint8Array, at: number): boolean {
  return readU32(bytes, at) === UNKNOWN && readU32(bytes, at + 4) === UNKNOWN;
}

/** Exact to 2^53: a link of 400 Gbit/s takes five years to pass it. */
function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) * 2 ** 32 + readU32(bytes, at + 4);
}

function known(counter: number): number {
  return counter === UNKNOWN ? 0 : counter;
}
