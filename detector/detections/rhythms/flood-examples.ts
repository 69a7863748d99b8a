import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims } from '../example-claims.js';

const CLAIMS = exampleClaims('{ budget: [ { peer: { any: true }, budget: { bytes: 100TiB, per: P1D } } ] }');
const AT = '2026-11-20T08:00:00Z';

/** A megabyte a second, for twenty seconds. */
const LARGE: ExampleRow = {
  at: AT,
  seconds: 1,
  from: '10.40.10.11 40001',
  to: '198.51.100.8 4567',
  protocol: 'udp',
  octets: 1_000_000,
  packets: 1000,
  reverseOctets: 0,
  reversePackets: 0,
  times: 20,
  everySeconds: 1,
  portStep: 1,
};

/** Two thousand a second for half a minute, in one record. */
const SMALL: ExampleRow = {
  at: AT,
  seconds: 30,
  from: '10.40.10.11 40001',
  to: '10.40.30.20 502',
  protocol: 'udp',
  octets: 60_000 * 40,
  packets: 60_000,
  reverseOctets: 0,
  reversePackets: 0,
};

/** A thousand a second for half a minute, all answered. */
const PINGS: ExampleRow = {
  at: AT,
  seconds: 30,
  from: '10.40.10.11',
  to: '10.40.30.20',
  protocol: 'icmp',
  icmpType: 8,
  octets: 30_000 * 84,
  packets: 30_000,
  reverseOctets: 30_000 * 84,
  reversePackets: 30_000,
};

/** A connection every hundredth of a second, each from the next port, for fifty seconds. */
const CALLS: ExampleRow = {
  at: AT,
  from: '10.40.10.11 20001',
  to: '10.40.30.20 502',
  protocol: 'tcp',
  octets: 40,
  packets: 1,
  reverseOctets: 0,
  flags: 'S',
  times: 5000,
  everySeconds: 0.01,
  portStep: 1,
};

export const FLOOD_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'half a minute of pings, all answered', claims: CLAIMS, rows: [PINGS] },
    {
      name: 'pings of somebody outside, none of which is answered',
      claims: CLAIMS,
      rows: [{ ...PINGS, to: '203.0.113.7', reverseOctets: 0, reversePackets: 0 }],
    },
    { name: 'pings of the asset', claims: CLAIMS, rows: [{ ...PINGS, from: '10.40.30.66', to: '10.40.10.11' }] },
    { name: 'the same, told every ten seconds', claims: CLAIMS, rows: [{ ...PINGS, seconds: 9, times: 6, everySeconds: 10 }] },
    { name: 'connections that are opened and left, from a port each', claims: CLAIMS, rows: [CALLS] },
    {
      name: 'connections that are tried again after a second',
      claims: CLAIMS,
      rows: [{ ...CALLS, seconds: 1, octets: 80, packets: 2 }],
    },
    {
      name: 'pings beside a slow one that lasts for hours',
      claims: CLAIMS,
      rows: [
        { ...PINGS, seconds: 14_400, packets: 14_400, reversePackets: 14_400 },
        { ...PINGS, at: '2026-11-20T09:00:00Z' },
      ],
    },
    {
      name: 'connections from one and the same port, in one record',
      claims: CLAIMS,
      rows: [{ ...CALLS, seconds: 50, octets: 40 * 5000, packets: 5000, times: 1 }],
    },
    {
      name: 'connections to the asset from three addresses, ten a second from each',
      claims: CLAIMS,
      rows: [
        { ...CALLS, from: '198.51.100.7 20001', to: '10.40.10.11 502', everySeconds: 0.1, times: 1000 },
        { ...CALLS, at: '2026-11-20T08:00:00.030Z', from: '203.0.113.9 20001', to: '10.40.10.11 502', everySeconds: 0.1, times: 1000 },
        { ...CALLS, at: '2026-11-20T08:00:00.060Z', from: '192.0.2.5 20001', to: '10.40.10.11 502', everySeconds: 0.1, times: 1000 },
      ],
    },
    { name: 'small datagrams that nobody answers', claims: CLAIMS, rows: [SMALL] },
    { name: 'small datagrams to the asset', claims: CLAIMS, rows: [{ ...SMALL, from: '10.40.30.66 40001', to: '10.40.10.11 502' }] },
    { name: 'megabytes outside that nobody answers, in few records', claims: CLAIMS, rows: [LARGE] },
    {
      name: 'megabytes outside from one port, told every minute',
      claims: CLAIMS,
      rows: [{ ...LARGE, seconds: 59, octets: 4_000_000, packets: 4000, times: 8, everySeconds: 60, portStep: 0 }],
    },
  ],
  silent: [
    { name: 'a ping a second for a day', claims: CLAIMS, rows: [{ ...PINGS, seconds: 86_399, packets: 86_400, reversePackets: 86_400 }] },
    { name: 'pings in a hurry, for ten seconds', claims: CLAIMS, rows: [{ ...PINGS, seconds: 10, packets: 1000, reversePackets: 1000 }] },
    {
      name: 'ten connections a second to a server that is down, for a quarter of an hour',
      claims: CLAIMS,
      rows: [{ ...CALLS, everySeconds: 0.1, times: 9000 }],
    },
    {
      name: 'as many connections, all answered',
      claims: CLAIMS,
      rows: [{ ...CALLS, flags: 'SAPF', reverseFlags: 'SAPF', octets: 400, packets: 6, reverseOctets: 600, reversePackets: 5 }],
    },
    { name: 'as many datagrams, answered', claims: CLAIMS, rows: [{ ...SMALL, reverseOctets: 60_000 * 40, reversePackets: 60_000 }] },
    { name: 'pictures that nobody answers', claims: CLAIMS, rows: [{ ...SMALL, octets: 60_000 * 1300 }] },
    { name: 'logs over UDP, which nobody answers', claims: CLAIMS, rows: [{ ...SMALL, to: '10.40.30.20 514' }] },
    { name: 'datagrams to a group', claims: CLAIMS, rows: [{ ...SMALL, to: '239.1.2.3 5000' }] },
    { name: 'megabytes outside to somebody who answers', claims: CLAIMS, rows: [{ ...LARGE, reverseOctets: 90_000, reversePackets: 900 }] },
    { name: 'large datagrams to a host inside', claims: CLAIMS, rows: [{ ...LARGE, to: '10.40.30.20 4567' }] },
    { name: 'one in a hundred packets seen: not assessable', claims: CLAIMS, rows: [{ ...PINGS, sampling: 100 }] },
  ],
};
