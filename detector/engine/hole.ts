import { ColumnBatch } from '../../flow/batch.js';
import { COVERAGE_COLUMNS } from '../../flow/coverage.js';
import { MINUTE_MS, minuteOf } from '../../flow/time.js';
import { BUS_SENSOR } from '../coverage/bus-holes.js';

/** Messages of one partition that were gone before they were read: the log was cut by its retention while the reader was behind, or truncated. */
export interface Hole {
  readonly partition: number;
  readonly messages: number;
  /** Newest record before it, and oldest record behind it, ms since the epoch. */
  readonly beforeMs: number;
  readonly behindMs: number;
}

/** Records are told of this long after they begin: routers' longest active timeout, transport and queues included. */
export const HOLE_REACH_MS = 35 * MINUTE_MS;

/**
 * The hole as a row of the coverage ledger, under a name of its own: whose records were in it nobody knows. Found again after a crash it makes another
 * row, so that its messages are counted at least once; its time stays the same.
 */
export function holeRow({ partition, messages, beforeMs, behindMs }: Hole): ColumnBatch<typeof COVERAGE_COLUMNS> {
  const batch = new ColumnBatch(COVERAGE_COLUMNS, 1);
  const row = batch.add();
  const { columns } = batch;
  const firstMs = Math.min(beforeMs, behindMs) - HOLE_REACH_MS;
  columns.minute[row] = minuteOf(firstMs);
  columns.sensor.codes[row] = columns.sensor.dictionary.intern(BUS_SENSOR);
  columns.exportProtocol.codes[row] = columns.exportProtocol.dictionary.intern('kafka');
  columns.observationDomainId[row] = partition;
  columns.firstMessageMilliseconds[row] = firstMs;
  columns.lastMessageMilliseconds[row] = Math.max(beforeMs, behindMs);
  columns.messagesSent[row] = messages;
  columns.messagesLost[row] = messages;
  columns.clockOffsetMilliseconds[row] = Number.NaN;
  return batch;
}
