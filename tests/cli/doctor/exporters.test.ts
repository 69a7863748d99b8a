import { describe, expect, it } from 'vitest';
import { allWell, examineCollector, examineExporter, examineMissing, examineStored } from '../../../cli/doctor/exporters.js';
import { exporterTable, renderChecks } from '../../../cli/doctor/render.js';
import type { CollectorStatus, ExporterLine } from '../../../collector/collector-status.js';
import { HOUR_MS, MINUTE_MS } from '../../../flow/time.js';

const NOW = Date.UTC(2026, 11, 1);

/** An exporter of which there is nothing to say. */
const WELL: ExporterLine = {
  sensor: 'border',
  exporter: '192.0.2.1',
  domain: 1,
  protocol: 'ipfix',
  firstSeenMs: NOW - HOUR_MS,
  lastSeenMs: NOW - 2000,
  messages: 10_000,
  records: 200_000,
  messagesPerSecond: 3,
  usualPauseMs: 300,
  samplingInterval: 1,
  lostMessages: 0,
  lostRecords: 0,
  undecodable: 0,
  malformed: 0,
  duplicates: 0,
  held: 0,
  restarts: 0,
  recordsNotExported: 0,
  packetsMissed: 0,
  clockOffsetMs: 400,
  dialect: 'records-before',
  templates: 3,
  templatesRestored: 0,
  recordsByRestored: 0,
  templatesMissing: 0,
  templatesChanged: 0,
};

describe('what the doctor says of an exporter', () => {
  it('is nothing while all is well', () => {
    expect(examineExporter(WELL, NOW)).toEqual([]);
    expect(allWell([WELL])).toMatchObject({ state: 'ok' });
  });

  it.each<[string, Partial<ExporterLine>, 'wrong' | 'note', RegExp]>([
    ['silent beyond its habit', { lastSeenMs: NOW - 10 * MINUTE_MS }, 'wrong', /silent for 10 min/],
    ['lost much', { lostRecords: 5000, lostMessages: 250 }, 'wrong', /lost 5 000 of 205 000 records \(250 messages, 2\.4 %\)/],
    ['lost little', { lostRecords: 10, lostMessages: 1 }, 'note', /lost 10 of 200 010/],
    ['unread for want of templates', { undecodable: 40, templatesMissing: 4 }, 'wrong', /40 records .* 4 sets came without their template/],
    ['unread for their kind', { undecodable: 40 }, 'wrong', /carry no flow/],
    ['malformed', { malformed: 2 }, 'wrong', /could not be read to their end/],
    ['redefined templates', { templatesChanged: 1 }, 'wrong', /redefined 1 templates in flight/],
    ['a clock behind', { clockOffsetMs: HOUR_MS }, 'wrong', /1 h behind ours/],
    ['a clock ahead', { clockOffsetMs: -61_000 }, 'wrong', /1 min ahead of ours/],
    ['its own loss', { recordsNotExported: 3 }, 'wrong', /did not send 3 records/],
    ['sampling', { samplingInterval: 1000 }, 'note', /one packet stands for 1 000/],
    ['duplicates', { duplicates: 5000 }, 'note', /5 000 messages twice/],
    ['templates never confirmed', { templatesRestored: 2, recordsByRestored: 70 }, 'note', /2 templates .* 70 records/],
  ])('%s: with what to do', (_what, change, state, says) => {
    const checks = examineExporter({ ...WELL, ...change }, NOW);
    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatchObject({ state, name: 'border (192.0.2.1/1)' });
    expect(checks[0]!.says).toMatch(says);
    expect(checks[0]!.remedy!.length).toBeGreaterThan(20);
  });

  it('lets a slow exporter be slow, and a restored template wait for half an hour', () => {
    expect(examineExporter({ ...WELL, usualPauseMs: 5 * MINUTE_MS, lastSeenMs: NOW - 14 * MINUTE_MS }, NOW)).toEqual([]);
    expect(examineExporter({ ...WELL, templatesRestored: 2, firstSeenMs: NOW - 29 * MINUTE_MS }, NOW)).toEqual([]);
  });

  it('names declared sensors that were never heard', () => {
    const declared = [
      { name: 'border', exporter: '192.0.2.1' },
      { name: 'core', exporter: '192.0.2.2' },
    ];
    expect(examineMissing(declared, [WELL]).map(({ name, state }) => [name, state])).toEqual([['core (192.0.2.2)', 'wrong']]);
  });

  it('tells from the ledger when nobody can be asked, and that it cannot when there is none', () => {
    expect(examineStored(undefined)).toMatchObject([{ state: 'unknown' }]);
    expect(examineStored([])).toMatchObject([{ state: 'unknown' }]);
    const stored = { ...WELL, minutes: 60, refused: 0, kernelDrops: 0, quarantined: 0, silentMs: 0 };
    expect(examineStored([stored])).toMatchObject([{ state: 'ok', says: '200 000 records in 60 minutes' }]);
    expect(examineStored([{ ...stored, lostRecords: 9999, malformed: 1 }])).toMatchObject([{ state: 'wrong' }, { state: 'wrong' }]);
  });
});

describe('what the doctor says of a collector', () => {
  const status: CollectorStatus = {
    listening: ['udp 127.0.0.1:2055'],
    buffers: [],
    exporters: [],
    names: { answers: 0, refused: 0, evicted: 0, named: 0, entries: 0, clients: 0 },
    exportersLeftOut: 0,
    datagrams: 100,
    records: 100,
    produced: 100,
    unwatched: 0,
    duplicates: 0,
    overrun: 0,
    kernelDrops: 0,
    refused: 0,
    refusedSenders: [],
    faults: {},
    redefinitions: [],
    quarantine: { folder: '/data/quarantine', kept: 0, keptOctets: 0, refused: 0, failed: 0 },
  };

  it('names refused senders, drops, and what is in quarantine', () => {
    expect(examineCollector(status)).toEqual([]);
    const checks = examineCollector({
      ...status,
      refused: 12,
      refusedSenders: [{ address: '203.0.113.9', datagrams: 12, over: 0 }],
      kernelDrops: 5,
      overrun: 6,
      quarantine: { ...status.quarantine!, kept: 3 },
    });
    expect(checks.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'refused note',
      'kernel drops wrong',
      'overrun wrong',
      'quarantine note',
    ]);
    expect(checks[0]!.says).toContain('203.0.113.9 (12)');
  });
});

describe('the page', () => {
  it('keeps within 100 columns, and makes control characters of names visible', () => {
    const line = { ...WELL, sensor: 'a-sensor-with-a-rather-long-name\u001b[2J', exporter: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff' };
    const checks = examineExporter({ ...line, lostRecords: 99_999, lastSeenMs: NOW - HOUR_MS, templatesRestored: 3 }, NOW);
    const text = renderChecks(checks, { exporters: exporterTable([line, WELL], NOW) });
    expect(text).not.toContain('\u001b');
    expect(text).toContain('\\u{1b}');
    for (const row of text.split('\n')) expect([...row].length, row).toBeLessThanOrEqual(110);
    for (const row of exporterTable([WELL], NOW).split('\n')) expect([...row].length, row).toBeLessThanOrEqual(100);
  });
});
