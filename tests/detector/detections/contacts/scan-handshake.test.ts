import { describe, expect, it } from 'vitest';
import { scan } from '../../../../detector/detections/contacts/scan.js';
import { OPEN_CLAIMS } from '../../../../detector/detections/example-claims.js';
import { createEngine } from '../../../../detector/engine/engine.js';
import type { Finding } from '../../../../detector/findings/finding.js';
import { findingFlows } from '../../support/finding-flows.js';
import { batchOf, claimsOf, type Row } from '../../support/rows.js';

/*
 * A door that answers was tried too, if who came left without a word (nmap -sT). What is told of that must not come from connections in which something was said, nor from ones that
 * stand, of which nobody saw the begin.
 */
const claims = claimsOf(OPEN_CLAIMS);
const [SYN, ACK, RST] = [0x02, 0x10, 0x04];
const BEGIN_MS = Date.parse('2026-11-20T12:00:00Z');

/** The asset connects to twenty hosts inside, one a second, each of which answers, and resets each connection. */
const sweep = (change: Partial<Row> = {}, network = '10.40.30'): Row[] =>
  Array.from({ length: 20 }, (_, number) => ({
    ...{ startMs: BEGIN_MS + number * 1000, endMs: BEGIN_MS + number * 1000 + 20, protocol: 6, biflow: true, initiator: 'source' },
    ...{ source: '10.40.10.11', sourcePort: 40_001 + number, destination: `${network}.${10 + number}`, destinationPort: 443 },
    ...{ octets: 164, packets: 3, flags: SYN | ACK | RST, reverseOctets: 60, reversePackets: 1, reverseFlags: SYN | ACK },
    ...change,
  }));

function told(rows: readonly Row[]): readonly Finding[] {
  const engine = createEngine({ claims });
  engine.ingest(batchOf(claims, rows));
  return engine.findings().filter(({ detection }) => detection === 'scan');
}

describe('hosts that answer and are left without a word', () => {
  it('are a scan, whose sum follows from the rows', () => {
    const rows = sweep();
    const findings = told(rows);
    expect(findings.map(({ observed }) => observed)).toEqual([20]);
    for (const finding of findings) {
      expect(finding.sentence).toContain('answered, and was left without a word');
      expect(scan.recompute(finding, findingFlows(claims, rows, finding), claims)).toBe(20);
    }
  });

  it('count together with those that do not answer', () => {
    const silent = sweep({ flags: SYN, octets: 60, packets: 1, reverseOctets: 0, reversePackets: 0, reverseFlags: 0 });
    const rows = sweep().map((row, number) => (number % 2 === 0 ? row : silent[number]!));
    expect(told(rows).map(({ observed }) => observed)).toEqual([20]);
  });

  it.each<readonly [string, readonly Row[]]>([
    ['each was asked a word', sweep({ octets: 230, packets: 5 })],
    ['each said one', sweep({ reverseOctets: 160, reversePackets: 2 })],
    [
      'connections that stand, of which nobody saw the begin',
      sweep({ initiator: 'source', initiatorConfidence: 50, flags: ACK, reverseFlags: ACK }),
    ],
    ['servers of the web outside, to which a browser connects ahead', sweep({}, '203.0.113')],
    ['one host, again and again', sweep({ destination: '10.40.30.10' })],
    ['sampled packets', sweep({ sampling: 100 })],
  ])('%s: no scan', (_, rows) => {
    expect(told(rows)).toEqual([]);
  });
});
