import { describe, expect, it } from 'vitest';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { ParameterError } from '../../../detector/engine/parameters.js';
import { FINDING_COLUMNS } from '../../../detector/findings/finding.js';
import { addFinding, createFindingBatch, findingAt } from '../../../detector/findings/finding-batch.js';
import { findingJson, findingsJson } from '../../../detector/findings/json.js';
import { findingLine } from '../../../detector/findings/one-line.js';
import { formatOctets, formatPort } from '../../../detector/findings/quantity.js';
import { formatSpan } from '../../../detector/findings/time-span.js';
import { decodeFrame, FrameEncoder } from '../../../flow/frame.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../support/rows.js';

const claims = claimsOf(exampleClaims('{ never: [ { peer: { internet: true } } ] }'));
const NOON = Date.parse('2026-12-03T11:00:00Z');

function attempt(index: number, more: Partial<Row> = {}): Row {
  return {
    startMs: NOON + index * 1000,
    endMs: NOON + index * 1000 + 500,
    source: '10.40.10.11',
    sourcePort: 40_000 + index,
    destination: `203.0.113.${index % 250}`,
    destinationPort: 443,
    protocol: 6,
    octets: 60,
    flags: flagsOf('S'),
    sequence: index,
    ...more,
  };
}

/** What a finding is does not depend on which others there are. */
const detections = ['claim-violation'] as const;

describe('findings', () => {
  it('gather what is of one kind and keep the first rows as evidence', () => {
    const engine = createEngine({ claims, detections });
    engine.ingest(
      batchOf(
        claims,
        Array.from({ length: 30 }, (_, index) => attempt(index, { destination: '203.0.113.7' })),
      ),
    );
    const [finding, ...others] = engine.findings();
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      records: 30,
      sessions: 30,
      octetsOut: 1800,
      completion: 'attempt',
      severity: 'medium',
      initiator: 'asset',
    });
    expect(finding!.evidence.map((row) => row.sequence)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(findingLine(finding!)).toMatch(/^2026-12-03T11:00:00\.000Z {2}medium {4}example-claim .*30 connections, 30 records/);
  });

  it('beyond the limit are counted in one, about no single peer', () => {
    const engine = createEngine({ claims, detections, parameters: { 'claim-violation': { findingsPerPeriod: 10 } } });
    engine.ingest(
      batchOf(
        claims,
        Array.from({ length: 25 }, (_, index) => attempt(index)),
      ),
    );
    const findings = engine.findings();
    expect(findings).toHaveLength(11);
    const rest = findings.filter((finding) => finding.peerAddress === '::');
    expect(rest).toHaveLength(1);
    expect(rest[0]).toMatchObject({ records: 15, sessions: 15, port: 0, protocol: 0, asset: 'scan-01', octetsOut: 900 });
  });

  it('of another local day are others', () => {
    const engine = createEngine({ claims, detections });
    // 22:59:59Z and 23:00:01Z lie on both sides of midnight in Amsterdam.
    const late = Date.parse('2026-12-03T22:59:59Z');
    engine.ingest(
      batchOf(claims, [
        attempt(1, { destination: '203.0.113.7', startMs: late, endMs: late }),
        attempt(2, { destination: '203.0.113.7', startMs: late + 2000, endMs: late + 2000 }),
      ]),
    );
    expect(new Set(engine.findings().map((finding) => finding.id)).size).toBe(2);
  });

  it('survive the frame they travel in', () => {
    const engine = createEngine({ claims, detections });
    engine.ingest(
      batchOf(claims, [
        attempt(1),
        attempt(2, { sampling: 100, reverseOctets: 40_000, flags: flagsOf('SAP'), reverseFlags: flagsOf('SAP') }),
      ]),
    );
    const findings = engine.findings();
    const batch = createFindingBatch();
    for (const finding of findings) addFinding(batch, finding);
    const [frame] = new FrameEncoder(FINDING_COLUMNS).encode(batch);
    const read = createFindingBatch();
    decodeFrame(frame!, read);
    const back = findings.map((_finding, row) => findingAt(read, row));
    expect(back).toEqual(findings);
    expect(findingsJson(back)).toBe(findingsJson(findings));
    expect(JSON.parse(findingJson(findings[0]!))).toEqual(findings[0]);
    expect(findings[1]!.sentence).toMatch(/1 in 100 packets/);
  });

  it('do not count twice what two sensors tell of the same packets', () => {
    const engine = createEngine({ claims, detections });
    const row = attempt(1, { octets: 20_000, flags: flagsOf('SAP') });
    engine.ingest(batchOf(claims, [row, { ...row, sensor: 'tap' }]));
    expect(engine.findings()[0]).toMatchObject({ records: 2, sessions: 1, octetsOut: 20_000 });
  });

  it('an exception used is counted, not reported', () => {
    const excused = claimsOf(
      exampleClaims('{ never: [ { peer: { internet: true } } ] }', {
        exceptions:
          '{ id: pilot, claim: example-claim, match: { peer: { cidr: ["203.0.113.7"] }, ports: [tcp/443] }, reason: "Pilot", owner: ops, approved_by: ciso, ticket: "CHG-1", from: "2026-12-01", expires: "2027-01-15" }',
      }),
    );
    const engine = createEngine({ claims: excused, detections });
    engine.ingest(batchOf(excused, [attempt(1, { destination: '203.0.113.7' }), attempt(2, { destination: '203.0.113.7' })]));
    expect(engine.findings()).toEqual([]);
    expect(engine.judgements().find(({ kind }) => kind === 'excused')).toMatchObject({
      claim: 'example-claim',
      about: 'pilot',
      flows: 2,
      records: 2,
      octets: 120,
    });
    expect(engine.judgements().find(({ kind }) => kind === 'judged')).toMatchObject({ fleet: 'scanners', records: 2, flows: 2 });
  });

  it('parameters out of range or unknown are refused with what is possible', () => {
    expect(() => createEngine({ claims, parameters: { 'volume-up': { sigmas: 99 } } })).toThrow(ParameterError);
    expect(() => createEngine({ claims, parameters: { 'volume-up': { sigma: 6 } } })).toThrow(/it has warmUpHours, sigmas/);
    expect(() => createEngine({ claims, parameters: { 'volume-sideways': {} } })).toThrow(/there is no detection/);
  });
});

describe('times in sentences', () => {
  it.each([
    ['2026-12-03T16:05:41Z', '2026-12-03T16:05:41Z', 'at 2026-12-03 16:05:41Z'],
    ['2026-12-03T16:05:41.120Z', '2026-12-03T16:05:41.120Z', 'at 2026-12-03 16:05:41.120Z'],
    ['2026-12-03T14:22:08Z', '2026-12-03T14:22:18Z', '2026-12-03 14:22:08Z–14:22:18Z'],
    ['2026-12-03T14:22:08Z', '2026-12-03T14:22:08.007Z', '2026-12-03 14:22:08Z–14:22:08.007Z'],
    ['2026-12-03T23:59:58Z', '2026-12-04T00:00:10Z', '2026-12-03 23:59:58Z–2026-12-04 00:00:10Z'],
  ])('%s to %s', (from, to, text) => {
    expect(formatSpan(Date.parse(from), Date.parse(to))).toBe(text);
  });

  it('are said once', () => {
    const engine = createEngine({ claims, detections });
    engine.ingest(batchOf(claims, [attempt(1, { endMs: NOON + 1000 })]));
    expect(engine.findings()[0]!.sentence).toContain("1 connection, 1 record, at 2026-12-03 11:00:01Z: claim 'example-claim' forbids it.");
  });
});

describe('quantities', () => {
  it('are written in IEC units', () => {
    expect([0, 1023, 1024, 26_214_400, 2 ** 50].map(formatOctets)).toEqual(['0 B', '1023 B', '1.0 KiB', '25.0 MiB', '1.0 PiB']);
    expect([formatPort(6, 443), formatPort(1, 0), formatPort(89, 0), formatPort(0, 0)]).toEqual(['tcp/443', 'icmp', 'protocol 89', '']);
  });
});
