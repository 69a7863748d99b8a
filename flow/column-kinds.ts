/**
 * The kinds of column that a batch, a frame and a table share. A kind fixes three things at once: the array that holds
 * the values in memory, the bytes on the wire, and the ClickHouse type. Everything else (DDL, docs, JSON) derives from it.
 *
 * | kind    | memory                                   | ClickHouse            |
 * |---------|------------------------------------------|-----------------------|
 * | u8…u32  | Uint8Array, Uint16Array, Uint32Array     | UInt8, UInt16, UInt32 |
 * | u64     | Float64Array (exact to 2^53, see clamp)  | UInt64                |
 * | f64     | Float64Array                             | Float64               |
 * | time    | Float64Array, ms since the epoch (UTC)   | DateTime64(3, 'UTC')  |
 * | address | Uint8Array, 16 bytes a row, IPv4 mapped  | IPv6                  |
 * | enum    | Uint8Array, index into `values`          | Enum8(…)              |
 * | symbol  | Uint16Array, code in the batch's dictionary | LowCardinality(String) |
 * | text    | string[]                                 | String                |
 */
export type ColumnKind = 'u8' | 'u16' | 'u32' | 'u64' | 'f64' | 'time' | 'address' | 'enum' | 'symbol' | 'text';

/** One column of a table: its name (an IPFIX element's where one exists), kind, meaning and unit. */
export interface Column {
  readonly kind: ColumnKind;
  /** IANA IPFIX element id, or `pen:id` for enterprise elements. */
  readonly element?: number | string;
  /** Names of an `enum` column, in the order of their numbers from 0. */
  readonly values?: readonly string[];
  readonly meaning: string;
  readonly unit?: string;
}

/** A named, ordered set of columns. The order is the order in frames and in DDL. */
export interface ColumnTable {
  readonly [name: string]: Column;
}

/** A dictionary column: one 16-bit code a row; code 0 is always the empty string. */
export interface SymbolArray {
  codes: Uint16Array;
  readonly dictionary: SymbolDictionary;
}

/** An address column: 16 bytes a row in network order. `words` is a view on the same memory, for hashing and equality only. */
export interface AddressArray {
  bytes: Uint8Array;
  words: Uint32Array;
}

export type ArrayOf<K extends ColumnKind> = K extends 'u8' | 'enum'
  ? Uint8Array
  : K extends 'u16'
    ? Uint16Array
    : K extends 'u32'
      ? Uint32Array
      : K extends 'u64' | 'f64' | 'time'
        ? Float64Array
        : K extends 'address'
          ? AddressArray
          : K extends 'symbol'
            ? SymbolArray
            : string[];

/** The largest number of different strings in one batch's dictionary column; further ones become `SYMBOL_OVERFLOW`. */
export const MAX_SYMBOLS = 65_535;
/** What a string becomes when its dictionary is full: visible in the data, never a silent merge with another name. */
export const SYMBOL_OVERFLOW = '(too many names)';

/** The strings behind a `symbol` column. Interning is for set-up and per-message work; rows carry codes. */
export class SymbolDictionary {
  readonly names: string[] = [''];
  private readonly codeOf = new Map<string, number>([['', 0]]);

  /** The code of `name`, added if it is new. Bounded by MAX_SYMBOLS. */
  intern(name: string): number {
    const known = this.codeOf.get(name);
    if (known !== undefined) return known;
    if (this.names.length >= MAX_SYMBOLS) return this.intern0(SYMBOL_OVERFLOW, this.names.length);
    return this.intern0(name, this.names.length);
  }

  name(code: number): string {
    return this.names[code] ?? '';
  }

  clear(): void {
    this.names.length = 1;
    this.codeOf.clear();
    this.codeOf.set('', 0);
  }

  private intern0(name: string, code: number): number {
    const known = this.codeOf.get(name);
    if (known !== undefined) return known;
    this.names.push(name);
    this.codeOf.set(name, code);
    return code;
  }
}

/** The ClickHouse type of a column, exactly as `DESCRIBE TABLE` prints it. */
export function clickhouseType(column: Column): string {
  switch (column.kind) {
    case 'u8':
      return 'UInt8';
    case 'u16':
      return 'UInt16';
    case 'u32':
      return 'UInt32';
    case 'u64':
      return 'UInt64';
    case 'f64':
      return 'Float64';
    case 'time':
      return "DateTime64(3, 'UTC')";
    case 'address':
      return 'IPv6';
    case 'enum':
      return `Enum8(${(column.values ?? []).map((value, index) => `'${value}' = ${index}`).join(', ')})`;
    case 'symbol':
      return 'LowCardinality(String)';
    case 'text':
      return 'String';
  }
}
