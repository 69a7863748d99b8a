import { describe, expect, it } from 'vitest';
import { StateReader, StateWriter } from '../../../detector/baseline/state.js';
import { OPEN_CLAIMS } from '../../../detector/detections/example-claims.js';
import { Began, ObservedRecord } from '../../../detector/detections/observed-record.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { findingsJson } from '../../../detector/findings/json.js';
import { ExchangeKinds, kindsOf } from '../../../detector/sessions/exchange-kinds.js';
import { LearnedServers, PORTS_OF_A_SERVER } from '../../../detector/sessions/learned-servers.js';
import { RowReader } from '../../../detector/sessions/row-reader.js';
import { SessionTable } from '../../../detector/sessions/session-table.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../support/rows.js';
import { TRAFFIC_CLAIMS } from '../support/traffic.js';

const claims = claimsOf(OPEN_CLAIMS);
const FROM = Date.parse('2026-12-03T08:00:00Z');
const MINUTE = 60_000;
/** In no list and in no claim, and no higher than the ports of old stacks' clients. */
const SERVICE = 10_307;
const ASSET = '10.40.10.11';
const MASTERS = ['10.40.20.7', '10.40.20.8', '10.40.20.9'];

/** A session of TCP between a client and a server, as it happened. */
interface Session {
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
  readonly atMs: number;
  /** Its begin lies before the capture. */
  readonly inTheMiddle: boolean;
  /** Who spoke first in sight. */
  readonly first: 'client' | 'server';
  readonly packets: number;
}

const calls = (clientPort: number, more: Partial<Session> = {}): Session => ({
  client: MASTERS[0]!,
  clientPort,
  server: ASSET,
  serverPort: SERVICE,
  atMs: FROM + (clientPort % 1000) * MINUTE,
  inTheMiddle: false,
  first: 'client',
  packets: 12,
  ...more,
});
const lateCalls = (clientPort: number, more: Partial<Session> = {}): Session =>
  calls(clientPort, { inTheMiddle: true, first: 'server', ...more });
const turned = ({ client, clientPort, server, serverPort, ...session }: Session): Session => ({
  ...{ ...session, client: server, clientPort: serverPort, server: client, serverPort: clientPort },
});

/** The two records of an exporter: flags gathered, the one who spoke first told first. */
function netflow(session: Session, flags = session.inTheMiddle ? 'AP' : 'SAP', answerAfterMs = 20): Row[] {
  const { client, clientPort, server, serverPort, packets } = session;
  const question: Row = {
    ...{ startMs: session.atMs, endMs: session.atMs + 30_000, protocol: 6, octets: 80 * packets, packets, flags: flagsOf(flags) },
    ...{ source: client, sourcePort: clientPort, destination: server, destinationPort: serverPort },
  };
  const answer: Row = { ...question, source: server, sourcePort: serverPort, destination: client, destinationPort: clientPort };
  const [first, second] = session.first === 'client' ? [question, answer] : [answer, question];
  return [first, { ...second, startMs: second.startMs + answerAfterMs }];
}

/** As clouds tell it: no flags, seconds. */
const vpc = (session: Session): Row[] => netflow(session, '', 0);

/** Zeek's record, or that of our meter: one, from who is taken for the client. */
function biflow(session: Session, format: 'zeek' | 'pcap'): Row[] {
  const [{ flags = 0, ...first }] = netflow(session) as [Row, Row];
  return [
    {
      ...first,
      ...{ reverseOctets: first.octets, reversePackets: session.packets, biflow: true, format },
      ...{ flags, reverseFlags: flags, initiator: 'source', initiatorConfidence: session.inTheMiddle ? 50 : 100 },
    },
  ];
}

interface Reading {
  readonly sessions: SessionTable;
  /** Began.* of each row, as it is told then. */
  readonly began: number[];
}

/** `restoredAt`: before this row all is written and read back. */
function read(rows: readonly Row[], restoredAt = -1): Reading {
  const batch = batchOf(claims, rows);
  const reader = new RowReader(claims, batch);
  reader.open(batch);
  let sessions = new SessionTable(() => {});
  const kinds = new ExchangeKinds(kindsOf(1));
  const record = new ObservedRecord();
  const began: number[] = [];
  for (let row = 0; row < batch.length; row++) {
    if (row === restoredAt) {
      const writer = new StateWriter();
      sessions.save(writer);
      sessions = new SessionTable(() => {});
      sessions.load(new StateReader(writer.finish()));
    }
    record.asset = reader.assetOf(row);
    reader.read(row, sessions, kinds, record);
    reader.tell(record);
    began.push(record.initiator);
  }
  return { sessions, began };
}

const last = (rows: readonly Row[]): number => read(rows).began.at(-1)!;
const sizeOf = (kept: SessionTable | LearnedServers): number => {
  const writer = new StateWriter();
  kept.save(writer);
  return writer.finish().length;
};

describe('sessions whose begin nobody saw, on a port that is in no list', () => {
  const clients = [2001, 2002, 2003, 2004, 2005];

  it('began at the other end of a server that was spoken with from several ports, though its reply is heard first', () => {
    const before = clients.flatMap((port) => netflow(calls(port)));
    const late = netflow(lateCalls(2100));
    expect(last([...before, ...late])).toBe(Began.peer);
    expect(last([...before, ...late.toReversed()])).toBe(Began.peer);
    // Seen from the other end as well.
    const outward = [...clients.map((port) => calls(port)), lateCalls(2100)].map((one) => ({
      ...one,
      client: ASSET,
      server: '203.0.113.7',
    }));
    expect(last(outward.flatMap((one) => netflow(one)))).toBe(Began.asset);
    // Nothing was learned.
    expect(last(late)).toBe(Began.asset);
  });

  it('so do those of a log without flags that counts seconds, in which all begin at once', () => {
    const rows = clients.flatMap((port) => vpc(calls(port)));
    expect(read(rows).began).toEqual([0, 0, 0, 0, 0, 0, 0, 2, 0, 2]);
    // Whoever calls: the ports are different, the hosts may be.
    const several = clients.map((port, index) => vpc(calls(port, { client: MASTERS[index % MASTERS.length]! })));
    expect(read(several.flat()).began).toEqual([0, 0, 0, 0, 0, 0, 0, 2, 0, 2]);
  });

  it('one call that was seen is enough, and all formats say the same', () => {
    const list = [...clients.map((port) => calls(port)), lateCalls(2100), lateCalls(2101, { client: MASTERS[1]!, first: 'client' })];
    const ofSessions = (rowsOf: (one: Session) => Row[]): number[] =>
      read(list.flatMap(rowsOf)).began.filter((_, row, all) => (row + 1) % (all.length / list.length) === 0);
    const expected = list.map(() => Began.peer);
    expect(ofSessions((one) => biflow(one, 'zeek'))).toEqual(expected);
    expect(ofSessions((one) => biflow(one, 'pcap'))).toEqual(expected);
    expect(ofSessions((one) => netflow(one))).toEqual(expected);
    expect(last([...biflow(calls(2001), 'zeek'), ...vpc(lateCalls(2100))])).toBe(Began.peer);
    expect(last([...biflow(calls(2001), 'zeek'), ...biflow(lateCalls(2100), 'pcap')])).toBe(Began.peer);
  });

  it('clients whose ports tell who they are teach it, for those whose ports do not', () => {
    const behindNat = [40_001, 51_002, 44_003, 60_004].flatMap((clientPort) => vpc(calls(clientPort)));
    expect(last([...behindNat, ...vpc(lateCalls(2100))])).toBe(Began.peer);
  });

  it('a session is told as it was when its server is forgotten, and another when it is learned', () => {
    const open = lateCalls(2000, { atMs: FROM });
    const goesOn = netflow({ ...open, atMs: FROM + 30 * MINUTE });
    const others = clients.flatMap((port) => netflow(calls(port)));
    expect(read([...netflow(open), ...others, ...goesOn]).began.slice(-2)).toEqual([Began.peer, Began.peer]);
    const many = Array.from({ length: 4000 }, (_, n) =>
      biflow(calls(2001, { server: `10.99.${n >> 8}.${n & 255}`, client: ASSET, atMs: FROM + 20 * MINUTE + n }), 'zeek'),
    );
    const known = [...others, ...netflow(open)];
    expect(read([...known, ...many.flat(), ...netflow({ ...open, atMs: FROM + 30 * MINUTE })]).began.at(-1)).toBe(Began.peer);
  });
});

describe('what is no server', () => {
  const clients = [2001, 2002, 2003, 2004, 2005];
  const learned = clients.flatMap((port) => netflow(calls(port)));

  it('what is seen is never overruled', () => {
    expect(last([...learned, ...biflow(turned(calls(2100)), 'zeek')])).toBe(Began.asset);
    // Both directions with their SYN: an exporter saw the begin.
    expect(last([...learned, ...netflow(turned(calls(2100)))])).toBe(Began.asset);
    expect(last([...learned, ...netflow(turned(lateCalls(443)))])).toBe(Began.asset);
  });

  it('of two servers neither is told by that, nor of two ends of which nobody is one', () => {
    const other = clients.flatMap((port) => netflow(turned(calls(2100, { client: MASTERS[0]!, serverPort: port + 3000 }))));
    expect(last([...learned, ...other, ...netflow(lateCalls(2100))])).toBe(Began.asset);
    expect(last([...learned, ...other, ...netflow(lateCalls(2100, { first: 'client' }))])).toBe(Began.peer);
  });

  it('a client that keeps to one port, whatever number of hosts it asks on the same', () => {
    const hosts = Array.from({ length: 60 }, (_, n) => `203.0.113.${n + 1}`);
    const rows = hosts.flatMap((server) => vpc(calls(2001, { client: ASSET, server })));
    expect(new Set(read(rows).began)).toEqual(new Set([Began.unknown]));
  });

  it('a scan from one port of hosts and ports that refuse or say little, three times each as Windows asks', () => {
    const ports = Array.from({ length: 400 }, (_, n) => 1100 + 60 * n).filter((port) => port < 65_000);
    for (const packets of [1, 3]) {
      const scan = ports.map((serverPort) => calls(20_001, { serverPort, packets, atMs: FROM + serverPort }));
      const { sessions, began } = read(scan.flatMap((one) => netflow(one, '')));
      expect(sizeOf(sessions.servers)).toBe(sizeOf(new LearnedServers()));
      // By ports, or by who spoke first, as ever.
      expect(began.filter((side, row) => row % 2 === 1 && ports[row >> 1]! < 20_000 && side !== Began.peer)).toEqual([]);
    }
  });

  it('whoever has refusals sent to one port, by packets that belong to no connection', () => {
    const V6 = 'fd00:40:10::11';
    for (const [flags, server, client, bare] of [
      ['', ASSET, '203.0.113.7', 40],
      ['A', ASSET, '203.0.113.7', 400],
      ['', V6, 'fd00:99::7', 60],
    ] as const) {
      const forged = Array.from({ length: 40 }, (_, n): Row[] => {
        const [question, answer] = netflow(calls(20_001, { client, server, serverPort: 3000 + n, packets: 8, atMs: FROM + n }), flags) as [
          Row,
          Row,
        ];
        return [question, { ...answer, octets: 8 * bare, flags: flags === '' ? 0 : flagsOf('R') }];
      });
      const { sessions, began } = read(forged.flat());
      expect(sizeOf(sessions.servers)).toBe(sizeOf(new LearnedServers()));
      expect(began.filter((side, row) => row % 2 === 1 && side !== Began.peer)).toEqual([]);
    }
  });

  it('a port that a system gives to its clients again after a day', () => {
    const DAY = 24 * 60 * MINUTE;
    const reused = Array.from({ length: 12 }, (_, n) =>
      vpc(calls(2001, { client: ASSET, server: '203.0.113.7', serverPort: 5100 + n, atMs: FROM + n * (DAY + MINUTE) })),
    );
    expect(new Set(read(reused.flat()).began)).toEqual(new Set([Began.unknown]));
  });

  it('one direction alone, and a few packets, say nothing', () => {
    expect(last([...learned, netflow(lateCalls(2100))[0]!])).toBe(Began.unknown);
    expect(last([...learned, ...netflow(lateCalls(2100, { packets: 3 }))])).toBe(Began.asset);
  });
});

describe('what is kept of servers', () => {
  const address = new Uint32Array(4);
  const peer = new Uint32Array(4);
  const recordOf = (host: number, port: number, startMs: number): ObservedRecord => {
    peer[3] = host;
    return Object.assign(new ObservedRecord(), {
      ...{ assetWords: address, peerWords: peer, protocol: 6, assetPort: SERVICE, peerPort: port, startMs },
    });
  };

  it('is nothing where ports tell, and the same after a snapshot taken anywhere', () => {
    const told = read([40_001, 40_002, 40_003].flatMap((port) => netflow(calls(port, { serverPort: 443 }))));
    const kept = sizeOf(new LearnedServers());
    const learned = read([40_001, 40_002, 40_003].flatMap((port) => netflow(calls(port))));
    expect(sizeOf(learned.sessions) - sizeOf(told.sessions)).toBe(kept + 4 * 36);
    const rows = [2001, 2002, 2003, 2004, 2005]
      .flatMap((port) => netflow(calls(port)))
      .concat(netflow(lateCalls(2100)), vpc(lateCalls(2101)));
    const straight = read(rows).began;
    for (let at = 0; at < rows.length; at++) expect(read(rows, at).began).toEqual(straight);
  });

  it('is bounded whoever calls from wherever, and a server that was called before stays', () => {
    const servers = new LearnedServers();
    for (let port = 0; port < PORTS_OF_A_SERVER; port++) servers.began(recordOf(1, 2001 + port, FROM));
    for (let n = 0; n < 100_000; n++)
      servers.began(Object.assign(recordOf(n * 7919, 1024 + (n % 60_000), FROM + n), { assetPort: 1024 + (n % 50_000) }));
    expect(servers.began(recordOf(9, 3001, FROM + 100_000))).toBe(Began.peer);
    expect(sizeOf(servers)).toBeLessThan(9300);
  });

  it('gives the same findings wherever batches are cut and the engine begins anew', () => {
    const traffic = claimsOf(TRAFFIC_CLAIMS);
    const list = [2001, 2002, 2003, 2004, 2005]
      .map((port) => calls(port))
      .concat(lateCalls(2100), lateCalls(2200, { client: '203.0.113.7' }));
    for (const rowsOf of [(one: Session) => netflow(one), vpc]) {
      const rows = list.flatMap(rowsOf).map((row, sequence): Row => ({ ...row, sequence }));
      const whole = createEngine({ claims: traffic });
      whole.ingest(batchOf(traffic, rows));
      const findings = whole.findings();
      expect(findings.some(({ initiator, peerAddress }) => initiator === 'peer' && peerAddress === '203.0.113.7')).toBe(true);
      for (let at = 1; at < rows.length; at++) {
        const before = createEngine({ claims: traffic });
        before.ingest(batchOf(traffic, rows.slice(0, at)));
        const after = createEngine({ claims: traffic });
        expect(after.restore(before.snapshot())).toBeUndefined();
        for (const engine of [before, after]) {
          engine.ingest(batchOf(traffic, rows.slice(at)));
          expect(findingsJson(engine.findings())).toBe(findingsJson(findings));
        }
      }
    }
  });
});
