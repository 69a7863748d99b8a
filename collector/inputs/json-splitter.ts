import type { LineBlock } from '../contracts.js';
import { LINES_PER_BLOCK, MAX_LINE_OCTETS } from './line-splitter.js';

/** Containers open at a time; what is nested deeper is no log of flows. */
const MAX_DEPTH = 64;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Members of an object whose array holds the records, where the object is only a wrapper: what `aws logs`, subscriptions and event hubs write. */
const WRAPPERS = ['records', 'Records', 'events', 'logEvents', 'entries', 'results'].map((name) => new TextEncoder().encode(name));

/**
 * Splits JSON into the objects that hold a record each, handed over as the lines of a LineBlock: objects one after the other with or without line ends
 * between them, elements of an array, elements of the arrays that WRAPPERS name, pretty-printed or not. Octets may come in chunks of any size. It finds
 * where objects begin and end and checks nothing more; a line end within a string, or a bracket that closes nothing, ends a broken object, so that what
 * follows is read again. Anything else that stands where a record should is handed over as it is, for the decoder to count.
 *
 *   [ {"a":1}, {"a":2} ]      {"records":[ {"a":1}, {"a":2} ], "next": "…"}      {"a":1}{"a":2}
 *     ───────  ───────                     ───────  ───────                      ──────────────
 */
export class JsonSplitter implements LineBlock {
  readonly bytes: Uint8Array;
  readonly starts = new Uint32Array(LINES_PER_BLOCK);
  readonly ends = new Uint32Array(LINES_PER_BLOCK);
  readonly numbers = new Uint32Array(LINES_PER_BLOCK);
  length = 0;
  tooLong = 0;
  unterminated = false;
  /** Octets in `bytes` that are filled. */
  held = 0;
  /** Records begun so far. */
  lines = 0;
  private at = 0;
  /** Where the record begins, −1 between records. */
  private begun = -1;
  private discarding = false;
  /** The record is a number, a word or text, not an object. */
  private scalar = false;
  /** Containers open: the first `outer` are around the record. */
  private readonly kinds = new Uint8Array(MAX_DEPTH);
  private depth = 0;
  private outer = 0;
  private inString = false;
  private escaped = false;
  private stringAt = -1;
  /** The last octet outside strings that is no space; a string counts as its quote. */
  private last = 0;

  constructor(chunkOctets: number) {
    this.bytes = new Uint8Array(MAX_LINE_OCTETS + 1 + chunkOctets);
  }

  received(count: number): void {
    this.held += count;
  }

  /** Finds the next records; false when there are none and `bytes` can be filled on. With `ended`, what remains is the last, and broken. */
  next(ended: boolean): boolean {
    this.length = 0;
    this.tooLong = 0;
    this.unterminated = false;
    while (this.at < this.held && this.length < LINES_PER_BLOCK) this.octet(this.bytes[this.at]!);
    if (this.length === LINES_PER_BLOCK) return true;
    if (this.begun >= 0 && this.at - this.begun > MAX_LINE_OCTETS) {
      this.discarding = true;
      this.begun = this.at;
      this.stringAt = -1;
    }
    if (ended && (this.begun >= 0 || this.outer > 0)) {
      // An array that nothing closes was cut, even between two records: that is told as a record of no octets.
      if (this.begun < 0) this.begun = this.at;
      this.unterminated = !this.discarding;
      this.outer = 0;
      this.emit(this.at);
    }
    if (this.length > 0 || this.tooLong > 0) return true;
    const from = this.begun < 0 ? this.at : this.begun;
    this.bytes.copyWithin(0, from, this.held);
    this.held -= from;
    this.at -= from;
    if (this.stringAt >= 0) this.stringAt -= from;
    if (this.begun >= 0) this.begun = 0;
    return false;
  }

  /** Reads the octet at `at` and goes on to the next. */
  private octet(byte: number): void {
    if (this.inString) this.stringOctet(byte);
    else if (this.scalar) this.scalarOctet(byte);
    else if (byte > SPACE || !isSpace(byte)) {
      if (this.begun < 0) this.between(byte);
      else this.within(byte);
      this.last = byte;
    }
    this.at++;
  }

  private stringOctet(byte: number): void {
    if (byte === LINE_FEED) {
      // JSON has no raw line end in a string (RFC 8259 §7): the line before was cut.
      this.inString = false;
      this.escaped = false;
      if (this.begun >= 0) this.emit(this.at);
    } else if (this.escaped) {
      this.escaped = false;
    } else if (byte === BACKSLASH) {
      this.escaped = true;
    } else if (byte === QUOTE) {
      this.inString = false;
    }
  }

  private scalarOctet(byte: number): void {
    if (byte === QUOTE) this.inString = true;
    else if (byte === LINE_FEED) this.emit(this.at);
    else if (this.outer > 0 && (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT)) {
      this.emit(this.at);
      this.between(byte);
      this.last = byte;
    }
  }

  /** Outside records: what is around them, and where the next begins. */
  private between(byte: number): void {
    const around = this.outer === 0 ? 0 : this.kinds[this.outer - 1]!;
    if (byte === OPEN_OBJECT && this.depth < MAX_DEPTH) {
      this.begun = this.at;
      this.kinds[this.depth++] = byte;
    } else if (byte === OPEN_ARRAY && this.depth < MAX_DEPTH) {
      this.kinds[this.depth++] = byte;
      this.outer++;
    } else if ((byte === CLOSE_ARRAY && around === OPEN_ARRAY) || (byte === CLOSE_OBJECT && around === OPEN_OBJECT)) {
      this.depth--;
      this.outer--;
    } else if (byte === QUOTE && around === OPEN_OBJECT) {
      this.inString = true;
      this.stringAt = -1;
    } else if (byte !== COMMA && around !== OPEN_OBJECT) {
      this.begun = this.at;
      this.scalar = true;
      this.inString = byte === QUOTE;
    }
  }

  private within(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.inString = true;
        this.stringAt = this.last === COLON ? -1 : this.at;
        break;
      case OPEN_OBJECT:
        // Where no value can stand, the record before was cut and this begins the next.
        if (this.last !== COLON && this.last !== COMMA && this.last !== OPEN_ARRAY) {
          this.emit(this.at);
          this.between(byte);
        } else this.open(byte);
        break;
      case OPEN_ARRAY:
        if (this.depth === this.outer + 1 && this.last === COLON && this.isWrapper()) this.unwrap();
        else this.open(byte);
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY: {
        // '[' and ']', '{' and '}' are two apart in ASCII.
        const matches = this.kinds[this.depth - 1] === byte - 2;
        if (matches) this.depth--;
        if (!matches || this.depth === this.outer) this.emit(this.at + 1);
        break;
      }
    }
  }

  private open(byte: number): void {
    if (this.depth < MAX_DEPTH) this.kinds[this.depth++] = byte;
    else this.emit(this.at + 1);
  }

  /** The name before the ':' that was read last. */
  private isWrapper(): boolean {
    const start = this.stringAt + 1;
    if (start === 0 || this.discarding) return false;
    return WRAPPERS.some((name) => this.bytes[start + name.length] === QUOTE && name.every((byte, i) => this.bytes[start + i] === byte));
  }

  /** The object around is no record: the elements of the array that begins here are. */
  private unwrap(): void {
    this.kinds[this.depth++] = OPEN_ARRAY;
    this.outer = this.depth;
    this.begun = -1;
  }

  /** Hands over what has begun, up to `end`. */
  private emit(end: number): void {
    this.lines++;
    if (this.discarding || end - this.begun > MAX_LINE_OCTETS) {
      this.tooLong++;
    } else {
      this.starts[this.length] = this.begun;
      this.ends[this.length] = end;
      this.numbers[this.length] = this.lines;
      this.length++;
    }
    this.begun = -1;
    this.discarding = false;
    this.scalar = false;
    this.depth = this.outer;
  }
}

/** White space of JSON (RFC 8259 §2). Other control octets, such as the zeros that a crash leaves in a file, belong to no record: they are handed over and counted. */
function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;
}
