import { describe, expect, it } from 'vitest';
import { followedDecisions } from '../../../detector/decisions/followed.js';
import { close } from '../../../detector/decisions/request.js';
import type { ExampleRow } from '../../../detector/detections/detection.js';
import { OPEN_CLAIMS, UNCLAIMED } from '../../../detector/detections/example-claims.js';
import type { DetectionId } from '../../../detector/detections/index.js';
import { createEngine } from '../../../detector/engine/engine.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { batchOf, claimsOf, exampleRows } from '../support/rows.js';

/*
 * What was told once is known to a learning detection from then on. Closed as an incident it is not: when the same comes again, it is told again. Each case has what
 * is usual, what happens, and when people close it.
 */

interface Case {
  readonly detection: DetectionId;
  readonly name: string;
  readonly claims: string;
  readonly usual: readonly ExampleRow[];
  readonly happens: ExampleRow;
  readonly again: ExampleRow;
  /** When the finding is closed: between the two. */
  readonly closed: string;
}

const VISIT: ExampleRow = {
  ...{ at: '2026-11-01T08:00:00Z', seconds: 60, from: '10.40.20.7 50000', to: '10.40.10.11 22', protocol: 'tcp' },
  ...{ octets: 9000, reverseOctets: 20_000, flags: 'SAPF', reverseFlags: 'SAPF', times: 30, everySeconds: 86_400 },
};
const HOST: ExampleRow = { ...VISIT, at: '2026-11-20T23:00:00Z', from: '10.40.20.66 50000', times: 1 };
const SENDS: ExampleRow = { ...VISIT, from: '10.40.10.11 40000', to: '10.40.30.10 445', fromMac: 0x021100000011 };
const OTHER_CARD: ExampleRow = { ...SENDS, at: '2026-11-20T12:00:00Z', fromMac: 0x0211000000ee, times: 2, everySeconds: 86_400 };
const ASKS: ExampleRow = {
  ...{ at: '2026-11-01T08:00:00Z', from: '10.40.10.11 40001', to: '10.40.30.53 53', protocol: 'udp', octets: 70, reverseOctets: 120 },
  ...{ times: 30, everySeconds: 86_400 },
};
const FOREIGN: ExampleRow = { ...ASKS, at: '2026-11-20T12:00:00Z', to: '203.0.113.53 53', times: 1 };
const OFFICE: ExampleRow = { ...VISIT, at: '2026-09-07T08:10:00Z', seconds: 600, from: '203.0.113.20 40000', times: 90 };
const NIGHT: ExampleRow = { ...OFFICE, at: '2026-11-12T02:10:00Z', times: 1 };
const BEAT: ExampleRow = { ...SENDS, at: '2026-11-02T00:00:00Z', seconds: 1, times: 10 * 288, everySeconds: 300 };
const PUSHES: ExampleRow = {
  ...{ at: '2026-11-02T00:03:00Z', seconds: 20, from: '10.40.10.11 40001', to: '10.40.30.10 445', protocol: 'tcp' },
  ...{ octets: 750_000, reverseOctets: 9000, flags: 'SAPF', reverseFlags: 'SAPF', times: 40 * 96, everySeconds: 900 },
};
const TRICKLE: ExampleRow = {
  ...PUSHES,
  at: '2026-11-19T00:20:00Z',
  to: '203.0.113.9 443',
  octets: 200_000,
  times: 96,
  everySeconds: 3600,
};

const CASES: readonly Case[] = [
  {
    ...{ detection: 'lateral-movement', name: 'a host that came in', claims: UNCLAIMED, usual: [VISIT], happens: HOST },
    ...{ again: { ...HOST, at: '2026-11-24T23:00:00Z' }, closed: '2026-11-22T09:00:00Z' },
  },
  {
    ...{ detection: 'foreign-resolver', name: 'somebody else who was asked for names', claims: UNCLAIMED, usual: [ASKS], happens: FOREIGN },
    ...{ again: { ...FOREIGN, at: '2026-11-24T12:00:00Z' }, closed: '2026-11-22T09:00:00Z' },
  },
  {
    ...{ detection: 'unknown-device', name: 'a stranger', claims: OPEN_CLAIMS, usual: [VISIT] },
    ...{ happens: { ...HOST, from: '10.40.10.66 50000' }, again: { ...HOST, from: '10.40.10.66 50000', at: '2026-11-24T23:00:00Z' } },
    closed: '2026-11-22T09:00:00Z',
  },
  {
    ...{
      detection: 'unknown-device',
      name: 'another card under a known address',
      claims: OPEN_CLAIMS,
      usual: [SENDS],
      happens: OTHER_CARD,
    },
    ...{ again: { ...OTHER_CARD, at: '2026-11-24T12:00:00Z' }, closed: '2026-11-22T09:00:00Z' },
  },
  {
    ...{ detection: 'vendor-access', name: 'an hour at which nobody ever came', claims: UNCLAIMED, usual: [OFFICE], happens: NIGHT },
    ...{ again: { ...NIGHT, at: '2026-11-19T02:10:00Z' }, closed: '2026-11-14T09:00:00Z' },
  },
  {
    ...{ detection: 'rhythm-change', name: 'another pace', claims: OPEN_CLAIMS, usual: [BEAT] },
    happens: { ...BEAT, at: '2026-11-12T00:00:00Z', times: 48, everySeconds: 900 },
    again: { ...BEAT, at: '2026-11-12T12:00:00Z', times: 48, everySeconds: 900 },
    closed: '2026-11-12T12:00:00Z',
  },
  {
    ...{ detection: 'slow-exfiltration', name: 'a trickle that goes on', claims: OPEN_CLAIMS, usual: [PUSHES], happens: TRICKLE },
    ...{ again: { ...TRICKLE, at: '2026-11-23T00:20:00Z' }, closed: '2026-11-23T00:00:00Z' },
  },
  {
    ...{ detection: 'volume-over-days', name: 'a sum that stays over its limit', claims: OPEN_CLAIMS, usual: [PUSHES] },
    happens: { ...TRICKLE, octets: 2_000_000 },
    again: { ...TRICKLE, octets: 2_000_000, at: '2026-11-23T00:20:00Z' },
    closed: '2026-11-23T00:00:00Z',
  },
];

function findingsOf({ detection, claims: text, usual, happens, again }: Case, incident?: { finding: Finding; atMs: number }): Finding[] {
  const claims = claimsOf(text);
  const engine = createEngine({ claims, detections: ['claim-violation', detection] });
  if (incident !== undefined) {
    const { finding, atMs } = incident;
    engine.decide(followedDecisions([close(finding, 'incident', { author: 'ana', reason: 'seen', atMs, effectiveMs: atMs }, undefined)]));
  }
  engine.ingest(batchOf(claims, exampleRows([...usual, happens, again])));
  return engine.findings().filter((finding) => finding.detection === detection);
}

describe('closed as an incident, it is told again when it comes again', () => {
  it.each(CASES)('$detection: $name', (one) => {
    const atMs = Date.parse(one.closed);
    const laterThan = (findings: readonly Finding[]): Finding[] => findings.filter(({ lastSeenMs }) => lastSeenMs > atMs);
    const plain = findingsOf(one);
    const first = plain.filter(({ lastSeenMs }) => lastSeenMs <= atMs);
    expect(first.length, plain.map(({ sentence }) => sentence).join('\n')).toBeGreaterThan(0);
    expect(laterThan(plain).map(({ sentence }) => sentence)).toEqual([]);
    const told = laterThan(findingsOf(one, { finding: first[0]!, atMs }));
    expect(told.length).toBeGreaterThan(0);
    const elsewhere = { ...first[0]!, asset: 'scan-02' };
    expect(laterThan(findingsOf(one, { finding: elsewhere, atMs }))).toEqual([]);
  });
});
