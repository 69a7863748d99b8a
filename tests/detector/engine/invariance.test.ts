import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { createEngine, type Engine } from '../../../detector/engine/engine.js';
import { batchOf, claimsOf, type Row } from '../support/rows.js';
import { asBiflow, asSplit, type Exchange, exchanges, inOrder } from '../support/traffic.js';

/*
 * Claims of all six kinds, judged in other words and other records: lists that are sets may stand in any order, and an exporter may cut a session where it
 * likes. Lists are written down as data and shuffled; JSON is YAML.
 */

/** What may stand in any order. */
const LISTS = {
  analysts: ['10.40.20.0/25', '10.40.20.128/25'],
  outside: ['203.0.113.0/24', '198.51.100.0/24'],
  jump: ['10.40.9.4', '10.40.9.5'],
  members: [
    { name: 'scan-01', ip: ['10.40.10.11'] },
    { name: 'scan-02', ip: ['10.40.10.12'] },
  ],
  databases: [
    { name: 'db-1', ip: ['10.70.11.21', 'fd00:70:11::21'] },
    { name: 'db-2', ip: ['10.70.11.22'] },
  ],
  only: [
    { peer: { sets: ['analysts'] }, ports: ['tcp/443'], initiator: 'peer' },
    { peer: { sets: ['archive', 'analysts'] }, ports: ['tcp/445', 'tcp/22'], initiator: 'subject' },
    { peer: { sets: ['archive'] } },
    { peer: { sets: ['gateway'] }, ports: ['tcp/22'], initiator: 'peer', during: ['weekly', 'noon'] },
    { peer: { sets: ['outside'] }, ports: ['tcp/9100'], budget: { bytes: '1MiB', per: 'P1D' } },
  ],
  never: [
    { peer: { internet: true }, initiator: 'subject' },
    { peer: { sets: ['outside'], except: ['far'] } },
    { peer: { sets: ['far'] }, ports: ['tcp/22', 'tcp/5432'] },
  ],
  authorised: [
    { peer: { sets: ['gateway'] }, during: ['noon'] },
    { peer: { sets: ['gateway', 'analysts'] }, ports: ['tcp/22', 'tcp/443'], during: ['weekly'] },
    { peer: { any: true }, ports: ['tcp/5432'], during: ['weekly', 'noon'] },
  ],
  budget: [
    { peer: { any: true }, budget: { bytes: '500KiB', per: 'P1D', direction: 'both', scope: 'fleet' } },
    { peer: { sets: ['outside'] }, budget: { flows: 1, per: 'P1D', scope: 'fleet' } },
  ],
  claims: ['closed', 'quiet', 'maintained', 'little', 'alone', 'bastion'],
  exceptions: [
    { id: 'a-printer', match: { peer: { cidr: ['10.40.40.5'] }, ports: ['tcp/9100', 'tcp/443'] } },
    { id: 'b-pilot', match: { peer: { cidr: ['10.40.40.0/24'] } } },
    { id: 'c-far', match: { peer: { sets: ['far'] }, during: ['noon'] } },
  ],
};
type Lists = { readonly [K in keyof typeof LISTS]: (typeof LISTS)[K] };

const lists: fc.Arbitrary<Lists> = fc
  .tuple(...Object.entries(LISTS).map(([key, list]) => shuffled(list as readonly unknown[]).map((order) => [key, order] as const)))
  .map((entries) => Object.fromEntries(entries) as unknown as Lists);

/** The list, and the lists within it, in another order. */
function shuffled(list: readonly unknown[]): fc.Arbitrary<unknown[]> {
  return fc
    .tuple(...list.map(inAnyOrder))
    .chain((items) => fc.shuffledSubarray(items, { minLength: items.length, maxLength: items.length }));
}

function inAnyOrder(value: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(value)) return shuffled(value);
  if (typeof value !== 'object' || value === null) return fc.constant(value);
  const entries = Object.entries(value).map(([key, inner]) => inAnyOrder(inner).map((made) => [key, made] as const));
  return fc.tuple(...entries).map((made) => Object.fromEntries(made));
}

function claimsWith(all: Lists): CompiledClaims {
  const claim = (id: string, subject: string, assert: object): object => {
    return { id, subject, assert, text: 'As it says.', severity: 'high', coverage: { sensors: ['border'], time: '99%', max_gap: 'PT10M' } };
  };
  const claims: Readonly<Record<string, object>> = {
    closed: claim('closed', 'scanners', { only: all.only }),
    quiet: claim('quiet', 'scanners', { never: all.never }),
    maintained: claim('maintained', 'scanners', { authorised: all.authorised }),
    little: claim('little', 'databases', { budget: all.budget }),
    alone: claim('alone', 'databases', {
      works_without: { peer: { sets: ['outside'] }, for: 'PT3H', alive: { peer: { sets: ['analysts', 'archive'] } } },
    }),
    bastion: claim('bastion', 'databases', {
      via: { from: { sets: ['outside'] }, jump: { sets: ['gateway'] }, to: { peer: { fleets: ['databases'] } }, skew: 'PT30S' },
    }),
  };
  const days = { reason: 'Pilot', owner: 'ops', approved_by: 'ciso', ticket: 'CHG-1', from: '2026-12-01', expires: '2027-01-15' };
  return claimsOf(
    JSON.stringify({
      version: 1,
      id: 'traffic',
      owner: 'security-office@example.org',
      timezone: 'Europe/Amsterdam',
      effective: { from: '2026-01-01' },
      sets: {
        analysts: { cidr: all.analysts },
        archive: { cidr: ['10.40.30.10'] },
        gateway: { cidr: all.jump },
        outside: { cidr: all.outside },
        far: { cidr: ['198.51.100.99'] },
      },
      fleets: {
        scanners: { vendor: 'Example', site: 'Example port', members: all.members },
        databases: { vendor: 'Example', site: 'Example hall', members: all.databases },
      },
      // Sessions are told within half an hour, whole or cut.
      sensors: {
        border: { kind: 'ipfix', exporter: '10.40.0.1', sampling: 1, active_timeout: 'PT30M', sees: ['north-south', 'east-west'] },
      },
      windows: {
        weekly: { start: '2026-12-03T02:00', rrule: 'FREQ=WEEKLY;BYDAY=TH', duration: 'PT3H', overrun: 'PT5M' },
        noon: { start: '2026-12-01T11:00', rrule: 'FREQ=DAILY', duration: 'PT4H', overrun: 'PT5M' },
      },
      claims: all.claims.map((id) => claims[id]),
      exceptions: all.exceptions.map((one) => ({ ...one, ...days, claim: 'closed' })),
    }),
  );
}

const claims = claimsWith(LISTS);

/** A session of a minute from outside to a database: two of them are more than the budget allows, and either may be the one that passes it. */
const ssh = (other: Partial<Exchange>): Exchange => ({
  startMs: Date.parse('2026-12-03T10:20:00Z'),
  durationMs: 60_000,
  client: '203.0.113.7',
  clientPort: 40_000,
  server: '10.70.11.21',
  serverPort: 22,
  protocol: 6,
  outcome: 'answered',
  octets: 60,
  reverseOctets: 60,
  ...other,
});

/** Sessions from outside on the jump host, beside the exchanges. */
const visits = fc.array(
  fc.record({
    second: fc.integer({ min: 0, max: 36 * 3600 }),
    minutes: fc.integer({ min: 0, max: 15 }),
    client: fc.constantFrom('203.0.113.7', '198.51.100.99', '10.40.20.7'),
    server: fc.constantFrom('10.40.9.4', '10.40.9.5'),
  }),
  { maxLength: 8 },
);
const FROM = Date.parse('2026-12-02T23:30:00Z');

const traffic: fc.Arbitrary<Exchange[]> = fc.tuple(exchanges, visits).map(([list, jumps]) => [
  ...list,
  ...jumps.map(({ second, minutes, client, server }, index): Exchange => {
    const begin = { startMs: FROM + second * 1000, durationMs: minutes * 60_000 };
    return {
      ...begin,
      ...{ client, clientPort: 62_000 + index, server, serverPort: 22, protocol: 6 },
      ...{ outcome: 'answered', octets: 9000, reverseOctets: 9000 },
    };
  }),
]);

/** Time goes on for two days, so that everything that waits is decided. */
const LATER: Row = {
  startMs: FROM + 4 * 86_400_000,
  endMs: FROM + 4 * 86_400_000,
  ...{ source: '10.70.11.21', sourcePort: 40_000, destination: '10.40.30.10', destinationPort: 445, protocol: 6, octets: 60 },
};

/** The databases are in sight all the time: a name server is neither contact nor a sign that they work. */
const IN_SIGHT = Array.from({ length: 40 * 6 }, (_, index): Row => {
  const startMs = FROM + index * 600_000;
  const ends = { source: '10.70.11.22', sourcePort: 30_000 + index, destination: '10.40.1.53', destinationPort: 53 };
  return { startMs, endMs: startMs, ...ends, protocol: 17, octets: 60, reverseOctets: 60, biflow: true };
});

function judge(judged: CompiledClaims, rows: readonly Row[]): Engine {
  const engine = createEngine({ claims: judged, detections: ['claim-violation', 'works-without', 'via'] });
  engine.ingest(batchOf(judged, [...inOrder([...rows, ...IN_SIGHT]), LATER]));
  return engine;
}

/** Everything an analyst acts on but the words; budgets are numbered by their place in the file, so findings of theirs have other ids. */
function substance(engine: Engine): string[] {
  return engine
    .findings()
    .map(({ detection, claim, asset, peerAddress, port, protocol, completion, severity, initiator, ...rest }) => {
      const { octetsOut, octetsIn, sessions, observed, expected, unit, windowFromMs, windowToMs } = rest;
      const place = [detection, claim, asset, peerAddress, protocol, port, completion, severity, initiator, windowFromMs, windowToMs];
      return [...place, octetsOut, octetsIn, sessions, ...(unit === 'records' ? [] : [observed, expected, unit])].join(' ');
    })
    .sort();
}

/** Octets of stretches are spread over minutes, in fractions. */
function counts(engine: Engine): string[] {
  return engine
    .judgements()
    .map(
      ({ unit, kind, claim, about, periodFromMs, flows, octets }) =>
        `${unit} ${kind} ${claim} ${about} ${periodFromMs} ${flows} ${about.startsWith('stretch') ? '' : octets}`,
    )
    .sort();
}

describe('judging is the same', () => {
  it('whatever the order of rules, exceptions, claims, members, windows, ports, sets and prefixes', () => {
    const broken = new Set<string>();
    fc.assert(
      fc.property(traffic, lists, (list, order) => {
        const rows = list.flatMap(asBiflow);
        const [one, other] = [judge(claims, rows), judge(claimsWith(order), rows)];
        expect(substance(other)).toEqual(substance(one));
        expect(counts(other)).toEqual(counts(one));
        for (const { claim } of one.findings()) broken.add(claim);
      }),
      { numRuns: 80 },
    );
    expect([...broken].sort()).toEqual(['alone', 'bastion', 'closed', 'little', 'maintained', 'quiet']);
  });

  it('whether a session is one record or cut by an active timeout, for all kinds of claims', () => {
    // Away from midnight and the edges of windows: a finer record may lie inside where the whole does not (assurance.md §1.5 b).
    const inside = traffic.map((list) =>
      list.map((exchange) => ({ ...exchange, startMs: Date.parse('2026-12-03T10:20:00Z') + (exchange.startMs % 9_000_000) })),
    );
    const broken = new Set<string>();
    fc.assert(
      fc.property(inside, fc.constantFrom(60_000, 300_000), (list, timeoutMs) => {
        const whole = judge(claims, list.flatMap(asBiflow));
        const split = judge(
          claims,
          list.flatMap((exchange) =>
            asSplit(exchange, timeoutMs).map((row): Row => ({ ...row, initiator: 'source', initiatorConfidence: 100 })),
          ),
        );
        expect(substance(split)).toEqual(substance(whole));
        expect(counts(split)).toEqual(counts(whole));
        for (const { claim } of whole.findings()) broken.add(claim);
      }),
      {
        numRuns: 80,
        examples: [[[ssh({ durationMs: 61_000, clientPort: 40_000 }), ssh({ clientPort: 40_331, reverseOctets: 12_000 })], 60_000]],
      },
    );
    expect([...broken].sort()).toEqual(['alone', 'bastion', 'closed', 'little', 'maintained', 'quiet']);
  });
});
