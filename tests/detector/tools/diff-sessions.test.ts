import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEngine } from '../../../detector/engine/engine.js';
import { type ClaimsDifference, diffClaims } from '../../../detector/tools/diff.js';
import { addFlow } from '../../../detector/tools/flow-rows.js';
import { parseFlow } from '../../../detector/tools/flow-text.js';
import { type PlacedClaims, placed } from '../../../detector/tools/placed-claims.js';
import { FlowBatch } from '../../../flow/batch.js';
import { covers, type Seen } from '../support/traffic-change.js';

/** Claims about sessions and stretches: what their changes mean for traffic. */

const CLAIM = (assertion: string): string => `version: 1
id: example
owner: security-office@example.org
timezone: Europe/Amsterdam
effective: { from: "2026-01-01" }
sets:
  vendor: { cidr: ["203.0.113.0/24"] }
  staff: { cidr: ["203.0.113.128/25"] }
  jump: { cidr: ["10.70.99.10", "10.70.99.11"] }
  images: { cidr: ["10.70.30.0/24"] }
fleets:
  billing-db:
    vendor: Example
    site: Example data centre
    members:
      - { name: db-1, ip: ["10.70.11.21"] }
      - { name: db-2, ip: ["10.70.11.22"] }
sensors:
  core: { kind: ipfix, exporter: "10.70.0.1", sampling: 1, active_timeout: PT1M, heartbeat: PT5M, sees: [north-south, management] }
claims:
  - id: c
    text: "What the example says."
    subject: billing-db
    severity: critical
    assert: ${assertion}
    coverage: { sensors: [core], time: "99%", max_gap: PT10M }
`;
const via = (from: string, jump: string, to: string, skew: string): string =>
  CLAIM(`{ via: { from: ${from}, jump: ${jump}, to: ${to}, skew: ${skew} } }`);
const island = (peer: string, alive: string, more = 'for: PT24H'): string =>
  CLAIM(`{ works_without: { peer: ${peer}, alive: ${alive}, ${more} } }`);

const load = (text: string): PlacedClaims => placed([{ file: 'a.yaml', text }]);
const diff = (before: string, after: string): ClaimsDifference => diffClaims(load(before), load(after));
const isInternet = (address: string): boolean => /^198\.51\.100\./.test(address);

/** True when the flows, one after another, break the claim. */
function breaks({ claims }: PlacedClaims, flows: readonly string[]): boolean {
  const engine = createEngine({ claims, detections: ['works-without', 'via'] });
  for (const flow of flows) {
    const batch = new FlowBatch(16);
    addFlow(batch, claims.watchList, parseFlow(flow));
    engine.ingest(batch);
  }
  return engine.findings().some(({ claim, records }) => claim === 'c' && records > 0);
}

const SSH = '{ peer: { fleets: [billing-db] }, ports: [tcp/22] }';
const VIA = via('{ sets: [vendor] }', '{ sets: [jump] }', SSH, 'PT30S');

describe('a changed via claim', () => {
  test('who must come by the jump host: sessions past it, and whose session counts on it', () => {
    const { traffic, other } = diff(VIA, VIA.replace('"203.0.113.0/24"', '"203.0.113.0/24", "192.0.2.0/25"'));
    expect(other).toEqual([]);
    expect([...traffic].sort((x, y) => (x.change < y.change ? 1 : -1))).toEqual([
      {
        ...{ fleet: 'billing-db', claim: 'c', change: 'forbidden', before: 'allowed', after: 'forbidden' },
        ...{ peers: ['192.0.2.0/25'], except: false, ports: ['tcp/22'], initiator: 'peer' },
      },
      {
        ...{ fleet: 'billing-db', claim: 'c', change: 'changed' },
        before: 'allowed beside a session from 203.0.113.0/24 on the same jump host (within 30 s) only',
        after: 'allowed beside a session from 192.0.2.0/25, 203.0.113.0/24 on the same jump host (within 30 s) only',
        ...{ peers: ['10.70.99.10/31'], except: false, ports: ['tcp/22'], initiator: 'peer' },
      },
    ]);
  });

  test('a jump host less: what comes from it is no longer asked for company; a port more; an end less', () => {
    expect(diff(VIA, VIA.replace('{ sets: [jump] }', '{ cidr: ["10.70.99.10"] }')).traffic).toMatchObject([
      { change: 'allowed', peers: ['10.70.99.11/32'], after: 'allowed' },
    ]);
    expect(diff(VIA, VIA.replace('[tcp/22]', '[tcp/22-23]')).traffic.map(({ change, ports }) => [change, ports])).toEqual([
      ['forbidden', ['tcp/23']],
      ['forbidden', ['tcp/23']],
    ]);
    const ends = diff(VIA, VIA.replace('to: { peer: { fleets: [billing-db] }', 'to: { peer: { cidr: ["10.70.11.21"] }')).traffic;
    expect(ends.map(({ change, subjects }) => [change, subjects])).toEqual([
      ['allowed', ['10.70.11.22/32']],
      ['allowed', ['10.70.11.22/32']],
    ]);
  });

  test('other words for the same addresses are no change', () => {
    expect(diff(VIA, VIA.replace('from: { sets: [vendor] }', 'from: { cidr: ["203.0.113.0/25"], sets: [staff] }'))).toEqual({
      traffic: [],
      other: [],
    });
  });

  test('agrees with judging: sessions are judged differently exactly where the diff says so', () => {
    const text = fc
      .tuple(
        fc.constantFrom('{ sets: [vendor] }', '{ internet: true }', '{ cidr: ["203.0.113.0/25"] }', '{ sets: [vendor], except: [staff] }'),
        fc.constantFrom('{ sets: [jump] }', '{ cidr: ["10.70.99.10"] }'),
        fc.constantFrom(SSH, '{ peer: { any: true } }', '{ peer: { cidr: ["10.70.11.21"] }, ports: [tcp/22, tcp/400-500] }'),
        fc.constantFrom('PT30S', 'PT0S', 'PT10M'),
      )
      .map((parts) => via(...parts));
    const peer = fc.constantFrom('203.0.113.7', '203.0.113.200', '198.51.100.9', '10.70.99.10', '10.70.99.11', '10.70.5.5');
    const arrival = fc.record({
      peer,
      asset: fc.constantFrom('10.70.11.21', '10.70.11.22'),
      port: fc.constantFrom(22, 443, 450),
      company: fc.option(
        fc.record({
          by: fc.constantFrom('203.0.113.7', '203.0.113.200', '198.51.100.9', '10.70.5.5'),
          on: fc.constantFrom('10.70.99.10', '10.70.99.11'),
          // It ends as the arrival begins, a little before it, and some minutes before it.
          ends: fc.constantFrom('10:02:00', '10:01:45', '09:55:00'),
        }),
      ),
    });
    let told = 0;
    fc.assert(
      fc.property(text, text, fc.array(arrival, { minLength: 6, maxLength: 12 }), (one, two, arrivals) => {
        const [before, after] = [load(one), load(two)];
        const { traffic } = diffClaims(before, after);
        for (const { peer: from, asset, port, company } of arrivals) {
          const session = `${from}:50001 > ${asset}:${port} tcp 2026-12-03T10:02:00Z PT18M 40kB/90kB`;
          const beside =
            company === null ? [] : [`${company.by}:50002 > ${company.on}:22 tcp 2026-12-03T09:50:00Z ${lasting(company.ends)} 40kB/90kB`];
          const flows = [...beside, session, `${asset}:50003 > 10.70.1.53:53 udp 2026-12-04T10:00:00Z`];
          const seen: Seen = { peer: from, protocol: 'tcp', port, began: 'peer', asset };
          const lines = traffic.filter((change) => covers(change, seen, isInternet));
          expect(lines.length).toBeLessThanOrEqual(1);
          const [was, is] = [breaks(before, flows), breaks(after, flows)];
          if (lines[0] === undefined) expect(is, session).toBe(was);
          for (const [words, broken] of [
            [lines[0]?.before, was],
            [lines[0]?.after, is],
          ] as const) {
            if (words === 'forbidden') expect(broken, session).toBe(true);
            if (words === 'allowed') expect(broken, session).toBe(false);
            if (words?.startsWith('allowed beside') && company?.on !== from) expect(broken, session).toBe(true);
          }
          if (was !== is) told += 1;
        }
      }),
      { numRuns: 30 },
    );
    expect(told).toBeGreaterThan(5);
  });

  function lasting(end: string): string {
    const [hours = 0, minutes = 0, seconds = 0] = end.split(':').map(Number);
    return `PT${(hours - 9) * 3600 + minutes * 60 + seconds - 3000}S`;
  }
});

const IMAGES = '{ peer: { sets: [images] }, ports: [tcp/104] }';
const ISLAND = island('{ sets: [vendor] }', IMAGES);

describe('a changed works_without claim', () => {
  test('forbids nothing: the diff says what counts as contact, and what as a sign of life', () => {
    expect(diff(ISLAND, ISLAND.replace('{ sets: [vendor] }', '{ cidr: ["203.0.113.0/25"] }'))).toEqual({
      other: [],
      traffic: [
        {
          ...{ fleet: 'billing-db', claim: 'c', change: 'changed', before: 'counts as contact', after: 'counts as nothing' },
          ...{ peers: ['203.0.113.128/25'], except: false, ports: ['any'], initiator: 'any' },
        },
      ],
    });
    expect(diff(ISLAND, ISLAND.replace('[tcp/104]', '[tcp/104, tcp/443]')).traffic).toMatchObject([
      { peers: ['10.70.30.0/24'], ports: ['tcp/443'], before: 'counts as nothing', after: 'counts as a sign that it works' },
    ]);
  });

  test('how long and how much is no traffic, and told as text', () => {
    expect(diff(ISLAND, island('{ sets: [vendor] }', IMAGES, 'for: PT12H'))).toEqual({
      traffic: [],
      other: [{ path: 'claims.c.works_without.for', before: '"PT24H"', after: '"PT12H"' }],
    });
  });

  test('agrees with judging: a flow in a lonely day makes the difference exactly where the diff says so', () => {
    const text = fc
      .tuple(
        fc.constantFrom('{ sets: [vendor] }', '{ sets: [vendor], internet: true }', '{ cidr: ["203.0.113.0/25"] }'),
        fc.constantFrom(
          IMAGES,
          '{ peer: { cidr: ["10.70.30.0/25"] } }',
          '{ peer: { sets: [images, staff] }, initiator: subject }',
          '{ peer: { sets: [images] }, ports: [tcp/100-200], initiator: peer }',
        ),
      )
      .map(([peer, alive]) => island(peer, alive));
    const candidate = fc.record({
      peer: fc.constantFrom('203.0.113.7', '203.0.113.200', '198.51.100.9', '10.70.30.9', '10.70.30.200', '10.70.5.5'),
      port: fc.constantFrom(104, 150, 443),
      out: fc.boolean(),
    });
    // Contact at midnight, and every hour something that is neither.
    const hours = Array.from({ length: 31 }, (_, hour) => new Date(Date.parse('2026-12-03T00:00:00Z') + hour * 3_600_000).toISOString());
    let told = 0;
    fc.assert(
      fc.property(text, text, fc.array(candidate, { minLength: 2, maxLength: 4 }), (one, two, candidates) => {
        const [before, after] = [load(one), load(two)];
        const { traffic } = diffClaims(before, after);
        for (const { peer, port, out } of candidates) {
          const flow = out
            ? `10.70.11.21:50001 > ${peer}:${port} tcp 2026-12-03T12:30:00Z 9kB/9kB`
            : `${peer}:50001 > 10.70.11.21:${port} tcp 2026-12-03T12:30:00Z 9kB/9kB`;
          const noise = hours.map((at, index) => `10.70.11.22:${40_000 + index} > 10.70.1.53:53 udp ${at} 100B/100B`);
          const flows = [
            '10.70.11.21:50000 > 203.0.113.7:443 tcp 2026-12-03T00:00:00Z 9kB/9kB',
            ...noise.slice(0, 13),
            flow,
            ...noise.slice(13),
          ];
          const seen: Seen = { peer, protocol: 'tcp', port, began: out ? 'subject' : 'peer' };
          const lines = traffic.filter((change) => covers(change, seen, isInternet));
          expect(lines.length).toBeLessThanOrEqual(1);
          const [was, is] = [breaks(before, flows), breaks(after, flows)];
          if (lines[0] === undefined) expect(is, flow).toBe(was);
          else {
            expect(was, flow).toBe(lines[0].before === 'counts as nothing');
            expect(is, flow).toBe(lines[0].after === 'counts as nothing');
          }
          if (was !== is) told += 1;
        }
      }),
      { numRuns: 25 },
    );
    expect(told).toBeGreaterThan(2);
  });
});
