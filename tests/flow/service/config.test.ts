import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, describeConfig, loadConfig } from '../../../flow/service/config.js';

const folder = mkdtempSync(join(tmpdir(), 'cordon-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(folder, 'cordon.yaml');
  writeFileSync(path, text);
  return path;
}

function problemsOf(text: string): string[] {
  try {
    loadConfig(file(text));
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n').map((line) => line.slice(folder.length + 1));
  }
  return [];
}

describe('configuration', () => {
  test('followed logs are found from where the file stands, and say what they are', () => {
    const logs = loadConfig(file('collector:\n  logs:\n    - { path: logs/conn.log, format: zeek, sensor: tap }\n')).config.collector.logs;
    expect(logs).toEqual([{ path: join(folder, 'logs/conn.log'), format: 'zeek', sensor: 'tap' }]);
    expect(problemsOf('collector:\n  logs:\n    - { path: conn.log, format: syslog, sensor: tap }\n')).toHaveLength(1);
    expect(problemsOf('collector:\n  logs:\n    - { path: conn.log, format: zeek }\n')).toHaveLength(1);
  });

  test('tables of elements are found from where the file stands', () => {
    expect(loadConfig(file('collector: { elements: [elements/own.yaml] }\n')).config.collector.elements).toEqual([
      join(folder, 'elements/own.yaml'),
    ]);
    expect(loadConfig(undefined).config.collector.elements).toEqual([]);
  });

  test('location data is found from where the file stands', () => {
    expect(loadConfig(file('lookup: { country: geo/country.mmdb }\n')).config.lookup).toEqual({
      country: join(folder, 'geo/country.mmdb'),
      asn: undefined,
    });
    expect(loadConfig(undefined).config.lookup).toEqual({ country: undefined, asn: undefined });
  });

  test('defaults, file and overrides stand over each other, and each value knows its origin', () => {
    const path = file('claims: [claims.yaml]\nkafka: { partitions: 8 }\ncollector:\n  sensors: { "192.0.2.1": border }\n');
    const { config, origins } = loadConfig(path, [{ path: 'kafka.brokers', value: ['192.0.2.9:9092'], origin: 'CORDON_KAFKA_BROKERS' }]);
    expect(config.claims).toEqual([join(folder, 'claims.yaml')]);
    expect(config.kafka).toMatchObject({ partitions: 8, brokers: ['192.0.2.9:9092'], topicPrefix: 'cordon.' });
    expect(config.collector.sensors).toEqual({ '192.0.2.1': 'border' });
    const rows = new Map(describeConfig(config, origins).map((row) => [row.path, row.origin]));
    expect([rows.get('kafka.partitions'), rows.get('kafka.brokers'), rows.get('kafka.tls')]).toEqual([
      path,
      'CORDON_KAFKA_BROKERS',
      'default',
    ]);
  });

  test('the disk buffer: in a folder beside the file, of a size, or none', () => {
    const bufferOf = (text: string) => loadConfig(file(`collector: { buffer: ${text} }\n`)).config.collector.buffer;
    expect(bufferOf('{}')).toEqual({ path: undefined, maxBytes: 4 * 2 ** 30 });
    expect(bufferOf('{ path: frames, maxBytes: 16777216 }')).toEqual({ path: join(folder, 'frames'), maxBytes: 16_777_216 });
    expect(bufferOf('{ maxBytes: 0 }').maxBytes).toBe(0);
    expect(() => bufferOf('{ maxBytes: 1000 }')).toThrow('collector.buffer.maxBytes');
  });

  test('templates and quarantine of the collector are configured key by key', () => {
    const { config } = loadConfig(file('collector:\n  templates: { keyByPort: true }\n  quarantineBytes: 0\n'));
    expect(config.collector.templates).toEqual({ keyByPort: true, persist: true });
    expect(config.collector.quarantineBytes).toBe(0);
    expect(problemsOf('collector:\n  templates: { keyByport: true }\n')[0]).toContain("did you mean 'keyByPort'");
    expect(problemsOf('collector:\n  quarantineBytes: -1\n')[0]).toContain("'collector.quarantineBytes' is -1");
  });

  test.each([
    ['an unknown key names the near one', 'kafka:\n  broker: [a:1]\n', "cordon.yaml:2:3: unknown key 'broker'; did you mean 'brokers'?"],
    ['a wrong type', 'kafka:\n  partitions: many\n', "cordon.yaml:2:15: 'kafka.partitions' must be a whole number, not text"],
    ['a wrong word', 'logLevel: loud\n', "cordon.yaml:1:11: 'logLevel' is 'loud'; write one of debug, info, warn, error, silent"],
    [
      'a pattern says what to write',
      'collector:\n  listen: ["2055"]\n',
      "cordon.yaml:2:12: 'collector.listen.0' is '2055'; write address:port, such as 127.0.0.1:2055 or [::1]:4739",
    ],
    ['a key twice', 'data: a\ndata: b\n', "cordon.yaml:2:1: 'data' is written twice here; keep one"],
    ['an alias', 'data: &x a\napprovals: *x\n', 'cordon.yaml:2:12: aliases (*name) are not accepted; write the value out'],
    ['a key that would reach the prototype', '__proto__: { data: x }\n', "cordon.yaml:1:1: unknown key '__proto__'"],
    ['a number out of range', 'kafka: { partitions: 0 }\n', "cordon.yaml:1:22: 'kafka.partitions' is 0; write a number from 1"],
    ['two documents', 'data: a\n---\ndata: b\n', 'cordon.yaml:2:1: a second YAML document begins here'],
    ['YAML 1.1', '%YAML 1.1\n---\ndata: a\n', '%YAML 1.1 is not accepted'],
  ])('%s', (_name, text, expected) => {
    expect(problemsOf(text).join('\n')).toContain(expected);
  });

  test('a missing file says so', () => {
    expect(() => loadConfig(join(folder, 'nowhere.yaml'))).toThrow('cannot be read (ENOENT); give the path');
  });

  test('an empty file is the defaults', () => {
    expect(loadConfig(file('')).config.kafka.partitions).toBe(4);
  });
});
