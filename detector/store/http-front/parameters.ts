import type { QueryParam } from '../store-types.js';

/**
 * `param_NAME` values as ClickHouse reads them from a URL: a plain value is escaped as in TabSeparated; an array is a literal ['a','b'] or [1,2] whose
 * strings are escaped inside; \N is NULL where the type takes it. The engine gets values, and escapes them again its own way.
 */
export function parameters(raw: ReadonlyMap<string, string>, sql: string): Record<string, QueryParam> {
  const values: Record<string, QueryParam> = {};
  for (const [name, text] of raw) {
    const type = /^\w+$/.test(name) ? (new RegExp(`\\{\\s*${name}\\s*:\\s*([^}]*)\\}`).exec(sql)?.[1] ?? '') : '';
    if (text === '\\N' && /^(?:LowCardinality\s*\(\s*)?Nullable\b/i.test(type)) values[name] = null;
    else values[name] = /^Array\b/i.test(type) ? (arrayLiteral(text) ?? unescapeTsv(text)) : unescapeTsv(text);
  }
  return values;
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '0': '\0' };

export function unescapeTsv(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
}

const ELEMENT = /\s*(?:'((?:[^'\\]|\\.|'')*)'|(-?\d+(?:\.\d+)?))\s*(,|$)/sy;

/** Elements of a one-dimensional array of strings or of numbers; undefined for anything else. */
function arrayLiteral(text: string): string[] | number[] | undefined {
  const inner = /^\s*\[([\s\S]*)\]\s*$/.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const strings: string[] = [];
  const numbers: number[] = [];
  ELEMENT.lastIndex = 0;
  while (ELEMENT.lastIndex < inner.length) {
    const match = ELEMENT.exec(inner);
    if (match === null) return undefined;
    if (match[1] !== undefined) strings.push(unescapeTsv(match[1].replaceAll("''", "'")));
    else numbers.push(Number(match[2]));
    if (match[3] === '' && ELEMENT.lastIndex < inner.length) return undefined;
  }
  if (strings.length > 0 && numbers.length > 0) return undefined;
  return numbers.length > 0 ? numbers : strings;
}
