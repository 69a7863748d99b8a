import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims } from '../example-claims.js';

const SILENT_CLAIMS = exampleClaims('{ budget: [ { peer: { any: true }, budget: { bytes: 100TiB, per: P1D } } ] }');
/** A vendor outside is admitted, and the archive inside. */
const VENDOR_CLAIMS = exampleClaims('{ only: [ { peer: { cidr: ["203.0.113.0/24"] } }, { peer: { sets: [archive] } } ] }');

/** A record each minute of one connection: what a keep-alive each half minute looks like. */
const KEEP_ALIVE: ExampleRow = {
  at: '2026-11-20T08:00:00Z',
  seconds: 59,
  from: '10.40.10.11 40001',
  to: '203.0.113.7 4443',
  protocol: 'tcp',
  octets: 132,
  reverseOctets: 120,
  flags: 'AP',
  reverseFlags: 'AP',
  times: 75,
  everySeconds: 60,
};

/** A quarter of an hour each, renewed half a minute after its end. */
const RENEWED: ExampleRow = {
  ...KEEP_ALIVE,
  ...{ seconds: 870, octets: 11_000, packets: 170, reverseOctets: 11_000, reversePackets: 170, flags: 'SAPF', reverseFlags: 'SAPF' },
  ...{ times: 20, everySeconds: 900, portStep: 1 },
};

export const LONG_SESSION_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'kept open for more than an hour', claims: SILENT_CLAIMS, rows: [KEEP_ALIVE] },
    {
      name: 'told once, at its end',
      claims: SILENT_CLAIMS,
      rows: [
        { ...KEEP_ALIVE, seconds: 18_000, octets: 5_000_000, reverseOctets: 300_000_000, flags: 'SAPF', reverseFlags: 'SAPF', times: 1 },
      ],
    },
    {
      name: 'the peer began it, and it has no end but pauses of ten minutes',
      claims: SILENT_CLAIMS,
      rows: [{ ...KEEP_ALIVE, from: '203.0.113.7 40001', to: '10.40.10.11 22', times: 30, everySeconds: 600 }],
    },
    {
      name: 'an admitted vendor, for more than a day',
      claims: VENDOR_CLAIMS,
      rows: [{ ...KEEP_ALIVE, seconds: 290, times: 300, everySeconds: 300 }],
    },
    { name: 'renewed as soon as it ends, for five hours', claims: SILENT_CLAIMS, rows: [RENEWED] },
    { name: 'a quarter of an hour in a chat', claims: SILENT_CLAIMS, rows: [{ ...KEEP_ALIVE, to: '203.0.113.7 6667', times: 15 }] },
  ],
  silent: [
    { name: 'renewed after pauses as long as the sessions', claims: SILENT_CLAIMS, rows: [{ ...RENEWED, everySeconds: 1800, times: 40 }] },
    { name: 'renewed where mail is waited for', claims: SILENT_CLAIMS, rows: [{ ...RENEWED, to: '203.0.113.7 993', times: 100 }] },
    { name: 'renewed with a web server, for five hours', claims: SILENT_CLAIMS, rows: [{ ...RENEWED, to: '203.0.113.7 443' }] },
    {
      name: 'sessions one after the other in which something is done',
      claims: SILENT_CLAIMS,
      rows: [{ ...RENEWED, reverseOctets: 900_000 }],
    },
    { name: 'two hours with a web server', claims: SILENT_CLAIMS, rows: [{ ...KEEP_ALIVE, to: '203.0.113.7 443', times: 120 }] },
    {
      name: 'under two hours, where two are asked for',
      claims: SILENT_CLAIMS,
      parameters: { leastHours: 2 },
      rows: [{ ...KEEP_ALIVE, times: 100 }],
    },
    { name: 'a few minutes on a port of chat', claims: SILENT_CLAIMS, rows: [{ ...KEEP_ALIVE, to: '203.0.113.7 6667', times: 9 }] },
    {
      name: 'half an hour with an admitted server of chat',
      claims: VENDOR_CLAIMS,
      rows: [{ ...KEEP_ALIVE, to: '203.0.113.7 6667', times: 30 }],
    },
    {
      name: 'pings for two days',
      claims: SILENT_CLAIMS,
      rows: [
        {
          ...{ at: '2026-11-20T08:00:00Z', seconds: 290, from: '10.40.10.11', to: '203.0.113.7', protocol: 'icmp', icmpType: 8 },
          ...{ octets: 290 * 84, packets: 290, reverseOctets: 290 * 84, reversePackets: 290, times: 576, everySeconds: 300 },
        },
      ],
    },
    { name: 'three quarters of an hour', claims: SILENT_CLAIMS, rows: [{ ...KEEP_ALIVE, times: 45 }] },
    { name: 'an admitted vendor, for five hours', claims: VENDOR_CLAIMS, rows: [{ ...KEEP_ALIVE, times: 300 }] },
    {
      name: 'an admitted peer inside, for two days',
      claims: VENDOR_CLAIMS,
      rows: [{ ...KEEP_ALIVE, to: '10.40.30.10 445', seconds: 290, times: 600, everySeconds: 300 }],
    },
    {
      name: 'a master inside that polls by IEC 104 for two days',
      claims: SILENT_CLAIMS,
      rows: [{ ...KEEP_ALIVE, from: '10.40.77.9 1100', to: '10.40.10.11 2404', seconds: 290, times: 600, everySeconds: 300 }],
    },
    {
      name: 'short connections all day',
      claims: SILENT_CLAIMS,
      rows: [{ ...KEEP_ALIVE, flags: 'SAPF', reverseFlags: 'SAPF', seconds: 20, times: 400, everySeconds: 120 }],
    },
    {
      name: 'time service from one port',
      claims: SILENT_CLAIMS,
      rows: [{ ...KEEP_ALIVE, from: '10.40.10.11 123', to: '203.0.113.7 123', protocol: 'udp', flags: '', reverseFlags: '', times: 300 }],
    },
  ],
};
