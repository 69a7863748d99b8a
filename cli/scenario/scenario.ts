import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../flow/service/paths.js';
import { parseInstant } from '../../flow/time.js';
import { UsageError } from '../errors.js';

/** One way in which a scenario's day was recorded. */
export interface ScenarioInput {
  readonly file: string;
  readonly format: string;
  /** Sensor of the claim file that this recording stands for. */
  readonly sensor: string;
}

/** A bundled story: captures, the claims that judge them, and what must come out. Paths are absolute. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly story: string;
  readonly claims: string;
  readonly approvals: string | undefined;
  readonly fromMs: number;
  readonly untilMs: number;
  /** By name of the variant ('packets', 'netflow5', 'netflow9', 'ipfix'); the first is the one that `npm start` plays. */
  readonly inputs: ReadonlyMap<string, ScenarioInput>;
  readonly detections: Readonly<Record<string, Record<string, number | string | boolean>>>;
  readonly expected: string;
}

interface ScenarioFile {
  title: string;
  story: string;
  claims: string;
  approvals?: string;
  from: string;
  until: string;
  inputs: Record<string, ScenarioInput>;
  detections?: Record<string, Record<string, number | string | boolean>>;
}

function scenariosFolder(): string {
  return join(packageRoot(), 'fixtures/scenarios');
}

/** Ids of the bundled scenarios in the order they are played in; none where the program was installed without them (the Docker image). */
export function bundledScenarios(): string[] {
  if (!existsSync(scenariosFolder())) return [];
  return readdirSync(scenariosFolder())
    .filter((name) => existsSync(join(scenariosFolder(), name, 'scenario.json')))
    .sort()
    .reverse();
}

/** Reads a bundled scenario. Throws UsageError for an unknown id. */
export function loadScenario(id: string): Scenario {
  const folder = join(scenariosFolder(), id);
  if (!/^[a-z0-9-]+$/.test(id) || !existsSync(join(folder, 'scenario.json'))) {
    throw new UsageError(`there is no scenario '${id}'; bundled are ${bundledScenarios().join(', ')}`);
  }
  const raw = JSON.parse(readFileSync(join(folder, 'scenario.json'), 'utf8')) as ScenarioFile;
  return {
    id,
    title: raw.title,
    story: raw.story,
    claims: join(folder, raw.claims),
    approvals: raw.approvals === undefined ? undefined : join(folder, raw.approvals),
    fromMs: instant(raw.from, id),
    untilMs: instant(raw.until, id),
    inputs: new Map(Object.entries(raw.inputs).map(([name, input]) => [name, { ...input, file: join(folder, input.file) }])),
    detections: raw.detections ?? {},
    expected: join(folder, 'expected.json'),
  };
}

function instant(text: string, id: string): number {
  const ms = parseInstant(text);
  if (ms === undefined) throw new UsageError(`scenario ${id}: '${text}' is not an instant such as 2026-12-03T00:00:00+01:00`);
  return ms;
}
