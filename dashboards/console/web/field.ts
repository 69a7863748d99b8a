import type { CustomConfig, FieldConfig, Panel } from '../model.js';
import { visible } from './text.js';
import { formatNumber, formatTime } from './units.js';

export type Value = number | string | null;

/** A value as it is shown: its text, and the colour that mapping or thresholds give it. */
export interface Shown {
  readonly text: string;
  readonly colour: string | undefined;
}

/** The panel's defaults with the overrides whose matcher meets the column, later ones last, as Grafana applies them. */
export function fieldConfig(panel: Panel, column: string): FieldConfig {
  const { defaults, overrides } = panel.fieldConfig;
  const config: Record<string, unknown> = { ...defaults };
  const custom: Record<string, unknown> = { ...defaults.custom };
  for (const { matcher, properties } of overrides) {
    if (!matches(matcher.id, matcher.options ?? '', column)) continue;
    for (const { id, value } of properties) {
      if (id.startsWith('custom.')) custom[id.slice('custom.'.length)] = value;
      else config[id] = value;
    }
  }
  return { ...config, custom: custom as CustomConfig };
}

function matches(kind: string, option: string, column: string): boolean {
  return kind === 'byName' ? option === column : patternOf(option).test(column);
}

/** '/…/' as Grafana writes patterns, or a bare pattern. The patterns come from our own dashboards. */
export function patternOf(text: string): RegExp {
  const parts = /^\/(.*)\/([a-z]*)$/s.exec(text);
  return parts === null ? new RegExp(text) : new RegExp(parts[1] ?? '', parts[2]);
}

/** Text and colour of one value: mapping first, else unit and thresholds. */
export function show(value: Value, type: string, config: FieldConfig): Shown {
  if (value === null || value === '') return { text: config.noValue ?? '–', colour: undefined };
  for (const mapping of config.mappings ?? []) {
    const found = Object.hasOwn(mapping.options, String(value)) ? mapping.options[String(value)] : undefined;
    if (found !== undefined) return { text: found.text ?? visible(String(value)), colour: found.color };
  }
  if (typeof value === 'string') return { text: visible(value), colour: undefined };
  if (type === 'time') return { text: formatTime(value), colour: undefined };
  return { text: formatNumber(value, config.unit, config.decimals), colour: thresholdColour(value, config) };
}

/** Colour of the last step that the value reaches; steps ascend, the first from minus infinity. */
export function thresholdColour(value: number, config: FieldConfig): string | undefined {
  let colour: string | undefined;
  for (const step of config.thresholds?.steps ?? []) if (step.value === null || value >= step.value) colour = step.color;
  return colour;
}

/** One number out of a column, by Grafana's name of the calculation. */
export function reduceValues(values: readonly Value[], calc: string): Value {
  const numbers = values.filter((value): value is number => typeof value === 'number');
  if (calc === 'lastNotNull') return values.findLast((value) => value !== null) ?? null;
  if (numbers.length === 0) return null;
  if (calc === 'sum') return numbers.reduce((sum, value) => sum + value, 0);
  if (calc === 'mean') return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  return numbers.reduce((best, value) => (calc === 'min' ? Math.min(best, value) : Math.max(best, value)));
}
