import { describe, expect, it } from 'vitest';
import { locationOf } from '../../../detector/claims/location/location.js';
import type { ExampleRow } from '../../../detector/detections/detection.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { ContactBook, MOST_PORTS } from '../../../detector/watches/contacts.js';
import { defaultWatchParameters, watches } from '../../../detector/watches/evaluate.js';
import { day, EXAMPLE_FROM, EXAMPLE_UNTIL, FAR, PUMPS, SCANNERS, SEEN, WATCH_CLAIMS } from '../../../detector/watches/example-facts.js';
import { fleetContact } from '../../../detector/watches/fleet-contact.js';
import { asks } from '../../../detector/watches/fleet-contact-examples.js';
import { batchOf, claimsOf, exampleRows, type Row } from '../support/rows.js';
import { flowsOfRows } from './flows.js';
import { activityOf, ledgerOf } from './support.js';

/*
 * Equipment that begins together to talk to somebody new was told to. What makes the same picture without anybody telling it: a schedule, desks that meet somebody
 * new all day, a sensor that has just begun to look.
 */
const CONTROL = '198.51.100.66';
const TEN = (minute: number): string => `2026-11-05T10:0${minute}:00Z`;

interface Told {
  readonly claims?: ReturnType<typeof claimsOf>;
  readonly sensorOf?: (row: Row) => string;
  readonly from?: string;
}

function told(rows: readonly ExampleRow[], { claims = claimsOf(WATCH_CLAIMS), sensorOf, from = EXAMPLE_FROM }: Told = {}): Finding[] {
  const parameters = { ...defaultWatchParameters(), 'fleet-contact': { ...defaultWatchParameters()['fleet-contact'], warmUpHours: 24 } };
  const ledger = ledgerOf([...SEEN, ...SEEN.map((stretch) => ({ ...stretch, sensor: 'second' }))]);
  return watches(activityOf(claims, rows, sensorOf), ledger, claims, Date.parse(EXAMPLE_UNTIL), {
    fromMs: Date.parse(from),
    parameters,
  }).filter(({ detection }) => detection === 'fleet-contact');
}

const brief = (findings: readonly Finding[]): string[] =>
  findings.map(({ severity, asset, observed }) => `${severity} ${asset} ${observed}`);
const wakeUp = (addresses: readonly string[]): ExampleRow[] => addresses.map((address, n) => asks(address, CONTROL, TEN(n)));

describe('who woke up', () => {
  it('is the fleet, where others of the site did not', () => {
    expect(brief(told([...day([]), ...wakeUp(SCANNERS)]))).toEqual(['high scanners 4']);
  });

  it('is the site, where equipment of several vendors did', () => {
    expect(brief(told([...day([]), ...wakeUp([...SCANNERS, ...PUMPS])]))).toEqual(['high Example port 6']);
  });

  it('is the vendor, where several fleets of it did', () => {
    const claims = claimsOf(WATCH_CLAIMS.replace('vendor: Third', 'vendor: Example'));
    expect(brief(told([...day([]), ...wakeUp([...SCANNERS, FAR])], { claims }))).toEqual(['high Example 5']);
  });

  it('is nobody where two of four did: chance does that', () => {
    expect(told([...day([]), ...wakeUp(SCANNERS.slice(2))])).toEqual([]);
  });
});

describe('what they met', () => {
  it('is one AS where location data tells it, however many networks', () => {
    const asn = locationOf('asn', 'asn.csv', Buffer.from('198.51.100.0/24,64500\n203.0.113.0/24,64500\n192.0.2.0/24,64500\n'));
    const claims = claimsOf(WATCH_CLAIMS, { asn });
    const peers = ['198.51.100.5', '203.0.113.5', '192.0.2.5', '192.0.2.6'];
    const rows = [
      // The port is nothing new.
      asks(SCANNERS[0], '2001:db8::1', '2026-11-03T09:00:00Z'),
      ...SCANNERS.map((address, n) => asks(address, peers[n]!, TEN(n))),
    ];
    const [finding, ...others] = told([...day([]), ...rows], { claims });
    expect([finding!.peerAsn, finding!.observed, others]).toEqual([64500, 4, []]);
    expect(finding!.sentence).toContain('AS64500 (4 peers)');
    const flows = flowsOfRows(claims, exampleRows([...day([]), ...rows] as ExampleRow[]));
    expect(fleetContact.recompute(finding!, { rows: flows, minutes: [] }, claims)).toBe(4);
  });

  it('is several networks: one finding for all of them', () => {
    const rows = SCANNERS.flatMap((address, n) => ['198.51.100.5', '203.0.113.5', '192.0.2.5'].map((peer) => asks(address, peer, TEN(n))));
    const findings = told([...day([]), ...rows]);
    expect(brief(findings)).toEqual(['high scanners 4']);
    expect(findings[0]!.sentence).toContain('They met 2 other new networks');
    expect(findings[0]!.evidence).toHaveLength(4);
  });

  it('is told as information while an agreed window is open', () => {
    const claims = claimsOf(WATCH_CLAIMS.replace('start: "2026-11-05T12:00"', 'start: "2026-11-05T10:30"'));
    expect(brief(told([...day([]), ...wakeUp(SCANNERS)], { claims }))).toEqual(['info scanners 4']);
  });
});

describe('what looks like it', () => {
  const nightly = (peer: string, from: string, times: number): ExampleRow[] =>
    SCANNERS.map((address, n) => ({ ...asks(address, peer, `${from}:0${n}:00Z`), times, everySeconds: 86_400 }));

  it('is a service that moved, as long as the old one is not asked any more', () => {
    const moved = [...nightly('203.0.113.80', '2026-11-02T01', 3), ...nightly(CONTROL, '2026-11-05T01', 1)];
    expect(told([...day([]), ...moved])).toEqual([]);
    // At its hour a day later the old one is asked again: nothing moved.
    const both = [...nightly('203.0.113.80', '2026-11-02T01', 4), ...nightly(CONTROL, '2026-11-05T01', 1)];
    expect(brief(told([...day([]), ...both]))).toEqual(['high scanners 4']);
    // At another hour than the old one's, nobody's schedule brings them together.
    const other = [...nightly('203.0.113.80', '2026-11-02T01', 3), ...nightly(CONTROL, '2026-11-05T06', 1)];
    expect(brief(told([...day([]), ...other]))).toEqual(['high scanners 4']);
  });

  it('is desks that meet somebody new every day', () => {
    const begin = Date.parse('2026-10-26T00:00:00Z');
    const habit = SCANNERS.flatMap((address, n) =>
      Array.from({ length: 9 }, (_, at) => asks(address, `2001:db8:${n + 1}${at}::1`, new Date(begin + at * 86_400_000).toISOString())),
    );
    expect(told([...habit, ...day([]), ...wakeUp(SCANNERS)])).toEqual([]);
    expect(brief(told([...habit.slice(0, 3), ...day([]), ...wakeUp(SCANNERS)]))).toEqual(['high scanners 4']);
  });

  it('is a sensor that has just begun to look', () => {
    const sensorOf = ({ destination }: Row): string => (destination === CONTROL ? 'second' : 'border');
    expect(told([...day([]), ...wakeUp(SCANNERS)], { sensorOf })).toEqual([]);
    const before = asks(PUMPS[0], '203.0.113.5', '2026-11-03T00:00:00Z');
    const since = ({ destination }: Row): string => (destination === '10.40.1.123' ? 'border' : 'second');
    expect(brief(told([before, ...day([]), ...wakeUp(SCANNERS)], { sensorOf: since }))).toEqual(['high scanners 4']);
  });
});

it('does not depend on when it is looked for, nor on the order of the records', () => {
  const rows = [...day([]), ...wakeUp(SCANNERS)];
  const [finding] = told(rows);
  const said = ({ evidence, ...rest }: Finding): unknown => ({
    ...rest,
    evidence: evidence.map(({ source, destination }) => [source, destination]),
  });
  expect(told(rows, { from: '2026-11-05T09:00:00Z' }).map(said)).toEqual([said(finding!)]);
  expect(told([...rows].reverse()).map(said)).toEqual([said(finding!)]);
});

it('remembers so many peers of an asset and ports of a fleet, and no more', () => {
  const claims = claimsOf(WATCH_CLAIMS);
  const book = new ContactBook(claims);
  const startMs = Date.parse(EXAMPLE_FROM);
  const rows = Array.from({ length: 9000 }, (_, n) => ({
    ...{ startMs: startMs + n, endMs: startMs + n, source: SCANNERS[0], sourcePort: 60_000, destination: `2001:db8:${n.toString(16)}::1` },
    ...{ destinationPort: 1 + n, protocol: 6, octets: 100, initiator: 'source' as const },
  }));
  const { columns, length } = batchOf(claims, rows);
  for (let row = 0; row < length; row++)
    book.add({
      ...{ asset: 0, bytes: columns.destinationIPv6Address.bytes, words: columns.destinationIPv6Address.words, row, protocol: 6 },
      ...{ assetPort: 60_000, peerPort: columns.destinationTransportPort[row]!, initiator: 'asset', sent: true },
      ...{ startMs: startMs + row, evidenceOf: () => ({}) as never },
    });
  expect(book.meetings(0)).toHaveLength(4096);
  expect(book.contacts(startMs, startMs + 10_000)).toHaveLength(4096);
  expect(book.ports(0).size).toBe(MOST_PORTS);
});
