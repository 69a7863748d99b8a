import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INCIDENT_GAP_MS, incidentsOf } from '../../../detector/incidents/incident.js';
import { isUndeclaredOutside, peerGroupsOf } from '../../../detector/incidents/peer-group.js';
import { confidenceScore, severityScore, severityWord } from '../../../detector/incidents/score.js';
import { HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import { findingOf, SEEN_MS } from '../support/findings.js';

const at = (minutes: number, lasts = 0) => ({
  firstSeenMs: SEEN_MS + minutes * MINUTE_MS,
  lastSeenMs: SEEN_MS + (minutes + lasts) * MINUTE_MS,
});
const idsOf = (incidents: ReturnType<typeof incidentsOf>) => incidents.map(({ story }) => story.map(({ finding }) => finding.slice(0, 2)));

describe('incidents', () => {
  it('gather what one device has with one peer group, whichever detection speaks, while the pauses are short', () => {
    const findings = [
      findingOf({ id: 'a1', ...at(0) }),
      findingOf({ id: 'a2', ...at(30), detection: 'beacon', peerAddress: '203.0.113.99' }),
      findingOf({ id: 'a3', ...at(61), detection: 'slow-exfiltration' }),
      findingOf({ id: 'b1', ...at(5), asset: 'scan-02' }),
      findingOf({ id: 'c1', ...at(5), peerAddress: '198.51.100.4' }),
    ];
    expect(idsOf(incidentsOf(findings)).sort()).toEqual([['a1', 'a2'], ['a3'], ['b1'], ['c1']]);
  });

  it('know a peer group by set, AS or network', () => {
    const named = { peerName: 'archive', peerAsn: 64500 };
    expect(peerGroupsOf(findingOf(named))).toEqual(['set archive', 'AS64500', '203.0.113.0/24']);
    expect(peerGroupsOf(findingOf({ peerAddress: '2001:db8:1:2::3' }))).toEqual(['2001:db8:1::/48']);
    expect(peerGroupsOf(findingOf({ peerAddress: '::' }))).toEqual([]);
    const byAs = [
      findingOf({ id: 'a1', ...at(0), peerAsn: 64500 }),
      findingOf({ id: 'a2', ...at(1), peerAsn: 64500, peerAddress: '198.51.100.1' }),
    ];
    expect(idsOf(incidentsOf(byAs))).toEqual([['a1', 'a2']]);
  });

  it('take in what is about no single peer', () => {
    const volume = findingOf({ id: 'v1', ...at(3), detection: 'volume-up', peerAddress: '::', port: 0, protocol: 0 });
    const [incident, ...others] = incidentsOf([findingOf({ id: 'a1', ...at(0) }), volume, findingOf({ id: 'a2', ...at(10) })]);
    expect(others).toEqual([]);
    expect(incident!.detections).toEqual(['new-destination', 'volume-up']);
    expect(incident!.sentence).toMatch(
      /^scan-01 with 203\.0\.113\.0\/24: 3 findings, .*: first new-destination, then volume-up\. It began so: scan-01/,
    );
    const before = incidentsOf([{ ...volume, ...at(-2) }, findingOf({ id: 'a1', ...at(0) })]);
    expect(before.map(({ peerGroup }) => peerGroup)).toEqual(['203.0.113.0/24']);
  });

  it('are the same whatever order findings come in, and hold each finding once', () => {
    const finding = fc.record({
      minute: fc.integer({ min: 0, max: 300 }),
      lasts: fc.integer({ min: 0, max: 90 }),
      peer: fc.integer({ min: 1, max: 4 }),
      device: fc.integer({ min: 1, max: 2 }),
      none: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 30 }), fc.integer({ min: 0, max: 1000 }), (list, seed) => {
        const findings = list.map(({ minute, lasts, peer, device, none }, index) =>
          findingOf({
            id: (index + 16).toString(16),
            ...at(minute, lasts),
            asset: `scan-${device}`,
            peerAddress: none ? '::' : `203.0.${peer}.7`,
          }),
        );
        const shuffled = [...findings].sort((a, b) => (hash(a.id, seed) < hash(b.id, seed) ? -1 : 1));
        const incidents = incidentsOf(findings);
        expect(incidentsOf(shuffled)).toEqual(incidents);
        expect(incidents.flatMap(({ story }) => story.map(({ finding: id }) => id)).sort()).toEqual(findings.map(({ id }) => id).sort());
        expect(new Set(incidents.map(({ id }) => id)).size).toBe(incidents.length);
        for (const { story } of incidents)
          expect(story.map(({ atMs }) => atMs)).toEqual([...story.map(({ atMs }) => atMs)].sort((a, b) => a - b));
      }),
    );
  });

  it('keep the identity that was given, also when their first finding comes late or is out of sight', () => {
    const [a1, a2] = [findingOf({ id: 'a1', ...at(0) }), findingOf({ id: 'a2', ...at(5) })];
    const [told] = incidentsOf([a2]);
    const known = new Map([[a2.id, told!.id]]);
    expect(incidentsOf([a1, a2], known)[0]!.id).toBe(told!.id);
    expect(incidentsOf([a1, a2])[0]!.id).not.toBe(told!.id);
  });

  it('leave out what was taken back', () => {
    expect(incidentsOf([findingOf({ records: 0 })])).toEqual([]);
  });

  it('end when nothing is seen for the gap, counted from the end of the last', () => {
    const long = findingOf({ id: 'a1', ...at(0, 600) });
    const gap = INCIDENT_GAP_MS / MINUTE_MS;
    expect(incidentsOf([long, findingOf({ id: 'a2', ...at(600 + gap) })])).toHaveLength(1);
    expect(incidentsOf([long, findingOf({ id: 'a2', ...at(601 + gap) })])).toHaveLength(2);
  });
});

describe('scores', () => {
  it('show their sum, severity and confidence apart', () => {
    const findings = [
      findingOf({ severity: 'medium', confidence: 60 }),
      findingOf({ id: 'a2', detection: 'beacon', severity: 'low', confidence: 80 }),
    ];
    expect(severityScore(findings)).toEqual({
      value: 80,
      sum: 'Severity 80 of 100: 50 for the gravest finding (medium) + 10 for a peer on the internet in no declared set + 10 for a peer that is new + 10 for 2 detections.',
    });
    expect(confidenceScore(findings)).toEqual({
      value: 85,
      sum: 'Confidence 85 of 100: 80 of the surest finding (beacon) + 5 for another detection that agrees.',
    });
    expect(severityWord(80)).toBe('high');
  });

  it('never leave 0 to 100, and never fall by a further finding', () => {
    const finding = fc.record({
      severity: fc.constantFrom('info', 'low', 'medium', 'high', 'critical' as const),
      confidence: fc.integer({ min: 0, max: 100 }),
      detection: fc.constantFrom('new-destination', 'beacon', 'volume-up', 'scan', 'claim-violation'),
    }) as fc.Arbitrary<Partial<ReturnType<typeof findingOf>>>;
    fc.assert(
      fc.property(fc.array(finding, { minLength: 2, maxLength: 8 }), (list) => {
        const findings = list.map((one) => findingOf(one));
        for (const score of [severityScore, confidenceScore]) {
          expect(score(findings).value).toBeGreaterThanOrEqual(score(findings.slice(1)).value);
          expect(score(findings).value).toBeLessThanOrEqual(100);
        }
      }),
    );
  });

  it('know what is outside', () => {
    const outside = (peerAddress: string, peerName = '') => isUndeclaredOutside({ peerAddress, peerName });
    expect([outside('203.0.113.7'), outside('2001:db8::1')]).toEqual([true, true]);
    expect([outside('10.0.0.1'), outside('fe80::1'), outside('224.0.0.251'), outside('::'), outside('203.0.113.7', 'archive')]).toEqual(
      Array.from({ length: 5 }, () => false),
    );
  });
});

function hash(text: string, seed: number): number {
  return [...text].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) >>> 0, seed + HOUR_MS);
}
