/**
 * The little of SQL's surface that macro expansion must see: quotes, comments, brackets and commas.
 * Every function returns an `end` greater than where it began, so that loops over a query advance.
 */

const QUOTES = new Set(["'", '"', '`']);

/**
 * A quoted text or a comment that begins at `at`: its text as it goes into the result (comments: nothing) and where it ends; undefined when none begins
 * there. A backslash in quotes escapes what follows.
 */
export function skipQuoted(sql: string, at: number): { text: string; end: number } | undefined {
  if (sql.startsWith('--', at)) {
    const line = sql.indexOf('\n', at);
    return { text: '', end: line < 0 ? sql.length : line };
  }
  if (sql.startsWith('/*', at)) {
    const close = sql.indexOf('*/', at + 2);
    return { text: '', end: close < 0 ? sql.length : close + 2 };
  }
  const quote = sql[at];
  if (quote === undefined || !QUOTES.has(quote)) return undefined;
  let end = at + 1;
  while (end < sql.length && sql[end] !== quote) end += sql[end] === '\\' ? 2 : 1;
  end = Math.min(end + 1, sql.length);
  return { text: sql.slice(at, end), end };
}

/** The arguments of a call whose `(` stands at `at`, split at top-level commas; undefined when there is no bracket. */
export function callArguments(sql: string, at: number): { args: string[]; end: number } | undefined {
  if (sql[at] !== '(') return undefined;
  const args: string[] = [];
  let depth = 0;
  let from = at + 1;
  let i = at;
  while (i < sql.length) {
    const quoted = skipQuoted(sql, i);
    if (quoted !== undefined) {
      i = quoted.end;
      continue;
    }
    if (sql[i] === '(') depth++;
    else if (sql[i] === ')') depth--;
    if (depth === 0) return { args: [...args, sql.slice(from, i)], end: i + 1 };
    if (sql[i] === ',' && depth === 1) {
      args.push(sql.slice(from, i));
      from = i + 1;
    }
    i++;
  }
  throw new Error('a bracket of a macro is never closed');
}
