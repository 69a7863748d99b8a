import type { FlowBatch } from '../../../flow/batch.js';
import type { Faults, FlowDecoder, MessageReport, Origin } from '../../contracts.js';
import { createTemplateStore, type TemplateStore, type TemplateStoreOptions } from '../../templates/store.js';
import { readU16, readU32 } from '../bytes.js';
import { finishRows } from '../finish-rows.js';
import type { ListenerOption, MessageContext } from '../message-context.js';
import { resetMessageReport } from '../report.js';
import { ipv6FieldsOf, SetReader } from '../sets.js';
import { netflow9Dialect } from './templates.js';

/**
 * NetFlow v9 export packet (RFC 3954 §5.1):
 *
 *   0       2       4               8              12              16              20
 *   +-------+-------+---------------+---------------+---------------+---------------+
 *   |   9   | count | sysUptime ms  |  unix seconds |    sequence   |   source id   |
 *   +-------+-------+---------------+---------------+---------------+---------------+
 *   then FlowSets up to the end of the datagram
 *
 * `count` is the number of records of all kinds, templates included; `sequence` counts export packets.
 */
export const NETFLOW9_VERSION = 9;
const HEADER_OCTETS = 20;

export interface Netflow9DecoderOptions extends TemplateStoreOptions, ListenerOption {
  /** A store to share or to look into; one is made from the other options when absent. */
  readonly templates?: TemplateStore;
}

/** Decoder of NetFlow v9, with its templates. */
export function createNetflow9Decoder(options: Netflow9DecoderOptions = {}): FlowDecoder {
  const store = options.templates ?? createTemplateStore(options);
  const sets = new SetReader(netflow9Dialect(store), store);

  return {
    decode(payload: Uint8Array, origin: Origin, into: FlowBatch, report: MessageReport, faults: Faults): number {
      resetMessageReport(report);
      if (payload.length < 2 || readU16(payload, 0) !== NETFLOW9_VERSION) {
        faults.add('message-version');
        return 0;
      }
      report.protocol = 'netflow9';
      if (payload.length < HEADER_OCTETS) {
        report.malformed = true;
        report.recordsAnnounced = -1;
        faults.add('message-truncated');
        return 0;
      }
      report.systemUptimeMs = readU32(payload, 4);
      report.exportTimeMs = readU32(payload, 8) * 1000;
      report.sequenceNumber = readU32(payload, 12);
      report.observationDomainId = readU32(payload, 16);
      const domain = store.domain(origin, 'netflow9', report.observationDomainId);
      const clock = { exportTimeMs: report.exportTimeMs, systemUptimeMs: report.systemUptimeMs };
      const first = into.length;
      const message: MessageContext = { bytes: payload, origin, domain, clock, into, report, faults, listener: options.listener };
      sets.read(message, HEADER_OCTETS, payload.length);
      countAnnounced(readU16(payload, 2), report);
      finishRows(into, first, origin, clock, domain.sampling.domainInterval, report, faults);
      report.ipv6Fields = ipv6FieldsOf(message);
      sets.release(message);
      return into.length - first;
    },
  };
}

/**
 * What the header's count adds to what was read: the records of sets that could not be. Never more than their octets, and at least one
 * for each set without template, because some exporters count FlowSets instead of records. Where all was read the count says nothing new.
 */
function countAnnounced(headerCount: number, report: MessageReport): void {
  const read = report.recordsDecoded + report.recordsUndecodable + report.recordsMalformed;
  const rest = Math.max(0, headerCount - report.templatesReceived - report.optionsRecords - read);
  const unread = Math.min(Math.max(rest, report.templatesMissing), report.undecodableOctets);
  if (report.held !== undefined) report.recordsHeld = unread;
  else if (report.templatesMissing > 0) report.recordsUndecodable += unread;
  else if (report.malformed) report.recordsMalformed += Math.min(rest, report.undecodableOctets);
  report.recordsAnnounced = report.recordsDecoded + report.recordsUndecodable + report.recordsMalformed + report.recordsHeld;
}
