import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createExporterMetrics, EXPORTER_METRICS } from '../../../cli/wiring/exporter-metrics.js';
import type { ExporterLine } from '../../../collector/collector-status.js';
import { createMetrics } from '../../../flow/service/metrics.js';
import { packageRoot } from '../../../flow/service/paths.js';

const line = (exporter: string, records: number): ExporterLine => ({
  sensor: `sensor-${exporter}`,
  exporter,
  domain: 0,
  protocol: 'netflow9',
  firstSeenMs: 0,
  lastSeenMs: 5000,
  messages: 1,
  records,
  messagesPerSecond: null,
  usualPauseMs: null,
  samplingInterval: 100,
  lostMessages: 0,
  lostRecords: 0,
  undecodable: 0,
  malformed: 0,
  duplicates: 0,
  held: 0,
  restarts: 0,
  recordsNotExported: 0,
  packetsMissed: 0,
  clockOffsetMs: -1500,
  dialect: 'messages',
  templates: 2,
  templatesRestored: 0,
  recordsByRestored: 0,
  templatesMissing: 0,
  templatesChanged: 0,
});

/** Lines of one metric: exporter → value. */
async function values(text: Promise<string>, name: string): Promise<Record<string, number>> {
  const found = [...(await text).matchAll(new RegExp(`^${name}\\{[^}]*exporter="([^"]*)"[^}]*\\} (\\S+)$`, 'gm'))];
  return Object.fromEntries(found.map(([, exporter, value]) => [exporter!, Number(value)]));
}

describe('metrics of exporters', () => {
  it('have a line for each exporter, in base units, and none for what is not known', async () => {
    const metrics = createMetrics();
    createExporterMetrics(metrics)([line('192.0.2.1', 7), line('192.0.2.2', 8)]);
    expect(await values(metrics.text(), 'cordon_exporter_records_total')).toEqual({ '192.0.2.1': 7, '192.0.2.2': 8 });
    expect(await values(metrics.text(), 'cordon_exporter_clock_offset_seconds')).toEqual({ '192.0.2.1': -1.5, '192.0.2.2': -1.5 });
    expect(await values(metrics.text(), 'cordon_exporter_last_seen_timestamp_seconds')).toEqual({ '192.0.2.1': 5, '192.0.2.2': 5 });
    expect(await values(metrics.text(), 'cordon_exporter_messages_per_second')).toEqual({});
  });

  it('are bounded: who comes first keeps its line, the others share one, and a line that is free is given on', async () => {
    const metrics = createMetrics();
    const write = createExporterMetrics(metrics, 2);
    write([line('b', 1), line('c', 2)]);
    write([line('a', 10), line('b', 1), line('c', 2), line('d', 20)]);
    expect(await values(metrics.text(), 'cordon_exporter_records_total')).toEqual({ b: 1, c: 2, '(other)': 30 });
    expect(await values(metrics.text(), 'cordon_exporter_sampling_interval')).toEqual({ b: 100, c: 100 });
    write([line('a', 11), line('c', 3)]);
    expect(await values(metrics.text(), 'cordon_exporter_records_total')).toEqual({ a: 11, c: 3 });
  });
});

describe('docs/operations.md', () => {
  const text = readFileSync(join(packageRoot(), 'docs/operations.md'), 'utf8');

  const sources = (folder: string): string[] =>
    readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(join(packageRoot(), folder, path), 'utf8'));

  it('lists every metric by its full name', () => {
    const named = new Set(
      EXPORTER_METRICS.map(({ name, kind, help }) => {
        expect(help.length, name).toBeGreaterThan(5);
        return `cordon_${name}${kind === 'counter' ? '_total' : ''}`;
      }),
    );
    for (const source of [...sources('cli'), ...sources('collector'), ...sources('detector')]) {
      for (const [, call, name, kind] of source.matchAll(
        /\b(?:metrics\.)?(count|counter|total|gauge|table)\(\s*'([a-z]+_[a-z_]+)'(?:,\s*'(counter|gauge)')?/g,
      )) {
        if (call === 'counter' && name!.startsWith('exporter_')) continue;
        const isCounter = call === 'count' || call === 'counter' || call === 'total' || kind === 'counter';
        named.add(`cordon_${name}${isCounter ? '_total' : ''}`);
      }
    }
    expect(named.size).toBeGreaterThan(50);
    expect([...named].filter((name) => !text.includes(`\`${name}\``)).sort()).toEqual([]);
  });

  it('lists no metric that is not there', () => {
    const known = [...sources('cli'), ...sources('collector'), ...sources('detector')].join('\n');
    const told = [...text.matchAll(/`cordon_([a-z_]+?)(?:_total)?`/g)].map(([, name]) => name!);
    expect(told.filter((name) => !known.includes(`'${name}'`))).toEqual([]);
  });
});
