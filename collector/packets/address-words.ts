const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** ::ffff:0:0/96, third word, as a Uint32Array of this machine shows it. */
const MAPPED = LITTLE_ENDIAN ? 0xffff_0000 : 0x0000_ffff;

/**
 * Writes four big-endian words, an address, into the `words` of an address column at index `at` (row * 4). As fast as it goes: four stores, and for IPv4
 * three of them constant.
 */
export function writeAddressWords(words: Uint32Array, at: number, a: number, b: number, c: number, d: number): void {
  if (c === 0xffff && a === 0 && b === 0) {
    words[at] = 0;
    words[at + 1] = 0;
    words[at + 2] = MAPPED;
  } else {
    words[at] = networkOrder(a);
    words[at + 1] = networkOrder(b);
    words[at + 2] = networkOrder(c);
  }
  words[at + 3] = networkOrder(d);
}

function networkOrder(word: number): number {
  if (!LITTLE_ENDIAN) return word;
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
