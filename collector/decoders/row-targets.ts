import type { FlowBatch } from '../../flow/batch.js';
import type { AddressArray, SymbolArray, SymbolDictionary } from '../../flow/column-kinds.js';
import { SCRATCH, type ScratchName, scratchTarget, TARGETS } from '../templates/plan.js';

export type TargetArray = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/**
 * The arrays behind TARGETS for one batch, by number, so that a step finds its array without a look-up by name. Growth replaces a
 * batch's arrays: `bind` after every `reserve`, it costs nothing while batch and capacity stay the same.
 */
export class RowTargets {
  readonly arrays: TargetArray[] = new Array<TargetArray>(TARGETS.length);
  /** The dictionaries of symbol columns. */
  private readonly dictionaries: (SymbolDictionary | undefined)[] = new Array<SymbolDictionary | undefined>(TARGETS.length);
  private batch: FlowBatch | undefined;
  private capacity = 0;
  private scratchRows = 0;

  bind(batch: FlowBatch): void {
    if (batch === this.batch && batch.capacity === this.capacity) return;
    this.batch = batch;
    this.capacity = batch.capacity;
    const columns = batch.columns as unknown as Record<string, TargetArray | AddressArray | SymbolArray>;
    const names = batch.names;
    for (let i = 0; i < names.length; i++) {
      const column = columns[names[i]!]!;
      this.arrays[i] = plain(column);
      this.dictionaries[i] = 'dictionary' in column ? column.dictionary : undefined;
    }
    if (this.scratchRows < batch.capacity) this.makeScratch(batch.capacity);
  }

  f64(target: number): Float64Array {
    return this.arrays[target] as Float64Array;
  }
  u32(target: number): Uint32Array {
    return this.arrays[target] as Uint32Array;
  }
  u16(target: number): Uint16Array {
    return this.arrays[target] as Uint16Array;
  }
  u8(target: number): Uint8Array {
    return this.arrays[target] as Uint8Array;
  }

  /** The dictionary of a symbol column. */
  dictionary(target: number): SymbolDictionary {
    return this.dictionaries[target]!;
  }

  private makeScratch(rows: number): void {
    this.scratchRows = rows;
    for (const name of Object.keys(SCRATCH) as ScratchName[]) {
      const target = scratchTarget(name);
      const wider = SCRATCH[name] === 'u8' ? new Uint8Array(rows) : new Float64Array(rows);
      // Rows of a set that is read one by one may be written already.
      if (this.arrays[target] !== undefined) wider.set(this.arrays[target]);
      this.arrays[target] = wider;
    }
  }
}

function plain(array: TargetArray | AddressArray | SymbolArray): TargetArray {
  if ('bytes' in array) return array.bytes;
  if ('codes' in array) return array.codes;
  return array;
}
