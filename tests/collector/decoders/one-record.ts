import { type Cell, cellOf } from '../../../cli/render/rows.js';
import type { MessageReport } from '../../../collector/contracts.js';
import { createExportDecoder, type ExportDecoderOptions } from '../../../collector/decoders/decoders-table.js';
import type { FlowBatch } from '../../../flow/batch.js';
import type { FlowColumnName } from '../../../flow/columns.js';
import type { FaultCounts } from '../inputs/fault-counts.js';
import { type FieldSpec, type FieldValue, recordBytes, set } from './build-bytes.js';
import { ipfix, template } from './build-ipfix.js';
import { netflow9, template9 } from './build-netflow9.js';
import { decodeAll } from './decode-all.js';

/** A field of a record with its value: the element, its octets (65535 for variable length), what is in it. */
export type Told = readonly [spec: FieldSpec, value: FieldValue];

/** What one record became: cells of its row by column, as `cordon decode` prints them. */
export interface OneRecord {
  readonly rows: number;
  readonly batch: FlowBatch;
  readonly report: MessageReport;
  readonly faults: FaultCounts['counts'];
  cell(name: FlowColumnName, row?: number): Cell;
}

export const TEMPLATE_ID = 256;

/** The records of the last message, after `before` (sets) in the same message. */
export function ipfixRecord(told: readonly Told[], before: readonly Uint8Array[] = [], options: ExportDecoderOptions = {}): OneRecord {
  const fields = told.map(([spec]) => spec);
  const data = set(TEMPLATE_ID, [
    recordBytes(
      fields,
      told.map(([, value]) => value),
    ),
  ]);
  return decodeOne([ipfix([...before, template(TEMPLATE_ID, fields), data])], options);
}

export function netflow9Record(told: readonly Told[], before: readonly Uint8Array[] = [], options: ExportDecoderOptions = {}): OneRecord {
  const fields = told.map(([spec]) => spec);
  const data = set(TEMPLATE_ID, [
    recordBytes(
      fields,
      told.map(([, value]) => value),
    ),
  ]);
  return decodeOne([netflow9([...before, template9(TEMPLATE_ID, fields), data])], options);
}

export function decodeOne(messages: readonly Uint8Array[], options: ExportDecoderOptions = {}): OneRecord {
  const { batch, rows, reports, faults } = decodeAll(createExportDecoder(options), messages);
  return {
    rows,
    batch,
    report: reports.at(-1)!,
    faults: faults.counts,
    cell: (name, row = 0) => cellOf(batch, name, row),
  };
}
