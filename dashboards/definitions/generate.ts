import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { packageRoot } from '../../flow/service/paths.js';
import { generateAlerting } from './alert-provisioning.js';
import { claims } from './claims.js';
import { destinations } from './destinations.js';
import { device } from './device.js';
import { finding } from './finding.js';
import { overview } from './overview.js';
import { telemetry } from './telemetry.js';
import { trail } from './trail.js';
import { triage } from './triage.js';

/** Newest classic schema that Grafana 12.3 and 13 read from files; the v2 schema is not loaded by 12.3. */
export const SCHEMA_VERSION = 42;

/** File name in dashboards/generated/ to its definition. Every dashboard is named here and nowhere else. */
const DEFINITIONS: Readonly<Record<string, () => dashboard.DashboardBuilder>> = {
  'overview.json': overview,
  'triage.json': triage,
  'device.json': device,
  'destinations.json': destinations,
  'finding.json': finding,
  'claims.json': claims,
  'telemetry.json': telemetry,
  'trail.json': trail,
};

export interface GeneratedDashboard {
  readonly file: string;
  /** What is committed: classic dashboard JSON, two spaces, a newline at its end. */
  readonly json: string;
}

/** Builds every dashboard from its definition and its .sql files. Needs the development dependency @grafana/grafana-foundation-sdk. */
export function generateDashboards(): GeneratedDashboard[] {
  return Object.entries(DEFINITIONS).map(([file, define]) => {
    const { id: _id, ...built } = define().build();
    const annotations = { ...built.annotations, list: built.annotations.list ?? [] };
    return { file, json: `${JSON.stringify({ ...built, annotations, editable: false, schemaVersion: SCHEMA_VERSION }, null, 2)}\n` };
  });
}

/** Writes them to `folder` (default dashboards/generated/) and removes .json files there that no definition makes. Returns the paths. */
export function writeDashboards(folder = join(packageRoot(), 'dashboards', 'generated')): string[] {
  const dashboards = generateDashboards();
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) {
    if (file.endsWith('.json') && !dashboards.some((made) => made.file === file)) rmSync(join(folder, file));
  }
  return dashboards.map(({ file, json }) => {
    const path = join(folder, file);
    writeFileSync(path, json);
    return path;
  });
}

/** Writes the alerting files to dashboards/provisioning/alerting/ and returns their paths. */
export function writeAlerting(folder = join(packageRoot(), 'dashboards', 'provisioning', 'alerting')): string[] {
  mkdirSync(folder, { recursive: true });
  return generateAlerting().map(({ file, yaml }) => {
    const path = join(folder, file);
    writeFileSync(path, yaml);
    return path;
  });
}
