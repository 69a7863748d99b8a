import type { Detection } from '../detection.js';
import { exampleClaims } from '../example-claims.js';

const CLOSED = exampleClaims(
  '{ only: [ { peer: { sets: [analysts] }, ports: [tcp/443], initiator: peer }, { peer: { sets: [archive] }, ports: [tcp/445], initiator: subject }, { peer: { sets: [ntp] }, ports: [udp/123], initiator: subject } ] }',
);
const NO_INTERNET = exampleClaims('{ never: [ { peer: { internet: true } } ] }');
const MAINTENANCE = exampleClaims(
  '{ authorised: [ { peer: { sets: [maint-gw] }, ports: [tcp/22], initiator: peer, during: [weekly] } ] }',
  {
    windows: 'weekly: { start: "2026-12-03T02:00", rrule: "FREQ=WEEKLY;BYDAY=TH", duration: PT3H, overrun: PT5M }',
  },
);
const BUDGET = exampleClaims(
  '{ budget: [ { peer: { any: true, except: [archive] }, budget: { bytes: 20MiB, per: P1D, direction: out, scope: member } } ] }',
);
const HOURLY = exampleClaims('{ budget: [ { peer: { sets: [archive] }, budget: { flows: 10, per: PT1H, scope: member } } ] }');
const EXCUSED = exampleClaims('{ only: [ { peer: { sets: [archive] }, ports: [tcp/445] } ] }', {
  exceptions:
    '{ id: printer, claim: example-claim, match: { peer: { cidr: ["10.40.40.5"] }, ports: [tcp/9100] }, reason: "Label printer pilot", owner: ops, approved_by: ciso, ticket: "CHG-1", from: "2026-12-01", expires: "2027-01-15" }',
});

export const CLAIM_VIOLATION_EXAMPLES: Detection['examples'] = {
  fires: [
    {
      name: 'a licence call home is answered',
      claims: CLOSED,
      rows: [
        {
          at: '2026-12-03T10:00:00Z',
          seconds: 2,
          from: '10.40.10.11 40001',
          to: '203.0.113.7 443',
          protocol: 'tcp',
          octets: 1800,
          reverseOctets: 4200,
          flags: 'SAPF',
          reverseFlags: 'SAPF',
        },
      ],
    },
    {
      name: 'a SYN without an answer is an attempt, and an attempt counts',
      claims: NO_INTERNET,
      rows: [{ at: '2026-12-03T10:00:00Z', from: '10.40.10.11 40001', to: '203.0.113.7 443', protocol: 'tcp', octets: 60, flags: 'S' }],
    },
    {
      name: 'the archive begins, where the claim admits the scanner only',
      claims: CLOSED,
      rows: [
        {
          at: '2026-12-03T10:00:00Z',
          from: '10.40.30.10 50123',
          to: '10.40.10.11 445',
          protocol: 'tcp',
          octets: 900,
          reverseOctets: 900,
          flags: 'SAP',
          reverseFlags: 'SAP',
        },
      ],
    },
    {
      name: 'broadcast is not ignored',
      claims: CLOSED,
      rows: [{ at: '2026-12-03T10:00:00Z', from: '10.40.10.11 138', to: '10.40.10.255 138', protocol: 'udp', octets: 229 }],
    },
    {
      name: 'IPv6 is not ignored',
      claims: NO_INTERNET,
      rows: [
        { at: '2026-12-03T10:00:00Z', from: 'fd00:40:10::11 40001', to: '2001:db8:bad::1 443', protocol: 'tcp', octets: 80, flags: 'S' },
      ],
    },
    {
      name: 'maintenance outside its window',
      claims: MAINTENANCE,
      rows: [
        {
          at: '2026-12-03T09:00:00Z',
          seconds: 600,
          from: '10.40.9.4 51000',
          to: '10.40.10.11 22',
          protocol: 'tcp',
          octets: 20_000,
          reverseOctets: 60_000,
          flags: 'SAPF',
          reverseFlags: 'SAPF',
        },
      ],
    },
    {
      name: 'a bulk copy in small steps passes the day’s budget',
      claims: BUDGET,
      rows: [
        {
          at: '2026-12-03T06:00:00Z',
          seconds: 50,
          from: '10.40.10.11 40001',
          to: '10.40.20.7 8443',
          protocol: 'tcp',
          octets: 1_000_000,
          flags: 'SAPF',
          times: 25,
          everySeconds: 600,
        },
      ],
    },
    {
      name: 'a sampled exporter counts one packet in a hundred: the estimate passes the budget',
      claims: BUDGET,
      rows: [
        {
          at: '2026-12-03T06:00:00Z',
          seconds: 50,
          from: '10.40.10.11 40001',
          to: '10.40.20.7 8443',
          protocol: 'tcp',
          octets: 300_000,
          flags: 'A',
          sampling: 100,
        },
      ],
    },
    {
      name: 'more connections in an hour than allowed',
      claims: HOURLY,
      rows: [
        {
          at: '2026-12-03T06:00:00Z',
          from: '10.40.10.11 53',
          to: '10.40.30.10 445',
          protocol: 'udp',
          octets: 100,
          times: 11,
          everySeconds: 320,
        },
      ],
    },
  ],
  silent: [
    {
      name: 'an image goes to the archive, told by two one-way records',
      claims: CLOSED,
      rows: [
        {
          at: '2026-12-03T10:00:00Z',
          seconds: 9,
          from: '10.40.10.11 40001',
          to: '10.40.30.10 445',
          protocol: 'tcp',
          octets: 25_000_000,
          flags: 'SAPF',
        },
        {
          at: '2026-12-03T10:00:00Z',
          seconds: 9,
          from: '10.40.30.10 445',
          to: '10.40.10.11 40001',
          protocol: 'tcp',
          octets: 300_000,
          flags: 'SAPF',
        },
      ],
    },
    {
      name: 'maintenance inside its window, four minutes over',
      claims: MAINTENANCE,
      rows: [
        {
          at: '2026-12-03T01:30:00Z',
          seconds: 9240,
          from: '10.40.9.4 51000',
          to: '10.40.10.11 22',
          protocol: 'tcp',
          octets: 20_000,
          reverseOctets: 60_000,
          flags: 'SAPF',
          reverseFlags: 'SAPF',
        },
      ],
    },
    {
      name: 'an approved exception covers it',
      claims: EXCUSED,
      rows: [
        {
          at: '2026-12-03T10:00:00Z',
          from: '10.40.10.11 40001',
          to: '10.40.40.5 9100',
          protocol: 'tcp',
          octets: 5000,
          reverseOctets: 400,
          flags: 'SAPF',
          reverseFlags: 'SAPF',
        },
      ],
    },
    {
      name: 'the day’s budget is kept, and begins anew at local midnight',
      claims: BUDGET,
      rows: [
        {
          at: '2026-12-03T20:00:00Z',
          seconds: 50,
          from: '10.40.10.11 40001',
          to: '10.40.20.7 8443',
          protocol: 'tcp',
          octets: 15_000_000,
          flags: 'SAPF',
          times: 2,
          everySeconds: 14_400,
        },
      ],
    },
    {
      name: 'the same number of connections over a longer time',
      claims: HOURLY,
      rows: [
        {
          at: '2026-12-03T06:00:00Z',
          from: '10.40.10.11 53',
          to: '10.40.30.10 445',
          protocol: 'udp',
          octets: 100,
          times: 11,
          everySeconds: 400,
        },
      ],
    },
  ],
};
