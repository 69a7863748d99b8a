/**
 * Every environment variable that the program reads, with its meaning: `cordon --help` prints them, docker-compose.yml is checked against them.
 * Secrets come from here and never from flags, where the process list would show them.
 */
export const ENVIRONMENT = {
  CORDON_CONFIG: 'path of the configuration file (flag --config; default cordon.yaml where it exists)',
  CORDON_CLAIMS: 'claim files, separated by commas (flag --claims)',
  CORDON_DATA: 'folder for the embedded store and state (flag --data)',
  CORDON_LOG_LEVEL: 'debug, info, warn, error or silent (default warn; info for collect, detect and store)',
  CORDON_KAFKA_BROKERS: 'host:port of Kafka brokers, separated by commas',
  CORDON_KAFKA_USERNAME: 'SASL user name for Kafka',
  CORDON_KAFKA_PASSWORD: 'SASL password for Kafka',
  CORDON_CLICKHOUSE_URL: 'URL of a ClickHouse server; without it the embedded engine is used',
  CORDON_CLICKHOUSE_USER: 'ClickHouse user',
  CORDON_CLICKHOUSE_PASSWORD: 'ClickHouse password',
  CORDON_FRONT_PASSWORD: "password for the read-only HTTP front of the embedded engine (Grafana's data source)",
  CORDON_CHROMIUM: 'program that prints reports to PDF: Chromium or Chrome (default: what is on the PATH)',
  CORDON_CONSOLE_TOKEN: 'token that the console asks for; required when it listens beyond loopback',
  CORDON_CONSOLE_READ_TOKEN: 'token of those who look at the console and do not decide, such as auditors',
} as const;

/** Folders in which programs are looked for: of the machine, and no setting of ours. */
export const searchPath = (): string => process.env.PATH ?? '';

export type EnvironmentName = keyof typeof ENVIRONMENT;

/** The value of a variable; undefined when unset or empty, so that `X= cordon …` means unset. */
export function environment(name: EnvironmentName, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}
