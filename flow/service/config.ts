import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { LogLevel } from './log.js';
import { packageRoot } from './paths.js';
import { schemaProblems } from './schema-problems.js';
import { parseStrictYaml } from './strict-yaml.js';

/** What cordon.yaml says, with every default filled in. Paths are absolute. */
export interface Config {
  claims: string[];
  approvals: string | undefined;
  /** Location data for peers by country and AS number: MaxMind DB, or tables of prefix,value. */
  lookup: {
    country: string | undefined;
    asn: string | undefined /** Always `drills.keyFile`: read where the location data is. */;
    drillKey: string | undefined;
  };
  drills: { /** Secret that drills are made and recognised by. */ keyFile: string | undefined };
  data: string;
  collector: {
    listen: string[];
    /** How many processes `cordon collect` shares the exporters among. */
    processes: number;
    /** Where IPFIX over TCP is listened for; empty: nowhere. */
    tcp: string[];
    /** IPFIX over TLS. Certificates are PEM files. */
    tls: {
      listen: string[];
      cert: string | undefined;
      key: string | undefined;
      /** Who signs exporters' certificates. */
      ca: string | undefined;
      requireClientCertificate: boolean;
      /** Name in an exporter's certificate → sensor name. */
      sensors: Record<string, string>;
    };
    /** Connections at once, over TCP and TLS. */
    maxConnections: number;
    maxConnectionsPerAddress: number;
    /** Datagrams a second that one sender may send, 0 for no limit; more are refused. */
    maxDatagramsPerSecond: number;
    /** Empty: everybody is heard (the default on loopback). */
    allow: string[];
    sensors: Record<string, string>;
    /** Logs on this machine that are followed. */
    logs: LogSource[];
    receiveBufferBytes: number;
    keepUnwatched: boolean;
    flushMs: number;
    /** Tables of enterprise elements (collector/templates/user-elements.ts). */
    elements: string[];
    templates: {
      /** True: each source port of an exporter is a session with templates and sequence numbers of its own (RFC 7011 §8, over UDP). */
      keyByPort: boolean;
      /** Keep templates under `data` over restarts. */
      persist: boolean;
    };
    /** Octets of the folder with payloads that could not be read; 0 keeps none. */
    quarantineBytes: number;
    /** Frames on their way to the bus. `path`: `buffer` in the data folder where nothing is said. `maxBytes`: 0 keeps them in memory alone. */
    buffer: { path: string | undefined; maxBytes: number };
  };
  kafka: {
    brokers: string[];
    topicPrefix: string;
    partitions: number;
    replicationFactor: number;
    compression: 'none' | 'gzip';
    tls: boolean;
    group: string;
    sessionTimeoutMs: number;
  };
  clickhouse: { url: string | undefined; username: string; database: string };
  /** In days by the rows' own time; 0 keeps for ever. */
  retention: { flowsDays: number; minutesDays: number; hoursDays: number };
  detector: { snapshotMs: number };
  detections: Record<string, Record<string, number | string | boolean>>;
  /** Who is told of incidents, and of which. */
  notifications: { leastSeverity: 'info' | 'low' | 'medium' | 'high' | 'critical'; targets: NotificationTarget[] };
  /** `tls`: PEM files of the console's certificate and key; needed beyond loopback. */
  console: { host: string; port: number; tls: { cert: string | undefined; key: string | undefined } };
  /** The same for the HTTP front that Grafana reads the embedded store by. */
  front: { host: string; port: number; tls: { cert: string | undefined; key: string | undefined } };
  metrics: { host: string; port: number };
  logLevel: LogLevel;
}

/** A log that is followed as it grows. */
export interface LogSource {
  path: string;
  format: 'zeek' | 'eve' | 'vpc' | 'gcp';
  /** Sensor that its records are of. */
  sensor: string;
  /** Where to begin when it is followed for the first time; 'beginning' where nothing is said. */
  from?: 'beginning' | 'end';
}

/** One receiver of incidents. */
export interface NotificationTarget {
  /** Names its queue and its file of dead letters. */
  name: string;
  kind: 'webhook' | 'syslog';
  /** Of a webhook. */
  url?: string;
  /** File with the secret that is sent as `Authorization: Bearer …`. */
  tokenFile?: string;
  /** Of syslog: host:port. */
  address?: string;
  transport?: 'udp' | 'tcp' | 'tls';
  format?: 'ocsf' | 'cef';
  facility?: number;
  /** PEM files of a TLS connection. Without `ca` the system's authorities are trusted. */
  ca?: string;
  cert?: string;
  key?: string;
}

export function defaultConfig(): Config {
  return {
    claims: [],
    approvals: undefined,
    lookup: { country: undefined, asn: undefined, drillKey: undefined },
    drills: { keyFile: undefined },
    data: resolve('data'),
    collector: {
      listen: ['127.0.0.1:2055', '127.0.0.1:4739'],
      processes: 1,
      tcp: [],
      tls: { listen: [], cert: undefined, key: undefined, ca: undefined, requireClientCertificate: true, sensors: {} },
      maxConnections: 1024,
      maxConnectionsPerAddress: 16,
      maxDatagramsPerSecond: 0,
      allow: [],
      sensors: {},
      logs: [],
      receiveBufferBytes: 8 * 1024 * 1024,
      keepUnwatched: false,
      flushMs: 1000,
      elements: [],
      templates: { keyByPort: false, persist: true },
      quarantineBytes: 64 * 1024 * 1024,
      buffer: { path: undefined, maxBytes: 4 * 1024 * 1024 * 1024 },
    },
    kafka: {
      brokers: [],
      topicPrefix: 'cordon.',
      partitions: 4,
      replicationFactor: 1,
      compression: 'gzip',
      tls: false,
      group: 'cordon',
      sessionTimeoutMs: 10_000,
    },
    clickhouse: { url: undefined, username: 'default', database: 'cordon' },
    retention: { flowsDays: 7, minutesDays: 30, hoursDays: 400 },
    detector: { snapshotMs: 5000 },
    detections: {},
    notifications: { leastSeverity: 'low', targets: [] },
    console: { host: '127.0.0.1', port: 3080, tls: { cert: undefined, key: undefined } },
    front: { host: '127.0.0.1', port: 8123, tls: { cert: undefined, key: undefined } },
    metrics: { host: '127.0.0.1', port: 9464 },
    logLevel: 'warn',
  };
}

/** Where a value came from, for `cordon config --print`: 'default', the file, an environment variable or a flag. */
export type Origins = Map<string, string>;

/** Wrong configuration: one line per problem, each with file, line, column and remedy. */
export class ConfigError extends Error {
  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'ConfigError';
  }
}

/** Values from outside the file, by path ('kafka.brokers'), with the name of where they came from. Later ones win. */
export interface Override {
  readonly path: string;
  readonly value: unknown;
  readonly origin: string;
}

/**
 * Reads the file (if any) over the defaults and the overrides over both. Unknown keys, wrong types and unreadable files are ConfigErrors;
 * nothing is half-loaded.
 */
export function loadConfig(file: string | undefined, overrides: readonly Override[] = []): { config: Config; origins: Origins } {
  const config = defaultConfig() as unknown as Record<string, unknown>;
  const origins: Origins = new Map();
  if (file !== undefined) {
    const values = readConfigFile(file);
    resolvePaths(values, dirname(resolve(file)));
    merge(config, values, '', file, origins);
  }
  for (const { path, value, origin } of overrides) set(config, path, value, origin, origins);
  const filled = config as unknown as Config;
  filled.lookup.drillKey = filled.drills.keyFile;
  return { config: filled, origins };
}

function readConfigFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([
      `${file}: cannot be read (${(error as NodeJS.ErrnoException).code}); give the path of a cordon.yaml with --config`,
    ]);
  }
  const yaml = parseStrictYaml(text);
  const line = (problem: { line: number; column: number; message: string }) =>
    `${file}:${problem.line}:${problem.column}: ${problem.message}`;
  if ('problems' in yaml) throw new ConfigError(yaml.problems.map(line));
  if (yaml.data === null) return {};
  const schema = JSON.parse(readFileSync(join(packageRoot(), 'flow/service/config.schema.json'), 'utf8')) as object;
  const validate = new Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(schema);
  if (!validate(yaml.data)) throw new ConfigError(schemaProblems(validate.errors ?? [], yaml).map(line));
  return yaml.data as Record<string, unknown>;
}

/** Paths in the file are meant from where the file stands. */
function resolvePaths(values: Record<string, unknown>, folder: string): void {
  if (Array.isArray(values.claims)) values.claims = values.claims.map((path: string) => resolve(folder, path));
  for (const key of ['approvals', 'data']) if (typeof values[key] === 'string') values[key] = resolve(folder, values[key]);
  const lookup = (values.lookup ?? {}) as Record<string, unknown>;
  for (const key of ['country', 'asn']) if (typeof lookup[key] === 'string') lookup[key] = resolve(folder, lookup[key]);
  const drills = (values.drills ?? {}) as Record<string, unknown>;
  if (typeof drills.keyFile === 'string') drills.keyFile = resolve(folder, drills.keyFile);
  const tls = (values.collector as { tls?: Record<string, unknown> } | undefined)?.tls ?? {};
  for (const key of ['cert', 'key', 'ca']) if (typeof tls[key] === 'string') tls[key] = resolve(folder, tls[key]);
  for (const section of [values.console, values.front]) {
    const files = (section as { tls?: Record<string, unknown> } | undefined)?.tls ?? {};
    for (const key of ['cert', 'key']) if (typeof files[key] === 'string') files[key] = resolve(folder, files[key]);
  }
  const buffer = (values.collector as { buffer?: Record<string, unknown> } | undefined)?.buffer ?? {};
  if (typeof buffer.path === 'string') buffer.path = resolve(folder, buffer.path);
  const collector = values.collector as { elements?: string[] } | undefined;
  if (collector?.elements !== undefined) collector.elements = collector.elements.map((path) => resolve(folder, path));
  const logs = (values.collector as { logs?: { path: string }[] } | undefined)?.logs ?? [];
  for (const log of logs) log.path = resolve(folder, log.path);
  const targets = (values.notifications as { targets?: Record<string, unknown>[] } | undefined)?.targets ?? [];
  for (const target of targets)
    for (const key of ['tokenFile', 'ca', 'cert', 'key']) if (typeof target[key] === 'string') target[key] = resolve(folder, target[key]);
}

/** Maps with free keys are replaced as a whole, fixed sections key by key. */
const FREE_MAPS = new Set(['detections', 'collector.sensors', 'collector.tls.sensors']);

function merge(into: Record<string, unknown>, from: Record<string, unknown>, prefix: string, origin: string, origins: Origins): void {
  for (const [key, value] of Object.entries(from)) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && !FREE_MAPS.has(path)) {
      merge(into[key] as Record<string, unknown>, value as Record<string, unknown>, path, origin, origins);
    } else {
      into[key] = value;
      origins.set(path, origin);
    }
  }
}

function set(config: Record<string, unknown>, path: string, value: unknown, origin: string, origins: Origins): void {
  const steps = path.split('.');
  const last = steps.pop()!;
  let target = config;
  for (const step of steps) target = target[step] as Record<string, unknown>;
  target[last] = value;
  origins.set(path, origin);
}

/** The effective values, one per path, with their origin. Contains no secrets: those are not part of the configuration. */
export function describeConfig(config: Config, origins: Origins): { path: string; value: unknown; origin: string }[] {
  const rows: { path: string; value: unknown; origin: string }[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && !FREE_MAPS.has(path)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    } else {
      rows.push({ path, value: value ?? null, origin: origins.get(path) ?? 'default' });
    }
  };
  walk(config, '');
  return rows;
}
