/*
 * Items of long block lists, as inventories of thousands of assets are written, read without the YAML library where they are plain:
 *
 *   members:
 *     - { name: asset-1, ip: ["10.0.0.1", 10.0.1.1], serial: "A 1" }      a map of words and lists of words
 *     - name: asset-2                                                     the same over several lines
 *       ip: [10.0.0.2]
 *     - 10.0.0.0/8                                                        a word
 *
 * A word is in double quotes without escapes, or plain and neither a number (but a whole one), nor null, nor a boolean in other spelling. Whatever is
 * otherwise (comments, nested maps, other quotes, blank lines, tabs) makes the whole list one for the library.
 */

const SPACE = 0x20;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const QUOTE = 0x22;
const HASH = 0x23;
const COMMA = 0x2c;
const DASH = 0x2d;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;

export interface PlainItems {
  /** Offset of the first dash, and of the end of the last item's text. */
  readonly from: number;
  readonly to: number;
  readonly values: readonly unknown[];
  /** Offsets of each item behind its dash, and of its end. */
  readonly offsets: readonly number[];
  readonly ends: readonly number[];
}

/** The block list whose first item stands on the line that begins at `start`; undefined where it holds anything but plain items. */
export function readPlainItems(text: string, start: number): PlainItems | undefined {
  const indent = indentAt(text, start);
  if (text.charCodeAt(start + indent) !== DASH) return undefined;
  const reader = new ItemReader(text, start);
  const values: unknown[] = [];
  const offsets: number[] = [];
  const ends: number[] = [];
  let to = start;
  while (isItem(text, reader.at, indent)) {
    reader.at += indent + 2;
    const offset = reader.at;
    const value = reader.item(indent + 2);
    if (value === undefined) return undefined;
    values.push(value);
    offsets.push(offset);
    to = reader.end;
    ends.push(to);
  }
  return endsThere(text, reader.at, indent) ? { from: start + indent, to, values, offsets, ends } : undefined;
}

function isItem(text: string, at: number, indent: number): boolean {
  return indentAt(text, at) === indent && text.charCodeAt(at + indent) === DASH && text.charCodeAt(at + indent + 1) === SPACE;
}

export function indentAt(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === SPACE) at += 1;
  return at - from;
}

/** True when what follows is no part of the list: the next line with something on it stands further out, or is a key beside the dashes. */
function endsThere(text: string, from: number, indent: number): boolean {
  for (let at = from; at < text.length; ) {
    const column = indentAt(text, at);
    const code = text.charCodeAt(at + column);
    if (code === HASH || code === NEWLINE || code === RETURN) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end + 1;
    } else return column < indent || (column === indent && isLetter(code));
  }
  return true;
}

class ItemReader {
  at: number;
  /** Where the text of the last item ended. */
  end = 0;
  private readonly text: string;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  /** The item at hand, up to the begin of the line behind it; its further lines are indented by `indent`. */
  item(indent: number): unknown {
    if (this.code() === OPEN_MAP) {
      const map = this.flowMap();
      return map !== undefined && this.lineEnds() ? map : undefined;
    }
    const begin = this.at;
    const key = this.key();
    if (key !== undefined) return this.blockMap(key, indent);
    this.at = begin;
    const word = this.word();
    return word !== undefined && this.lineEnds() ? word : undefined;
  }

  private blockMap(firstKey: string, indent: number): unknown {
    const map: Record<string, unknown> = Object.create(null);
    for (let key: string | undefined = firstKey; key !== undefined; ) {
      const value = this.code() === OPEN_LIST ? this.flowList() : this.word();
      if (value === undefined || key in map || !this.lineEnds()) return undefined;
      map[key] = value;
      if (indentAt(this.text, this.at) !== indent || !isLetter(this.text.charCodeAt(this.at + indent))) return map;
      this.at += indent;
      key = this.key();
    }
    return undefined;
  }

  /** `{ key: value, … }` on one line. */
  private flowMap(): unknown {
    const map: Record<string, unknown> = Object.create(null);
    this.skip(1);
    for (;;) {
      const key = this.key();
      if (key === undefined || key in map) return undefined;
      const value = this.code() === OPEN_LIST ? this.flowList() : this.word();
      if (value === undefined) return undefined;
      map[key] = value;
      this.skip(0);
      const code = this.code();
      this.skip(1);
      if (code === CLOSE_MAP) return map;
      if (code !== COMMA) return undefined;
    }
  }

  private flowList(): unknown {
    const list: unknown[] = [];
    this.skip(1);
    for (;;) {
      const word = this.word();
      if (word === undefined) return undefined;
      list.push(word);
      this.skip(0);
      const code = this.code();
      if (code === CLOSE_LIST) {
        this.at += 1;
        return list;
      }
      if (code !== COMMA) return undefined;
      this.skip(1);
    }
  }

  /** A name, the colon and the blanks behind it. */
  private key(): string | undefined {
    const { text } = this;
    let end = this.at;
    if (!isLetter(text.charCodeAt(end))) return undefined;
    while (isLetter(text.charCodeAt(end)) || isDigit(text.charCodeAt(end)) || text.charCodeAt(end) === DASH) end += 1;
    if (text.charCodeAt(end) !== COLON || text.charCodeAt(end + 1) !== SPACE) return undefined;
    const name = text.slice(this.at, end);
    this.at = end;
    this.skip(1);
    return name;
  }

  private word(): string | number | boolean | undefined {
    const { text, at } = this;
    if (text.charCodeAt(at) === QUOTE) {
      let end = at + 1;
      while (isQuotable(text.charCodeAt(end))) end += 1;
      if (text.charCodeAt(end) !== QUOTE) return undefined;
      this.at = end + 1;
      return text.slice(at + 1, end);
    }
    let end = at;
    while (isPlain(text, end)) end += 1;
    const first = text.charCodeAt(at);
    if (end === at || !(isLetter(first) || isDigit(first))) return undefined;
    this.at = end;
    return resolved(text.slice(at, end));
  }

  /** Goes behind the end of the line; false where something else is on it. */
  private lineEnds(): boolean {
    this.end = this.at;
    this.skip(0);
    if (this.at === this.text.length) return true;
    if (this.code() === RETURN) this.at += 1;
    this.at += 1;
    return this.text.charCodeAt(this.at - 1) === NEWLINE;
  }

  private code(): number {
    return this.text.charCodeAt(this.at);
  }

  private skip(characters: number): void {
    this.at += characters;
    while (this.text.charCodeAt(this.at) === SPACE) this.at += 1;
  }
}

/** What the core schema of YAML 1.2 (§10.3.2) makes of a plain word; undefined where that is best left to the library. */
function resolved(word: string): string | number | boolean | undefined {
  if (isDigit(word.charCodeAt(0))) {
    const number = Number(word);
    if (Number.isNaN(number)) return word;
    return /^(0|[1-9]\d{0,14})$/.test(word) ? number : undefined;
  }
  if (word === 'true' || word === 'false') return word === 'true';
  return /^(null|true|false)$/i.test(word) ? undefined : word;
}

/** Letters, digits and . / _ - anywhere, a colon where it does not end the word. */
function isPlain(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code === COLON) {
    const next = text.charCodeAt(at + 1);
    return isLetter(next) || isDigit(next);
  }
  return isLetter(code) || isDigit(code) || (code >= 0x2d && code <= 0x2f);
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Printable ASCII but quotes and backslashes. */
function isQuotable(code: number): boolean {
  return code >= SPACE && code <= 0x7e && code !== QUOTE && code !== BACKSLASH;
}
