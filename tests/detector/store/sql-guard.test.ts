import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSqlGuard } from '../../../detector/store/http-front/sql-guard.js';
import { SqlError } from '../../../detector/store/http-front/sql-tokens.js';

const guard = createSqlGuard(['file', 'url', 's3', 'remote', 'eval', 'numbers', 'values']);

describe('the SQL guard', () => {
  it.each([
    "SELECT file('/etc/passwd')",
    "SELECT * FROM file('/etc/passwd')",
    "SELECT file /* here */ ('/etc/passwd')",
    'SELECT "file"(\'/etc/passwd\')',
    "SELECT `file`('/etc/passwd')",
    'SELECT "fi\\x6ce"(\'/etc/passwd\')',
    "SELECT * APPLY file FROM (SELECT '/etc/passwd')",
    "SELECT * APPLY(file) FROM (SELECT '/etc/passwd')",
    "SELECT arrayMap(file, ['/etc/passwd'])",
    "SELECT /* /* */ ' */ file('/etc/passwd') -- '",
    "SELECT ‘'’, file('/etc/passwd'), ‘'’",
    "SELECT x'\\', file('/etc/passwd'), '",
    "SELECT 1 // '\n, file('/etc/passwd') // '",
    'SELECT $$ $a$, $$, file(1) -- $a$',
    "DESCRIBE url('http://192.0.2.1/', 'CSV')",
    "DESCRIBE `url`('http://192.0.2.1/', 'CSV')",
    "SELECT * FROM eval('SELECT 1')",
    "SELECT aiGenerate('x', 'y')",
    'SELECT sleep(3)',
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "SHOW TABLES INTO /* */ OUTFILE '/tmp/x'",
    'SELECT 1; SELECT 2',
    'SELECT 1;; SELECT 2',
    'SELECT * FROM default."/etc/passwd"',
    'SELECT * FROM "default".`/etc/passwd`',
    'INSERT INTO flows VALUES (1)',
    'DROP TABLE flows',
    'SET max_threads = 1',
    'KILL QUERY WHERE 1',
    'SYSTEM FLUSH LOGS',
    "WITH 1 AS a INSERT INTO FUNCTION url('http://192.0.2.1') SELECT a",
    "SELECT 'not closed",
    'SELECT /* not closed',
    'SELECT\u00a01',
    '',
    ' ; ',
  ])('refuses %s', (sql) => {
    expect(() => guard(sql)).toThrow(SqlError);
  });

  it.each([
    'SELECT 1',
    '(SELECT 1)',
    '-- a remark; file\nSELECT 1 ;',
    'SELECT \'file(1); INTO OUTFILE\' AS text, "into outfile" FROM numbers(3)',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'SHOW TABLES FROM cordon',
    'EXPLAIN SELECT 1',
    'SELECT $$file(1)$$',
    "SELECT url, profile FROM values('url String, profile String', ('a', 'b'))",
  ])('lets %s pass', (sql) => {
    expect(() => guard(sql)).not.toThrow();
  });

  it('takes the format off the end, and nowhere else', () => {
    expect(guard("SELECT 'FORMAT CSV' FORMAT JSONEachRow;")).toEqual({ sql: "SELECT 'FORMAT CSV' ", format: 'JSONEachRow' });
    expect(guard("SELECT format('{}', 1)")).toEqual({ sql: "SELECT format('{}', 1)", format: undefined });
  });

  it('neither hangs nor throws anything but SqlError on any text', () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      '`',
      '\\',
      '/*',
      '*/',
      '--',
      '#',
      '$a$',
      '$',
      ';',
      '(',
      'file',
      'SELECT ',
      '\n',
      'x',
      '0',
      '‘',
      '\0',
      '.',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          guard(`SELECT ${pieces.join('')}`);
        } catch (error) {
          expect(error).toBeInstanceOf(SqlError);
        }
      }),
    );
  });
});
