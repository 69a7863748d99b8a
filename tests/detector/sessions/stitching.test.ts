import { describe, expect, it } from 'vitest';
import { StateReader, StateWriter } from '../../../detector/baseline/state.js';
import { OPEN_CLAIMS } from '../../../detector/detections/example-claims.js';
import { Began, ObservedRecord } from '../../../detector/detections/observed-record.js';
import { ExchangeKinds, kindsOf } from '../../../detector/sessions/exchange-kinds.js';
import { PORTS_OF_A_CALLER, Precedents } from '../../../detector/sessions/precedents.js';
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

  it('of two at once, as the one that alone was seen to call that port before', () => {
    const next = (row: Row, clientPort: number): Row => ({
      ...later(row, 60_000),
      ...(row.sourcePort === 3001 ? { destinationPort: clientPort } : { sourcePort: clientPort }),
    });
    const tie = [next(out, 2002), next(back, 2002)];
    expect(begunBy([out, later(back, 20), ...tie])).toEqual([0, Began.asset, 0, Began.asset]);
    expect(begunBy([out, later(back, 20), ...tie.toReversed()])).toEqual([0, Began.asset, 0, Began.asset]);
    expect(begunBy([out, later(back, 20), tie[1]!, later(tie[1]!, 9)]).slice(2)).toEqual([0, 0]);
    // Both were seen to, as among equals.
    const other = { ...later(back, 30_000), destinationPort: 3001, sourcePort: 2002 };
    const answer = { ...later(out, 30_020), sourcePort: 3001, destinationPort: 2002 };
    expect(
      begunBy([out, later(back, 20), other, answer, { ...tie[0]!, sourcePort: 3001 }, { ...tie[1]!, destinationPort: 3001 }]).at(-1),
    ).toBe(Began.unknown);
  });

  it('the port of a known service is the responder’s, though it is the higher one or both are', () => {
    expect(begunBy([{ ...out, sourcePort: 1026, destinationPort: 44_818 }])).toEqual([Began.asset]);
    expect(begunBy([{ ...out, sourcePort: 47_808, destinationPort: 50_000 }])).toEqual([Began.peer]);
    expect(begunBy([{ ...out, sourcePort: 1900, destinationPort: 3478 }])).toEqual([Began.unknown]);
  });
});

describe('who began, where the ports and who was heard first differ', () => {
  const ASSET = '10.40.10.11';
  const PEER = '203.0.113.7';
  /** A session of UDP as a sensor tells it that sees packets: one record, from who was heard first. */
  const seen = (ms: number, from: 'asset' | 'peer', assetPort: number, peerPort: number, answered: boolean): Row => ({
    startMs: FROM + ms,
    endMs: FROM + ms + 9,
    ...(from === 'asset' ? { source: ASSET, destination: PEER } : { source: PEER, destination: ASSET }),
    sourcePort: from === 'asset' ? assetPort : peerPort,
    destinationPort: from === 'asset' ? peerPort : assetPort,
    protocol: 17,
    octets: 80,
    ...(answered ? { reverseOctets: 80 } : {}),
    biflow: true,
    initiator: 'source',
    initiatorConfidence: 50,
    format: 'pcap',
  });
  /** The direction alone, as an exporter tells it. */
  const told = ({ reverseOctets, biflow, initiator, initiatorConfidence, format, ...row }: Row): Row => row;
  const LATER = 400_000;
  const began = (rows: readonly Row[]): number => begunBy(rows).at(-1)!;

  it('a flood whose source ports pass those of services is the sender’s, from a sensor that sees packets as from an exporter', () => {
    const flood = (from: number, step: number): Row[] =>
      Array.from({ length: 60 }, (_, n) => seen(n, 'asset', from + n, 9999 + n * step, false));
    // From services' ports alone the first ones are taken for answers: too few for a scan.
    const taken = Array.from({ length: 60 }, (_, n) => (n < PORTS_OF_A_CALLER - 1 ? Began.peer : Began.asset));
    for (const step of [0, 1]) {
      expect(begunBy(flood(300, step))).toEqual(taken);
      expect(begunBy(flood(300, step).map(told))).toEqual(taken);
    }
    // Where ports that tell nothing were before, none.
    expect(begunBy(flood(3240, 0)).every((side) => side === Began.asset)).toBe(true);
  });

  it('what came from a service’s port and was answered was no answer, if packets were seen one by one', () => {
    const first = seen(0, 'asset', 40_000, 53, true);
    expect(began([first, seen(LATER, 'peer', 40_001, 69, true)])).toBe(Began.peer);
    // Of the exporter's two records one may begin too early by a second.
    const both = seen(LATER, 'peer', 40_001, 69, false);
    const answer = seen(LATER + 3, 'asset', 40_001, 69, false);
    expect(began([first, told(both), told(answer)])).toBe(Began.asset);
    expect(began([first, { ...seen(LATER, 'peer', 40_001, 69, true), sampling: 100 }])).toBe(Began.asset);
  });

  it('answers alone are answers: a tap on one direction, an exporter on one of two ways', () => {
    const answers = Array.from({ length: 40 }, (_, n) => seen(LATER + n, 'asset', 53, 40_000 + n, false));
    expect(begunBy([seen(0, 'peer', 69, 50_000, true), ...answers]).every((side) => side === Began.peer)).toBe(true);
    expect(begunBy(answers.map(told)).every((side) => side === Began.peer)).toBe(true);
    // A client that keeps to one port.
    const kept = Array.from({ length: 40 }, (_, n) => seen(LATER * (n + 1), 'asset', n % 2 === 0 ? 53 : 123, 1053, false));
    expect(begunBy(kept).every((side) => side === Began.peer)).toBe(true);
  });

  it('late halves follow the ports: after a pause, where the other is known to call, and in the first minutes', () => {
    const call = seen(0, 'asset', 40_000, 1194, true);
    const push = (ms: number): Row => seen(ms, 'peer', 40_000, 1194, true);
    expect(began([call, push(LATER)])).toBe(Began.asset);
    expect(began([seen(0, 'asset', 40_001, 1194, true), push(LATER)])).toBe(Began.asset);
    expect(began([seen(0, 'asset', 40_001, 53, true), push(LATER)])).toBe(Began.peer);
    expect(began([push(0)])).toBe(Began.asset);
    expect(began([seen(0, 'asset', 40_001, 53, true), push(60_000)])).toBe(Began.asset);
  });

  it('TCP is not asked: its flags tell, and without a SYN it is the middle of a connection', () => {
    const row: Row = { ...seen(LATER, 'peer', 40_000, 443, true), protocol: 6, flags: flagsOf('AP'), reverseFlags: flagsOf('AP') };
    expect(began([seen(0, 'asset', 40_001, 53, true), row])).toBe(Began.asset);
  });
});

describe('precedents', () => {
  const peerWords = new Uint32Array(4);
  const recordOf = (peer: number, ms: number): ObservedRecord => {
    peerWords[3] = peer;
    return Object.assign(new ObservedRecord(), { peerWords, protocol: 17, assetPort: 40_000, peerPort: 53, startMs: ms });
  };

  it('are the same when they have been saved and loaded, in as many octets whatever came', () => {
    const precedents = new Precedents();
    for (let peer = 0; peer < 5000; peer++) precedents.note(recordOf(peer, FROM + peer * 1000), 53, 1 + (peer % 2), peer % 3 === 0);
    const writer = new StateWriter();
    precedents.save(writer);
    const saved = writer.finish();
    const again = new Precedents();
    again.load(new StateReader(saved));
    const known = Array.from({ length: 5000 }, (_, peer) => again.isCaller(recordOf(peer, FROM), 53, 1 + (peer % 2)));
    expect(known).toEqual(Array.from({ length: 5000 }, (_, peer) => precedents.isCaller(recordOf(peer, FROM), 53, 1 + (peer % 2))));
    expect(known.filter(Boolean)).toHaveLength(256);
    expect(saved.length).toBeLessThan(9300);
  });

  it('of port 0, which somebody may send from, are no suspicions', () => {
    const precedents = new Precedents();
    for (const began of [Began.asset, Began.peer]) precedents.note(recordOf(1, FROM), 0, began, false);
    expect(precedents.isCaller(recordOf(1, FROM), 53, Began.asset)).toBe(false);
  });

  it('that only suspect give way to those that know, however old these are', () => {
    const precedents = new Precedents();
    for (let peer = 0; peer < 4; peer++) precedents.note(recordOf(peer, FROM), 53, Began.asset, true);
    for (let peer = 4; peer < 5000; peer++) precedents.suspect(recordOf(peer, FROM + peer * 1000), Began.asset);
    expect([0, 1, 2, 3].map((peer) => precedents.onlyCaller(recordOf(peer, FROM), 53))).toEqual([1, 1, 1, 1]);
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
