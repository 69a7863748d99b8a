import type { FlowBatch } from '../../../flow/batch.js';
import { Ipv6Fields } from '../../../flow/coverage.js';
import { type Faults, type FlowDecoder, type MessageReport, type Origin, SAMPLE_WORDS, type SampleCounters } from '../../contracts.js';
import { TunnelTable } from '../../packets/tunnel-table.js';
import { readU32 } from '../bytes.js';
import { orientRows } from '../orientation.js';
import { resetMessageReport } from '../report.js';
import { readCounterSample } from './counter-sample.js';
import { FlowSample, SampleStatus } from './flow-sample.js';
import { addressOctets } from './gateway.js';
import { padded } from './padding.js';
import { finishSampleRows, writeSampleRow } from './sample-row.js';

/**
 * sFlow version 5 (sflow.org, sflow_version_5.txt), XDR (RFC 4506), everything in units of 32 bits:
 *
 *   0          4              8                  +4          +8         +12        +16
 *   +----------+--------------+------------------+-----------+----------+----------+-----------+---------
 *   | version 5| address type | agent address,   | sub-agent | sequence | uptime,  | number of | samples
 *   |          | 0, 1, 2      | 0, 4 or 16 octets| id        | number   | ms       | samples   |
 *   +----------+--------------+------------------+-----------+----------+----------+-----------+---------
 *   each sample:  | format: enterprise 20, format 12 | length | content, padded to four octets |
 */
export const SFLOW5_VERSION = 5;
const FIXED_HEADER = 24;

/** Formats of samples of enterprise 0; discarded packets are of sflow_drops.txt. */
const SampleFormat = { flow: 1, counters: 2, expandedFlow: 3, expandedCounters: 4, discarded: 5 } as const;

/** Faults of samples that could not become rows; the others are none. */
const FAULTS = {
  [SampleStatus.linkType]: 'link-type',
  [SampleStatus.truncated]: 'packet-truncated',
  [SampleStatus.packetMalformed]: 'packet-malformed',
} as const;

/**
 * Decoder of sFlow v5. Each datagram stands alone; a flow sample of an IP packet becomes one row, a discarded packet a row of an attempt without octets.
 * Tunnels are read as in captures (packets/parse-packet.ts), as far as the sampled header reaches.
 */
export function createSflow5Decoder(): FlowDecoder {
  const reader = new DatagramReader();
  return { decode: (payload, origin, into, report, faults) => reader.decode(payload, origin, into, report, faults) };
}

class DatagramReader {
  private readonly sample = new FlowSample();
  private readonly tunnels = new TunnelTable();

  decode(payload: Uint8Array, origin: Origin, into: FlowBatch, report: MessageReport, faults: Faults): number {
    resetMessageReport(report);
    if (payload.length < 4 || readU32(payload, 0) !== SFLOW5_VERSION) {
      faults.add('message-version');
      return 0;
    }
    const samplesAt = readHeader(payload, origin, report, faults);
    if (samplesAt < 0) return 0;
    // Samples are the beginnings of packets, whatever they are.
    report.ipv6Fields = Ipv6Fields.some;
    const first = into.length;
    this.readSamples(payload, samplesAt, into, report, faults);
    const rows = into.length - first;
    if (rows > 0) {
      orientRows(into, first, into.length);
      finishSampleRows(into, first, origin, report);
    }
    return rows;
  }

  private readSamples(bytes: Uint8Array, from: number, into: FlowBatch, report: MessageReport, faults: Faults): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = readU32(bytes, from - 4);
    const end = bytes.length;
    let at = from;
    // The count is the agent's word; each round takes eight octets at least.
    for (let i = 0; i < count; i++) {
      const content = at + 8;
      if (content > end || view.getUint32(at + 4) > end - content) {
        // How many flows were in what is missing, the sources' next sequence numbers tell.
        report.malformed = true;
        report.recordsAnnounced = -1;
        report.undecodableOctets += end - at;
        faults.add('record-truncated');
        return;
      }
      const length = view.getUint32(at + 4);
      this.readSample(bytes, view, view.getUint32(at), content, content + length, into, report, faults);
      at = Math.min(end, content + padded(length));
    }
    report.recordsAnnounced = report.recordsDecoded + report.recordsUndecodable + report.recordsMalformed;
    if (at < end) faults.add('message-length');
  }

  private readSample(
    bytes: Uint8Array,
    view: DataView,
    format: number,
    at: number,
    end: number,
    into: FlowBatch,
    report: MessageReport,
    faults: Faults,
  ): void {
    switch (format) {
      case SampleFormat.flow:
      case SampleFormat.expandedFlow:
        return this.readFlowSample(bytes, view, at, end, format === SampleFormat.expandedFlow, into, report, faults);
      case SampleFormat.discarded:
        return this.readDiscarded(bytes, view, at, end, into, report, faults);
      case SampleFormat.counters:
      case SampleFormat.expandedCounters:
        report.optionsRecords++;
        if (!readCounterSample(bytes, at, end, format === SampleFormat.expandedCounters, report.interfaces)) {
          report.malformed = true;
          faults.add('record-truncated');
        }
        return;
      default:
        // A vendor's own kind of sample: it may well have been a flow.
        report.recordsUndecodable++;
        report.undecodableOctets += end - at;
    }
  }

  private readFlowSample(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    expanded: boolean,
    into: FlowBatch,
    report: MessageReport,
    faults: Faults,
  ): void {
    const { sample } = this;
    if (!sample.readHeader(view, at, end, expanded)) {
      report.recordsMalformed++;
      report.malformed = true;
      faults.add('record-truncated');
      return;
    }
    note(report.samples, sample);
    this.readPacket(bytes, view, at, end, expanded, into, report, faults);
  }

  private readDiscarded(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    into: FlowBatch,
    report: MessageReport,
    faults: Faults,
  ): void {
    if (this.sample.readDiscardHeader(view, at, end)) return this.readPacket(bytes, view, at, end, true, into, report, faults);
    report.recordsMalformed++;
    report.malformed = true;
    faults.add('record-truncated');
  }

  /** The records of the sample whose header was read, as a row or as what it is instead. */
  private readPacket(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    expanded: boolean,
    into: FlowBatch,
    report: MessageReport,
    faults: Faults,
  ): void {
    const { sample } = this;
    const status = sample.readRecords(bytes, view, at, end, expanded);
    if (sample.recordsBroken) {
      report.malformed = true;
      faults.add('record-truncated');
    }
    switch (status) {
      case SampleStatus.parsed:
        this.addRow(bytes, into, report, faults);
        return;
      case SampleStatus.nonIp:
        report.optionsRecords++;
        return;
      case SampleStatus.malformed:
        report.recordsMalformed++;
        return;
      case SampleStatus.linkType:
      case SampleStatus.truncated:
      case SampleStatus.packetMalformed:
        faults.add(FAULTS[status]);
    }
    report.recordsUndecodable++;
  }

  private addRow(bytes: Uint8Array, into: FlowBatch, report: MessageReport, faults: Faults): void {
    if (!into.reserve(1)) {
      faults.add('record-count');
      report.recordsUndecodable++;
      return;
    }
    writeSampleRow(into, into.add(), bytes, this.sample, this.tunnels);
    report.recordsDecoded++;
    if (this.sample.rate > report.samplingInterval) report.samplingInterval = this.sample.rate;
  }
}

/** Fills the report from the header. Returns where the samples start, −1 when the header cannot be read. */
function readHeader(bytes: Uint8Array, origin: Origin, report: MessageReport, faults: Faults): number {
  report.protocol = 'sflow5';
  const address = bytes.length < 8 ? -1 : addressOctets(readU32(bytes, 4));
  if (address < 0 || bytes.length < FIXED_HEADER + address) {
    report.malformed = true;
    report.recordsAnnounced = -1;
    faults.add('message-truncated');
    return -1;
  }
  const at = 8 + address;
  report.observationDomainId = readU32(bytes, at);
  report.sequenceNumber = readU32(bytes, at + 4);
  report.systemUptimeMs = readU32(bytes, at + 8);
  report.exportTimeMs = Number.isNaN(origin.receivedMs) ? report.systemUptimeMs : origin.receivedMs;
  return at + 16;
}

function note(samples: SampleCounters, sample: FlowSample): void {
  const at = samples.length * SAMPLE_WORDS;
  if (at + SAMPLE_WORDS > samples.words.length) {
    const larger = new Uint32Array(Math.max(64 * SAMPLE_WORDS, samples.words.length * 2));
    larger.set(samples.words);
    samples.words = larger;
  }
  const { words } = samples;
  words[at] = sample.sourceClass;
  words[at + 1] = sample.sourceIndex;
  words[at + 2] = sample.sequence;
  words[at + 3] = sample.rate;
  words[at + 4] = sample.pool;
  words[at + 5] = sample.drops;
  samples.length++;
}
