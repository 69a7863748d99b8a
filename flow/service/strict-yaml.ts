import {
  Composer,
  type CST,
  type Document,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  type YAMLMap,
  YAMLParseError,
} from 'yaml';
import { printable } from '../address.js';
import { type LongList, placeOfList, takeLongLists } from './long-lists.js';

/** Limits on text from outside. Memory and time of parsing are bounded by them. */
export const MAX_YAML_BYTES = 8 * 1024 * 1024; // about 400 000 prefixes
const MAX_FLOW_DEPTH = 16; // claim files nest seven deep, the configuration three
const MAX_INDICATORS_PER_LINE = 8; // '- - - …': the YAML library recurses for each
const MAX_INDENT = 64; // columns; block nesting is bounded by it

/** Where something stands in a file; lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong in a file: a stable word for programs, and what to write instead. */
export interface YamlProblem extends Position {
  readonly code: string;
  readonly message: string;
}

export type YamlPath = readonly (string | number)[];

/** A parsed file: its plain data (maps without prototype), and the way back from a path in it to line and column. */
export interface StrictYaml {
  readonly data: unknown;
  /** Place of the value at `path`, or of the nearest parent that exists; with `key`, of that key of the map there. */
  positionOf(path: YamlPath, key?: string): Position;
}

/**
 * Reads YAML 1.2 (core schema) strictly: one document, no aliases, anchors, tags or other YAML versions, no key twice, bounded size and depth
 * (reference: assurance.md §1.4). Answers with all problems instead when there are any.
 */
export function parseStrictYaml(text: string): StrictYaml | { readonly problems: readonly YamlProblem[] } {
  const taken = Buffer.byteLength(text) > MAX_YAML_BYTES ? { text, lists: [] } : takeLongLists(text);
  const lists = new Map(taken.lists.map((list, index) => [list.from, { list, place: placeOfList(index) }]));
  const yaml = read(taken.text, lists, text);
  // A list that stands in a comment or a text was none; a problem may have to do with what was taken out.
  if (lists.size > 0 && ('problems' in yaml || yaml.put < lists.size)) return read(text, new Map());
  return yaml;
}

/** Long lists by the offset of their bracket, and what stands in their place. */
type Lists = ReadonlyMap<number, { readonly list: LongList; readonly place: string }>;

/** `text` is `whole` without `lists`. */
function read(
  text: string,
  lists: Lists,
  whole = text,
): (StrictYaml & { readonly put: number }) | { readonly problems: readonly YamlProblem[] } {
  const problems: YamlProblem[] = [];
  let lines = new LineCounter();
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const report: Report = (offset, code, message) => {
    problems.push({ ...place(offset), code, message });
  };
  lines.addNewLine(0);
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) {
    report(0, 'too-large', `the file is larger than ${MAX_YAML_BYTES / 1024 / 1024} MiB; split it into several files`);
    return { problems };
  }
  const counted = new LineCounter();
  const document = documentOf(text, counted);
  if (typeof document === 'number') {
    for (let at = text.indexOf('\n'); at >= 0 && at < document; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
    report(
      document,
      'too-deep',
      `nested deeper than such files ever are; at most ${MAX_FLOW_DEPTH} brackets and ${MAX_INDENT} columns of indentation`,
    );
    return { problems };
  }
  if (counted.lineStarts.length > 0) lines = counted;
  const yaml = document.directives?.yaml;
  if (yaml?.explicit && yaml.version !== '1.2') {
    report(
      0,
      'yaml-version',
      `%YAML ${yaml.version} is not accepted: there 'NO' and '22:23' are no words; delete the line, these files are YAML 1.2`,
    );
  }
  for (const error of [...document.errors, ...document.warnings]) report(error.pos[0], 'yaml', yamlMessage(error.code, error.message));
  if (problems.length > 0) return { problems };
  const root = document.contents;
  const found = { lists, put: 0 };
  const data = toData(root, report, found);
  if (problems.length > 0) return { problems };
  return { data, put: found.put, positionOf: (path, key) => place(offsetOf(root, path, key, { lists, text: whole })) };
}

function yamlMessage(code: string, message: string): string {
  const first = message.split('\n')[0] ?? message;
  switch (code) {
    case 'MULTIPLE_DOCS':
      return 'a second YAML document begins here; write one document a file, without further --- lines';
    case 'TAB_AS_INDENT':
      return 'indented with a tab; indent with spaces';
    case 'NON_STRING_KEY':
      return 'a key must be a plain word; write name: value';
    case 'TAG_RESOLVE_FAILED':
      return 'tags (!…) are not accepted; delete the tag, plain text, numbers, lists and maps are all that such files hold';
    default:
      return `not valid YAML: ${printable(first)}; put text that holds : # { } [ ] , & * in double quotes`;
  }
}

/** The first document of the text, one error more where there are others; or the offset where it nests deeper than allowed. */
function documentOf(text: string, lines: LineCounter): Document.Parsed | number {
  // Duplicate keys are looked for by ourselves: the library's own check compares every pair of keys.
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    stringKeys: true,
    strict: true,
    prettyErrors: false,
    logLevel: 'error',
  });
  let document: Document.Parsed | undefined;
  try {
    for (const composed of composer.compose(tokensOf(text, lines), true, text.length)) {
      if (document === undefined) document = composed;
      else {
        document.errors.push(new YAMLParseError([composed.range[0], composed.range[1]], 'MULTIPLE_DOCS', 'several documents'));
        break;
      }
    }
  } catch (error) {
    if (error instanceof DeepNesting) return error.offset;
    throw error;
  }
  return document!;
}

class DeepNesting extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super('nested too deep');
    this.offset = offset;
  }
}

/**
 * Tokens of the library's parser. Throws DeepNesting at the place where the text nests deeper than allowed, before anything that recurses has seen it: the lexer
 * needs no recursion, and a document is composed when all of it has been read.
 */
function* tokensOf(text: string, lines: LineCounter): Generator<CST.Token, void> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let offset = 0;
  let flow = 0;
  let indicators = 0;
  let lineStart = true;
  let indented = -1;
  for (const token of new Lexer().lex(text)) {
    // Marks that the lexer adds (document, scalar, end of flow, byte order mark aside) stand for no text.
    if (token !== '\u0002' && token !== '\u001f' && token !== '\u0018') {
      if (token === '[' || token === '{') flow++;
      else if (token === ']' || token === '}') flow = Math.max(0, flow - 1);
      else if (token === '-' || token === '?') indicators++;
      // A line of blanks nests nothing, however long.
      if (indented >= 0 && !token.startsWith('\n') && !token.startsWith('\r')) throw new DeepNesting(indented);
      indented = lineStart && flow === 0 && token.length > MAX_INDENT && !token.includes('\n') && token.trim() === '' ? offset : -1;
      if (flow > MAX_FLOW_DEPTH || indicators > MAX_INDICATORS_PER_LINE) throw new DeepNesting(offset);
      lineStart = token.endsWith('\n');
      if (lineStart) indicators = 0;
      offset += token.length;
    }
    yield* parser.next(token);
  }
  yield* parser.end();
}

type Report = (offset: number, code: string, message: string) => void;

/** Plain data of a node; maps have no prototype, so that a key such as __proto__ is a key like others. */
function toData(node: unknown, report: Report, found: { readonly lists: Lists; put: number }): unknown {
  if (node === null) return null;
  const offset = (node as Node).range?.[0] ?? 0;
  if (!isScalar(node) && !isMap(node) && !isSeq(node)) {
    report(offset, 'alias', 'aliases (*name) are not accepted; write the value out');
    return null;
  }
  if (node.anchor !== undefined) report(offset, 'alias', `anchors (&name) are not accepted; delete &${printable(node.anchor)}`);
  if (node.tag !== undefined) report(offset, 'tag', 'tags (!…) are not accepted; delete the tag');
  if (isScalar(node)) return node.value;
  if (isSeq(node)) {
    const taken = found.lists.get(offset);
    const only: unknown = node.items[0];
    if (taken !== undefined && node.items.length === 1 && isScalar(only) && only.value === taken.place) {
      found.put += 1;
      return [...taken.list.values];
    }
    return node.items.map((item) => toData(item, report, found));
  }
  const map: Record<string, unknown> = Object.create(null);
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    if (key in map)
      report(
        isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset,
        'duplicate-key',
        `'${printable(key)}' is written twice here; keep one`,
      );
    map[key] = toData(pair.value, report, found);
  }
  return map;
}

interface Taken {
  readonly lists: Lists;
  /** The text with the lists in it. */
  readonly text: string;
}

function offsetOf(root: Node | null, path: YamlPath, key: string | undefined, { lists, text }: Taken): number {
  let node: unknown = root;
  let offset = 0;
  for (const [index, step] of path.entries()) {
    offset = (node as Node | null)?.range?.[0] ?? offset;
    if (isMap(node)) {
      const pair = pairOf(node, String(step));
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
      node = pair?.value;
    } else if (isSeq(node)) {
      const taken = lists.get(offset);
      if (taken !== undefined) return offsetInItem(taken.list, Number(step), path.slice(index + 1), key, text) ?? offset;
      node = node.items[Number(step)];
    } else break;
  }
  offset = (node as Node | null | undefined)?.range?.[0] ?? offset;
  if (key !== undefined && isMap(node)) return (pairOf(node, key)?.key as Node | undefined)?.range?.[0] ?? offset;
  return offset;
}

/** The library reads the one item that is asked about: its further lines are indented as the first one is. */
function offsetInItem(list: LongList, item: number, path: YamlPath, key: string | undefined, text: string): number | undefined {
  const from = list.offsets[item];
  const to = list.ends?.[item];
  if (from === undefined || to === undefined) return from;
  const column = from - 1 - text.lastIndexOf('\n', from);
  const document = documentOf(' '.repeat(column) + text.slice(from, to), new LineCounter());
  if (typeof document === 'number') return from;
  return from - column + offsetOf(document.contents, path, key, { lists: new Map(), text });
}

function pairOf(map: YAMLMap, key: string) {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}
