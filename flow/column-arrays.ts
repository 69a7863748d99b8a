import { type AddressArray, type Column, type SymbolArray, SymbolDictionary } from './column-kinds.js';

/** The memory of a column; that of an address as words. */
export function plainOf(column: Column, values: unknown): (Numbers | Uint32Array)[] {
  if (column.kind === 'text') return [];
  if (column.kind === 'symbol') return [(values as SymbolArray).codes];
  if (column.kind === 'address') return [(values as AddressArray).words];
  return [values as Numbers];
}

function addressArray(rows: number): AddressArray {
  const buffer = new ArrayBuffer(rows * 16);
  return { bytes: new Uint8Array(buffer), words: new Uint32Array(buffer) };
}

/** Zeroed memory for so many rows of a column. */
export function allocate(column: Column, rows: number): unknown {
  switch (column.kind) {
    case 'u8':
    case 'enum':
      return new Uint8Array(rows);
    case 'u16':
      return new Uint16Array(rows);
    case 'u32':
      return new Uint32Array(rows);
    case 'u64':
    case 'f64':
    case 'time':
      return new Float64Array(rows);
    case 'address':
      return addressArray(rows);
    case 'symbol':
      return { codes: new Uint16Array(rows), dictionary: new SymbolDictionary() } satisfies SymbolArray;
    case 'text':
      return [];
  }
}

export type Numbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** The column's memory with room for `rows`; what it held is kept. */
export function grow(column: Column, old: unknown, rows: number): unknown {
  if (column.kind === 'text') return old;
  if (column.kind === 'symbol') {
    const symbols = old as SymbolArray;
    const codes = new Uint16Array(rows);
    codes.set(symbols.codes);
    symbols.codes = codes;
    return symbols;
  }
  if (column.kind === 'address') {
    const wider = addressArray(rows);
    wider.bytes.set((old as AddressArray).bytes);
    return wider;
  }
  const wider = allocate(column, rows) as Numbers;
  wider.set(old as Numbers);
  return wider;
}

/** Copies `rows[0..count)` of one column to the rows from `at` on of another. Symbols are interned anew, once per distinct string. */
export function gather(column: Column, from: unknown, to: unknown, rows: Uint32Array, count: number, at: number): void {
  if (column.kind === 'text') {
    for (let i = 0; i < count; i++) (to as string[])[at + i] = (from as string[])[rows[i]!]!;
  } else if (column.kind === 'symbol') {
    gatherSymbols(from as SymbolArray, to as SymbolArray, rows, count, at);
  } else {
    gatherNumbers(from as Numbers | AddressArray, to as Numbers | AddressArray, rows, count, at);
  }
}

/** The same of numbers and addresses. */
export function gatherNumbers(
  from: Numbers | AddressArray,
  to: Numbers | AddressArray,
  rows: Uint32Array,
  count: number,
  at: number,
): void {
  if ('words' in from) {
    gatherAddresses(from.words, (to as AddressArray).words, rows, count, at);
  } else if (from instanceof Float64Array) {
    gatherDoubles(from, to as Float64Array, rows, count, at);
  } else if (from instanceof Uint32Array) {
    gatherU32(from, to as Uint32Array, rows, count, at);
  } else if (from instanceof Uint16Array) {
    gatherU16(from, to as Uint16Array, rows, count, at);
  } else {
    gatherU8(from, to as Uint8Array, rows, count, at);
  }
}

/** True where the first `rows` of a column hold nothing but zeros. */
export function isBlank(column: Numbers | AddressArray, rows: number): boolean {
  const words = 'words' in column ? column.words : column;
  const end = 'words' in column ? rows * 4 : rows;
  for (let i = 0; i < end; i++) if (words[i] !== 0) return false;
  return true;
}

// One monomorphic loop per width: V8 compiles each to a few instructions; a shared generic one would be several times slower.
function gatherDoubles(from: Float64Array, to: Float64Array, rows: Uint32Array, count: number, at: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[i]!]!;
}
function gatherU32(from: Uint32Array, to: Uint32Array, rows: Uint32Array, count: number, at: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[i]!]!;
}
function gatherU16(from: Uint16Array, to: Uint16Array, rows: Uint32Array, count: number, at: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[i]!]!;
}
function gatherU8(from: Uint8Array, to: Uint8Array, rows: Uint32Array, count: number, at: number): void {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[i]!]!;
}
function gatherAddresses(from: Uint32Array, to: Uint32Array, rows: Uint32Array, count: number, at: number): void {
  for (let i = 0; i < count; i++) {
    const source = rows[i]! * 4;
    const target = (at + i) * 4;
    to[target] = from[source]!;
    to[target + 1] = from[source + 1]!;
    to[target + 2] = from[source + 2]!;
    to[target + 3] = from[source + 3]!;
  }
}
function gatherSymbols(from: SymbolArray, to: SymbolArray, rows: Uint32Array, count: number, at: number): void {
  const translated = new Int32Array(from.dictionary.names.length).fill(-1);
  for (let i = 0; i < count; i++) {
    const code = from.codes[rows[i]!]!;
    let target = translated[code]!;
    if (target < 0) {
      target = to.dictionary.intern(from.dictionary.name(code));
      translated[code] = target;
    }
    to.codes[at + i] = target;
  }
}
