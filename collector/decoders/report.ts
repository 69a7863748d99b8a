import { Ipv6Fields } from '../../flow/coverage.js';
import type { ExporterStatistics, MessageReport } from '../contracts.js';

/** An empty report. The caller makes one and lends it to every call of `decode`. */
export function createMessageReport(): MessageReport {
  return {
    protocol: '',
    observationDomainId: 0,
    sequenceNumber: 0,
    exportTimeMs: 0,
    systemUptimeMs: Number.NaN,
    recordsAnnounced: 0,
    recordsDecoded: 0,
    recordsUndecodable: 0,
    recordsHeld: 0,
    held: undefined,
    recordsReleased: 0,
    released: [],
    undecodableOctets: 0,
    recordsMalformed: 0,
    optionsRecords: 0,
    templatesReceived: 0,
    templatesMissing: 0,
    templatesChanged: 0,
    samplingInterval: 0,
    ipv6Fields: Ipv6Fields.unknown,
    malformed: false,
    samples: { length: 0, words: new Uint32Array(0) },
    interfaces: { length: 0, numbers: new Float64Array(0) },
    statistics: emptyStatistics(),
  };
}

/** Back to empty, in place: what a decoder does at the start of each message. */
export function resetMessageReport(report: MessageReport): void {
  report.protocol = '';
  report.observationDomainId = 0;
  report.sequenceNumber = 0;
  report.exportTimeMs = 0;
  report.systemUptimeMs = Number.NaN;
  report.recordsAnnounced = 0;
  report.recordsDecoded = 0;
  report.recordsUndecodable = 0;
  report.recordsHeld = 0;
  report.held = undefined;
  report.recordsReleased = 0;
  if (report.released.length > 0) report.released.length = 0;
  report.undecodableOctets = 0;
  report.recordsMalformed = 0;
  report.optionsRecords = 0;
  report.templatesReceived = 0;
  report.templatesMissing = 0;
  report.templatesChanged = 0;
  report.samplingInterval = 0;
  report.ipv6Fields = Ipv6Fields.unknown;
  report.malformed = false;
  report.samples.length = 0;
  report.interfaces.length = 0;
  const { statistics } = report;
  statistics.exportedMessages = Number.NaN;
  statistics.exportedRecords = Number.NaN;
  statistics.notSentRecords = Number.NaN;
  statistics.ignoredPackets = Number.NaN;
  statistics.ignoredOctets = Number.NaN;
}

function emptyStatistics(): ExporterStatistics {
  return {
    exportedMessages: Number.NaN,
    exportedRecords: Number.NaN,
    notSentRecords: Number.NaN,
    ignoredPackets: Number.NaN,
    ignoredOctets: Number.NaN,
  };
}
