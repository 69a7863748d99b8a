/*
 * Lists of thousands of prefixes, as data for claims often come, are most of a large file and nothing but plain quoted words:
 *
 *   cidr: ["192.0.2.0/28", "192.0.2.16/28", …]   →   cidr: ["~0"          …spaces…             ]
 *
 * The YAML library makes some twenty objects of each word. So they are taken out before it reads the file, and put back afterwards; every other character keeps
 * its line and column.
 */

/** Shorter lists are left to the library. */
const LONG = 64; // words
const QUOTE = 0x22;

export interface LongList {
  /** Offsets of the brackets, the second one behind it. */
  readonly from: number;
  readonly to: number;
  readonly values: readonly string[];
  /** Offset of each value's quote. */
  readonly offsets: readonly number[];
}

/** What stands in the place of list number `index`. */
export function placeOfList(index: number): string {
  return `~${index}`;
}

/** The text without its long lists, and those. Where a list stands in a comment or a text, its place will not be found: then read the text as it is. */
export function takeLongLists(text: string): { readonly text: string; readonly lists: readonly LongList[] } {
  const lists: LongList[] = [];
  const parts: string[] = [];
  let done = 0;
  for (let at = text.indexOf('['); at >= 0; at = text.indexOf('[', at + 1)) {
    const list = readList(text, at);
    if (list === undefined) continue;
    const first = list.offsets[0]!;
    const place = `"${placeOfList(lists.length)}"`;
    if (place.length <= list.values[0]!.length + 2) {
      lists.push(list);
      const rest = text.slice(first + place.length, list.to - 1).replace(/[^\n\r]/g, ' ');
      parts.push(text.slice(done, first), place, rest);
      done = list.to - 1;
    }
    at = list.to - 1;
  }
  return lists.length === 0 ? { text, lists } : { text: parts.join('') + text.slice(done), lists };
}

/** A list of LONG or more words of letters, digits and . : / * _ - in double quotes, nothing but commas and blanks between them. */
function readList(text: string, open: number): LongList | undefined {
  const values: string[] = [];
  const offsets: number[] = [];
  let at = skipBlanks(text, open + 1);
  while (text.charCodeAt(at) === QUOTE) {
    let end = at + 1;
    while (isWordCode(text.charCodeAt(end))) end += 1;
    if (end === at + 1 || text.charCodeAt(end) !== QUOTE) return undefined;
    values.push(text.slice(at + 1, end));
    offsets.push(at);
    at = skipBlanks(text, end + 1);
    if (text[at] === ']') return values.length < LONG ? undefined : { from: open, to: at + 1, values, offsets };
    if (text[at] !== ',') return undefined;
    at = skipBlanks(text, at + 1);
  }
  return undefined;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r') at += 1;
  return at;
}

function isWordCode(code: number): boolean {
  // . / 0–9 : then * - _ and letters; NaN, the end of the text, is none of them.
  return (
    (code >= 0x2d && code <= 0x3a) || code === 0x2a || code === 0x5f || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
  );
}
