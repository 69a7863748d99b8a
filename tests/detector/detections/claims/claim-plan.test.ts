import { describe, expect, it } from 'vitest';
import { exampleClaims } from '../../../../detector/detections/example-claims.js';
import { createEngine } from '../../../../detector/engine/engine.js';
import { batchOf, claimsOf, flagsOf } from '../../support/rows.js';

/** Claims that cannot be judged as a whole are judged as far as their rules are certain; the verdict never becomes VERIFIED for that. */
function peersFound(assert: string, exceptions?: string): string[] {
  const claims = claimsOf(exampleClaims(assert, exceptions === undefined ? {} : { exceptions }));
  expect(claims.claims[0]!.notJudged).toBeDefined();
  const engine = createEngine({ claims });
  const startMs = Date.parse('2026-12-03T11:00:00Z');
  const rows = ['10.40.30.10', '10.40.9.4', '203.0.113.7', '198.51.100.9'].map((destination, index) => ({
    startMs: startMs + index * 1000,
    endMs: startMs + index * 1000,
    source: '10.40.10.11',
    sourcePort: 40_000 + index,
    destination,
    destinationPort: 443,
    protocol: 6,
    octets: 400,
    flags: flagsOf('SAP'),
  }));
  engine.ingest(batchOf(claims, rows));
  return engine
    .findings()
    .filter((finding) => finding.detection === 'claim-violation')
    .map((finding) => finding.peerAddress);
}

describe('a claim that is not judged as a whole', () => {
  it('never: the rules with addresses are judged, the one by country finds nothing', () => {
    expect(peersFound('{ never: [ { peer: { country: [KP] } }, { peer: { sets: [maint-gw] } } ] }')).toEqual(['10.40.9.4']);
  });

  it('only: a rule by AS number may stand for any peer, so what it might admit is no violation, on other ports it is', () => {
    expect(peersFound('{ only: [ { peer: { sets: [archive] } }, { peer: { asn: [64500] }, ports: [tcp/8443] } ] }')).toEqual([
      '10.40.9.4',
      '203.0.113.7',
      '198.51.100.9',
    ]);
    expect(peersFound('{ only: [ { peer: { sets: [archive] } }, { peer: { asn: [64500] }, ports: [tcp/443] } ] }')).toEqual([]);
  });

  it('an exception by country may excuse any peer', () => {
    const exception = (ports: string): string =>
      `{ id: pilot, claim: example-claim, match: { peer: { country: [NL] }, ports: [${ports}] }, reason: "Pilot", owner: ops, approved_by: ciso, ticket: "CHG-1", from: "2026-12-01", expires: "2027-01-15" }`;
    expect(peersFound('{ never: [ { peer: { sets: [maint-gw] } } ] }', exception('tcp/22'))).toEqual(['10.40.9.4']);
    expect(peersFound('{ never: [ { peer: { sets: [maint-gw] } } ] }', exception('tcp/443'))).toEqual([]);
  });
});
