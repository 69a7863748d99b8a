import type { FlowBatch } from '../../../flow/batch.js';
import type { AddressArray, SymbolArray } from '../../../flow/column-kinds.js';
import type { FlowColumnName } from '../../../flow/columns.js';

/**
 * Zeroes the columns of a batch that a writer of rows does not write. A datagram has some seven samples, so what is zeroed is short and what counts is to
 * find the arrays: they are kept by kind, and looked up again only when the batch is another or has grown.
 */
export class UnwrittenColumns {
  private readonly written: ReadonlySet<string>;
  private batch: FlowBatch | undefined;
  private capacity = 0;
  private readonly u8: Uint8Array[] = [];
  private readonly u16: Uint16Array[] = [];
  private readonly u32: Uint32Array[] = [];
  private readonly f64: Float64Array[] = [];
  private readonly addresses: Uint32Array[] = [];

  constructor(written: readonly FlowColumnName[]) {
    this.written = new Set(written);
  }

  zero(batch: FlowBatch, from: number, to: number): void {
    if (batch !== this.batch || batch.capacity !== this.capacity) this.bind(batch);
    for (const column of this.u8) for (let row = from; row < to; row++) column[row] = 0;
    for (const column of this.u16) for (let row = from; row < to; row++) column[row] = 0;
    for (const column of this.u32) for (let row = from; row < to; row++) column[row] = 0;
    for (const column of this.f64) for (let row = from; row < to; row++) column[row] = 0;
    for (const words of this.addresses) for (let at = from * 4; at < to * 4; at++) words[at] = 0;
  }

  private bind(batch: FlowBatch): void {
    this.batch = batch;
    this.capacity = batch.capacity;
    for (const kept of [this.u8, this.u16, this.u32, this.f64, this.addresses]) kept.length = 0;
    for (const name of batch.names) {
      if (this.written.has(name)) continue;
      const column: unknown = batch.columns[name];
      if (column instanceof Uint8Array) this.u8.push(column);
      else if (column instanceof Uint16Array) this.u16.push(column);
      else if (column instanceof Uint32Array) this.u32.push(column);
      else if (column instanceof Float64Array) this.f64.push(column);
      else if (isAddress(column as AddressArray | SymbolArray)) this.addresses.push((column as AddressArray).words);
      else this.u16.push((column as SymbolArray).codes);
    }
  }
}

function isAddress(column: AddressArray | SymbolArray): boolean {
  return 'words' in column;
}
