import type { ParameterTable } from '../detections/detection.js';
import { DETECTION_IDS, DETECTIONS, type DetectionId } from '../detections/index.js';
import { WATCH_IDS, WATCHES, type WatchId } from '../watches/index.js';

/** What an operator sets: numbers by detection or watch and name. What is left out has its default. */
export type DetectionSettings = { readonly [id: string]: { readonly [name: string]: number } | undefined };

/** Every parameter of every detection with its value. */
export type EffectiveParameters = Readonly<Record<DetectionId, Readonly<Record<string, number>>>>;

export class ParameterError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ParameterError';
  }
}

/** Fills in the defaults. Throws ParameterError for an unknown detection or parameter, or a value out of range, saying what is possible. */
export function effectiveParameters(settings: DetectionSettings = {}): EffectiveParameters {
  refuseUnknown(settings);
  const entries = DETECTION_IDS.map((id) => [id, valuesOf(id, DETECTIONS[id].parameters, settings[id] ?? {})] as const);
  return Object.fromEntries(entries) as Record<DetectionId, Record<string, number>>;
}

/** The same of the watches. Throws ParameterError as above. */
export function effectiveWatchParameters(settings: DetectionSettings = {}): Readonly<Record<WatchId, Readonly<Record<string, number>>>> {
  refuseUnknown(settings);
  const entries = WATCH_IDS.map((id) => [id, valuesOf(id, WATCHES[id].parameters, settings[id] ?? {})] as const);
  return Object.fromEntries(entries) as Record<WatchId, Record<string, number>>;
}

function refuseUnknown(settings: DetectionSettings): void {
  const ids: readonly string[] = [...DETECTION_IDS, ...WATCH_IDS];
  const unknown = Object.keys(settings).find((id) => !ids.includes(id));
  if (unknown !== undefined) throw new ParameterError(`there is no detection '${unknown}'; there are ${ids.join(', ')}`);
}

function valuesOf(id: string, table: ParameterTable, settings: Readonly<Record<string, number>>): Record<string, number> {
  for (const name of Object.keys(settings)) {
    if (!Object.hasOwn(table, name))
      throw new ParameterError(`detection '${id}' has no parameter '${name}'; it has ${Object.keys(table).join(', ')}`);
  }
  const entries = Object.entries(table).map(([name, { default: usual, least, most, unit }]) => {
    const value = settings[name] ?? usual;
    if (!(value >= least && value <= most))
      throw new ParameterError(`parameter '${name}' of detection '${id}' is ${value}; it may be ${least} to ${most} ${unit}`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}
