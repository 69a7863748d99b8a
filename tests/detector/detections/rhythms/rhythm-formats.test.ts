import { describe, expect, it } from 'vitest';
import { exampleClaims } from '../../../../detector/detections/example-claims.js';
import { createEngine } from '../../../../detector/engine/engine.js';
import type { Finding } from '../../../../detector/findings/finding.js';
import { batchOf, claimsOf, type Row } from '../../support/rows.js';
import { randomFrom } from '../../support/streams.js';
import { asSplit, asUniflows, type Exchange, inOrder } from '../../support/traffic.js';

/*
 * One truth, told by exporters with several active timeouts, one way and both ways, and sampled: what is found must not depend on it, or be nothing.
 */

const RHYTHM = new Set(['beacon', 'rhythm-change', 'long-session', 'reconnect-hammer']);
const claims = claimsOf(exampleClaims('{ only: [ { peer: { sets: [archive, analysts] } } ] }'));
const FROM = Date.parse('2026-11-02T00:00:00Z');
const DAY = 86_400_000;
const ASSET = '10.40.10.11';

function exchange(startMs: number, durationMs: number, server: string, serverPort: number, index: number): Exchange {
  const base = { client: ASSET, clientPort: 33_000 + (index % 25_000), server, serverPort, protocol: 6 } as const;
  return { ...base, startMs: Math.round(startMs), durationMs, outcome: 'answered', octets: 2400, reverseOctets: 1800 };
}

/** Ten days: an admitted heartbeat that slows down on the ninth, and on the tenth a beacon, a session of seven hours, and tries that nobody answers. */
function truth(): Exchange[] {
  const random = randomFrom(11);
  const list: Exchange[] = [];
  const add = (startMs: number, durationMs: number, server: string, port: number): void => {
    list.push(exchange(startMs, durationMs, server, port, list.length));
  };
  for (let ms = FROM; ms < FROM + 9 * DAY; ms += 600_000) add(ms + 20_000 * random(), 90_000, '10.40.30.10', 445);
  for (let ms = FROM + 9 * DAY; ms < FROM + 10 * DAY; ms += 1_500_000) add(ms + 20_000 * random(), 90_000, '10.40.30.10', 445);
  // Who looks at images stays between a second and an hour.
  for (let ms = FROM; ms < FROM + 10 * DAY; ms += 1_800_000 * random()) add(ms, 1000 + 3_600_000 * random() ** 4, '10.40.20.9', 8443);
  const last = FROM + 9 * DAY;
  for (let ms = last; ms < last + DAY; ms += 900_000) add(ms + 200_000 * random(), 200_000, '203.0.113.7', 443);
  add(last + 3_600_000, 7 * 3_600_000, '203.0.113.99', 4443);
  for (let ms = last; ms < last + 3_600_000; ms += 45_000) {
    list.push({ ...exchange(ms, 0, '198.51.100.66', 1177, list.length), outcome: 'unanswered', octets: 120, reverseOctets: 0 });
  }
  return list;
}

function judge(rows: readonly Row[]): Finding[] {
  const engine = createEngine({ claims });
  engine.ingest(batchOf(claims, rows));
  return engine.findings().filter(({ detection }) => RHYTHM.has(detection));
}

/** Findings of several days that are about the same are one. */
const essence = (findings: readonly Finding[]): string[] =>
  [...new Set(findings.map(({ detection, peerAddress, port }) => `${detection} ${peerAddress} ${port}`))].sort();

const EXPECTED = [
  'beacon 198.51.100.66 1177',
  'beacon 203.0.113.7 443',
  'long-session 203.0.113.99 4443',
  'reconnect-hammer 198.51.100.66 1177',
  'rhythm-change 10.40.30.10 445',
];

describe('the same ten days', () => {
  const list = truth();
  const whole = judge(inOrder(list.flatMap((one) => asSplit(one, 10 * DAY))));
  const periods = (findings: readonly Finding[]): number[] =>
    findings.filter(({ detection }) => detection === 'beacon' || detection === 'rhythm-change').map(({ observed }) => observed);

  it('show all four things', () => {
    expect(essence(whole)).toEqual(EXPECTED);
  });

  it.each([60, 300, 1800])('cut by an active timeout of %d s', (seconds) => {
    const findings = judge(inOrder(list.flatMap((one) => asSplit(one, seconds * 1000))));
    expect(essence(findings)).toEqual(EXPECTED);
    // Looks fall on other beats where records come later: the same period within a few percent.
    for (const [index, period] of periods(findings).entries()) expect(Math.abs(period / periods(whole)[index]! - 1)).toBeLessThan(0.05);
  });

  it('exported one way', () => {
    expect(essence(judge(inOrder(list.flatMap((one, index) => asUniflows(one, index % 2 === 0)))))).toEqual(EXPECTED);
  });

  it.each([100, 1000])('of one in %d packets: what is left is said, never a rhythm', (sampling) => {
    const random = randomFrom(sampling);
    // A record is exported when one of its packets was picked; its counts are those of the packets picked.
    const sampled = inOrder(list.flatMap((one) => asSplit(one, 60_000))).flatMap((row): Row[] => {
      const packets = Array.from({ length: row.packets ?? 2 }).filter(() => random() < 1 / sampling).length;
      return packets === 0 ? [] : [{ ...row, packets, octets: packets * 100, reverseOctets: 0, reversePackets: 0, sampling }];
    });
    expect(sampled.length).toBeGreaterThan(0);
    expect(essence(judge(sampled)).filter((text) => !text.startsWith('long-session'))).toEqual([]);
  });
});
