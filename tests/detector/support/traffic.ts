import fc from 'fast-check';
import type { Row } from './rows.js';
import { flagsOf } from './rows.js';

/** Claims that the random traffic breaks in every way: peers, ports, sides, windows, budgets, exceptions; a fleet judged as one unit. */
export const TRAFFIC_CLAIMS = `version: 1
id: traffic
owner: security-office@example.org
timezone: Europe/Amsterdam
effective: { from: "2026-01-01" }
sets:
  analysts: { cidr: ["10.40.20.0/24"] }
  archive: { cidr: ["10.40.30.10"] }
  maint-gw: { cidr: ["10.40.9.4"] }
fleets:
  scanners:
    vendor: Example
    site: Example port
    members:
      - { name: scan-01, ip: ["10.40.10.11"] }
      - { name: scan-02, ip: ["10.40.10.12"] }
  databases:
    vendor: Example
    site: Example hall
    members:
      - { name: db-1, ip: ["10.70.11.21", "fd00:70:11::21"] }
      - { name: db-2, ip: ["10.70.11.22"] }
sensors:
  border: { kind: ipfix, exporter: "10.40.0.1", sampling: 1, active_timeout: PT1M, heartbeat: PT5M, sees: [north-south, east-west] }
windows:
  weekly: { start: "2026-12-03T02:00", rrule: "FREQ=WEEKLY;BYDAY=TH", duration: PT3H, overrun: PT5M }
claims:
  - id: closed
    text: "The scanners talk only to analysts, archive and, at night, maintenance."
    subject: scanners
    severity: critical
    assert: { only: [ { peer: { sets: [analysts] }, ports: [tcp/443], initiator: peer }, { peer: { sets: [archive] }, ports: [tcp/445], initiator: subject }, { peer: { sets: [maint-gw] }, ports: [tcp/22], initiator: peer, during: [weekly] } ] }
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
  - id: no-internet
    text: "The scanners exchange nothing with the internet."
    subject: scanners
    severity: high
    assert: { never: [ { peer: { internet: true } } ] }
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
  - id: no-bulk
    text: "The databases send no more than a megabyte an hour to maintenance."
    subject: databases
    severity: high
    assert: { budget: [ { peer: { any: true }, budget: { bytes: 1MiB, per: PT1H, scope: fleet } }, { peer: { any: true }, budget: { bytes: 2MiB, flows: 30, per: P1D, direction: both, scope: fleet } } ] }
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
exceptions:
  - { id: printer, claim: closed, match: { peer: { cidr: ["10.40.40.5"] }, ports: [tcp/9100] }, reason: "Pilot", owner: ops, approved_by: ciso, ticket: "CHG-1", from: "2026-12-01", expires: "2027-01-15" }
`;

/** One exchange as it happened on the wire: what every format tells in its own way. */
export interface Exchange {
  readonly startMs: number;
  readonly durationMs: number;
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
  readonly protocol: 6 | 17;
  readonly outcome: 'answered' | 'unanswered' | 'refused';
  readonly octets: number;
  readonly reverseOctets: number;
}

const ASSETS = ['10.40.10.11', '10.40.10.12', '10.70.11.21', 'fd00:70:11::21', '10.70.11.22'];
const PEERS_V4 = ['10.40.20.7', '10.40.30.10', '10.40.9.4', '10.40.40.5', '203.0.113.7', '198.51.100.99', '10.40.10.255'];
const DAY_FROM = Date.parse('2026-12-02T23:30:00Z');

/** Exchanges of a day and a half; times in whole seconds, ports as operating systems give them. */
export const exchanges = fc
  .array(
    fc.record({
      second: fc.integer({ min: 0, max: 36 * 3600 }),
      durationSeconds: fc.integer({ min: 0, max: 900 }),
      asset: fc.constantFrom(...ASSETS),
      peer: fc.constantFrom(...PEERS_V4),
      assetBegins: fc.boolean(),
      clientPort: fc.integer({ min: 40_000, max: 60_999 }),
      serverPort: fc.constantFrom(22, 443, 445, 5432, 9100),
      outcome: fc.constantFrom('answered', 'answered', 'unanswered', 'refused'),
      octets: fc.constantFrom(60, 900, 12_000, 700_000),
      reverseOctets: fc.constantFrom(60, 900, 12_000),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((list) =>
    list.map((item, index): Exchange => {
      const peer = item.asset.includes(':') ? '2001:db8:bad::7' : item.peer;
      return {
        startMs: DAY_FROM + item.second * 1000,
        durationMs: item.outcome === 'answered' ? item.durationSeconds * 1000 : 0,
        client: item.assetBegins ? item.asset : peer,
        server: item.assetBegins ? peer : item.asset,
        // A port of its own for every exchange, so that no two are one session.
        clientPort: 40_000 + ((item.clientPort + index * 331) % 20_000),
        serverPort: item.serverPort,
        protocol: 6,
        outcome: item.outcome,
        octets: item.outcome === 'answered' ? item.octets : 60,
        reverseOctets: item.outcome === 'unanswered' ? 0 : item.outcome === 'refused' ? 40 : item.reverseOctets,
      };
    }),
  );

function forward({ client, clientPort, server, serverPort, protocol, startMs, durationMs }: Exchange) {
  return {
    source: client,
    sourcePort: clientPort,
    destination: server,
    destinationPort: serverPort,
    protocol,
    startMs,
    endMs: startMs + durationMs,
  };
}

function flags({ outcome }: Exchange): { flags: number; reverseFlags: number } {
  if (outcome === 'answered') return { flags: flagsOf('SAPF'), reverseFlags: flagsOf('SAPF') };
  return { flags: flagsOf('S'), reverseFlags: outcome === 'refused' ? flagsOf('RA') : 0 };
}

/** As a metered capture tells it: both directions in one record, the initiator seen. */
export function asBiflow(exchange: Exchange): Row[] {
  const { octets, reverseOctets } = exchange;
  return [{ ...forward(exchange), ...flags(exchange), octets, reverseOctets, biflow: true, initiator: 'source', initiatorConfidence: 100 }];
}

/** As NetFlow v5 and v9 of softflowd tell it: a record for each direction that had packets, with the same times; either may come first. */
export function asUniflows(exchange: Exchange, reverseFirst: boolean): Row[] {
  const one = forward(exchange);
  const both = flags(exchange);
  const rows: Row[] = [{ ...one, flags: both.flags, octets: exchange.octets }];
  if (exchange.reverseOctets > 0) {
    rows.push({
      ...one,
      source: one.destination,
      sourcePort: one.destinationPort,
      destination: one.source,
      destinationPort: one.sourcePort,
      flags: both.reverseFlags,
      octets: exchange.reverseOctets,
    });
  }
  return reverseFirst ? rows.reverse() : rows;
}

/** As an exporter with an active timeout tells it: biflow records of at most `timeoutMs`, flags where they fell. */
export function asSplit(exchange: Exchange, timeoutMs: number): Row[] {
  const parts = Math.max(1, Math.ceil(exchange.durationMs / timeoutMs));
  const share = (total: number, part: number): number => Math.floor((total * (part + 1)) / parts) - Math.floor((total * part) / parts);
  const both = flags(exchange);
  return Array.from({ length: parts }, (_, part) => {
    const first = part === 0;
    const last = part === parts - 1;
    const mid = flagsOf('AP');
    const piece = (all: number): number => (parts === 1 ? all : first ? flagsOf('SAP') : last ? flagsOf('APF') : mid);
    return {
      ...forward(exchange),
      startMs: exchange.startMs + part * timeoutMs,
      endMs: Math.min(exchange.startMs + exchange.durationMs, exchange.startMs + (part + 1) * timeoutMs),
      octets: share(exchange.octets, part),
      reverseOctets: share(exchange.reverseOctets, part),
      packets: Math.max(1, share(Math.ceil(exchange.octets / 1400), part)),
      reversePackets: exchange.reverseOctets === 0 ? 0 : Math.max(1, share(Math.ceil(exchange.reverseOctets / 1400), part)),
      flags: piece(both.flags),
      reverseFlags: exchange.reverseOctets === 0 ? 0 : piece(both.reverseFlags),
      biflow: true,
    };
  });
}

/** In the order in which exporters let go of records: by their end. The sort is stable. */
export function inOrder(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => a.endMs - b.endMs).map((row, sequence) => ({ ...row, sequence }));
}
