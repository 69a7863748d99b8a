import type { ClaimFile, ClaimText, DrillText, EndpointText, ExceptionText, FleetText, SensorText, WindowText } from './file-types.js';
import type { ClaimsProblem } from './problem.js';
import { MISSING } from './remedies.js';
import type { ClaimsSource, DocumentPath } from './source.js';

/** A declaration and where it stands, so that later checks can point at it. */
export interface Declared<T> {
  readonly name: string;
  readonly value: T;
  readonly source: ClaimsSource;
  readonly path: DocumentPath;
}

/** One claim set: a file, or several files of the same id whose declarations are put together. */
export interface ClaimSet {
  readonly id: string;
  readonly owner: string;
  readonly timezone: Declared<string>;
  readonly period: Declared<string>;
  readonly effective: Declared<{ readonly from: string; readonly until?: string }> | undefined;
  readonly sets: ReadonlyMap<string, Declared<EndpointText>>;
  readonly fleets: ReadonlyMap<string, Declared<FleetText>>;
  readonly sensors: ReadonlyMap<string, Declared<SensorText>>;
  readonly windows: ReadonlyMap<string, Declared<WindowText>>;
  readonly drills: ReadonlyMap<string, Declared<DrillText>>;
  readonly claims: readonly Declared<ClaimText>[];
  readonly exceptions: readonly Declared<ExceptionText>[];
}

export interface ClaimPart {
  readonly source: ClaimsSource;
  readonly file: ClaimFile;
}

/** Puts the files of one claim set together. What contradicts or is missing is added to `problems`; then the answer is undefined. */
export function mergeParts(parts: readonly ClaimPart[], problems: ClaimsProblem[]): ClaimSet | undefined {
  const before = problems.length;
  const first = parts[0]!;
  const scalar = <K extends 'owner' | 'timezone' | 'period' | 'id' | 'effective'>(
    key: K,
  ): Declared<NonNullable<ClaimFile[K]>> | undefined => {
    let found: Declared<NonNullable<ClaimFile[K]>> | undefined;
    for (const { source, file } of parts) {
      const value = file[key];
      if (value === undefined) continue;
      if (found === undefined) found = { name: key, value, source, path: [key] };
      else if (JSON.stringify(found.value) !== JSON.stringify(value)) {
        problems.push(
          source.problem(
            [],
            'contradiction',
            `'${key}' differs from ${found.source.file}; files of one claim set say the same, or only one says it`,
            key,
          ),
        );
      }
    }
    return found;
  };
  const map = <K extends 'sets' | 'fleets' | 'sensors' | 'windows' | 'drills'>(
    key: K,
  ): Map<string, Declared<NonNullable<ClaimFile[K]>[string]>> => {
    const all = new Map<string, Declared<NonNullable<ClaimFile[K]>[string]>>();
    for (const { source, file } of parts) {
      for (const [name, value] of Object.entries(file[key] ?? {})) {
        const earlier = all.get(name);
        if (earlier !== undefined)
          problems.push(
            source.problem([key], 'duplicate', `'${name}' is declared in ${earlier.source.file} already; choose another name`, name),
          );
        else all.set(name, { name, value: value as NonNullable<ClaimFile[K]>[string], source, path: [key, name] });
      }
    }
    return all;
  };
  const list = <K extends 'claims' | 'exceptions'>(key: K): Declared<NonNullable<ClaimFile[K]>[number]>[] =>
    parts.flatMap(({ source, file }) => (file[key] ?? []).map((value, index) => ({ name: value.id, value, source, path: [key, index] })));

  scalar('id');
  for (const key of ['owner', 'timezone', 'fleets', 'sensors', 'claims'] as const) {
    if (parts.every(({ file }) => file[key] === undefined))
      problems.push(first.source.problem([], 'missing-key', `the file lacks '${key}'; add ${MISSING[key]}`));
  }
  const owner = scalar('owner');
  const timezone = scalar('timezone');
  const period = scalar('period') ?? { name: 'period', value: 'P1D', source: first.source, path: [] };
  const set: Omit<ClaimSet, 'owner' | 'timezone'> = {
    id: first.file.id,
    period,
    effective: scalar('effective'),
    sets: map('sets'),
    fleets: map('fleets'),
    sensors: map('sensors'),
    windows: map('windows'),
    drills: map('drills'),
    claims: list('claims'),
    exceptions: list('exceptions'),
  };
  return problems.length > before || owner === undefined || timezone === undefined ? undefined : { ...set, owner: owner.value, timezone };
}
