import { parseGrafanaDuration } from './intervals.js';
import { callArguments, skipQuoted } from './sql-scan.js';

/** What the macros of one query are expanded with. */
export interface MacroRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
}

type Macro = (range: MacroRange, args: readonly string[]) => string;

const seconds = (ms: number): number => Math.floor(ms / 1000);
const day = (ms: number): string => `toDate('${new Date(ms).toISOString().slice(0, 10)}')`;
const fromTime: Macro = ({ fromMs }) => `toDateTime(${seconds(fromMs)})`;
const toTime: Macro = ({ toMs }) => `toDateTime(${seconds(toMs)})`;
const fromTimeMs: Macro = ({ fromMs }) => `fromUnixTimestamp64Milli(${Math.floor(fromMs)})`;
const toTimeMs: Macro = ({ toMs }) => `fromUnixTimestamp64Milli(${Math.floor(toMs)})`;
const intervalSeconds = ({ intervalMs }: MacroRange): number => Math.max(1, Math.trunc(intervalMs / 1000));
const timeFilter: Macro = (range, [c]) => `${c} >= ${fromTime(range, [])} AND ${c} <= ${toTime(range, [])}`;
const dateFilter: Macro = ({ fromMs, toMs }, [c]) => `${c} >= ${day(fromMs)} AND ${c} <= ${day(toMs)}`;
const dateTimeFilter: Macro = (range, [d, t]) => `(${dateFilter(range, [d!])}) AND (${timeFilter(range, [t!])})`;

/**
 * The macros of grafana-clickhouse-datasource 4.20.0 that our queries may use, with the plugin's expansions (its pkg/macros), by number of arguments.
 * `$__conditionalAll` is expanded before (conditional-all.ts); `$__columns` and the statement macros are not used and not known.
 */
const MACROS: Readonly<Record<string, readonly [args: number, expand: Macro]>> = {
  $__fromTime: [0, fromTime],
  $__toTime: [0, toTime],
  $__fromTime_ms: [0, fromTimeMs],
  $__toTime_ms: [0, toTimeMs],
  $__timeFilter: [1, timeFilter],
  $__timeFilter_ms: [1, (range, [c]) => `${c} >= ${fromTimeMs(range, [])} AND ${c} <= ${toTimeMs(range, [])}`],
  $__dateFilter: [1, dateFilter],
  $__dateTimeFilter: [2, dateTimeFilter],
  $__dt: [2, dateTimeFilter],
  $__timeFrom: [1, (range, [c]) => `${c} >= ${fromTime(range, [])}`],
  $__timeTo: [1, (range, [c]) => `${c} <= ${toTime(range, [])}`],
  $__timeInterval: [1, (range, [c]) => `toStartOfInterval(toDateTime(${c}), INTERVAL ${intervalSeconds(range)} second)`],
  $__timeInterval_ms: [
    1,
    ({ intervalMs }, [c]) => `toStartOfInterval(toDateTime64(${c}, 3), INTERVAL ${Math.max(1, Math.trunc(intervalMs))} millisecond)`,
  ],
  $__timeGroup: [2, (_range, [c, period]) => `toStartOfInterval(toDateTime(${c}), INTERVAL ${groupSeconds(period!)} second)`],
  $__interval_s: [0, (range) => String(intervalSeconds(range))],
  $__interval_ms: [0, ({ intervalMs }) => String(Math.trunc(intervalMs))],
};

function groupSeconds(period: string): number {
  return Math.max(1, Math.trunc(parseGrafanaDuration(period.replaceAll(/^['"]|['"]$/g, '')) / 1000));
}

/**
 * Expands every macro of a query, inner ones first; text in quotes stays, comments go. Throws for a macro that is not in the table
 * (the plugin would leave it to ClickHouse, which then complains of the dollar sign).
 */
export function expandMacros(sql: string, range: MacroRange): string {
  let out = '';
  let at = 0;
  while (at < sql.length) {
    const quoted = skipQuoted(sql, at);
    if (quoted !== undefined) {
      out += quoted.text;
      at = quoted.end;
      continue;
    }
    const name = sql.startsWith('$__', at) ? /^\$__\w+/.exec(sql.slice(at))![0] : undefined;
    if (name === undefined) {
      out += sql[at];
      at++;
      continue;
    }
    const macro = MACROS[name];
    if (macro === undefined) throw new Error(`the console does not know the macro ${name}`);
    const call = callArguments(sql, at + name.length);
    const args = (call?.args ?? [])
      .map((arg) => expandMacros(arg, range).trim())
      .filter((arg, _index, all) => all.length > 1 || arg !== '');
    if (args.length !== macro[0]) throw new Error(`${name} takes ${macro[0]} arguments, the query gives ${args.length}`);
    out += macro[1](range, args);
    at = call?.end ?? at + name.length;
  }
  return out;
}
