import type { ExampleRow } from '../detections/detection.js';
import type { LedgerStretch } from './watch.js';

/** Claims of the watches' examples: scanners of one vendor and pumps of another at one port, and scanners elsewhere, seen by the same exporter. */
export const WATCH_CLAIMS = `version: 1
id: example
owner: security-office@example.org
timezone: Europe/Amsterdam
effective: { from: "2026-01-01" }
sets:
  ntp: { cidr: ["10.40.1.123"] }
  maint-gw: { cidr: ["10.40.9.4"] }
fleets:
  scanners:
    vendor: Example
    site: Example port
    criticality: high
    members:
      - { name: scan-01, ip: ["10.40.10.11"] }
      - { name: scan-02, ip: ["10.40.10.12"] }
      - { name: scan-03, ip: ["10.40.10.13"] }
      - { name: scan-04, ip: ["10.40.10.14"] }
  pumps:
    vendor: Other
    site: Example port
    members:
      - { name: pump-01, ip: ["10.40.11.11"] }
      - { name: pump-02, ip: ["10.40.11.12"] }
  far-scanners:
    vendor: Third
    site: Other port
    members:
      - { name: far-01, ip: ["10.41.10.11"] }
sensors:
  border: { kind: ipfix, exporter: "10.40.0.1", sampling: 1, active_timeout: PT1M, heartbeat: PT1M, sees: [north-south, east-west] }
windows:
  weekly-maint: { start: "2026-11-05T12:00", rrule: "FREQ=WEEKLY;BYDAY=TH", duration: PT1H }
claims:
  - id: example-claim
    text: "The scanners talk to the time server, and are maintained on Thursdays."
    subject: scanners
    severity: high
    assert: { only: [ { peer: { sets: [ntp] } }, { peer: { sets: [maint-gw] }, ports: [tcp/22], initiator: peer, during: [weekly-maint] } ] }
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
`;

/** The examples' days: three to learn from (with `warmUpHours: 24`), then Thursday 2026-11-05 in Amsterdam. */
export const EXAMPLE_FROM = '2026-11-01T23:00:00Z';
export const EXAMPLE_STOP = '2026-11-05T10:00:20Z';
export const EXAMPLE_UNTIL = '2026-11-05T11:00:00Z';

const SECONDS = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

/** A device that asks for the time every 40 seconds from `from` until `to`. */
export function talking(address: string, from: string, to: string): ExampleRow {
  return {
    at: from,
    seconds: 1,
    from: `${address} 123`,
    to: '10.40.1.123 123',
    protocol: 'udp',
    octets: 90,
    reverseOctets: 90,
    times: Math.ceil(SECONDS(from, to) / 40),
    everySeconds: 40,
  };
}

export const SCANNERS = ['10.40.10.11', '10.40.10.12', '10.40.10.13', '10.40.10.14'] as const;
export const PUMPS = ['10.40.11.11', '10.40.11.12'] as const;
export const FAR = '10.41.10.11';

/** All devices of the claims; those of `stopped` until EXAMPLE_STOP. */
export function day(stopped: readonly string[], stop = EXAMPLE_STOP): [ExampleRow, ...ExampleRow[]] {
  const rows = [...SCANNERS, ...PUMPS, FAR].map((address) =>
    talking(address, EXAMPLE_FROM, stopped.includes(address) ? stop : EXAMPLE_UNTIL),
  );
  return rows as [ExampleRow, ...ExampleRow[]];
}

/** Somebody opens a session of a minute with a device. */
export function session(from: string, to: string, at: string): ExampleRow {
  return {
    at,
    seconds: 50,
    from: `${from} 50123`,
    to,
    protocol: 'tcp',
    octets: 9000,
    reverseOctets: 21_000,
    flags: 'SAPF',
    reverseFlags: 'SAPF',
  };
}

/** The exporter told something every minute. */
export const SEEN: readonly LedgerStretch[] = [{ sensor: 'border', from: EXAMPLE_FROM, to: EXAMPLE_UNTIL }];

/** The collector was there, and says that nothing came of the sensor. */
export function heardNothing(sensor: string, from: string, to: string): LedgerStretch {
  const nothing = { messagesSent: 0, messagesReceived: 0, recordsSent: 0, recordsReceived: 0, silentMilliseconds: 60_000 };
  return { sensor, from, to, facts: nothing };
}

/** The exporter tells nothing from EXAMPLE_STOP on, and the collector says so. */
export const STOPPED: readonly LedgerStretch[] = [
  { sensor: 'border', from: EXAMPLE_FROM, to: EXAMPLE_STOP },
  heardNothing('border', '2026-11-05T10:01:00Z', EXAMPLE_UNTIL),
];
