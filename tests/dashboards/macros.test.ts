import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandConditionalAll } from '../../dashboards/console/conditional-all.js';
import { parseGrafanaDuration, queryInterval } from '../../dashboards/console/intervals.js';
import { expandMacros } from '../../dashboards/console/macros.js';
import { parseTimeRange } from '../../dashboards/console/time-range.js';
import { interpolateVariables, singleQuoted } from '../../dashboards/console/variables.js';

/*
 * Our expansion is the plugin's (grafana-clickhouse-datasource 4.20.0): a panel shows the same rows in Grafana and in the console.
 * The range is the one of the plugin's own tests.
 */

const range = { fromMs: Date.parse('2014-11-12T11:45:26.371Z'), toMs: Date.parse('2015-11-12T11:45:26.371Z'), intervalMs: 20_000 };

test.each([
  ['$__fromTime', 'toDateTime(1415792726)'],
  ['$__toTime', 'toDateTime(1447328726)'],
  ['$__fromTime_ms', 'fromUnixTimestamp64Milli(1415792726371)'],
  ['$__toTime_ms', 'fromUnixTimestamp64Milli(1447328726371)'],
  ['$__timeFilter(col)', 'col >= toDateTime(1415792726) AND col <= toDateTime(1447328726)'],
  ['$__timeFilter_ms( col )', 'col >= fromUnixTimestamp64Milli(1415792726371) AND col <= fromUnixTimestamp64Milli(1447328726371)'],
  ['$__dateFilter(d)', "d >= toDate('2014-11-12') AND d <= toDate('2015-11-12')"],
  [
    '$__dateTimeFilter(d, t)',
    "(d >= toDate('2014-11-12') AND d <= toDate('2015-11-12')) AND (t >= toDateTime(1415792726) AND t <= toDateTime(1447328726))",
  ],
  [
    '$__dt(d,t)',
    "(d >= toDate('2014-11-12') AND d <= toDate('2015-11-12')) AND (t >= toDateTime(1415792726) AND t <= toDateTime(1447328726))",
  ],
  ['$__timeFrom(c)', 'c >= toDateTime(1415792726)'],
  ['$__timeTo(c)', 'c <= toDateTime(1447328726)'],
  ['$__timeInterval(col)', 'toStartOfInterval(toDateTime(col), INTERVAL 20 second)'],
  ['$__timeInterval_ms(col)', 'toStartOfInterval(toDateTime64(col, 3), INTERVAL 20000 millisecond)'],
  ['$__timeGroup(col, 5m)', 'toStartOfInterval(toDateTime(col), INTERVAL 300 second)'],
  ["$__timeGroup(col, '1h30m')", 'toStartOfInterval(toDateTime(col), INTERVAL 5400 second)'],
  ['$__interval_s', '20'],
  ['$__interval_ms', '20000'],
  [
    '$__timeFilter(toDateTime(concat(a, b)))',
    'toDateTime(concat(a, b)) >= toDateTime(1415792726) AND toDateTime(concat(a, b)) <= toDateTime(1447328726)',
  ],
  ['f($__timeInterval($__fromTime))', 'f(toStartOfInterval(toDateTime(toDateTime(1415792726)), INTERVAL 20 second))'],
])('%s expands as the plugin does', (macro, expected) => {
  expect(expandMacros(`SELECT ${macro} FROM t`, range)).toBe(`SELECT ${expected} FROM t`);
});

/* The plugin's own vectors of whole queries (its pkg/macros/macros_test.go): other milliseconds, spaces, brackets around and within. */
const between = { fromMs: Date.parse('2014-11-12T11:45:26.123Z'), toMs: Date.parse('2015-11-12T11:45:26.456Z'), intervalMs: 0 };
const [FROM, TO] = ['toDateTime(1415792726)', 'toDateTime(1447328726)'];
const [FROM_MS, TO_MS] = ['fromUnixTimestamp64Milli(1415792726123)', 'fromUnixTimestamp64Milli(1447328726456)'];
const CAST = 'cast(sth as timestamp)';
test.each([
  [`where $__timeFilter(${CAST})`, `where ${CAST} >= ${FROM} AND ${CAST} <= ${TO}`],
  [`where $__timeFilter(${CAST} )`, `where ${CAST} >= ${FROM} AND ${CAST} <= ${TO}`],
  [`where $__timeFilter_ms(${CAST})`, `where ${CAST} >= ${FROM_MS} AND ${CAST} <= ${TO_MS}`],
  [`where $__timeFilter_ms(${CAST} )`, `where ${CAST} >= ${FROM_MS} AND ${CAST} <= ${TO_MS}`],
  ['where ( date >= $__fromTime and date <= $__toTime ) limit 100', `where ( date >= ${FROM} and date <= ${TO} ) limit 100`],
  ['where ( date >= $__fromTime ) and ( date <= $__toTime ) limit 100', `where ( date >= ${FROM} ) and ( date <= ${TO} ) limit 100`],
  ['where ( date >= $__fromTime_ms and date <= $__toTime_ms ) limit 100', `where ( date >= ${FROM_MS} and date <= ${TO_MS} ) limit 100`],
  [
    'where ( date >= $__fromTime_ms ) and ( date <= $__toTime_ms ) limit 100',
    `where ( date >= ${FROM_MS} ) and ( date <= ${TO_MS} ) limit 100`,
  ],
  ['where t >= $__fromTime - INTERVAL 7 DAY', `where t >= ${FROM} - INTERVAL 7 DAY`],
])('%s expands as the plugin does in a query', (query, expected) => {
  expect(expandMacros(`select * from foo ${query}`, between)).toBe(`select * from foo ${expected}`);
});

test.each([
  // Intervals are whole seconds, or milliseconds, and never zero.
  ['$__interval_s', 0, '1'],
  ['$__interval_s', 1999, '1'],
  ['$__timeInterval(c)', 500, 'toStartOfInterval(toDateTime(c), INTERVAL 1 second)'],
  ['$__timeInterval_ms(c)', 0, 'toStartOfInterval(toDateTime64(c, 3), INTERVAL 1 millisecond)'],
  ['$__timeInterval(c)', 7_200_000, 'toStartOfInterval(toDateTime(c), INTERVAL 7200 second)'],
  ['$__timeGroup(c, 1s)', 0, 'toStartOfInterval(toDateTime(c), INTERVAL 1 second)'],
  ["$__timeGroup(c, '24h')", 0, 'toStartOfInterval(toDateTime(c), INTERVAL 86400 second)'],
])('%s at an interval of %d ms', (macro, intervalMs, expected) => {
  expect(expandMacros(macro, { ...between, intervalMs })).toBe(expected);
});

describe('quotes and comments', () => {
  test('text in quotes is not a macro, comments go', () => {
    expect(expandMacros("SELECT '$__fromTime, it\\'s (', `$__x`, \"$__y\" -- $__nothing\n/* $__toTime( */ FROM t", range)).toBe(
      "SELECT '$__fromTime, it\\'s (', `$__x`, \"$__y\" \n FROM t",
    );
  });

  test('brackets and commas in quotes do not split arguments', () => {
    expect(expandMacros("$__timeFrom(if(a = '),(', b, c))", range)).toBe("if(a = '),(', b, c) >= toDateTime(1415792726)");
  });

  test('unknown macros, wrong numbers of arguments and open brackets are errors, whatever the text', () => {
    expect(() => expandMacros('$__rateColumns(a)', range)).toThrow('does not know the macro $__rateColumns');
    expect(() => expandMacros('$__timeFilter()', range)).toThrow('takes 1 arguments, the query gives 0');
    expect(() => expandMacros('$__timeFilter(a, b)', range)).toThrow('takes 1 arguments, the query gives 2');
    expect(() => expandMacros('$__timeFilter(a', range)).toThrow('never closed');
    const piece = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('$__timeFilter(', '$__toTime', "'", '`', '(', ')', '--', '/*', '\\', '\n'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          expandMacros(pieces.join(''), range);
        } catch (error) {
          expect((error as Error).message).toMatch(/macro|takes|duration/);
        }
      }),
    );
  });
});

describe('$__conditionalAll', () => {
  const all = (sql: string) => expandConditionalAll(sql, () => true);
  const some = (sql: string) => expandConditionalAll(sql, () => false);

  test('is the condition, or 1=1 while All is chosen', () => {
    expect(all('WHERE $__conditionalAll(a IN (1, 2), $a) AND b')).toBe('WHERE 1=1 AND b');
    expect(some('WHERE $__conditionalAll(a IN (1, 2), $a) AND b')).toBe('WHERE a IN (1, 2) AND b');
    expect(expandConditionalAll(`$__conditionalAll(a, $a) $__conditionalAll(b, \${b})`, (name) => name === 'a')).toBe('1=1 b');
  });

  test('a condition with replacement patterns stays as it is', () => {
    expect(some("$__conditionalAll(match(a, '$&$1'), $a)")).toBe("match(a, '$&$1')");
  });

  test('a wrong call is an error, not a query that means something else', () => {
    expect(() => all('$__conditionalAll(a)')).toThrow('a condition and a plain variable');
    expect(() => all(`$__conditionalAll(a, \${a:singlequote})`)).toThrow('a condition and a plain variable');
    expect(() => all('$__conditionalAll(a, $a')).toThrow('never closed');
  });
});

describe('variables', () => {
  const known = new Set(['asset']);
  const sql = `WHERE $__conditionalAll(asset IN (\${asset:singlequote}), $asset)`;

  test('All, none and the empty text mean no condition; one and several are quoted and joined', () => {
    for (const chosen of [[], ['$__all'], ['']]) expect(interpolateVariables(sql, { asset: chosen }, known)).toBe('WHERE 1=1');
    expect(interpolateVariables(sql, { asset: ['a'] }, known)).toBe("WHERE asset IN ('a')");
    expect(interpolateVariables(sql, { asset: ['a', "o'neil"] }, known)).toBe("WHERE asset IN ('a','o\\'neil')");
  });

  test('no value ends its literal: the quoted text reads back as the value', () => {
    const unquote = (text: string) => text.slice(1, -1).replaceAll(/\\(.)/gs, '$1');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\\'$_{}]*$/)), (value) => {
        const quoted = singleQuoted(value);
        expect(quoted.slice(1, -1).replaceAll(/\\./gs, '')).not.toContain("'");
        expect(unquote(quoted)).toBe(value);
        // A value with the look of a macro or a variable stays a value.
        expect(
          expandMacros(interpolateVariables(`a = $__conditionalAll(\${asset:singlequote}, $asset)`, { asset: ['x', value] }, known), range),
        ).toBe(`a = 'x',${quoted}`);
      }),
    );
  });
});

describe('ranges and intervals', () => {
  const now = Date.parse('2026-12-03T12:00:00Z');

  test('relative, absolute and millisecond ends', () => {
    expect(parseTimeRange('now-24h', 'now', now)).toEqual({ fromMs: now - 86_400_000, toMs: now });
    const [from, to] = ['2026-12-03T01:00:00+01:00', String(Date.parse('2026-12-04T00:00:00Z'))];
    expect(parseTimeRange(from, to, now)).toEqual({ fromMs: Date.parse('2026-12-03T00:00:00Z'), toMs: Date.parse('2026-12-04T00:00:00Z') });
  });

  test('what is no range is refused with a sentence', () => {
    expect(() => parseTimeRange('yesterday', 'now', now)).toThrow('not understood');
    expect(() => parseTimeRange('now', 'now-1h', now)).toThrow('ends before it begins');
    expect(() => parseTimeRange('now-500d', 'now', now)).toThrow('400 days');
  });

  test("intervals are Grafana's round steps and never finer than the panel's own", () => {
    expect(queryInterval(0, 86_400_000, 300, undefined)).toBe(300_000);
    expect(queryInterval(0, 3_600_000, 300, '1m')).toBe(60_000);
    expect(queryInterval(0, 30 * 86_400_000, 300, '1m')).toBe(7_200_000);
    expect(parseGrafanaDuration('1h30m')).toBe(5_400_000);
    expect(() => parseGrafanaDuration('soon')).toThrow('not a duration');
  });
});
