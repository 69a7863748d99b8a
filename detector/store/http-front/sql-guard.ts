import { SqlError, type Token, tokens } from './sql-tokens.js';

/** What a statement from outside may begin with. */
const READING = new Set(['select', 'with', 'show', 'describe', 'desc', 'exists', 'explain']);

/**
 * Table functions that reach nothing outside the query. Every other one that the engine has (it is asked for its list at the start) is refused, so that a new
 * one of a later version is refused until somebody has looked at it.
 */
export const HARMLESS_TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'generateseries',
  'generate_series',
  'primes',
  'values',
  'null',
  'view',
  'format',
]);

/**
 * Ordinary functions that reach outside. In chdb `file('/etc/passwd')` as a plain function returns the file's content even in a readonly
 * session (measured, ClickHouse 26.7: readonly guards table functions only), and a function is called by its bare name too
 * (`* APPLY file`, `arrayMap(file, …)`). So these names are refused wherever they stand, as a column or an alias also.
 */
const REACHING = new Set(['file', 'catboostevaluate', 'sleep', 'sleepeachrow']);
/** aiGenerate, aiEmbed … call a service on the network. */
const REACHING_FAMILY = /^ai(generate|classify|extract|translate|embed)/;

export interface GuardedQuery {
  /** The statement without FORMAT clause and closing semicolon. */
  readonly sql: string;
  /** Format that the statement itself asks for. */
  readonly format: string | undefined;
}

/**
 * Lets one reading statement through, and says why another may not pass (SqlError). The session behind it is readonly with limits; this
 * closes what readonly leaves open in chdb: several statements, INTO OUTFILE, and functions that read files.
 */
export function createSqlGuard(tableFunctions: readonly string[]): (sql: string) => GuardedQuery {
  const refused = new Set(tableFunctions.map((name) => name.toLowerCase()).filter((name) => !HARMLESS_TABLE_FUNCTIONS.has(name)));

  return (sql) => {
    const list = tokens(sql);
    while (list.at(-1)?.text === ';' && list.at(-1)?.kind === 'symbol') list.pop();
    const first = firstWord(list);
    if (first === undefined) throw new SqlError('the query is empty');
    if (!READING.has(first))
      throw new SqlError(`only ${[...READING].join(', ').toUpperCase()} are answered here, not ${first.toUpperCase()}`);
    for (let i = 0; i < list.length; i++) check(list, i, refused);
    return cutFormat(sql, list);
  };
}

/** True for a statement that reads, whatever comments stand before it. */
export function isReading(sql: string): boolean {
  return READING.has(firstWord(tokens(sql)) ?? '');
}

function firstWord(list: readonly Token[]): string | undefined {
  return list.find((token) => token.text !== '(')?.text;
}

function check(list: readonly Token[], index: number, tableFunctions: ReadonlySet<string>): void {
  const token = list[index]!;
  const next = list[index + 1];
  if (token.kind === 'symbol' && token.text === ';') throw new SqlError('one statement at a time');
  if (token.kind !== 'word' && token.kind !== 'quoted') return;
  const name = token.text.toLowerCase();
  if (token.kind === 'word' && (name === 'outfile' || name === 'infile')) throw new SqlError('no files are read or written here');
  if (REACHING.has(name) || REACHING_FAMILY.test(name))
    throw new SqlError(`the name ${token.text} is a function that reaches outside the database`);
  if (name === 'default' && next?.text === '.')
    throw new SqlError('there is no database `default` here: in this engine it would read files');
  if (next?.text !== '(' || next.kind !== 'symbol') return;
  if (token.kind === 'quoted') throw new SqlError('names of functions are written without quotes');
  if (tableFunctions.has(name)) throw new SqlError(`the table function ${token.text} reaches outside the database`);
}

/** Takes a FORMAT clause at the end off: the answer's format is chosen outside the statement. */
function cutFormat(sql: string, list: readonly Token[]): GuardedQuery {
  const last = list.at(-1)!;
  const keyword = list.at(-2);
  if (keyword?.kind === 'word' && keyword.text === 'format' && last.kind === 'word') {
    return { sql: sql.slice(0, keyword.start), format: sql.slice(last.start, last.end) };
  }
  return { sql: sql.slice(0, last.end), format: undefined };
}
