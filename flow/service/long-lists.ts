import { indentAt, readPlainItems } from './plain-items.js';

/*
 * Lists of thousands of prefixes or assets, as data for claims often come, are most of a large file and nothing but plain words and small maps of them:
 *
 *   cidr: ["192.0.2.0/28", "192.0.2.16/28", …]   →   cidr: ["~0"          …spaces…             ]
 *
 *   members:                                         members:
 *     - { name: scan-1, ip: ["192.0.2.1"] }      →     - "~1"             …spaces…
 *     - { name: scan-2, ip: ["192.0.2.2"] }
 *
 * The YAML library makes some twenty objects of each word. So they are taken out before it reads the file, and put back afterwards; every other character keeps
 * its line and column.
 */

/** Shorter lists are left to the library. */
const LONG = 64; // words or items
const QUOTE = 0x22;

export interface LongList {
  /** Offsets of what the library is left with: the bracket, or the first dash, and the end of the list. */
  readonly from: number;
  readonly to: number;
  readonly values: readonly unknown[];
  /** Offset of each value. */
  readonly offsets: readonly number[];
  /** Offset of the end of each value, in a list of items with dashes. */
  readonly ends?: readonly number[];
}

/** What stands in the place of list number `index`. */
export function placeOfList(index: number): string {
  return `~${index}`;
}

/** The text without its long lists, and those. Where a list stands in a comment or a text, its place will not be found: then read the text as it is. */
export function takeLongLists(text: string): { readonly text: string; readonly lists: readonly LongList[] } {
  const lists: LongList[] = [];
  return { text: takeWordLists(takeItemLists(text, lists), lists), lists };
}

function takeWordLists(text: string, lists: LongList[]): string {
  const cuts: Cut[] = [];
  for (let at = text.indexOf('['); at >= 0; at = text.indexOf('[', at + 1)) {
    const list = readList(text, at);
    if (list === undefined) continue;
    cut(list, list.to - 1, lists, cuts);
    at = list.to - 1;
  }
  return withoutCuts(text, cuts);
}

/** Lists of items with dashes stand below a line that ends in a colon. */
function takeItemLists(text: string, lists: LongList[]): string {
  const cuts: Cut[] = [];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) {
    let last = end - 1;
    while (text[last] === ' ' || text[last] === '\r') last -= 1;
    if (text[last] !== ':') continue;
    const begin = text.lastIndexOf('\n', last) + 1;
    const indent = indentAt(text, begin);
    if (text[begin + indent] === '-' || indentAt(text, end + 1) < indent) continue;
    const list = readPlainItems(text, end + 1);
    if (list === undefined || list.values.length < LONG) continue;
    cut(list, list.to, lists, cuts);
    end = list.to - 1;
  }
  return withoutCuts(text, cuts);
}

/** What is taken out of a text, from the first value on, and what is put there. */
interface Cut {
  readonly from: number;
  readonly to: number;
  readonly place: string;
}

function cut(list: LongList, to: number, lists: LongList[], cuts: Cut[]): void {
  const from = list.offsets[0]!;
  const place = `"${placeOfList(lists.length)}"`;
  const room = (list.ends?.[0] ?? list.offsets[1]! - 1) - from;
  if (place.length > room) return;
  lists.push(list);
  cuts.push({ from, to, place });
}

/** Lines keep their numbers and columns. */
function withoutCuts(text: string, cuts: readonly Cut[]): string {
  let done = 0;
  const parts = cuts.flatMap(({ from, to, place }) => {
    const before = text.slice(done, from);
    done = to;
    return [before, place, text.slice(from + place.length, to).replace(/[^\n\r]+/g, (line) => ' '.repeat(line.length))];
  });
  return parts.length === 0 ? text : parts.join('') + text.slice(done);
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
