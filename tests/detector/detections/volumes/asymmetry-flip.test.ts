import { describe, expect, it } from 'vitest';
import { UNCLAIMED } from '../../../../detector/detections/example-claims.js';
import { createEngine } from '../../../../detector/engine/engine.js';
import type { Finding } from '../../../../detector/findings/finding.js';
import { HOUR_MS, MINUTE_MS } from '../../../../flow/time.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../../support/rows.js';

/* An upload to somebody outside whom nobody knows is told with the record that makes it one, also where the capture ends before the hour does. */

const claims = claimsOf(UNCLAIMED);
const START = Date.parse('2026-11-02T09:00:00Z');
const PEER = '203.0.113.7';

/** Ten seconds of a session; octets in one direction each, packets of 1 400 octets, an acknowledgement for every other. */
function upload(minute: number, octets: number, more: Partial<Row> = {}): Row {
  const startMs = START + minute * MINUTE_MS;
  return {
    ...{ startMs, endMs: startMs + 10_000, source: '10.40.10.11', sourcePort: 20_000 + minute, destination: PEER, destinationPort: 443 },
    ...{ protocol: 6, octets, reverseOctets: octets / 50, packets: Math.ceil(octets / 1400), reversePackets: Math.ceil(octets / 2800) },
    ...{ flags: flagsOf('SAPF'), reverseFlags: flagsOf('SAPF'), biflow: true },
    ...more,
  };
}

/** What is told after each record. */
function judge(rows: readonly Row[]): Finding[][] {
  const engine = createEngine({ claims, detections: ['claim-violation', 'asymmetry-flip'] });
  return rows.map((row) => {
    engine.ingest(batchOf(claims, [row]));
    return engine.findings();
  });
}

describe('an upload to nobody known', () => {
  it('is told with the record that makes it one', () => {
    const told = judge([upload(1, 1_000_000), upload(2, 83_000_000), upload(3, 1_000_000)]);
    expect(told.map((findings) => findings.length)).toEqual([0, 1, 1]);
    expect(told[1]![0]).toMatchObject({ detection: 'asymmetry-flip', windowFromMs: START, windowToMs: START + HOUR_MS });
    expect(told[1]![0]!.sentence).toMatch(/% of the .* MiB exchanged with 203.0.113.0\/24 .* no claim admits/);
  });

  it('may come in pieces', () => {
    const told = judge(Array.from({ length: 50 }, (_, minute) => upload(minute, 800_000)));
    const first = told.findIndex((findings) => findings.length > 0);
    expect(first).toBeGreaterThanOrEqual(25);
    expect(first).toBeLessThan(40);
  });

  it('is told with the numbers of the whole hour when that has settled', () => {
    const [, , last] = judge([upload(2, 40_000_000), upload(30, 40_000_000), upload(95, 1000)]);
    expect(last).toHaveLength(1);
    expect(last![0]!.octetsOut).toBeGreaterThan(75e6);
  });

  it('is none where as much comes back', () => {
    const told = judge([upload(1, 83_000_000, { reverseOctets: 83_000_000, reversePackets: 60_000 })]);
    expect(told).toEqual([[]]);
  });

  it('waits for the way back where that comes in a record of its own', () => {
    const oneWay = { reverseOctets: 0, reversePackets: 0, reverseFlags: 0, biflow: false };
    const there = upload(1, 83_000_000, oneWay);
    const back = { ...there, source: PEER, sourcePort: 443, destination: there.source, destinationPort: 20_001 };
    const acknowledged = judge([there, { ...back, octets: 1_660_000, packets: 29_700 }, upload(2, 7_000_000)]);
    expect(acknowledged.map((findings) => findings.length)).toEqual([0, 0, 1]);
    const asMuch = judge([there, { ...back, octets: 83_000_000, packets: 59_300 }, upload(2, 7_000_000)]);
    expect(asMuch.flat()).toEqual([]);
  });
});
