import type { FlowBatch } from '../../flow/batch.js';
import { Ipv6Fields } from '../../flow/coverage.js';
import type { Faults, FlowDecoder, MessageReport, Origin } from '../contracts.js';
import { compileTemplate } from '../templates/compile.js';
import { createDomainState, type DomainState } from '../templates/store.js';
import { readU16, readU32 } from './bytes.js';
import { DataSetReader } from './data-sets.js';
import { finishRows } from './finish-rows.js';
import type { ListenerOption, MessageContext } from './message-context.js';
import { resetMessageReport } from './report.js';

/*
 * The header that NetFlow v1, v5 and v7 share, all in network order (Cisco, "NetFlow Export Datagram Format"); v1 ends after the nanoseconds:
 *
 *   0       2       4               8              12              16              20      21      22      24
 *   +-------+-------+---------------+---------------+---------------+---------------+-------+-------+-------+
 *   |version| count | sysUptime ms  |  unix seconds |  nanoseconds  | flow sequence | e.type| e.id  |smpling|
 *   +-------+-------+---------------+---------------+---------------+---------------+-------+-------+-------+
 *   then `count` records of one fixed layout.
 */

/** One of the versions of NetFlow from before templates. */
export interface FixedRecordFormat {
  /** What `exportProtocol` says. */
  readonly protocol: string;
  readonly version: number;
  /** 24, or 16 where the header has no sequence number and no engine. */
  readonly headerOctets: 16 | 24;
  /** The header's last two octets are the sampling mode (2 bits) and interval (14 bits). */
  readonly hasSampling: boolean;
  /** Cisco's own maximum. A header that announces more than this and more than the bytes hold is garbage: nothing behind it is believed. */
  readonly mostRecords: number;
  /** Element and octets of each field of a record; element 0 is padding, or nothing that a flow row keeps. */
  readonly fields: readonly (readonly [element: number, octets: number])[];
}

const SAMPLING_INTERVAL_BITS = 0x3fff;

/** Decoder of one such version. Without templates: each datagram stands alone. */
export function createFixedRecordDecoder(format: FixedRecordFormat, { listener }: ListenerOption = {}): FlowDecoder {
  const { version, headerOctets, fields } = format;
  const template = compileTemplate({
    id: 0,
    isOptions: false,
    definition: new Uint8Array(0),
    elements: Float64Array.from(fields, ([element]) => element),
    lengths: Uint16Array.from(fields, ([, octets]) => octets),
    scopeFields: 0,
  });
  const recordOctets = template.minimumLength;
  const reader = new DataSetReader(fields.length);
  const domain: DomainState = createDomainState({ maxSamplersPerDomain: 0, maxNamesPerDomain: 0 });

  return {
    decode(payload: Uint8Array, origin: Origin, into: FlowBatch, report: MessageReport, faults: Faults): number {
      resetMessageReport(report);
      if (payload.length < 2 || readU16(payload, 0) !== version) {
        faults.add('message-version');
        return 0;
      }
      const count = readHeader(payload, format, recordOctets, report, faults);
      if (count <= 0) return 0;
      report.ipv6Fields = template.carriesIPv6 ? Ipv6Fields.some : Ipv6Fields.none;
      const first = into.length;
      const clock = { exportTimeMs: report.exportTimeMs, systemUptimeMs: report.systemUptimeMs };
      const message: MessageContext = { bytes: payload, origin, domain, clock, into, report, faults, listener };
      reader.read(message, template, headerOctets, headerOctets + count * recordOctets);
      const interval = format.hasSampling ? readU16(payload, 22) & SAMPLING_INTERVAL_BITS : 0;
      finishRows(into, first, origin, clock, interval, report, faults);
      return into.length - first;
    },
  };
}

/** Fills the report from the header. Returns how many records may be read: never more than the bytes hold. */
function readHeader(payload: Uint8Array, format: FixedRecordFormat, recordOctets: number, report: MessageReport, faults: Faults): number {
  const { headerOctets } = format;
  report.protocol = format.protocol;
  if (payload.length < headerOctets) {
    report.malformed = true;
    report.recordsAnnounced = -1;
    faults.add('message-truncated');
    return 0;
  }
  const announced = readU16(payload, 2);
  report.systemUptimeMs = readU32(payload, 4);
  report.exportTimeMs = readU32(payload, 8) * 1000 + Math.floor(Math.min(readU32(payload, 12), 999_999_999) / 1_000_000);
  if (headerOctets === 24) {
    report.sequenceNumber = readU32(payload, 16);
    report.observationDomainId = readU16(payload, 20);
  }
  const held = Math.floor((payload.length - headerOctets) / recordOctets);
  if (announced > format.mostRecords && announced > held) {
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
  } else if (payload.length > headerOctets + announced * recordOctets) {
    faults.add('message-length');
  }
  return Math.min(announced, held);
}
