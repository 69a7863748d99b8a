import { readUserElements } from '../../collector/templates/user-elements.js';
import { effectiveParameters, effectiveWatchParameters } from '../../detector/engine/parameters.js';
import { AddressError, parseAddress, parsePrefix } from '../../flow/address.js';
import type { Config, Origins } from '../../flow/service/config.js';
import { LOG_LEVELS } from '../../flow/service/log.js';
import { UsageError } from '../errors.js';
import { notificationTargets } from './notification-targets.js';
import { loadTls } from './tls-files.js';

/** An address to listen on. */
export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/**
 * What the schema of the file cannot say, and what came from the environment and from flags, which no schema has seen. Throws UsageError with the
 * origin of the value, its place and a remedy, before anything is opened.
 */
export function checkConfig(config: Config, origins: Origins): void {
  const check = (path: string, test: () => void): void => {
    try {
      test();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const origin = origins.get(path) ?? 'default';
      throw new UsageError(`${origin}${origin.startsWith('-') || origin.startsWith('CORDON_') ? '' : `: ${path}`}: ${error.message}`);
    }
  };
  check('logLevel', () => {
    if (!LOG_LEVELS.includes(config.logLevel)) throw new Error(`'${config.logLevel}' is no log level; use ${LOG_LEVELS.join(', ')}`);
  });
  check('notifications.targets', () => notificationTargets(config.notifications.targets));
  check('collector.listen', () => config.collector.listen.forEach(parseListen));
  check('collector.tcp', () => config.collector.tcp.forEach(parseListen));
  check('collector.tls.listen', () => {
    config.collector.tls.listen.forEach(parseListen);
    loadTls(config.collector);
  });
  check('collector.allow', () => config.collector.allow.forEach(parsePrefix));
  check('collector.elements', () => readUserElements(config.collector.elements));
  check('collector.sensors', () => Object.keys(config.collector.sensors).forEach(parseOneAddress));
  check('collector.logs', () => checkLogs(config.collector.logs));
  check('kafka.brokers', () => config.kafka.brokers.forEach(checkBroker));
  check('clickhouse.url', () => checkUrl(config.clickhouse.url));
  check('detections', () => {
    const settings = config.detections as Record<string, Record<string, number>>;
    effectiveParameters(settings);
    effectiveWatchParameters(settings);
  });
}

/** Reads `127.0.0.1:2055` or `[::1]:4739`; port 0 takes a free one. Throws UsageError. */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const wrong = new UsageError(`'${text}' is no address to listen on; write 127.0.0.1:2055 or [::1]:4739`);
  if (match === null || port > 65_535) throw wrong;
  const address = (match[1] ?? match[2])!;
  try {
    parseAddress(address);
  } catch (error) {
    throw error instanceof AddressError ? wrong : error;
  }
  return { address, port };
}

function parseOneAddress(text: string): void {
  parseAddress(text);
}

/** How far a log was read is kept by its path. */
function checkLogs(logs: Config['collector']['logs']): void {
  const paths = new Set<string>();
  for (const { path } of logs) {
    if (paths.has(path)) throw new Error(`${path} is named twice; name each log once`);
    paths.add(path);
  }
}

function checkBroker(text: string): void {
  const port = Number(/^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):(\d{1,5})$/.exec(text)?.[1]);
  if (!(port > 0 && port <= 65_535)) throw new Error(`'${text}' is no broker; write host:port, such as kafka-1.example:9092`);
}

function checkUrl(text: string | undefined): void {
  if (text === undefined) return;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Error(`'${text}' is no address of a ClickHouse server; write http://host:8123 or https://host:8443`);
  }
}
