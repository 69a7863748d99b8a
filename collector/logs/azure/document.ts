import { macDigitsOf } from '../text-fields.js';

/** Octets of a string that are kept: a tuple with two IPv6 addresses and four counters of twenty digits has some 230. */
const MAX_STRING_OCTETS = 512;

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const TUPLES = 'flowTuples';
const MACS: readonly string[] = ['macAddress', 'mac'];

/** What is found in a document, in its order. */
export interface TupleHandler {
  /** A string in an array `flowTuples`, with the MAC address of its interface, 0 not known. */
  tuple(bytes: Uint8Array, from: number, to: number, mac: number): void;
  /** Something that cannot be right: what is no string among tuples, a line end within a string, anything after a value that ended. */
  broken(): void;
  /** A value that stands by itself has ended. */
  ended(): void;
}

/**
 * Finds the flow tuples in JSON that comes octet by octet, whatever is around them (`records[].flowRecords.flows[].flowGroups[]` or
 * `records[].properties.flows[].flows[]`) and however long the document is. What it keeps is one string and a depth. It looks for names and brackets
 * only; a document that is no JSON is not refused as such, what is no tuple is.
 */
export class TupleDocument {
  /** Containers open. */
  depth = 0;
  /** A string is open. */
  inString = false;
  private escaped = false;
  private readonly text = new Uint8Array(MAX_STRING_OCTETS);
  private length = 0;
  private readonly handler: TupleHandler;
  /** The name of the member that is read, as far as it matters. */
  private name = '';
  /** The depth of the array `flowTuples` that is open, 0 none. */
  private tuplesDepth = 0;
  private mac = 0;
  private macDepth = 0;
  /** The last octet outside strings that is no space. */
  private last = 0;

  constructor(handler: TupleHandler) {
    this.handler = handler;
  }

  read(bytes: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      if (this.inString) i = this.stringOctets(bytes, i, to);
      else if (byte > 0x20) {
        this.octet(byte);
        if (byte !== QUOTE) this.last = byte;
      } else if (byte === LINE_FEED && this.depth === 0) this.last = 0;
    }
  }

  /** Forgets what is open: what comes next is a document of its own. */
  reset(): void {
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
    this.tuplesDepth = 0;
    this.macDepth = 0;
    this.mac = 0;
    this.last = 0;
  }

  /** Reads a string on from `i`, to its end or to `to`; answers the place of the last octet read. */
  private stringOctets(bytes: Uint8Array, i: number, to: number): number {
    for (; i < to; i++) {
      const byte = bytes[i]!;
      if (this.escaped) this.escaped = false;
      else if (byte === BACKSLASH) this.escaped = true;
      else if (byte === QUOTE) {
        this.inString = false;
        this.stringEnds();
        this.last = QUOTE;
        return i;
      } else if (byte === LINE_FEED) {
        this.handler.broken();
        this.reset();
        return i;
      }
      if (this.length < MAX_STRING_OCTETS) this.text[this.length] = byte;
      this.length++;
    }
    return i;
  }

  private stringEnds(): void {
    if (this.tuplesDepth > 0 && this.depth === this.tuplesDepth) {
      // A tuple too long for the text is none, and an escape has no place in it either.
      this.handler.tuple(this.text, 0, Math.min(this.length, MAX_STRING_OCTETS), this.mac);
    } else if (this.last === COLON) {
      if (MACS.includes(this.name)) {
        this.mac = macDigitsOf(this.text, 0, this.length);
        this.macDepth = this.depth;
      }
    } else {
      this.name = this.length <= TUPLES.length ? String.fromCharCode(...this.text.subarray(0, this.length)) : '';
    }
  }

  private octet(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.inString = true;
        this.length = 0;
        return;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.open(byte);
        return;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        this.close();
        return;
      case COMMA:
      case COLON:
        return;
      default:
        // The first octet of a number or word. Between documents, or among tuples, there is none.
        if ((this.depth === 0 || this.depth === this.tuplesDepth) && isFirst(this.last)) this.handler.broken();
    }
  }

  private open(byte: number): void {
    const canStand = this.last === COLON || this.last === COMMA || this.last === OPEN_ARRAY || this.depth === 0;
    if (!canStand) {
      // The document before was cut.
      this.handler.broken();
      this.reset();
    } else if (this.depth > 0 && this.depth === this.tuplesDepth) {
      this.handler.broken();
    }
    this.depth++;
    if (byte === OPEN_ARRAY && this.last === COLON && this.name === TUPLES) this.tuplesDepth = this.depth;
  }

  private close(): void {
    if (this.depth === 0) {
      this.handler.broken();
      return;
    }
    if (this.depth === this.tuplesDepth) this.tuplesDepth = 0;
    if (this.depth === this.macDepth) this.mac = 0;
    this.depth--;
    if (this.depth === 0) this.handler.ended();
  }
}

/** True when no word has begun: `last` is punctuation. */
function isFirst(last: number): boolean {
  return (
    last === 0 || last === COMMA || last === COLON || last === QUOTE || (last | 0x20) === OPEN_OBJECT || (last | 0x20) === CLOSE_OBJECT
  );
}
