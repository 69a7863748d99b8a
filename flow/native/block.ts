import { type ColumnBatch, MAX_BATCH_ROWS } from '../batch.js';
import { type AddressArray, type Column, type ColumnTable, clickhouseType, type SymbolArray } from '../column-kinds.js';
import { NativeError, NativeReader } from './reader.js';
import { NativeWriter } from './writer.js';

/*
 * One ClickHouse Native block, revision 0 (ClickHouse source: Formats/NativeWriter.cpp, NativeReader.cpp):
 *
 *   block  := uvarint columns, uvarint rows, column{columns}
 *   column := string name, string type, data
 *   data   := values little-endian one after another
 *           | LowCardinality: u64 1 (keys version), u64 flags, u64 keys, string{keys}, u64 rows, code{rows}
 *   flags  := index width in bits 0–7 (0: u8, 1: u16), 0x200 has additional keys, 0x400 needs update dictionary
 *
 * Blocks written one after another are again a valid stream: that is what lets the store glue frames together unread.
 */

const LOW_CARDINALITY_VERSION = 1;
const HAS_ADDITIONAL_KEYS = 0x200;
const NEED_UPDATE_DICTIONARY = 0x400;
const INDEX_U8 = 0;
const INDEX_U16 = 1;

/** Appends rows `from` … `to` (exclusive) of the batch as one block. */
export function writeBlock<T extends ColumnTable>(writer: NativeWriter, batch: ColumnBatch<T>, from = 0, to = batch.length): void {
  const rows = to - from;
  writer.uvarint(batch.names.length);
  writer.uvarint(rows);
  for (const name of batch.names) {
    const column = batch.table[name]!;
    writer.text(name);
    writer.text(clickhouseType(column));
    if (rows > 0) writeColumn(writer, column, batch.columns[name], from, rows);
  }
}

/** One block of the whole batch as bytes of its own. */
export function encodeBlock<T extends ColumnTable>(batch: ColumnBatch<T>, writer: NativeWriter = new NativeWriter()): Uint8Array {
  writer.reset();
  writeBlock(writer, batch);
  return writer.copy();
}

function writeColumn(writer: NativeWriter, column: Column, values: unknown, from: number, rows: number): void {
  switch (column.kind) {
    case 'u64':
    case 'time':
      return writer.integers((values as Float64Array).subarray(from), rows);
    case 'address':
      return writer.raw((values as AddressArray).bytes.subarray(from * 16, (from + rows) * 16));
    case 'symbol':
      return writeSymbols(writer, values as SymbolArray, from, rows);
    case 'text':
      for (let row = from; row < from + rows; row++) writer.text((values as string[])[row]!);
      return;
    default:
      return writer.numbers((values as Uint8Array | Uint16Array | Uint32Array | Float64Array).subarray(from), rows);
  }
}

/** Only strings that these rows use go into the block's dictionary; key 0 is the empty string, as ClickHouse expects. */
function writeSymbols(writer: NativeWriter, values: SymbolArray, from: number, rows: number): void {
  const { codes, dictionary } = values;
  const keyOf = new Int32Array(dictionary.names.length).fill(-1);
  keyOf[0] = 0;
  const keys = [''];
  const out = new Uint16Array(rows);
  for (let row = 0; row < rows; row++) {
    const code = codes[from + row]!;
    let key = keyOf[code]!;
    if (key < 0) {
      key = keys.push(dictionary.name(code)) - 1;
      keyOf[code] = key;
    }
    out[row] = key;
  }
  const narrow = keys.length <= 256;
  writer.u64(LOW_CARDINALITY_VERSION);
  writer.u64((narrow ? INDEX_U8 : INDEX_U16) | HAS_ADDITIONAL_KEYS | NEED_UPDATE_DICTIONARY);
  writer.u64(keys.length);
  for (const key of keys) writer.text(key);
  writer.u64(rows);
  writer.numbers(narrow ? new Uint8Array(out) : out, rows);
}

/**
 * Appends the rows of every block in `bytes` to `batch`. The columns must be the table's, in its order and types:
 * another set means another version of the software wrote it, and NativeError names the first difference.
 * After an error the batch is as it was.
 */
export function readBlocks<T extends ColumnTable>(bytes: Uint8Array, batch: ColumnBatch<T>): number {
  const before = batch.length;
  const reader = new NativeReader(bytes);
  try {
    while (reader.remaining > 0) readBlock(reader, batch);
  } catch (error) {
    batch.truncate(before);
    throw error;
  }
  return batch.length - before;
}

function readBlock<T extends ColumnTable>(reader: NativeReader, batch: ColumnBatch<T>): void {
  const columns = reader.uvarint();
  const rows = reader.uvarint();
  if (columns !== batch.names.length)
    throw new NativeError(`the block has ${columns} columns, this version's table has ${batch.names.length}`);
  // Every row costs at least one byte a column, so a count beyond the bytes at hand is a lie and is refused before memory is taken.
  if (rows > MAX_BATCH_ROWS || rows * columns > reader.remaining)
    throw new NativeError(`the block claims ${rows} rows, more than its bytes can hold`);
  if (!batch.reserve(rows)) throw new NativeError(`the block's ${rows} rows do not fit the batch`);
  for (const name of batch.names) {
    const column = batch.table[name]!;
    const gotName = reader.text();
    const gotType = reader.text();
    const type = clickhouseType(column);
    if (gotName !== name || gotType !== type)
      throw new NativeError(`the block has column '${gotName} ${gotType}' where the table has '${name} ${type}'`);
    if (rows > 0) readColumn(reader, column, batch.columns[name], batch.length, rows);
  }
  batch.length += rows;
}

function readColumn(reader: NativeReader, column: Column, values: unknown, at: number, rows: number): void {
  switch (column.kind) {
    case 'u64':
    case 'time':
      return reader.integers(values as Float64Array, at, rows);
    case 'address':
      return reader.numbers((values as AddressArray).bytes, at * 16, rows * 16);
    case 'symbol':
      return readSymbols(reader, values as SymbolArray, at, rows);
    case 'enum':
      reader.numbers(values as Uint8Array, at, rows);
      return checkEnum(column, values as Uint8Array, at, rows);
    case 'text':
      for (let row = 0; row < rows; row++) (values as string[])[at + row] = reader.text();
      return;
    default:
      return reader.numbers(values as Uint8Array | Uint16Array | Uint32Array | Float64Array, at, rows);
  }
}

/** The database refuses a whole insert for one number without a name, so such a block is refused here, where it can be quarantined. */
function checkEnum(column: Column, values: Uint8Array, at: number, rows: number): void {
  const names = column.values?.length ?? 0;
  for (let row = at; row < at + rows; row++) {
    if (values[row]! >= names) throw new NativeError(`an enum column has the number ${values[row]} where ${names} names exist`);
  }
}

function readSymbols(reader: NativeReader, values: SymbolArray, at: number, rows: number): void {
  const version = reader.u64();
  const flags = reader.u64();
  const width = flags & 0xff;
  if (version !== LOW_CARDINALITY_VERSION || (flags & HAS_ADDITIONAL_KEYS) === 0 || width > INDEX_U16) {
    throw new NativeError(
      `the block has a LowCardinality column of a form this version does not write (version ${version}, flags ${flags})`,
    );
  }
  const keys = reader.u64();
  if (keys > reader.remaining) throw new NativeError(`the block claims ${keys} dictionary keys, more than its bytes can hold`);
  const codeOf = new Uint16Array(keys);
  for (let key = 0; key < keys; key++) codeOf[key] = values.dictionary.intern(reader.text());
  const count = reader.u64();
  if (count !== rows) throw new NativeError(`a LowCardinality column has ${count} rows where the block has ${rows}`);
  const raw = width === INDEX_U8 ? new Uint8Array(rows) : new Uint16Array(rows);
  reader.numbers(raw, 0, rows);
  for (let row = 0; row < rows; row++) {
    const key = raw[row]!;
    if (key >= keys) throw new NativeError(`a LowCardinality column refers to key ${key} of ${keys}`);
    values.codes[at + row] = codeOf[key]!;
  }
}
