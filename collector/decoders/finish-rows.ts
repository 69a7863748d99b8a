import type { FlowBatch } from '../../flow/batch.js';
import type { Faults, MessageReport, Origin } from '../contracts.js';
import { type MessageClock, UNKNOWN_START } from './transform-columns.js';

const ICMP = 1;
const ICMPV6 = 58;

/**
 * How far after the export time a record may say it ended; beyond it, the time is noise (a clock unset, a field misread) and the
 * export time stands in its place, counted: one record from 2106 must not end all periods in between.
 */
export const MAX_AFTER_EXPORT_MS = 86_400_000;
/**
 * How long before the export time a record may say it began: longer than any exporter keeps a flow. Beyond it the same holds, and a forger cannot scatter
 * one message over thousands of days, each a partition of the database.
 */
export const MAX_BEFORE_EXPORT_MS = 31 * 86_400_000;

/** Fills, for all rows of one message, what comes from its header and origin, and settles times, ICMP and sampling. */
export function finishRows(
  batch: FlowBatch,
  first: number,
  origin: Origin,
  clock: MessageClock,
  domainInterval: number,
  report: MessageReport,
  faults: Faults,
): void {
  if (batch.length === first) return;
  fillConstants(batch, first, origin, report);
  if (Number.isNaN(clock.systemUptimeMs)) placeUptimes(batch, first, clock.exportTimeMs);
  settleTimes(batch, first, clock.exportTimeMs, faults);
  settleCounters(batch, first, faults);
  settleIcmp(batch, first);
  report.samplingInterval = settleSampling(batch.columns.samplingInterval, first, batch.length, domainInterval);
}

function fillConstants(batch: FlowBatch, first: number, origin: Origin, report: MessageReport): void {
  const { exportProtocol, sensor, exporterIPv6Address } = batch.columns;
  const { observationDomainId, exportTimeMilliseconds, exportSequenceNumber, recordNumber } = batch.columns;
  const to = batch.length;
  const protocolCode = exportProtocol.dictionary.intern(report.protocol);
  const sensorCode = sensor.dictionary.intern(origin.sensor);
  const protocolCodes = exportProtocol.codes;
  const sensorCodes = sensor.codes;
  const domain = report.observationDomainId;
  const time = report.exportTimeMs;
  const sequence = report.sequenceNumber;
  for (let row = first; row < to; row++) {
    protocolCodes[row] = protocolCode;
    sensorCodes[row] = sensorCode;
  }
  for (let row = first; row < to; row++) {
    observationDomainId[row] = domain;
    exportSequenceNumber[row] = sequence;
    recordNumber[row] = row - first;
  }
  for (let row = first; row < to; row++) exportTimeMilliseconds[row] = time;
  exporterIPv6Address.bytes.set(origin.exporter, first * 16);
  repeatAddress(exporterIPv6Address.words, first, to);
}

function repeatAddress(words: Uint32Array, first: number, to: number): void {
  const a = words[first * 4]!;
  const b = words[first * 4 + 1]!;
  const c = words[first * 4 + 2]!;
  const d = words[first * 4 + 3]!;
  for (let at = first * 4 + 4; at < to * 4; at += 4) {
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + 3] = d;
  }
}

const LATEST_UNPLACED = UNKNOWN_START / 2;

/**
 * Uptimes of an exporter that told neither its uptime nor its start (IPFIX, elements 21 and 22, without 160): the latest of the message is taken for the
 * export time. Durations and distances are then right, and the times themselves late by as long as the exporter kept its latest flow.
 */
function placeUptimes({ columns, length }: FlowBatch, first: number, exportTimeMs: number): void {
  const { flowStartMilliseconds, flowEndMilliseconds } = columns;
  let reference = Number.NaN;
  let latest = 0;
  for (const times of [flowStartMilliseconds, flowEndMilliseconds]) {
    for (let row = first; row < length; row++) {
      if (times[row]! > LATEST_UNPLACED) continue;
      if (Number.isNaN(reference)) reference = times[row]!;
      latest = Math.max(latest, (times[row]! - reference) | 0); // uptimes wrap after 49.7 days
    }
  }
  if (Number.isNaN(reference)) return;
  for (const times of [flowStartMilliseconds, flowEndMilliseconds]) {
    for (let row = first; row < length; row++) {
      if (times[row]! <= LATEST_UNPLACED) times[row] = exportTimeMs - latest + ((times[row]! - reference) | 0);
    }
  }
}

/** A time that the record does not tell is taken from its other one, or from the export time. No record ends before it began. */
function settleTimes(batch: FlowBatch, first: number, exportTimeMs: number, faults: Faults): void {
  const starts = batch.columns.flowStartMilliseconds;
  const ends = batch.columns.flowEndMilliseconds;
  const latest = exportTimeMs + MAX_AFTER_EXPORT_MS;
  // Never before the epoch: an exporter without a clock counts from there, and its uptime reaches back beyond it.
  const earliest = Math.max(0, exportTimeMs - MAX_BEFORE_EXPORT_MS);
  const plausible = (ms: number): boolean => ms === 0 || (ms <= latest && ms >= earliest);
  let implausible = 0;
  for (let row = first; row < batch.length; row++) {
    let start = starts[row]!;
    let end = ends[row]!;
    if (!plausible(start) || !plausible(end)) {
      implausible++;
      if (!plausible(start)) start = 0;
      if (!plausible(end)) end = 0;
    }
    if (end === 0) end = start === 0 ? exportTimeMs : start;
    if (start === 0) start = end;
    if (start > end) {
      implausible++;
      end = start;
    }
    starts[row] = start;
    ends[row] = end;
  }
  if (implausible > 0) faults.add('time-implausible', implausible);
}

/** A difference below zero, written as an unsigned number (antrea issue 7882): the counter tells nothing. */
const NEGATIVE_FROM = 2 ** 63;

/** Counters that cannot be: those below zero tell nothing and are 0, those beyond what a column holds are its largest number; counted both. */
function settleCounters(batch: FlowBatch, first: number, faults: Faults): void {
  const { octetDeltaCount, packetDeltaCount, reverseOctetDeltaCount, reversePacketDeltaCount } = batch.columns;
  let implausible = 0;
  for (const counts of [octetDeltaCount, packetDeltaCount, reverseOctetDeltaCount, reversePacketDeltaCount]) {
    for (let row = first; row < batch.length; row++) {
      const count = counts[row]!;
      if (count <= Number.MAX_SAFE_INTEGER) continue;
      counts[row] = count >= NEGATIVE_FROM ? 0 : Number.MAX_SAFE_INTEGER;
      implausible++;
    }
  }
  if (implausible > 0) faults.add('counter-implausible', implausible);
}

/** NetFlow puts ICMP type * 256 + code into the destination port: it is no port. */
function settleIcmp(batch: FlowBatch, first: number): void {
  const { protocolIdentifier, icmpTypeCode, sourceTransportPort, destinationTransportPort } = batch.columns;
  for (let row = first; row < batch.length; row++) {
    const protocol = protocolIdentifier[row]!;
    if (protocol !== ICMP && protocol !== ICMPV6) continue;
    if (icmpTypeCode[row] === 0) icmpTypeCode[row] = destinationTransportPort[row]!;
    sourceTransportPort[row] = 0;
    destinationTransportPort[row] = 0;
  }
}

/** Records that told no interval of their own get the domain's. Returns the largest that applied. */
function settleSampling(intervals: Uint32Array, first: number, to: number, domainInterval: number): number {
  let largest = 0;
  for (let row = first; row < to; row++) {
    if (intervals[row] === 0) intervals[row] = domainInterval;
    if (intervals[row]! > largest) largest = intervals[row]!;
  }
  return largest;
}
