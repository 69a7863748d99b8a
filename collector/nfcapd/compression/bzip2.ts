/*
 * bzip2, read as described in *The bzip2 format* (and by its own decoder's limits):
 *
 *   "BZh" '1'…'9' │ block: 48 bits π │ CRC │ 1 randomised │ 24 origin │ map of octets │ 3 tables │ 15 selectors │ … │ code lengths │ symbols │
 *                 │ end: 48 bits √π │ CRC of all
 */
const BLOCK = 0x314159265359;
const END = 0x177245385090;
const MAX_CODE = 20;
const SYMBOLS_PER_SELECTOR = 50;

const CRC_TABLE = crcTable();

/** Unpacks one bzip2 stream into `into`: answers the octets written, −1 when it is broken, its checksums do not hold, or it would not fit. */
export function unpackBzip2(packed: Uint8Array, into: Uint8Array): number {
  const bits = new Bits(packed);
  const level = bits.read(24) === 0x425a68 ? bits.read(8) - 0x30 : 0;
  if (level < 1 || level > 9) return -1;
  const symbols = new Uint32Array(level * 100_000);
  let to = 0;
  for (;;) {
    const mark = bits.read(24) * 2 ** 24 + bits.read(24);
    const checksum = bits.read(16) * 65_536 + bits.read(16);
    if (bits.ended) return -1;
    if (mark === END) return to;
    if (mark !== BLOCK) return -1;
    const randomised = bits.read(1);
    const origin = bits.read(24);
    const length = randomised === 0 ? readBlock(bits, symbols) : -1;
    if (length < 0 || origin >= Math.max(length, 1)) return -1;
    const end = unsort(symbols, length, origin, into, to);
    if (end < 0 || crcOf(into, to, end) !== checksum) return -1;
    to = end;
  }
}

/** Bits, the highest of an octet first. Behind the end there are zeros, and `ended` is set. */
class Bits {
  ended = false;
  private readonly bytes: Uint8Array;
  private at = 0;
  private held = 0;
  private count = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Up to 24 bits. */
  read(bits: number): number {
    while (this.count < bits) {
      if (this.at === this.bytes.length) this.ended = true;
      this.held = ((this.held << 8) | (this.bytes[this.at++] ?? 0)) >>> 0;
      this.count += 8;
      if (this.ended) this.at = this.bytes.length;
    }
    this.count -= bits;
    const value = this.held >>> this.count;
    this.held &= (1 << this.count) - 1;
    return value;
  }
}

/** Codes of one table in order of length: `limit` is the largest code of a length, `base` what to take from it to find the symbol's place in `order`. */
interface Codes {
  readonly limit: Int32Array;
  readonly base: Int32Array;
  readonly order: Uint16Array;
  readonly shortest: number;
}

/** Reads the symbols of a block as octets, before the sorting is undone; −1 when it is broken. */
function readBlock(bits: Bits, into: Uint32Array): number {
  const front = readMap(bits);
  const alphabet = front.length + 2;
  const tableCount = bits.read(3);
  const selectorCount = bits.read(15);
  if (front.length === 0 || tableCount < 2 || tableCount > 6 || selectorCount === 0) return -1;
  const selectors = readSelectors(bits, tableCount, selectorCount);
  if (selectors === undefined) return -1;
  const tables: Codes[] = [];
  for (let i = 0; i < tableCount; i++) {
    const codes = readCodes(bits, alphabet);
    if (codes === undefined) return -1;
    tables.push(codes);
  }
  return readSymbols(bits, tables, selectors, front, into);
}

/** The octets that occur, in two levels of 16 bits. */
function readMap(bits: Bits): Uint8Array {
  const octets: number[] = [];
  const groups = bits.read(16);
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >>> group)) === 0) continue;
    const members = bits.read(16);
    for (let member = 0; member < 16; member++) if ((members & (0x8000 >>> member)) !== 0) octets.push(group * 16 + member);
  }
  return Uint8Array.from(octets);
}

/** Which table each run of 50 symbols is coded by: numbers in unary, moved to the front. */
function readSelectors(bits: Bits, tableCount: number, selectorCount: number): Uint8Array | undefined {
  const front = Uint8Array.from({ length: tableCount }, (_, i) => i);
  const selectors = new Uint8Array(selectorCount);
  for (let i = 0; i < selectorCount; i++) {
    let place = 0;
    while (bits.read(1) === 1) if (++place >= tableCount) return undefined;
    if (bits.ended) return undefined;
    const table = front[place]!;
    front.copyWithin(1, 0, place);
    front[0] = table;
    selectors[i] = table;
  }
  return selectors;
}

/** Lengths of codes as steps from one symbol's to the next, made into canonical codes. */
function readCodes(bits: Bits, alphabet: number): Codes | undefined {
  const lengths = new Uint8Array(alphabet);
  let length = bits.read(5);
  for (let symbol = 0; symbol < alphabet; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE || bits.ended) return undefined;
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  const order = new Uint16Array(alphabet);
  const limit = new Int32Array(MAX_CODE + 1).fill(-1);
  const base = new Int32Array(MAX_CODE + 1);
  let code = 0;
  let place = 0;
  for (let width = 1; width <= MAX_CODE; width++) {
    base[width] = code - place;
    for (let symbol = 0; symbol < alphabet; symbol++) {
      if (lengths[symbol] !== width) continue;
      order[place++] = symbol;
      code++;
    }
    limit[width] = code - 1;
    code <<= 1;
  }
  return { limit, base, order, shortest: Math.min(...lengths) };
}

/** Symbols 0 and 1 write the length of a run in base 2 with digits 1 and 2, the last one ends the block, others name a place in the list. */
function readSymbols(bits: Bits, tables: readonly Codes[], selectors: Uint8Array, front: Uint8Array, into: Uint32Array): number {
  const endOfBlock = front.length + 1;
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let group = 0; group < selectors.length; group++) {
    const codes = tables[selectors[group]!]!;
    for (let i = 0; i < SYMBOLS_PER_SELECTOR; i++) {
      const symbol = readSymbol(bits, codes);
      if (symbol < 0 || bits.ended) return -1;
      if (symbol <= 1) {
        run += weight << symbol;
        weight *= 2;
        if (run > into.length) return -1;
        continue;
      }
      if (run > 0) {
        if (run > into.length - length) return -1;
        into.fill(front[0]!, length, length + run);
        length += run;
        run = 0;
        weight = 1;
      }
      if (symbol === endOfBlock) return length;
      if (length === into.length) return -1;
      const octet = front[symbol - 1]!;
      front.copyWithin(1, 0, symbol - 1);
      front[0] = octet;
      into[length++] = octet;
    }
  }
  return -1;
}

function readSymbol(bits: Bits, { limit, base, order, shortest }: Codes): number {
  let code = bits.read(shortest);
  for (let width = shortest; width <= MAX_CODE; width++) {
    if (code <= limit[width]!) return order[code - base[width]!] ?? -1;
    code = (code << 1) | bits.read(1);
  }
  return -1;
}

/** Undoes the sorting (the octet of each place in its low bits, the place that follows in the upper 24), then the runs: four equal octets and a count. */
function unsort(symbols: Uint32Array, length: number, origin: number, into: Uint8Array, at: number): number {
  const starts = new Uint32Array(257);
  for (let i = 0; i < length; i++) starts[(symbols[i]! & 0xff) + 1]!++;
  for (let octet = 1; octet < 257; octet++) starts[octet]! += starts[octet - 1]!;
  for (let i = 0; i < length; i++) symbols[starts[symbols[i]! & 0xff]!++]! |= i << 8;
  let to = at;
  let place = length === 0 ? 0 : symbols[origin]! >>> 8;
  let last = -1;
  let equal = 0;
  for (let i = 0; i < length; i++) {
    const entry = symbols[place]!;
    const octet = entry & 0xff;
    place = entry >>> 8;
    if (equal === 4) {
      if (octet > into.length - to) return -1;
      into.fill(last, to, to + octet);
      to += octet;
      equal = 0;
      last = -1;
      continue;
    }
    if (to === into.length) return -1;
    into[to++] = octet;
    equal = octet === last ? equal + 1 : 1;
    last = octet;
  }
  return to;
}

/** CRC-32 as bzip2 has it: the highest bit first, polynomial 0x04c11db7. */
function crcOf(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffff_ffff;
  for (let i = from; i < to; i++) crc = ((crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ bytes[i]!]!) >>> 0;
  return ~crc >>> 0;
}

function crcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, octet) => {
    let crc = octet << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
    return crc >>> 0;
  });
}
