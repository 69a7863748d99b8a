/*
 * Fields of text, read from octets without a string each. What is not exactly the form expected is refused: a log that was cut or edited
 * must not become other numbers.
 */

const DOT = 0x2e;
const COLON = 0x3a;
const ZERO = 0x30;
const PLUS = 0x2b;
const HYPHEN = 0x2d;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
/** Whole seconds up to the year 2286; microseconds are exact in a double up to 2255. */
const MAX_SECONDS_DIGITS = 10;

/** A decimal number without sign, up to 2^53; −1 when it is none. */
export function countOf(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from || to - from > 16) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

/** Seconds with up to any number of decimals ('1379288667.706265') in whole microseconds, further decimals cut off; −1 when it is none. */
export function microsecondsOf(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  let value = 0;
  for (; i < to && bytes[i] !== DOT; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9 || i - from >= MAX_SECONDS_DIGITS) return -1;
    value = value * 10 + digit;
  }
  if (i === from || i + 1 === to) return -1;
  let scale = 1_000_000;
  for (i++; i < to; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    if (scale === 1) continue;
    value = value * 10 + digit;
    scale /= 10;
  }
  return value * scale;
}

/** Writes the IPv4 (mapped) or IPv6 address into the 16 octets of `into` at `at`; false when the text is none, and `into` then holds anything. */
export function readAddress(bytes: Uint8Array, from: number, to: number, into: Uint8Array, at: number): boolean {
  // The first dot or colon tells the family: at most four characters on.
  for (let i = from; i < to && i - from <= 4; i++) {
    if (bytes[i] === DOT) {
      for (let k = at; k < at + 10; k++) into[k] = 0;
      into[at + 10] = 0xff;
      into[at + 11] = 0xff;
      return readIPv4(bytes, from, to, into, at + 12);
    }
    if (bytes[i] === COLON) return readIPv6(bytes, from, to, into, at);
  }
  return false;
}

/** Four decimal numbers without leading zeros. */
function readIPv4(bytes: Uint8Array, from: number, to: number, into: Uint8Array, at: number): boolean {
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let i = from; i <= to; i++) {
    const byte = i < to ? bytes[i]! : DOT;
    if (byte === DOT) {
      if (digits === 0 || value > 255 || part > 3) return false;
      into[at + part] = value;
      part++;
      value = 0;
      digits = 0;
      continue;
    }
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9 || digits === 3 || (digits > 0 && value === 0)) return false;
    value = value * 10 + digit;
    digits++;
  }
  return part === 4;
}

/** RFC 4291 §2.2: eight groups of hexadecimal digits, one run of zero groups as '::', the last two perhaps as IPv4. */
function readIPv6(bytes: Uint8Array, from: number, to: number, into: Uint8Array, at: number): boolean {
  let words = 0;
  let gap = -1;
  let i = from;
  if (bytes[i] === COLON) {
    if (to - i < 2 || bytes[i + 1] !== COLON) return false;
    gap = 0;
    i += 2;
  }
  while (i < to) {
    const start = i;
    let value = 0;
    for (; i < to; i++) {
      const digit = hexadecimal(bytes[i]!);
      if (digit < 0) break;
      if (i - start === 4) return false;
      value = value * 16 + digit;
    }
    if (words === 8) return false;
    if (i < to && bytes[i] === DOT) {
      if (words > 6 || !readIPv4(bytes, start, to, into, at + words * 2)) return false;
      words += 2;
      break;
    }
    if (i === start) return false;
    into[at + words * 2] = value >>> 8;
    into[at + words * 2 + 1] = value & 0xff;
    words++;
    if (i === to) break;
    if (bytes[i] !== COLON) return false;
    i++;
    if (i === to) return false;
    if (bytes[i] === COLON) {
      if (gap >= 0) return false;
      gap = words;
      i++;
    }
  }
  if (gap < 0) return words === 8;
  if (words === 8) return false;
  const tail = (words - gap) * 2;
  into.copyWithin(at + 16 - tail, at + gap * 2, at + words * 2);
  into.fill(0, at + gap * 2, at + 16 - tail);
  return true;
}

/** A MAC address 'aa:bb:cc:dd:ee:ff' as a 48-bit number, 0 when the text is none. */
export function macOf(bytes: Uint8Array, from: number, to: number): number {
  if (to - from !== 17) return 0;
  let value = 0;
  for (let i = 0; i < 17; i++) {
    const byte = bytes[from + i]!;
    if (i % 3 === 2) {
      if (byte !== COLON) return 0;
      continue;
    }
    const digit = hexadecimal(byte);
    if (digit < 0) return 0;
    value = value * 16 + digit;
  }
  return value;
}

/** A MAC address of twelve digits ('000D3AF87856'), also with ':' or '-' between the octets; 0 when the text is none. */
export function macDigitsOf(bytes: Uint8Array, from: number, to: number): number {
  const width = to - from === 17 ? 3 : 2;
  if (to - from !== width * 6 - (width - 2)) return 0;
  let value = 0;
  for (let i = from; i < to; i++) {
    if (width === 3 && (i - from) % 3 === 2) continue;
    const digit = hexadecimal(bytes[i]!);
    if (digit < 0) return 0;
    value = value * 16 + digit;
  }
  return value;
}

function hexadecimal(byte: number): number {
  if (byte >= ZERO && byte <= 0x39) return byte - ZERO;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** True when the octets are exactly this ASCII text. */
export function isText(bytes: Uint8Array, from: number, to: number, text: Uint8Array): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text[i]) return false;
  return true;
}

/** The octets as text; what is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
}

/** As far as whole seconds of ten digits reach, and within what DateTime64 of ClickHouse can hold. */
const LAST_YEAR = 2285;

/**
 * ISO 8601 in milliseconds, the zone as 'Z', '+0100' or '+01:00', or none for UTC (old Suricata); NaN when it is none. Decimals beyond ms are cut off.
 *
 *   2017-04-07T22:24:37[.251547][Z | ±01[:]00]
 */
export function instantOf(text: string): number {
  const year = digitsOf(text, 0, 4);
  const month = digitsOf(text, 5, 2);
  const day = digitsOf(text, 8, 2);
  const hour = digitsOf(text, 11, 2);
  const minute = digitsOf(text, 14, 2);
  const second = digitsOf(text, 17, 2);
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':') return Number.NaN;
  if (!(year >= 1970 && year <= LAST_YEAR && month >= 1 && month <= 12 && day >= 1 && hour >= 0 && hour <= 23)) return Number.NaN;
  if (!(day <= daysOf(year, month) && minute >= 0 && minute <= 59 && second >= 0 && second <= 60)) return Number.NaN;
  let at = 19;
  let ms = 0;
  if (text[at] === '.') {
    const first = ++at;
    for (; digitsOf(text, at, 1) >= 0; at++) if (at - first < 3) ms += digitsOf(text, at, 1) * 10 ** (2 - at + first);
    if (at === first) return Number.NaN;
  }
  const zoneMinutes = zoneOf(text, at);
  const instant = Date.UTC(year, month - 1, day) + ((hour * 60 + minute - zoneMinutes) * 60 + second) * 1000 + ms;
  return instant >= 0 ? instant : Number.NaN;
}

/**
 * The commonest form of an instant, read from octets: 'YYYY-MM-DDThh:mm:ss', decimals or none, then 'Z', '+0000' or another '±hhmm'. NaN for all others, which
 * may be instants still: those are for `instantOf`.
 */
export function createInstantReader(): (bytes: Uint8Array, from: number, to: number) => number {
  // Lines follow one another in time: the day is mostly that of the line before.
  let day = -1;
  let dayMs = 0;

  return (bytes, from, to) => {
    if (to - from < 20 || bytes[from + 4] !== HYPHEN || bytes[from + 7] !== HYPHEN || bytes[from + 10] !== LETTER_T) return Number.NaN;
    if (bytes[from + 13] !== COLON || bytes[from + 16] !== COLON) return Number.NaN;
    const year = pairOf(bytes, from) * 100 + pairOf(bytes, from + 2);
    const month = pairOf(bytes, from + 5);
    const date = pairOf(bytes, from + 8);
    const hour = pairOf(bytes, from + 11);
    const minute = pairOf(bytes, from + 14);
    const second = pairOf(bytes, from + 17);
    if (!(year >= 1971 && year <= LAST_YEAR && month >= 1 && month <= 12 && date >= 1 && hour >= 0 && hour <= 23)) return Number.NaN;
    if (!(minute >= 0 && minute <= 59 && second >= 0 && second <= 59)) return Number.NaN;
    const thisDay = (year * 16 + month) * 32 + date;
    if (thisDay !== day) {
      if (!(date <= daysOf(year, month))) return Number.NaN;
      day = thisDay;
      dayMs = Date.UTC(year, month - 1, date);
    }
    let at = from + 19;
    let ms = 0;
    if (bytes[at] === DOT) {
      const first = ++at;
      for (let weight = 100; at < to; at++, weight = weight >= 10 ? weight / 10 : 0) {
        const digit = bytes[at]! - ZERO;
        if (digit < 0 || digit > 9) break;
        ms += digit * weight;
      }
      if (at === first) return Number.NaN;
    }
    let zoneMinutes = 0;
    if (to - at === 5 && (bytes[at] === PLUS || bytes[at] === HYPHEN)) {
      const hours = pairOf(bytes, at + 1);
      const minutes = pairOf(bytes, at + 3);
      if (hours < 0 || minutes < 0) return Number.NaN;
      zoneMinutes = (hours * 60 + minutes) * (bytes[at] === HYPHEN ? -1 : 1);
    } else if (!(to - at === 1 && bytes[at] === LETTER_Z)) {
      return Number.NaN;
    }
    return dayMs + ((hour * 60 + minute - zoneMinutes) * 60 + second) * 1000 + ms;
  };
}

/** Two decimal digits, far below zero when they are none. */
function pairOf(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - ZERO;
  const ones = bytes[at + 1]! - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1000;
}

/** The zone that ends `text` from `at` on, in minutes east; NaN when it is none. */
function zoneOf(text: string, at: number): number {
  const sign = text[at];
  if (at === text.length || (sign === 'Z' && at + 1 === text.length)) return 0;
  if (sign !== '+' && sign !== '-') return Number.NaN;
  const minutesAt = at + (text[at + 3] === ':' ? 4 : 3);
  const hours = digitsOf(text, at + 1, 2);
  const minutes = digitsOf(text, minutesAt, 2);
  if (hours < 0 || minutes < 0 || minutesAt + 2 !== text.length) return Number.NaN;
  return (hours * 60 + minutes) * (sign === '-' ? -1 : 1);
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** `length` decimal digits at `at`, −1 when there are not. */
function digitsOf(text: string, at: number, length: number): number {
  let value = 0;
  for (let i = at; i < at + length; i++) {
    const digit = i < text.length ? text.charCodeAt(i) - ZERO : -1;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
