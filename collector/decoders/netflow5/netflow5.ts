import type { FlowBatch } from '../../../flow/batch.js';
import type { Faults, FlowDecoder, MessageReport, Origin } from '../../contracts.js';
import { compileTemplate } from '../../templates/compile.js';
import { SamplingTable } from '../../templates/sampling.js';
import type { DomainState } from '../../templates/store.js';
import type { Template } from '../../templates/template.js';
import { readU16, readU32 } from '../bytes.js';
import { DataSetReader, type MessageContext } from '../data-sets.js';
import { finishRows } from '../finish-rows.js';
import { resetMessageReport } from '../report.js';

/**
 * NetFlow v5 (Cisco, "NetFlow Export Datagram Format", version 5), all in network order:
 *
 *   0       2       4               8              12              16              20      21      22      24
 *   +-------+-------+---------------+---------------+---------------+---------------+-------+-------+-------+
 *   |   5   | count | sysUptime ms  |  unix seconds |  nanoseconds  | flow sequence | e.type| e.id  |smpling|
 *   +-------+-------+---------------+---------------+---------------+---------------+-------+-------+-------+
 *   then `count` records of 48 octets, laid out as RECORD_FIELDS below.
 */
export const NETFLOW5_VERSION = 5;
const HEADER_OCTETS = 24;
const RECORD_OCTETS = 48;
/** Cisco's own maximum. A header that announces more than this and more than the bytes hold is garbage: nothing behind it is believed. */
const MOST_RECORDS = 30;
/** The two high bits of the sampling field are the mode; the interval is the low 14. */
const SAMPLING_INTERVAL_BITS = 0x3fff;

/** Element and octets of each field of a record; element 0 is padding, or nothing that a flow row keeps. */
const RECORD_FIELDS: readonly (readonly [element: number, octets: number])[] = [
  [8, 4], // source address
  [12, 4], // destination address
  [0, 4], // next hop
  [10, 2], // ifIndex in
  [14, 2], // ifIndex out
  [2, 4], // packets
  [1, 4], // octets
  [22, 4], // sysUptime at the first packet
  [21, 4], // sysUptime at the last packet
  [7, 2], // source port
  [11, 2], // destination port; ICMP type * 256 + code
  [0, 1], // padding
  [6, 1], // TCP flags
  [4, 1], // protocol
  [0, 1], // type of service
  [16, 2], // source AS
  [17, 2], // destination AS
  [0, 4], // mask lengths, padding
];

/** Decoder of NetFlow v5. Without templates: each datagram stands alone. */
export function createNetflow5Decoder(): FlowDecoder {
  const template = recordTemplate();
  const reader = new DataSetReader(RECORD_FIELDS.length);
  const domain: DomainState = { templates: new Map(), sampling: new SamplingTable(0), systemInitMs: Number.NaN };

  return {
    decode(payload: Uint8Array, origin: Origin, into: FlowBatch, report: MessageReport, faults: Faults): number {
      resetMessageReport(report);
      if (payload.length < 2 || readU16(payload, 0) !== NETFLOW5_VERSION) {
        faults.add('message-version');
        return 0;
      }
      const count = readHeader(payload, report, faults);
      if (count <= 0) return 0;
      const first = into.length;
      const clock = { exportTimeMs: report.exportTimeMs, systemUptimeMs: report.systemUptimeMs };
      const message: MessageContext = { bytes: payload, origin, domain, clock, into, report, faults };
      reader.read(message, template, HEADER_OCTETS, HEADER_OCTETS + count * RECORD_OCTETS);
      const interval = readU16(payload, 22) & SAMPLING_INTERVAL_BITS;
      finishRows(into, first, origin, clock, interval, report, faults);
      return into.length - first;
    },
  };
}

/** Fills the report from the header. Returns how many records may be read: never more than the bytes hold. */
function readHeader(payload: Uint8Array, report: MessageReport, faults: Faults): number {
  report.protocol = 'netflow5';
  if (payload.length < HEADER_OCTETS) {
    report.malformed = true;
    report.recordsAnnounced = -1;
    faults.add('message-truncated');
    return 0;
  }
  const announced = readU16(payload, 2);
  report.systemUptimeMs = readU32(payload, 4);
  report.exportTimeMs = readU32(payload, 8) * 1000 + Math.floor(Math.min(readU32(payload, 12), 999_999_999) / 1_000_000);
  report.sequenceNumber = readU32(payload, 16);
  report.observationDomainId = readU16(payload, 20);
  const held = Math.floor((payload.length - HEADER_OCTETS) / RECORD_OCTETS);
  if (announced > MOST_RECORDS && announced > held) {
    report.malformed = true;
    report.recordsAnnounced = -1;
    report.recordsMalformed = held;
    faults.add('record-count');
    return 0;
  }
  report.recordsAnnounced = announced;
  if (announced > held) {
    report.malformed = true;
    report.recordsMalformed = announced - held;
    faults.add('record-truncated', announced - held);
  } else if (payload.length > HEADER_OCTETS + announced * RECORD_OCTETS) {
    faults.add('message-length');
  }
  return Math.min(announced, held);
}

function recordTemplate(): Template {
  return compileTemplate({
    id: 0,
    isOptions: false,
    definition: new Uint8Array(0),
    elements: Float64Array.from(RECORD_FIELDS, ([element]) => element),
    lengths: Uint16Array.from(RECORD_FIELDS, ([, octets]) => octets),
    scopeFields: 0,
  });
}
