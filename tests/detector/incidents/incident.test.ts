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

describe('what a fleet met together', () => {
  const CONTACT = { detection: 'fleet-contact', asset: 'scanners', severity: 'high', assetAddress: '::', sessions: 3 } as const;
  const device = (n: number, more: Parameters<typeof findingOf>[0] = {}) =>
    findingOf({ id: `a${n}`, asset: `scan-0${n}`, assetAddress: `10.40.10.${n}`, ...at(n), ...more });

  it('is one incident with what is said of its devices, whichever id sorts first', () => {
    const singles = [device(0), device(1), device(2, { detection: 'claim-violation' }), device(3, { peerAddress: '203.0.113.9' })];
    for (const id of ['00', 'ff']) {
      const contact = findingOf({ id, ...CONTACT, ...at(0, 3) });
      const [incident, ...others] = incidentsOf([...singles, contact]);
      expect(others).toEqual([]);
      expect(incident!.story.map(({ finding }) => finding.slice(0, 2))).toEqual([id, 'a0', 'a1', 'a2', 'a3']);
      expect([incident!.subject, incident!.peerGroup]).toEqual(['scanners', '203.0.113.0/24']);
      expect(incidentsOf([contact])[0]!.id).toBe(incident!.id);
    }
  });

  it('takes in what a device has besides, about no single peer, and those of other fleets at the same network', () => {
    const volume = device(1, { id: 'v1', ...at(9), detection: 'volume-up', peerAddress: '::' });
    const pump = device(2, { id: 'p1', fleet: 'pumps', asset: 'pump-1' });
    expect(idsOf(incidentsOf([findingOf({ id: 'f1', ...CONTACT, ...at(0, 3) }), device(1), volume, pump]))).toEqual([
      ['f1', 'a1', 'p1', 'v1'],
    ]);
  });

  it('takes in peers of one AS within the fleet only: a cloud is met by many', () => {
    const cloud = { peerAsn: 64500, peerAddress: '198.51.100.4' };
    const contact = findingOf({ id: 'f1', ...CONTACT, ...at(0, 3), peerAsn: 64500 });
    const incidents = incidentsOf([contact, device(1, cloud), device(2, { ...cloud, id: 'p1', fleet: 'pumps', asset: 'pump-1' })]);
    expect(idsOf(incidents)).toEqual([['f1', 'a1'], ['p1']]);
  });

  it('takes in each device with its own peer, where the port is what is new', () => {
    const peerOf = (n: number): string => `2001:db8:${n}::9`;
    const evidence = [1, 2].map((n) => ({
      source: n === 1 ? `10.40.10.${n}` : peerOf(n),
      destination: n === 1 ? peerOf(n) : `10.40.10.${n}`,
    }));
    const contact = findingOf({ id: 'f1', ...CONTACT, ...at(0, 3), peerAddress: '::', evidence: evidence as never });
    const singles = [1, 2, 3].map((n) => device(n, { peerAddress: peerOf(n) }));
    expect(idsOf(incidentsOf([contact, ...singles]))).toEqual([['f1', 'a1', 'a2'], ['a3']]);
  });

  it('leaves out what was before and what comes after the gap', () => {
    const contact = findingOf({ id: 'f1', ...CONTACT, ...at(0, 3) });
    const late = 4 + INCIDENT_GAP_MS / MINUTE_MS;
    const incidents = incidentsOf([contact, device(1, { ...at(-5), lastSeenMs: SEEN_MS - 5 * MINUTE_MS }), device(2, at(late))]);
    expect(idsOf(incidents)).toEqual([['a1'], ['f1'], ['a2']]);
  });

  it('keeps the identity under which the first device was told, when the fleet is told later', () => {
    const singles = [device(0), device(1)];
    const told = incidentsOf(singles);
    const known = new Map(told.flatMap(({ id, story }) => story.map(({ finding }) => [finding, id] as const)));
    expect(incidentsOf([...singles, findingOf({ id: 'f1', ...CONTACT, ...at(0, 3) })], known).map(({ id }) => id)).toEqual([told[0]!.id]);
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
