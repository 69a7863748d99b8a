import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';

/** Hex and not Grafana's names, so that Grafana and the console show the same; white text on each reads (contrast 4.5 and more). */
export const RED = '#C4162A';
export const ORANGE = '#C14A00';
export const AMBER = '#946600';
export const GREEN = '#267A3A';
export const BLUE = '#3D71D9';
export const GREY = '#6B6D73';

export const SEVERITY_COLOURS = { critical: RED, high: ORANGE, medium: AMBER, low: BLUE, info: GREY } as const;

/** Words of a column to colours; the text stays, so that nothing is told by colour alone. */
export function wordMapping(colours: Readonly<Record<string, string>>): dashboard.ValueMapping[] {
  const options = Object.entries(colours).map(([word, color], index) => [word, { color, index, text: word }] as const);
  return [{ type: dashboard.MappingType.ValueToText, options: Object.fromEntries(options) }];
}

export const SEVERITY_MAPPING = wordMapping(SEVERITY_COLOURS);
export const VERDICT_MAPPING = wordMapping({ VIOLATED: RED, NOT_PROVEN: AMBER, VERIFIED: GREEN });

/** Numbers of queries/overview/verdict-timeline.sql to words. */
export const VERDICT_NUMBER_MAPPING: dashboard.ValueMapping[] = [
  {
    type: dashboard.MappingType.ValueToText,
    options: {
      0: { text: 'VERIFIED', color: GREEN, index: 0 },
      1: { text: 'NOT_PROVEN', color: AMBER, index: 1 },
      2: { text: 'VIOLATED', color: RED, index: 2 },
    },
  },
];

/** Colours by size: `steps` are [from, colour], ascending, the first from minus infinity. */
export function thresholds(
  base: string,
  ...steps: readonly (readonly [from: number, colour: string])[]
): dashboard.ThresholdsConfigBuilder {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([{ value: null, color: base }, ...steps.map(([value, color]) => ({ value, color }))]);
}

/** The same as an override's property. */
export function thresholdsProperty(
  base: string,
  ...steps: readonly (readonly [from: number, colour: string])[]
): dashboard.DynamicConfigValue {
  return { id: 'thresholds', value: thresholds(base, ...steps).build() };
}
