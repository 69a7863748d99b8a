import type { FlowBatch } from '../../../flow/batch.js';
import type { Faults, FlowDecoder, MessageReport, Origin } from '../../contracts.js';
import { createTemplateStore, type TemplateStore, type TemplateStoreOptions } from '../../templates/store.js';
import { readU16, readU32 } from '../bytes.js';
import { finishRows } from '../finish-rows.js';
import type { ListenerOption, MessageContext } from '../message-context.js';
import { resetMessageReport } from '../report.js';
import { ipv6FieldsOf, SetReader } from '../sets.js';
import { ipfixDialect } from './templates.js';

/**
 * IPFIX message (RFC 7011 §3.1):
 *
 *   0       2       4               8              12              16
 *   +-------+-------+---------------+---------------+---------------+
 *   |  10   | length| export seconds|    sequence   |  obs. domain  |
 *   +-------+-------+---------------+---------------+---------------+
 *   then Sets up to `length`, which counts the header too
 *
 * `sequence` counts the data records, options data records included, that were sent before this message.
 */
export const IPFIX_VERSION = 10;
const HEADER_OCTETS = 16;

export interface IpfixDecoderOptions extends TemplateStoreOptions, ListenerOption {
  /** A store to share or to look into; one is made from the other options when absent. */
  readonly templates?: TemplateStore;
}

/** Decoder of IPFIX, with its templates. One payload is one message: what follows its length is counted and ignored. */
export function createIpfixDecoder(options: IpfixDecoderOptions = {}): FlowDecoder {
  const store = options.templates ?? createTemplateStore(options);
  const sets = new SetReader(ipfixDialect(store), store);

  return {
    decode(payload: Uint8Array, origin: Origin, into: FlowBatch, report: MessageReport, faults: Faults): number {
      resetMessageReport(report);
      if (payload.length < 2 || readU16(payload, 0) !== IPFIX_VERSION) {
        faults.add('message-version');
        return 0;
      }
      const end = readHeader(payload, report, faults);
      if (end < HEADER_OCTETS) return 0;
      const domain = store.domain(origin, 'ipfix', report.observationDomainId);
      // The header has no uptime; an exporter may have told its start in options records (element 160), as softflowd does. NaN when not.
      const clock = { exportTimeMs: report.exportTimeMs, systemUptimeMs: report.exportTimeMs - domain.systemInitMs };
      const first = into.length;
      const message: MessageContext = { bytes: payload, origin, domain, clock, into, report, faults, listener: options.listener };
      sets.read(message, HEADER_OCTETS, end);
      report.recordsAnnounced =
        report.malformed || report.templatesMissing > 0 ? -1 : report.recordsDecoded + report.recordsUndecodable + report.recordsMalformed;
      finishRows(into, first, origin, clock, domain.sampling.domainInterval, report, faults);
      if (report.held !== undefined) report.recordsHeld = -1;
      report.ipv6Fields = ipv6FieldsOf(message);
      sets.release(message);
      return into.length - first;
    },

    endSession: (origin) => store.endSession(origin),
  };
}

/** Fills the report from the header. Returns where the message ends: never past the payload; 0 when it cannot be read at all. */
function readHeader(payload: Uint8Array, report: MessageReport, faults: Faults): number {
  report.protocol = 'ipfix';
  if (payload.length < HEADER_OCTETS) {
    report.malformed = true;
    report.recordsAnnounced = -1;
    faults.add('message-truncated');
    return 0;
  }
  const length = readU16(payload, 2);
  report.exportTimeMs = readU32(payload, 4) * 1000;
  report.sequenceNumber = readU32(payload, 8);
  report.observationDomainId = readU32(payload, 12);
  if (length < HEADER_OCTETS) {
    report.malformed = true;
    report.recordsAnnounced = -1;
    faults.add('message-length');
    return 0;
  }
  if (length > payload.length) {
    report.malformed = true;
    report.undecodableOctets += length - payload.length;
    faults.add('message-truncated');
  } else if (length < payload.length) {
    faults.add('message-length');
  }
  return Math.min(length, payload.length);
}
