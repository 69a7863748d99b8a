import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnType, toFrame } from '../../dashboards/console/frame.js';
import type { Frame, Panel } from '../../dashboards/console/model.js';
import { rowLimit } from '../../dashboards/console/row-limit.js';
import { inkOn } from '../../dashboards/console/web/contrast.js';
import { fieldConfig, reduceValues, show } from '../../dashboards/console/web/field.js';
import { toWide } from '../../dashboards/console/web/series.js';
import { plainForChart, visible } from '../../dashboards/console/web/text.js';
import { formatNumber, formatTime } from '../../dashboards/console/web/units.js';
import { AMBER, BLUE, GREEN, GREY, ORANGE, RED } from '../../dashboards/definitions/colours.js';

/*
 * How values of the store become what the page shows: types, units, colours, series, and text that cannot pass for something else.
 */

const panel = (fieldConfig: Partial<Panel['fieldConfig']>): Panel => ({
  id: 1,
  type: 'table',
  title: 't',
  gridPos: { x: 0, y: 0, w: 1, h: 1 },
  targets: [],
  options: {},
  fieldConfig: { defaults: {}, overrides: [], ...fieldConfig },
});

describe('frames', () => {
  test.each([
    ['UInt64', 'number'],
    ['Nullable(Float64)', 'number'],
    ['SimpleAggregateFunction(sum, UInt64)', 'number'],
    ["DateTime64(3, 'UTC')", 'time'],
    ["Nullable(DateTime('UTC'))", 'time'],
    ['Date', 'time'],
    ['LowCardinality(String)', 'string'],
    ["Enum8('a' = 0)", 'string'],
    ['IPv6', 'string'],
    ['Array(UInt8)', 'string'],
  ])('%s is a %s', (type, expected) => {
    expect(columnType(type)).toBe(expected);
  });

  test('64-bit text becomes a number, times become ms of UTC, NaN and NULL nothing, the rest text', () => {
    const meta = [
      { name: 'n', type: 'UInt64' },
      { name: 't', type: "DateTime64(3, 'UTC')" },
      { name: 's', type: 'Array(UInt8)' },
    ];
    const range = { fromMs: 0, toMs: 1, intervalMs: 1 };
    expect(
      toFrame(
        {
          meta,
          data: [
            ['9007199254740991', '2026-12-03 08:00:00.250', [1, 2]],
            ['nan', null, "o'x"],
          ],
        },
        range,
      ).rows,
    ).toEqual([
      [9_007_199_254_740_991, Date.UTC(2026, 11, 3, 8, 0, 0, 250), '[1,2]'],
      [null, null, "o'x"],
    ]);
  });

  test('an answer of as many rows as its query lets through counts as cut', () => {
    const range = { fromMs: 0, toMs: 1, intervalMs: 1 };
    const answer = { meta: [{ name: 'n', type: 'UInt8' }], data: [[1], [2]] };
    const limits = [
      'SELECT n FROM t LIMIT 2',
      'SELECT n FROM t LIMIT 3\n',
      'SELECT n FROM (SELECT n FROM t LIMIT 2)',
      'SELECT n FROM t LIMIT 2 BY n',
    ].map(rowLimit);
    expect(limits).toEqual([2, 3, undefined, undefined]);
    expect(limits.map((limit) => toFrame(answer, range, limit).truncated)).toEqual([true, false, false, false]);
  });
});

test.each([
  [26_000_000, 'decbytes', undefined, '26 MB'],
  [1080, 'decbytes', undefined, '1.08 kB'],
  [0, 'decbytes', undefined, '0 B'],
  [0.99912, 'percentunit', 2, '99.91 %'],
  [20_401, 's', undefined, '5.7 h'],
  [59, 's', undefined, '59 s'],
  [1_500_000, 'short', undefined, '1.5 Mil'],
  [3, 'none', undefined, '3'],
  [250, 'ms', undefined, '250 ms'],
  [0, 'dateTimeAsIso', undefined, '1970-01-01 00:00:00'],
])('%d in %s reads %4$s', (value, unit, decimals, expected) => {
  expect(formatNumber(value, unit, decimals)).toBe(expected);
});

test('times are UTC, and what is no time is a dash', () => {
  expect(formatTime(Date.UTC(2026, 11, 3, 8))).toBe('2026-12-03 08:00:00');
  expect(formatTime(Number.NaN)).toBe('–');
});

describe('field configuration', () => {
  const thresholds = (color: string) => ({
    mode: 'absolute',
    steps: [
      { value: null, color: '#000000' },
      { value: 1, color },
    ],
  });
  const config = panel({
    defaults: { unit: 'none', thresholds: thresholds('#111111') },
    overrides: [
      { matcher: { id: 'byRegexp', options: '/^Octets/' }, properties: [{ id: 'unit', value: 'decbytes' }] },
      {
        matcher: { id: 'byName', options: 'Octets out' },
        properties: [
          { id: 'thresholds', value: thresholds('#222222') },
          { id: 'custom.width', value: 90 },
        ],
      },
      {
        matcher: { id: 'byName', options: 'Verdict' },
        properties: [{ id: 'mappings', value: [{ type: 'value', options: { VIOLATED: { text: 'broken', color: '#333333' } } }] }],
      },
    ],
  });

  test('overrides meet their columns only, later ones over earlier', () => {
    expect(show(1000, 'number', fieldConfig(config, 'Octets out'))).toEqual({ text: '1 kB', colour: '#222222' });
    expect(fieldConfig(config, 'Octets out').custom?.width).toBe(90);
    expect(show(0, 'number', fieldConfig(config, 'Octets in'))).toEqual({ text: '0 B', colour: '#000000' });
    expect(show(1000, 'number', fieldConfig(config, 'My Octets'))).toEqual({ text: '1000', colour: '#111111' });
  });

  test('words are mapped; a word with the name of an object member is not', () => {
    expect(show('VIOLATED', 'string', fieldConfig(config, 'Verdict'))).toEqual({ text: 'broken', colour: '#333333' });
    expect(show('constructor', 'string', fieldConfig(config, 'Verdict'))).toEqual({ text: 'constructor', colour: undefined });
  });

  test('calculations of a column', () => {
    const values = [3, null, 1, 'x', 2, null];
    expect(['lastNotNull', 'sum', 'min', 'max', 'mean'].map((calc) => reduceValues(values, calc))).toEqual([2, 6, 1, 3, 2]);
    expect(reduceValues([null], 'max')).toBeNull();
  });

  test('white text reads on every colour that the dashboards use', () => {
    for (const colour of [RED, ORANGE, AMBER, GREEN, BLUE, GREY]) expect(inkOn(colour), colour).toBe('#ffffff');
    expect(inkOn('#ffee88')).toBe('#111417');
  });
});

test('long rows become one series per label over all times', () => {
  const frame: Frame = {
    columns: [
      { name: 'time', type: 'time' },
      { name: 'asset', type: 'string' },
      { name: 'v', type: 'number' },
    ],
    rows: [
      [1, 'b', 10],
      [1, 'a', 20],
      [2, 'b', 30],
    ],
    fromMs: 0,
    toMs: 3,
    intervalMs: 1,
    truncated: false,
  };
  expect(toWide(panel({ defaults: { displayName: `asset \${__field.labels.asset}` } }), frame)).toEqual({
    times: [1, 2],
    series: [
      { name: 'asset a', values: [20, null] },
      { name: 'asset b', values: [10, 30] },
    ],
    valueColumn: 'v',
  });
  expect(toWide(panel({}), { ...frame, columns: [{ name: 'a', type: 'string' }] })).toBeUndefined();
});

test('no text keeps characters that hide or turn others round, nor braces that ECharts would read', () => {
  expect(visible('evil\u202egnp.exe\u0000')).toBe('evil\\u202egnp.exe\\u0000');
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '{', '|', '}', '\u202e', '\u2066', '\n', '\u200b', '\u061c') }), (text) => {
      expect(visible(text)).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u061c\u200b]/);
      expect(plainForChart(text)).not.toMatch(/\{\w+\|/);
    }),
  );
});
