import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../detector/engine/engine.js';
import { MINUTE_MS } from '../../../flow/time.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../support/rows.js';
import { TRAFFIC_CLAIMS } from '../support/traffic.js';

/*
 * Assets that do the same for ever must not make the detector's state grow for ever. The snapshot is the measure: it holds all that is kept, but for caches of a fixed
 * size. Sessions that ended are forgotten, and with them what they added to findings; a finding keeps its first rows.
 */

const FROM_MS = Date.parse('2026-12-03T00:00:00Z');
const ROUND_MS = 16 * MINUTE_MS;
const ASSETS = ['10.40.10.11', '10.40.10.12'];
const ROUNDS = 60;
const SESSIONS_A_ROUND = ASSETS.length * 24;
/** What a session takes in a snapshot. Ten rounds more may leave what two rounds of sessions take, and not ten: findings still get some of their first rows. */
const BYTES_A_SESSION = 144;

/** What each asset does in one round: sessions from new ports, as two records of one direction each; some break claims, of some nobody knows who began. */
function round(number: number): Row[] {
  const fromMs = FROM_MS + number * ROUND_MS;
  const exchange = (second: number, asset: string, peer: string, port: number, protocol: number, ownPort: number): Row[] => {
    const startMs = fromMs + second * 1000;
    const times = { startMs, endMs: startMs + 700, protocol, octets: 600, flags: protocol === 6 ? flagsOf('SAPF') : 0 };
    return [
      { ...times, source: asset, sourcePort: ownPort, destination: peer, destinationPort: port, sequence: number * 1000 + second },
      { ...times, source: peer, sourcePort: port, destination: asset, destinationPort: ownPort, sequence: number * 1000 + second },
    ];
  };
  return ASSETS.flatMap((asset) =>
    Array.from({ length: 6 }, (_, index) => {
      const ownPort = 20_000 + ((number * 7 + index) % 30_000);
      return [
        ...exchange(index * 150, asset, `203.0.113.${index % 3}`, 443, 6, ownPort),
        ...exchange(index * 150 + 1, asset, '10.40.1.53', 53, 17, ownPort),
        ...exchange(index * 150 + 2, asset, '10.40.1.123', 123, 17, 123),
        ...exchange(index * 150 + 3, asset, '10.40.30.10', 445, 6, ownPort),
      ];
    }).flat(),
  ).sort((a, b) => a.endMs - b.endMs);
}

describe('assets that do the same for hours', () => {
  it('leave a state that has stopped to grow, and news once only', () => {
    const claims = claimsOf(TRAFFIC_CLAIMS);
    const engine = createEngine({ claims });
    const bytesAfter: number[] = [];
    for (let number = 0; number < ROUNDS; number++) {
      engine.ingest(batchOf(claims, round(number)));
      const told = engine.takeChanged();
      expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
      expect(engine.takeChanged()).toEqual([]);
      bytesAfter.push(engine.snapshot().length);
    }
    const findings = engine.findings();
    expect(findings.map(({ peerAddress }) => peerAddress)).toContain('203.0.113.0');
    for (const { evidence } of findings) expect(evidence.length).toBeLessThanOrEqual(20);
    expect(bytesAfter.at(-1)).toBeLessThan(1.5 * bytesAfter[10]!);
    expect(bytesAfter.at(-1)! - bytesAfter.at(-11)!).toBeLessThan(2 * SESSIONS_A_ROUND * BYTES_A_SESSION);
  });
});
