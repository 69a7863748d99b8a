import { describe, expect, it } from 'vitest';
import type { ExampleRow } from '../../../detector/detections/detection.js';
import {
  day,
  EXAMPLE_FROM,
  EXAMPLE_STOP,
  EXAMPLE_UNTIL,
  FAR,
  PUMPS,
  SCANNERS,
  SEEN,
  STOPPED,
  session,
  talking,
  WATCH_CLAIMS,
} from '../../../detector/watches/example-facts.js';
import type { LedgerStretch } from '../../../detector/watches/watch.js';
import type { Row } from '../support/rows.js';
import { findingsOf } from './support.js';

/*
 * A command that switches equipment off, a loss of power and an exporter that fails look the same in one device's records: nothing comes any more. What goes
 * on beside it, who was there before, and what the ledger says tell them apart.
 */
const VENDOR = '203.0.113.7';
const DARK: readonly LedgerStretch[] = [{ sensor: 'border', from: EXAMPLE_FROM, to: EXAMPLE_STOP }];

function told(
  rows: readonly ExampleRow[],
  ledger: readonly LedgerStretch[] = SEEN,
  claims = WATCH_CLAIMS,
  sensorOf?: (row: Row) => string,
): string[] {
  const [first, ...rest] = rows;
  return findingsOf(
    { claims, parameters: { warmUpHours: 24 }, rows: [first!, ...rest], ledger, from: EXAMPLE_FROM, until: EXAMPLE_UNTIL },
    'silence',
    sensorOf,
  ).map(
    ({ detection, asset, peerAddress, severity }) => `${severity} ${detection} ${asset}${peerAddress === '::' ? '' : ` ${peerAddress}`}`,
  );
}

const command = (device: number, at = '2026-11-05T09:57:30Z'): ExampleRow => session(VENDOR, `10.40.10.1${device} 22`, at);

describe('a remote session and then silence', () => {
  it('of one device: who was there, and that it is one device', () => {
    expect(told([...day([SCANNERS[0]]), command(1)])).toEqual([`critical control-then-silence scan-01 ${VENDOR}`, 'high silence scan-01']);
  });

  it('of the whole fleet: one source for all of them, and a stop of the vendor’s equipment', () => {
    expect(told([...day(SCANNERS), command(1), command(2), command(3), command(4)])).toEqual([
      `critical control-then-silence scanners ${VENDOR}`,
      'critical fleet-silence scanners',
    ]);
  });

  it('and the exporter failed at that minute: it is blind, and nothing is said of the devices', () => {
    expect(told([...day(SCANNERS), command(1), command(2)], STOPPED)).toEqual(['high blind-telemetry border']);
  });

  it('and nobody says what became of the exporter: the pipeline is behind, and nothing is said of exporter and devices', () => {
    expect(told([...day(SCANNERS), command(1), command(2)], DARK)).toEqual(['high blind-telemetry (pipeline)']);
  });

  it('and the exporter comes back, the devices do not: they are silent, since when is not known', () => {
    const back = [...DARK, { sensor: 'border', from: '2026-11-05T10:20:00Z', to: EXAMPLE_UNTIL }];
    expect(told([...day([SCANNERS[0]]), command(1)], back)).toEqual(['high silence scan-01', 'high blind-telemetry border']);
  });

  it.each([
    ['megabytes went in, and it is back after ten minutes: new firmware', 5_000_000, '2026-11-05T10:10:00Z', 'medium'],
    ['megabytes went in, and it stays away', 5_000_000, undefined, 'high'],
    ['a command, and it is back after ten minutes', 9000, '2026-11-05T10:10:00Z', 'high'],
  ] as const)('of a device of which nothing is claimed, by somebody inside: %s', (_name, octets, back, severity) => {
    const [pump] = PUMPS;
    const visit = { ...session('10.40.9.9', `${pump} 443`, '2026-11-05T09:57:30Z'), octets };
    const rows = [...day([pump]), visit, ...(back === undefined ? [] : [talking(pump, back, EXAMPLE_UNTIL)])];
    const about = { claims: WATCH_CLAIMS, ledger: SEEN, from: EXAMPLE_FROM, until: EXAMPLE_UNTIL };
    const found = findingsOf(
      { ...about, parameters: { leastRatio: 10 }, rows: [rows[0]!, ...rows.slice(1)] },
      'control-then-silence',
    ).filter(({ detection }) => detection === 'control-then-silence');
    expect(found.map((finding) => [finding.severity, finding.asset, finding.sentence.includes('as with new firmware')])).toEqual([
      [severity, 'pump-01', severity === 'medium'],
    ]);
  });

  it('in its agreed window: told, as information', () => {
    const stop = '2026-11-05T11:20:00Z';
    const rows = [
      ...day([SCANNERS[0]], stop).map((row) => ({ ...row, times: (row.times ?? 0) + (row.from.startsWith(SCANNERS[0]) ? 0 : 120) })),
      session('10.40.9.4', '10.40.10.11 22', '2026-11-05T11:17:00Z'),
    ];
    const found = findingsOf(
      {
        claims: WATCH_CLAIMS,
        parameters: { warmUpHours: 24 },
        rows: [rows[0]!, ...rows.slice(1)],
        ledger: [{ sensor: 'border', from: EXAMPLE_FROM, to: '2026-11-05T11:50:00Z' }],
        from: EXAMPLE_FROM,
        until: '2026-11-05T11:50:00Z',
      },
      'silence',
    );
    expect(found.map(({ detection, severity }) => `${severity} ${detection}`)).toEqual(['info silence']);
  });
});

describe('everything at a place', () => {
  it('stops, while the exporter tells of another place: the site, not the vendor', () => {
    const [finding, ...others] = told([...day([...SCANNERS, ...PUMPS])]);
    expect([finding, others]).toEqual(['high fleet-silence Example port', []]);
  });

  it('stops and nobody else is watched: devices, site and exporter are not told apart where hardly a record comes', () => {
    const little: readonly LedgerStretch[] = [
      { sensor: 'border', from: EXAMPLE_FROM, to: EXAMPLE_STOP },
      { sensor: 'border', from: '2026-11-05T10:00:30Z', to: EXAMPLE_UNTIL, facts: { recordsSent: 0, recordsReceived: 0 } },
    ];
    const rows = day([...SCANNERS, ...PUMPS]).filter(({ from }) => !from.startsWith(FAR));
    const found = findingsOf(
      {
        claims: WATCH_CLAIMS,
        parameters: { warmUpHours: 24 },
        rows: [rows[0]!, ...rows.slice(1)],
        ledger: little,
        from: EXAMPLE_FROM,
        until: EXAMPLE_UNTIL,
      },
      'fleet-silence',
    );
    expect(found.map(({ detection, confidence }) => `${detection} ${confidence}`)).toEqual(['fleet-silence 50']);
    expect(found[0]!.sentence).toContain('cannot be told apart');
  });

  it('goes on by another exporter, and stops by this one: the exporter', () => {
    const claims = WATCH_CLAIMS.replace(
      'windows:',
      '  inner: { kind: ipfix, exporter: "10.40.0.3", sampling: 1, active_timeout: PT1M, heartbeat: PT1M, sees: [east-west] }\nwindows:',
    );
    const ledger = [...SEEN, { sensor: 'inner', from: EXAMPLE_FROM, to: EXAMPLE_UNTIL }];
    // The far scanner is seen by the same exporter and stops with the rest: it is not the site either.
    const stopped = day(SCANNERS).map((row) => (row.from.startsWith(FAR) ? talking(FAR, EXAMPLE_FROM, EXAMPLE_STOP) : row));
    const sensorOf = ({ source }: Row): string => ((PUMPS as readonly string[]).includes(source) ? 'inner' : 'border');
    expect(told(stopped, ledger, claims, sensorOf)).toEqual(['medium fleet-silence border']);
  });
});
