import type { FlowBatch } from '../../flow/batch.js';
import { FLOW_COLUMNS } from '../../flow/columns.js';
import { mustBe } from './target.js';

const NAMES = Object.keys(FLOW_COLUMNS) as (keyof typeof FLOW_COLUMNS)[];

/** Latest time that the program believes in, in ms since the epoch: what DateTime64(3) of ClickHouse can hold. */
const LATEST_MS = Date.UTC(2299, 11, 31);

/** What every row owes whoever stores it, whatever the input was: numbers that its column can hold, and names that its dictionary has. */
export function checkRows(batch: FlowBatch, from = 0): void {
  for (const name of NAMES) {
    const column = FLOW_COLUMNS[name];
    const values = batch.columns[name];
    for (let row = from; row < batch.length; row++) {
      switch (column.kind) {
        case 'u64': {
          const value = (values as Float64Array)[row]!;
          mustBe(Number.isInteger(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER, `${name} is ${value}`);
          break;
        }
        case 'time': {
          const value = (values as Float64Array)[row]!;
          mustBe(Number.isFinite(value) && value >= 0 && value <= LATEST_MS, `${name} is ${value}`);
          break;
        }
        case 'enum':
          mustBe((values as Uint8Array)[row]! < column.values.length, `${name} is ${(values as Uint8Array)[row]}`);
          break;
        case 'symbol': {
          const { codes, dictionary } = values as FlowBatch['columns']['sensor'];
          mustBe(codes[row]! < dictionary.names.length, `${name} has code ${codes[row]} of ${dictionary.names.length}`);
          mustBe(dictionary.name(codes[row]!).length <= 2048, `${name} holds ${dictionary.name(codes[row]!).length} characters`);
          break;
        }
        default:
          break;
      }
    }
  }
  const { flowStartMilliseconds, flowEndMilliseconds } = batch.columns;
  for (let row = from; row < batch.length; row++) {
    mustBe(flowEndMilliseconds[row]! >= flowStartMilliseconds[row]!, `row ${row} ends before it starts`);
  }
}
