import type { Frame, Panel } from '../model.js';
import { fieldConfig, type Value } from './field.js';
import { visible } from './text.js';

export interface Series {
  readonly name: string;
  /** One value a time of `times`, null where there is none. */
  readonly values: Value[];
}

export interface WideFrame {
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly valueColumn: string;
}

/**
 * Long rows (time, labels, value) to one series per label set over the union of times, as the plugin's format 0 does.
 * Series are named by the panel's display name; null when the frame has no time or no number.
 */
export function toWide(panel: Panel, frame: Frame): WideFrame | undefined {
  const time = frame.columns.findIndex(({ type }) => type === 'time');
  const value = frame.columns.findIndex(({ type }) => type === 'number');
  if (time < 0 || value < 0) return undefined;
  const labels = frame.columns.map(({ name, type }, index) => ({ name, type, index })).filter(({ type }) => type === 'string');
  const valueColumn = frame.columns[value]!.name;
  const times = [...new Set(frame.rows.map((row) => row[time]).filter((at): at is number => typeof at === 'number'))].sort((a, b) => a - b);
  const position = new Map(times.map((at, index) => [at, index]));
  const byKey = new Map<string, Series>();
  for (const row of frame.rows) {
    const at = row[time];
    if (typeof at !== 'number') continue;
    const key = JSON.stringify(labels.map(({ index }) => row[index]));
    let series = byKey.get(key);
    if (series === undefined) {
      const named = Object.fromEntries(labels.map(({ name, index }) => [name, String(row[index] ?? '')]));
      series = { name: seriesName(panel, valueColumn, named), values: times.map(() => null) };
      byKey.set(key, series);
    }
    series.values[position.get(at)!] = row[value] ?? null;
  }
  const series = [...byKey.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return { times, series, valueColumn };
}

function seriesName(panel: Panel, column: string, labels: Readonly<Record<string, string>>): string {
  const template = fieldConfig(panel, column).displayName;
  const values = Object.values(labels);
  const name = template?.replaceAll(/\$\{__field\.labels\.(\w+)\}/g, (_match, label: string) => labels[label] ?? '');
  return visible(name ?? (values.length === 0 ? column : values.join(' ')));
}
