import { type FlowBatch, MAX_BATCH_ROWS } from '../../flow/batch.js';
import { Completion } from '../../flow/columns.js';
import { DAY_MS } from '../../flow/time.js';
import type { Faults, LineDecoder } from '../contracts.js';
import { orientRows } from '../decoders/orientation.js';
import { createFlowRecordReader } from './flow-record.js';
import { FLOW_HEADER_OCTETS, RecordType } from './layout.js';
import { Samplers } from './samplers.js';

/** Rows are taken from the batch in runs: zeroing all columns one row at a time would cost more than reading a record. */
const ROWS_AT_A_TIME = 256;
/** IPFIX firewallEvent (element 233): the flow was denied. */
const DENIED = 3;

/** A difference below zero, written as an unsigned number. */
const NEGATIVE_FROM = 2 ** 63;

/** Losses that are told one by one; a file that claims more has lost everything. */
const MAX_LOSSES = 100_000;

/**
 * Blocks of an nfdump file, unpacked, each as one line of a LineBlock (nfcapd/file.ts): a row for each flow record. nfcapd's own count of sequence
 * failures is told as loss, at least one record each, spread over the time of the file: when they were is not in it.
 */
export function createNfcapdDecoder(sensor: string, littleEndian: boolean): LineDecoder {
  const samplers = new Samplers();
  const reader = createFlowRecordReader(littleEndian, samplers);
  const le = littleEndian;
  let records = 0;
  let failuresInTotals = 0;
  let failuresOfExporters = 0;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;

  /** Fifteen counters, first and last time, sequence failures: 64 bits each. */
  function totals(view: DataView, at: number, size: number): void {
    if (size >= 4 + 18 * 8) failuresInTotals += Number(view.getBigUint64(at + 4 + 17 * 8, le));
  }

  /** A count, then for each exporter its number, sequence failures, packets and flows. */
  function exporterStatistics(view: DataView, at: number, size: number): void {
    const count = size < 8 ? 0 : Math.min(view.getUint32(at + 4, le), Math.floor((size - 8) / 24));
    for (let i = 0; i < count; i++) failuresOfExporters += view.getUint32(at + 8 + i * 24 + 4, le);
  }

  function sampler(view: DataView, at: number, size: number): void {
    if (size < 24) return;
    const packets = view.getUint32(at + 16, le);
    const space = view.getUint32(at + 20, le);
    const interval = (packets + space) / packets;
    if (Number.isInteger(interval)) samplers.add(view.getUint16(at + 4, le), Number(view.getBigInt64(at + 8, le)), interval);
  }

  return {
    decode(blocks, into, events, faults) {
      if (blocks.tooLong > 0) {
        faults.add('block-malformed');
        events.malformed(blocks.tooLong);
      }
      const { bytes } = blocks;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let i = 0; i < blocks.length; i++) {
        const end = blocks.ends[i]!;
        const first = into.length;
        let row = first;
        const sensorCode = into.columns.sensor.dictionary.intern(sensor);
        const protocolCode = into.columns.exportProtocol.dictionary.intern('nfcapd');
        for (let at = blocks.starts[i]!; at < end; ) {
          const type = end - at < 4 ? -1 : view.getUint16(at, le);
          const size = end - at < 4 ? 0 : view.getUint16(at + 2, le);
          if (size < 4 || size > end - at) {
            // Where the next record begins is not known any more.
            faults.add('record-truncated');
            events.malformed(1);
            break;
          }
          if (type === RecordType.flow) {
            if (row === into.length) into.addRows(Math.max(1, Math.min(ROWS_AT_A_TIME, MAX_BATCH_ROWS - row)));
            if (size >= FLOW_HEADER_OCTETS && reader.read(view, at, size, into, row)) {
              const { columns } = into;
              columns.sensor.codes[row] = sensorCode;
              columns.exportProtocol.codes[row] = protocolCode;
              columns.exportSequenceNumber[row] = records;
              columns.recordNumber[row] = records++;
              const ms = columns.exportTimeMilliseconds[row]!;
              firstMs = Math.min(firstMs, ms);
              lastMs = Math.max(lastMs, ms);
              events.record(ms);
              row++;
            } else {
              // What was written of it is zeroed when rows are added again.
              into.truncate(row);
              faults.add('record-truncated');
              events.malformed(1);
            }
          } else {
            if (type === RecordType.totals) totals(view, at, size);
            else if (type === RecordType.exporterStatistics) exporterStatistics(view, at, size);
            else if (type === RecordType.sampler) sampler(view, at, size);
            events.other();
          }
          at += size;
        }
        into.truncate(row);
        orientRows(into, first, row);
        settleDenied(into, first, row);
        settleValues(into, first, row, reader.takeImplausible(), faults);
      }
    },
    end(events) {
      if (firstMs > lastMs) return;
      // Files that nfdump has written anew have the exporters' counts alone.
      const failures = Math.min(MAX_LOSSES, Math.max(failuresInTotals, failuresOfExporters));
      // A file holds minutes, a day at most; one whose records tell of years has damaged times, and its losses would make a minute each.
      const fromMs = Math.max(firstMs, lastMs - DAY_MS);
      for (let i = 0; i < failures; i++) events.missing(Math.floor(fromMs + ((i + 0.5) * (lastMs - fromMs)) / failures));
    },
  };
}

/** What a firewall denied is an attempt, whatever its counters. */
function settleDenied({ columns }: FlowBatch, from: number, to: number): void {
  for (let row = from; row < to; row++) if (columns.firewallEvent[row] === DENIED) columns.completion[row] = Completion.attempt;
}

/** As the decoders do: no record ends before it began, a counter below zero tells nothing, one beyond what a column holds is its largest number. */
function settleValues({ columns }: FlowBatch, from: number, to: number, implausible: number, faults: Faults): void {
  const { flowStartMilliseconds, flowEndMilliseconds, octetDeltaCount, packetDeltaCount, reverseOctetDeltaCount, reversePacketDeltaCount } =
    columns;
  let times = implausible;
  for (let row = from; row < to; row++) {
    if (flowEndMilliseconds[row]! >= flowStartMilliseconds[row]!) continue;
    flowEndMilliseconds[row] = flowStartMilliseconds[row]!;
    times++;
  }
  if (times > 0) faults.add('time-implausible', times);
  let counters = 0;
  for (const counts of [octetDeltaCount, packetDeltaCount, reverseOctetDeltaCount, reversePacketDeltaCount]) {
    for (let row = from; row < to; row++) {
      if (counts[row]! <= Number.MAX_SAFE_INTEGER) continue;
      counts[row] = counts[row]! >= NEGATIVE_FROM ? 0 : Number.MAX_SAFE_INTEGER;
      counters++;
    }
  }
  if (counters > 0) faults.add('counter-implausible', counters);
}
