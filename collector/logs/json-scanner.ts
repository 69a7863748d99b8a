import { MAX_LOG_COLUMNS } from './limits.js';
import { isText } from './text-fields.js';

/** What the value of a member is. `absent` also where the line has no such member. */
export const JsonKind = { absent: 0, text: 1, whole: 2, decimal: 3, yes: 4, no: 5, nothing: 6, other: 7 } as const;

/** Containers open at a time that are looked through; deeper lines are left to JSON.parse. */
const MAX_DEPTH = 16;
/** Whole numbers up to here, and decimals below 2^31 with six digits behind the point, are read as JSON.parse's doubles would be rounded. */
const MAX_DIGITS = 15;
const MAX_DECIMAL_WHOLE = 2 ** 31;
const DECIMALS = 6;

const QUOTE = 0x22;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LETTER_T = 0x74;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;

/**
 * Finds members of a JSON object in its octets, without strings and objects. It understands most of the lines that programs write (RFC 8259 without spaces
 * between tokens, escapes, octets beyond ASCII, and exponents) and says of all others that it does not: those are for JSON.parse. What it understands
 * is valid JSON, and its values are JSON.parse's. A member that occurs twice is left to JSON.parse too.
 */
export class JsonScanner {
  /** By the place of the member among the names given: JsonKind. */
  readonly kinds: Uint8Array;
  /** Of text: its octets, without quotes. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Of numbers: whole ones as they are, decimals in millionths. */
  readonly numbers: Float64Array;
  private readonly names: readonly Uint8Array[];
  /** Places by the hash of a name and of the object it is in, −1 free. */
  private readonly table: Int16Array;
  private readonly mask: number;
  /** The object that a member is in, by place: −1 the line's own; and whether it is such an object. */
  private readonly parents: Int16Array;
  private readonly isObject: Uint8Array;
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private to = 0;

  /** Names of members; those within an object that is a member itself as 'flow.start'. A '.' that belongs to a name is written '\\.'. */
  constructor(paths: readonly string[]) {
    if (paths.length > MAX_LOG_COLUMNS) throw new RangeError(`more than ${MAX_LOG_COLUMNS} members`);
    const split = paths.map((path) =>
      path
        .replaceAll('\\.', '\u0000')
        .split('.')
        .map((name) => name.replaceAll('\u0000', '.')),
    );
    const places = paths.length;
    this.kinds = new Uint8Array(places);
    this.starts = new Int32Array(places);
    this.ends = new Int32Array(places);
    this.numbers = new Float64Array(places);
    this.names = split.map((names) => Buffer.from(names.at(-1)!, 'latin1'));
    this.parents = new Int16Array(places).fill(-1);
    this.isObject = new Uint8Array(places);
    split.forEach((names, place) => {
      if (names.length < 2) return;
      const parent = split.findIndex((others) => others.length === 1 && others[0] === names[0]);
      this.parents[place] = parent;
      this.isObject[parent] = 1;
    });
    let size = 64;
    while (size < places * 4) size *= 2;
    this.mask = size - 1;
    this.table = new Int16Array(size).fill(-1);
    for (let place = 0; place < places; place++) {
      let hash = this.parents[place]! + 1;
      for (const byte of this.names[place]!) hash = (hash * 31 + byte) | 0;
      let slot = hash & this.mask;
      while (this.table[slot]! >= 0) slot = (slot + 1) & this.mask;
      this.table[slot] = place;
    }
  }

  /** Reads the object in `bytes[from … to)`. False when it is none, or one that it does not understand. */
  scan(bytes: Uint8Array, from: number, to: number): boolean {
    this.kinds.fill(0);
    this.bytes = bytes;
    this.at = from;
    this.to = to;
    if (bytes[from] !== OPEN_OBJECT) return false;
    return this.object(-1, 1) && this.at === to;
  }

  /** A whole number from 0 on; 0 where the member is absent or null, −1 where it is anything else. */
  count(place: number): number {
    const kind = this.kinds[place]!;
    if (kind === JsonKind.whole) return this.numbers[place]!;
    return kind === JsonKind.absent || kind === JsonKind.nothing ? 0 : -1;
  }

  /** True when the member is absent, or null. */
  isNothing(place: number): boolean {
    const kind = this.kinds[place]!;
    return kind === JsonKind.absent || kind === JsonKind.nothing;
  }

  /** True when the member is exactly this text. */
  is(place: number, text: Uint8Array): boolean {
    return this.kinds[place] === JsonKind.text && isText(this.bytes, this.starts[place]!, this.ends[place]!, text);
  }

  /** An object from its '{' on. `parent` is its place, −1 the line's own, −2 one whose members do not matter. */
  private object(parent: number, depth: number): boolean {
    const { bytes } = this;
    if (depth > MAX_DEPTH) return false;
    this.at++;
    if (this.at < this.to && bytes[this.at] === CLOSE_OBJECT) {
      this.at++;
      return true;
    }
    for (;;) {
      if (this.at >= this.to || bytes[this.at] !== QUOTE) return false;
      const start = this.at + 1;
      let hash = parent + 1;
      let i = start;
      for (; i < this.to; i++) {
        const byte = bytes[i]!;
        if (byte === QUOTE) break;
        if (byte === BACKSLASH || byte < 0x20 || byte > 0x7e) return false;
        hash = (hash * 31 + byte) | 0;
      }
      if (i + 1 >= this.to || bytes[i + 1] !== COLON) return false;
      this.at = i + 2;
      const place = parent === -2 ? -1 : this.placeOf(hash, parent, start, i);
      if (place >= 0 && this.kinds[place] !== JsonKind.absent) return false;
      if (!this.value(place, depth)) return false;
      const next = this.at < this.to ? bytes[this.at] : 0;
      this.at++;
      if (next === CLOSE_OBJECT) return true;
      if (next !== COMMA) return false;
    }
  }

  private placeOf(hash: number, parent: number, start: number, end: number): number {
    for (let slot = hash & this.mask; ; slot = (slot + 1) & this.mask) {
      const place = this.table[slot]!;
      if (place < 0) return -1;
      const name = this.names[place]!;
      if (this.parents[place] !== parent || name.length !== end - start) continue;
      let i = 0;
      while (i < name.length && this.bytes[start + i] === name[i]) i++;
      if (i === name.length) return place;
    }
  }

  private array(depth: number): boolean {
    if (depth > MAX_DEPTH) return false;
    this.at++;
    if (this.at < this.to && this.bytes[this.at] === CLOSE_ARRAY) {
      this.at++;
      return true;
    }
    for (;;) {
      if (!this.value(-1, depth)) return false;
      const next = this.at < this.to ? this.bytes[this.at] : 0;
      this.at++;
      if (next === CLOSE_ARRAY) return true;
      if (next !== COMMA) return false;
    }
  }

  /** A value, noted at `place` unless that is −1. */
  private value(place: number, depth: number): boolean {
    if (this.at >= this.to) return false;
    switch (this.bytes[this.at]) {
      case QUOTE:
        return this.text(place);
      case OPEN_OBJECT:
        if (place >= 0) this.kinds[place] = JsonKind.other;
        return this.object(place >= 0 && this.isObject[place] === 1 ? place : -2, depth + 1);
      case OPEN_ARRAY:
        if (place >= 0) this.kinds[place] = JsonKind.other;
        return this.array(depth + 1);
      case LETTER_T:
        return this.word(TRUE, place, JsonKind.yes);
      case LETTER_F:
        return this.word(FALSE, place, JsonKind.no);
      case LETTER_N:
        return this.word(NULL, place, JsonKind.nothing);
      default:
        return this.number(place);
    }
  }

  private text(place: number): boolean {
    const { bytes, to } = this;
    const start = this.at + 1;
    for (let i = start; i < to; i++) {
      const byte = bytes[i]!;
      if (byte === QUOTE) {
        this.at = i + 1;
        if (place >= 0) {
          this.kinds[place] = JsonKind.text;
          this.starts[place] = start;
          this.ends[place] = i;
        }
        return true;
      }
      if (byte === BACKSLASH || byte < 0x20 || byte > 0x7e) return false;
    }
    return false;
  }

  private word(word: Uint8Array, place: number, kind: number): boolean {
    if (word.length > this.to - this.at) return false;
    for (let i = 0; i < word.length; i++) if (this.bytes[this.at + i] !== word[i]) return false;
    this.at += word.length;
    if (place >= 0) this.kinds[place] = kind;
    return true;
  }

  /** RFC 8259 §6, without exponents. A member that we read is not below zero. */
  private number(place: number): boolean {
    const { bytes, to } = this;
    const isNegative = bytes[this.at] === MINUS;
    const start = isNegative ? this.at + 1 : this.at;
    let i = start;
    let value = 0;
    for (; i < to; i++) {
      const digit = bytes[i]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (i === start || i - start > MAX_DIGITS || (i - start > 1 && bytes[start] === ZERO)) return false;
    let kind: number = JsonKind.whole;
    if (i < to && bytes[i] === DOT) {
      const point = i + 1;
      let decimals = 0;
      for (i = point; i < to; i++) {
        const digit = bytes[i]! - ZERO;
        if (digit < 0 || digit > 9) break;
        decimals = decimals * 10 + digit;
      }
      if (i === point || i - point > DECIMALS || value >= MAX_DECIMAL_WHOLE) return false;
      for (let digits = i - point; digits < DECIMALS; digits++) decimals *= 10;
      // 1.0 is a whole number to JSON.parse.
      if (decimals === 0) return false;
      value = value * 1e6 + decimals;
      kind = JsonKind.decimal;
    }
    if (i < to && (bytes[i]! | 0x20) === EXPONENT) return false;
    this.at = i;
    if (place < 0) return true;
    this.kinds[place] = kind;
    this.numbers[place] = value;
    return !isNegative;
  }
}

const EXPONENT = 0x65;
const TRUE = Buffer.from('true', 'latin1');
const FALSE = Buffer.from('false', 'latin1');
const NULL = Buffer.from('null', 'latin1');
