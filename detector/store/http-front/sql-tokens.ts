/**
 * SQL cut into the tokens that matter for deciding what a statement may do, as ClickHouse's lexer cuts it (Parsers/Lexer.cpp): '…' with \ and ''
 * escapes, `…` and "…" as identifiers, $tag$…$tag$ as strings, comments `--`, `//`, `#!`, `# ` to the end of the line and block comments nested.
 * Where the two could disagree, something could hide in the difference; such text is refused (SqlError), never guessed at.
 */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'symbol';
  /** Words in lower case; quoted identifiers without their quotes; symbols as they are; strings are opaque ('' here). */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export class SqlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SqlError';
  }
}

const SPACE = /[ \t\r\n\f\v]+/y;
const LINE_COMMENT = /(?:--|#[ !]|\/\/)[^\n]*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_$]*/y;
const NUMBER = /[0-9][A-Za-z0-9_.]*/y;
const HEREDOC = /\$[A-Za-z0-9_]*\$/y;
/** Curly quotes are quotes to ClickHouse, no-break spaces are spaces: nobody needs them outside strings. */
const PRINTABLE_ASCII = /[!-~]/;

export function tokens(sql: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  while (at < sql.length) {
    const start = at;
    const skipped = match(SPACE) ?? match(LINE_COMMENT);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    if (sql.startsWith('/*', at)) {
      at = closeComment(sql, at);
      continue;
    }
    const character = sql[at]!;
    if (!PRINTABLE_ASCII.test(character)) throw new SqlError('only ASCII outside quotes');
    const heredoc = match(HEREDOC);
    if (heredoc !== undefined) {
      const end = sql.indexOf(heredoc, at + heredoc.length);
      if (end < 0) throw new SqlError('a string is not closed');
      at = end + heredoc.length;
      found.push({ kind: 'string', text: '', start, end: at });
    } else if (character === "'" || character === '`' || character === '"') {
      at = closeQuote(sql, at);
      found.push(quoted(sql, start, at, found.at(-1)));
    } else {
      const word = match(WORD) ?? match(NUMBER);
      at += word?.length ?? 1;
      found.push({ kind: word === undefined ? 'symbol' : 'word', text: sql.slice(start, at).toLowerCase(), start, end: at });
    }
  }
  return found;
}

function quoted(sql: string, start: number, end: number, before: Token | undefined): Token {
  if (sql[start] === "'") {
    // x'41' and b'01' end at the next quote, without escapes.
    if (before?.end === start && (before.text === 'x' || before.text === 'b'))
      throw new SqlError("strings of the form x'…' are not answered here");
    return { kind: 'string', text: '', start, end };
  }
  const text = sql.slice(start + 1, end - 1);
  // "fi\x6ce" is `file`.
  if (text.includes('\\')) throw new SqlError('no escapes in quoted names');
  return { kind: 'quoted', text, start, end };
}

function closeComment(sql: string, open: number): number {
  let depth = 0;
  for (let at = open; at < sql.length - 1; at++) {
    const pair = sql.slice(at, at + 2);
    if (pair === '/*') depth++;
    else if (pair === '*/') depth--;
    else continue;
    at++;
    if (depth === 0) return at + 1;
  }
  throw new SqlError('a comment is not closed');
}

/** Position behind the closing quote: a backslash takes the next character, a doubled quote stands for itself. */
function closeQuote(sql: string, open: number): number {
  const quote = sql[open]!;
  let at = open + 1;
  while (at < sql.length) {
    if (sql[at] === '\\') at += 2;
    else if (sql[at] !== quote) at++;
    else if (sql[at + 1] === quote) at += 2;
    else return at + 1;
  }
  throw new SqlError('a quoted text is not closed');
}
