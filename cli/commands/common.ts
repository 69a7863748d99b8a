import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Config, loadConfig, type Override } from '../../flow/service/config.js';
import { LOG_LEVELS, type LogLevel } from '../../flow/service/log.js';
import { type EnvironmentName, environment } from '../environment.js';
import { UsageError } from '../errors.js';
import { checkConfig } from '../wiring/check-config.js';

/** Flags that most commands share. */
export interface CommonFlags {
  config?: string;
  claims?: string[];
  approvals?: string;
  data?: string;
  logLevel?: string;
  /** Of the commands that listen. */
  listen?: string[];
}

export function withCommonFlags(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (default: cordon.yaml where it exists)')
    .option('--claims <file...>', 'claim files')
    .option('--approvals <file>', 'approvals (JSON lines) that open ticketed windows')
    .option('--data <folder>', 'folder for the embedded store and state')
    .option('--log-level <level>', `${LOG_LEVELS.join(', ')} (default warn)`);
}

/** The flag of the commands that listen for exporters. */
export function withListenFlag(command: Command): Command {
  return command.option(
    '--listen <address...>',
    'listen for exporters here (UDP), such as 127.0.0.1:2055 or [::1]:4739; port 0 takes a free one (default: 127.0.0.1:2055 and :4739)',
  );
}

/** The flag --port as it was given. Throws UsageError where it is no port. */
export function portFlag(text: string | undefined): string | undefined {
  if (text !== undefined && !(Number(/^\d{1,5}$/.exec(text)?.[0]) <= 65_535))
    throw new UsageError(`--port ${text} is no port; write a number up to 65535`);
  return text;
}

export interface Settings {
  readonly config: Config;
  readonly approvals: string | undefined;
  readonly origins: ReturnType<typeof loadConfig>['origins'];
}

/** The configuration file under environment variables under flags; `logLevel` where none of them says. Throws ConfigError or UsageError. */
export function commonSettings(flags: CommonFlags, logLevel: LogLevel = 'warn'): Settings {
  const file = flags.config ?? environment('CORDON_CONFIG') ?? (existsSync('cordon.yaml') ? 'cordon.yaml' : undefined);
  const { config, origins } = loadConfig(file, overridesOf(flags));
  if (!origins.has('logLevel')) config.logLevel = logLevel;
  checkConfig(config, origins);
  return { config, approvals: config.approvals, origins };
}

function overridesOf(flags: CommonFlags): Override[] {
  const list: Override[] = [];
  const fromEnvironment = (name: EnvironmentName, path: string, read: (text: string) => unknown): void => {
    const text = environment(name);
    if (text !== undefined) list.push({ path, value: read(text), origin: name });
  };
  const commas = (text: string): string[] =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  fromEnvironment('CORDON_CLAIMS', 'claims', (text) => commas(text).map((path) => resolve(path)));
  fromEnvironment('CORDON_DATA', 'data', (text) => resolve(text));
  fromEnvironment('CORDON_LOG_LEVEL', 'logLevel', (text) => text);
  fromEnvironment('CORDON_KAFKA_BROKERS', 'kafka.brokers', commas);
  fromEnvironment('CORDON_CLICKHOUSE_URL', 'clickhouse.url', (text) => text);
  fromEnvironment('CORDON_CLICKHOUSE_USER', 'clickhouse.username', (text) => text);
  const fromFlag = (value: unknown, path: string, origin: string): void => {
    if (value !== undefined) list.push({ path, value, origin });
  };
  fromFlag(
    flags.claims?.map((path) => resolve(path)),
    'claims',
    '--claims',
  );
  fromFlag(flags.approvals === undefined ? undefined : resolve(flags.approvals), 'approvals', '--approvals');
  fromFlag(flags.data === undefined ? undefined : resolve(flags.data), 'data', '--data');
  fromFlag(flags.logLevel, 'logLevel', '--log-level');
  fromFlag(flags.listen, 'collector.listen', '--listen');
  return list;
}
