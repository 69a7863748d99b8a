import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims, OPEN_CLAIMS, UNCLAIMED } from '../example-claims.js';

/** Twenty hosts in twenty seconds, none of which answers. */
const SWEEP: ExampleRow = {
  at: '2026-11-20T12:00:00Z',
  from: '10.40.10.11 40001',
  to: '10.40.30.10 445',
  protocol: 'tcp',
  octets: 60,
  reverseOctets: 0,
  flags: 'S',
  times: 20,
  everySeconds: 1,
  portStep: 1,
  toAddressStep: 1,
};
const { toAddressStep: _, ...ONE_HOST } = SWEEP;
/** Forty ports of one host, refused. */
const PORTS: ExampleRow = { ...ONE_HOST, to: '10.40.30.10 1000', reverseOctets: 40, reverseFlags: 'RA', times: 40, toPortStep: 7 };
/** A log-in by SSH that fails, every three seconds. */
const GUESSES: ExampleRow = {
  ...{ at: '2026-11-20T12:00:00Z', seconds: 2, from: '203.0.113.66 40001', to: '10.40.10.11 22', protocol: 'tcp' },
  ...{ octets: 2300, packets: 16, flags: 'SAPF', reverseOctets: 2900, reversePackets: 15, reverseFlags: 'SAPF' },
  ...{ times: 60, everySeconds: 3, portStep: 1 },
};
const FLEET_CLAIMS = exampleClaims('{ budget: [ { peer: { any: true }, budget: { bytes: 1GiB, per: PT1H, scope: fleet } } ] }');

export const SCAN_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'twenty hosts on one port', claims: OPEN_CLAIMS, rows: [SWEEP] },
    { name: 'forty ports of one host', claims: OPEN_CLAIMS, rows: [PORTS] },
    {
      name: 'the ports of an asset, by a peer inside',
      claims: OPEN_CLAIMS,
      rows: [{ ...PORTS, from: '10.40.77.5 40001', to: '10.40.10.11 1000' }],
    },
    {
      name: 'the ports of an asset, by a peer outside',
      claims: OPEN_CLAIMS,
      rows: [{ ...PORTS, from: '203.0.113.66 40001', to: '10.40.10.11 1000' }],
    },
    { name: 'thirty hosts on one port within ten hours', claims: OPEN_CLAIMS, rows: [{ ...SWEEP, times: 30, everySeconds: 1200 }] },
    { name: 'thirty ports of one host within ten hours', claims: OPEN_CLAIMS, rows: [{ ...PORTS, times: 30, everySeconds: 1200 }] },
    { name: 'thirty hosts and ports in random order', claims: OPEN_CLAIMS, rows: [{ ...SWEEP, times: 30, toPortStep: 3 }] },
    {
      name: 'pings that nobody answers',
      claims: OPEN_CLAIMS,
      rows: [{ ...SWEEP, from: '10.40.10.11', to: '10.40.10.90', protocol: 'icmp', flags: '', icmpType: 8 }],
    },
    {
      name: 'one port of each asset of a fleet that is judged as a whole',
      claims: FLEET_CLAIMS,
      parameters: { leastHosts: 3 },
      rows: [
        { ...ONE_HOST, from: '10.40.77.5 40001', to: '10.40.10.11 22', times: 1 },
        { ...ONE_HOST, from: '10.40.77.5 40002', to: '10.40.10.12 22', times: 1 },
        { ...ONE_HOST, from: '10.40.77.5 40003', to: '10.40.10.13 22', times: 1 },
      ],
    },
    { name: 'passwords guessed from outside', claims: UNCLAIMED, rows: [GUESSES] },
    {
      name: 'passwords guessed at a machine inside, which goes on for an hour',
      claims: UNCLAIMED,
      rows: [{ ...GUESSES, from: '10.40.10.11 20001', to: '10.40.30.20 22', times: 1200 }],
    },
  ],
  silent: [
    { name: 'log-ins that a claim admits', claims: OPEN_CLAIMS, rows: [GUESSES] },
    { name: 'a log-in a minute', claims: UNCLAIMED, rows: [{ ...GUESSES, everySeconds: 60 }] },
    { name: 'sessions in which something is done', claims: UNCLAIMED, rows: [{ ...GUESSES, reverseOctets: 60_000 }] },
    { name: 'nine hosts', claims: OPEN_CLAIMS, rows: [{ ...SWEEP, times: 9 }] },
    {
      name: 'twenty hosts that answer',
      claims: OPEN_CLAIMS,
      rows: [{ ...SWEEP, flags: 'SAPF', reverseFlags: 'SAPF', octets: 900, reverseOctets: 900 }],
    },
    { name: 'one host again and again', claims: OPEN_CLAIMS, rows: [{ ...ONE_HOST, times: 200 }] },
    {
      name: 'answers of a server whose questions were not seen',
      claims: OPEN_CLAIMS,
      rows: [{ ...ONE_HOST, from: '10.40.10.11 102', to: '10.40.30.10 40000', portStep: 0, toPortStep: 3, flags: 'RA', times: 60 }],
    },
    {
      name: 'time servers of a pool that do not answer',
      claims: OPEN_CLAIMS,
      rows: [{ ...SWEEP, to: '203.0.113.10 123', protocol: 'udp', flags: '' }],
    },
    { name: 'sampled packets, of which one says nothing of an answer', claims: OPEN_CLAIMS, rows: [{ ...SWEEP, sampling: 100 }] },
    {
      name: 'servers of the web outside over a day, of which one an hour does not answer',
      claims: OPEN_CLAIMS,
      rows: [{ ...SWEEP, to: '203.0.113.10 443', times: 40, everySeconds: 1800 }],
    },
    { name: 'names asked of neighbours', claims: OPEN_CLAIMS, rows: [{ ...SWEEP, to: '10.40.10.20 137', protocol: 'udp', flags: '' }] },
  ],
};
