import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createMessageReport } from '../../../collector/decoders/report.js';
import { createLedger, type Ledger } from '../../../collector/sequence/ledger.js';
import type { CoverageMinute } from '../../../detector/coverage/observed-time.js';
import { ColumnBatch, FlowBatch } from '../../../flow/batch.js';
import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { testOrigin } from '../../collector/decoders/decode-all.js';
import { FaultCounts } from '../../collector/inputs/fault-counts.js';

/** An export message on its way. */
export interface Sent {
  readonly payload: Uint8Array;
  readonly sentMs: number;
}

/**
 * What the collector's decoder and ledger make of messages that arrive `delayMs` after they were sent: rows of the sensor 'fw', added up as the store's
 * view adds them up. `also` books what no message tells, before the end.
 */
export function ledgerOf(sent: readonly Sent[], delayMs = 40, also: (ledger: Ledger) => void = () => {}): CoverageMinute[] {
  const decoder = createExportDecoder();
  const ledger = createLedger();
  const report = createMessageReport();
  const faults = new FaultCounts();
  const origin = { ...testOrigin(), sensor: 'fw' };
  const batch = new FlowBatch();
  const into = new ColumnBatch(COVERAGE_COLUMNS);
  for (const { payload, sentMs } of sent) {
    origin.receivedMs = sentMs + delayMs;
    batch.clear();
    decoder.decode(payload, origin, batch, report, faults);
    ledger.message(report, origin, batch, 0);
  }
  also(ledger);
  while (ledger.drain(Number.POSITIVE_INFINITY, into) > 0);
  return minutesOf(into);
}

/** Rows of the coverage topic as `coverage_minutes` shows them, where each row is a minute of its own. */
export function minutesOf(batch: ColumnBatch<typeof COVERAGE_COLUMNS>): CoverageMinute[] {
  return Array.from({ length: batch.length }, (_, row) => {
    const minute: Record<string, string | number> = {};
    for (const [name, column] of Object.entries(batch.columns)) {
      if (ArrayBuffer.isView(column)) minute[name] = (column as Float64Array)[row]!;
      else if ('codes' in column) minute[name] = column.dictionary.name(column.codes[row]!);
    }
    return minute as CoverageMinute;
  });
}
