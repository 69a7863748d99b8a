import type { Detection, ExampleRow } from '../detection.js';

/** Two billing databases, one bastion; the vendor's support centre is outside. */
const CLAIM = `version: 1
id: example
owner: security-office@example.org
timezone: Europe/Amsterdam
effective: { from: "2026-01-01" }
sets:
  vendor: { cidr: ["203.0.113.0/24"] }
  jump: { cidr: ["10.70.99.10", "10.70.99.11"] }
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
  - id: example-claim
    text: "The vendor reaches the databases by the bastion only."
    subject: billing-db
    severity: critical
    assert: { via: { from: { sets: [vendor] }, jump: { sets: [jump] }, to: { peer: { fleets: [billing-db] }, ports: [tcp/22] }, skew: PT30S } }
    coverage: { sensors: [core], time: "99%", max_gap: PT10M }
`;

const SESSION = { protocol: 'tcp', octets: 40_000, reverseOctets: 90_000, flags: 'SAPF', reverseFlags: 'SAPF' } as const;
/** The vendor on the bastion from 10:00 to 10:30, and from there on a database from 10:02 to 10:20. */
const TO_JUMP: ExampleRow = { ...SESSION, at: '2026-12-03T10:00:00Z', seconds: 1800, from: '203.0.113.7 50001', to: '10.70.99.10 22' };
const TO_DB: ExampleRow = { ...SESSION, at: '2026-12-03T10:02:00Z', seconds: 1080, from: '10.70.99.10 40001', to: '10.70.11.21 22' };
/** Time goes on: something else of the databases, an hour later. */
const LATER: ExampleRow = { ...SESSION, at: '2026-12-03T12:00:00Z', from: '10.70.11.21 40100', to: '10.70.1.53 53' };

export const VIA_EXAMPLES: Detection['examples'] = {
  fires: [
    {
      name: 'straight to the database, past the bastion',
      claims: CLAIM,
      rows: [{ ...SESSION, at: '2026-12-03T10:00:00Z', from: '203.0.113.7 50001', to: '10.70.11.21 22' }],
    },
    {
      name: 'straight to the database, and nobody answers',
      claims: CLAIM,
      rows: [{ at: '2026-12-03T10:00:00Z', from: '203.0.113.7 50001', to: '10.70.11.21 22', protocol: 'tcp', octets: 60, flags: 'S' }],
    },
    { name: 'from the bastion without a session on it', claims: CLAIM, rows: [TO_DB, LATER] },
    { name: 'the session is on the other bastion', claims: CLAIM, rows: [{ ...TO_JUMP, to: '10.70.99.11 22' }, TO_DB, LATER] },
    {
      name: 'the session on the bastion ended long before',
      claims: CLAIM,
      rows: [{ ...TO_JUMP, seconds: 60 }, TO_DB, LATER],
    },
    {
      name: 'a knock at the bastion that nobody answers is no session',
      claims: CLAIM,
      rows: [
        { at: '2026-12-03T10:01:00Z', from: '203.0.113.7 50001', to: '10.70.99.10 22', protocol: 'tcp', octets: 60, flags: 'S' },
        TO_DB,
        LATER,
      ],
    },
    {
      name: 'a ping of the bastion is no session',
      claims: CLAIM,
      rows: [
        {
          at: '2026-12-03T10:00:00Z',
          seconds: 1800,
          from: '203.0.113.7',
          to: '10.70.99.10',
          protocol: 'icmp',
          icmpType: 8,
          octets: 60_000,
          reverseOctets: 60_000,
        },
        TO_DB,
        LATER,
      ],
    },
  ],
  silent: [
    { name: 'by the bastion', claims: CLAIM, rows: [TO_JUMP, TO_DB, LATER] },
    {
      name: 'by the bastion, within the skew of the clocks',
      claims: CLAIM,
      rows: [{ ...TO_JUMP, seconds: 100 }, TO_DB, LATER],
    },
    {
      name: 'the database calls the vendor, which is for other claims to judge',
      claims: CLAIM,
      rows: [{ ...SESSION, at: '2026-12-03T10:00:00Z', from: '10.70.11.21 40000', to: '203.0.113.7 443' }, LATER],
    },
    {
      name: 'from the bastion to another port',
      claims: CLAIM,
      rows: [{ ...TO_DB, to: '10.70.11.21 443' }, LATER],
    },
  ],
};
