import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';

/** Where something stands in a file; lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong in a file, with what to write instead. */
export interface YamlProblem extends Position {
  readonly message: string;
}

/** A parsed file: its value as plain data without prototypes of its own making, and the place of each path in it. */
export interface StrictYaml {
  readonly value: unknown;
  /** Place of the value at a path of keys and indexes; of its key with `key`. Falls back to the nearest parent that exists. */
  positionOf(path: readonly (string | number)[], which?: 'key' | 'value'): Position;
}

/** A claim file of 10 000 assets is about 1 MB; more than this is not a configuration. */
export const MAX_YAML_BYTES = 16 * 1024 * 1024;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * YAML 1.2 as policy needs it: one document, no aliases or anchors, no tags, no duplicate keys, text keys only (reference: assurance.md §1.4).
 * Returns the problems instead, all of them, when there are any.
 */
export function parseStrictYaml(text: string): StrictYaml | { readonly problems: readonly YamlProblem[] } {
  if (text.length > MAX_YAML_BYTES)
    return { problems: [{ line: 1, column: 1, message: `the file is larger than ${MAX_YAML_BYTES / 1024 / 1024} MiB` }] };
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    uniqueKeys: true,
    strict: true,
    lineCounter: lines,
    merge: false,
    prettyErrors: false,
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems: YamlProblem[] = [...document.errors, ...document.warnings].map((error) => ({
    ...at(error.pos[0]),
    message: sentenceOf(error.code, error.message),
  }));
  if (/^%YAML\s+1\.[01]\b/m.test(text.slice(0, 200)))
    problems.push({ line: 1, column: 1, message: 'YAML 1.1 is refused (it reads NO as false); remove the %YAML line' });
  visit(document, {
    Alias: (_key, node) => {
      problems.push({ ...at(node.range?.[0] ?? 0), message: `alias *${node.source} is refused; write the value out` });
    },
    Node: (_key, node) => {
      if ('anchor' in node && node.anchor !== undefined)
        problems.push({ ...at(node.range?.[0] ?? 0), message: `anchor &${node.anchor} is refused; write the value out` });
    },
    Pair: (_key, pair) => {
      const key = pair.key;
      const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
      if (!isScalar(key) || typeof key.value !== 'string') problems.push({ ...at(offset), message: 'keys must be plain text' });
      else if (FORBIDDEN_KEYS.has(key.value)) problems.push({ ...at(offset), message: `the key '${key.value}' is refused` });
    },
  });
  if (problems.length > 0) return { problems };
  const root = document.contents as Node | null;
  return {
    value: document.toJS({ maxAliasCount: 0 }) as unknown,
    positionOf: (path, which = 'value') => at(offsetOf(root, path, which)),
  };
}

function offsetOf(root: Node | null, path: readonly (string | number)[], which: 'key' | 'value'): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    let next: unknown;
    let keyOffset: number | undefined;
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === String(step));
      next = pair?.value;
      keyOffset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
    } else if (isSeq(node)) {
      next = node.items[Number(step)];
    }
    const valueOffset = (next as Node | null | undefined)?.range?.[0];
    if (valueOffset === undefined && keyOffset === undefined) break;
    offset = (which === 'key' ? (keyOffset ?? valueOffset) : (valueOffset ?? keyOffset)) ?? offset;
    node = next;
  }
  return offset;
}

function sentenceOf(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'this key stands here twice; keep one';
  if (code === 'MULTIPLE_DOCS') return 'a file holds one document; split it at ---';
  return `not valid YAML: ${message}`;
}
