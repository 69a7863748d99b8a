import { describe, expect, it } from 'vitest';
import { OPEN_CLAIMS } from '../../../detector/detections/example-claims.js';
import { Began, ObservedRecord } from '../../../detector/detections/observed-record.js';
import { ExchangeKinds, kindsOf } from '../../../detector/sessions/exchange-kinds.js';
import { RowReader } from '../../../detector/sessions/row-reader.js';
import { SessionTable } from '../../../detector/sessions/session-table.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../support/rows.js';
import { inOrder } from '../support/traffic.js';

const claims = claimsOf(OPEN_CLAIMS);
const FROM = Date.parse('2026-12-03T08:00:00Z');
const HOURS = 6;

/** One session of six hours, as an exporter with this active timeout tells it, a packet each ten seconds. */
function longSession(protocol: 6 | 17, timeoutSeconds: number, bothWays: boolean): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < HOURS * 3600; at += timeoutSeconds) {
    const first = at === 0;
    const row: Row = {
      // The first packet after a cut comes up to ten seconds later.
      startMs: FROM + (first ? 0 : (at + (at % 7)) * 1000),
      endMs: FROM + (at + timeoutSeconds - 1) * 1000,
      source: '10.40.10.11',
      sourcePort: 47_000,
      destination: '203.0.113.7',
      destinationPort: 4443,
      protocol,
      octets: 60 * timeoutSeconds,
      flags: protocol === 17 ? 0 : flagsOf(first ? 'SAP' : 'AP'),
    };
    rows.push(row);
    if (bothWays) rows.push({ ...row, source: row.destination, sourcePort: 4443, destination: row.source, destinationPort: 47_000 });
  }
  return rows;
}

/** A lookup every ten seconds, each from a port of its own: what makes the table forget. */
function lookups(): Row[] {
  return Array.from({ length: HOURS * 360 }, (_, index) => ({
    startMs: FROM + index * 10_000,
    endMs: FROM + index * 10_000 + 20,
    source: '10.40.10.11',
    sourcePort: 33_000 + (index % 20_000),
    destination: '10.40.1.53',
    destinationPort: 53,
    protocol: 17,
    octets: 70,
    reverseOctets: 200,
    biflow: true,
  }));
}

/** Who began each record's session, as it is told then; ports 1025 to 5000, which old stacks give to clients. */
function begunBy(rows: readonly Row[]): number[] {
  const batch = batchOf(claims, rows);
  const reader = new RowReader(claims, batch);
  reader.open(batch);
  const sessions = new SessionTable(() => {});
  const kinds = new ExchangeKinds(kindsOf(1));
  const record = new ObservedRecord();
  return rows.map((_, row) => {
    record.asset = reader.assetOf(row);
    reader.read(row, sessions, kinds, record);
    reader.tell(record);
    return record.initiator;
  });
}

describe('who began, where neither port tells', () => {
  const out: Row = {
    startMs: FROM,
    endMs: FROM + 9,
    source: '10.40.10.11',
    sourcePort: 2001,
    destination: '203.0.113.7',
    destinationPort: 3001,
    protocol: 17,
    octets: 80,
  };
  const back: Row = { ...out, source: out.destination, sourcePort: 3001, destination: out.source, destinationPort: 2001 };
  const later = (row: Row, ms: number): Row => ({ ...row, startMs: row.startMs + ms, endMs: row.endMs + ms });

  it('the direction that started earlier, whichever is told first; of one direction, or of two at once, nobody knows', () => {
    expect(begunBy([out, later(back, 20)])).toEqual([Began.unknown, Began.asset]);
    expect(begunBy([later(back, 20), out])).toEqual([Began.unknown, Began.asset]);
    expect(begunBy([later(out, 20), back])).toEqual([Began.unknown, Began.peer]);
    expect(begunBy([out, later(out, 1000)])).toEqual([Began.unknown, Began.unknown]);
    expect(begunBy([out, back])).toEqual([Began.unknown, Began.unknown]);
  });

  it('the port of a known service is the responder’s, though it is the higher one or both are', () => {
    expect(begunBy([{ ...out, sourcePort: 1026, destinationPort: 44_818 }])).toEqual([Began.asset]);
    expect(begunBy([{ ...out, sourcePort: 47_808, destinationPort: 50_000 }])).toEqual([Began.peer]);
    expect(begunBy([{ ...out, sourcePort: 1900, destinationPort: 3478 }])).toEqual([Began.unknown]);
  });
});

function startsOf(rows: readonly Row[], port: number): number {
  const batch = batchOf(claims, inOrder(rows));
  const reader = new RowReader(claims, batch);
  reader.open(batch);
  const sessions = new SessionTable(() => {});
  const kinds = new ExchangeKinds(kindsOf(1));
  const record = new ObservedRecord();
  let starts = 0;
  for (let row = 0; row < batch.length; row++) {
    record.asset = reader.assetOf(row);
    reader.read(row, sessions, kinds, record);
    reader.tell(record);
    if (record.sessionStarts && record.peerPort === port) starts += 1;
  }
  return starts;
}

describe('one long session is one start, however its exporter cuts it', () => {
  const cases = ([6, 17] as const).flatMap((protocol) =>
    [60, 300, 1800].flatMap((seconds) => [true, false].map((both) => [protocol, seconds, both] as const)),
  );
  it.each(cases)('protocol %d, a record each %d s, both directions exported: %s', (protocol, seconds, both) => {
    expect(startsOf([...longSession(protocol, seconds, both), ...lookups()], 4443)).toBe(1);
  });

  it('sessions that were closed are starts each, though the next one has the same ports', () => {
    const rows = Array.from({ length: 30 }, (_, index) => ({
      ...longSession(6, 60, false)[0]!,
      startMs: FROM + index * 60_000,
      endMs: FROM + index * 60_000 + 900,
      flags: flagsOf('SAPF'),
    }));
    expect(startsOf(rows, 4443)).toBe(30);
  });
});
