import type { Detection, ExampleRow } from '../detection.js';
import { OPEN_CLAIMS } from '../example-claims.js';

const SESSION: ExampleRow = {
  at: '2026-11-20T12:00:00Z',
  seconds: 30,
  from: '10.40.10.11 40001',
  to: '203.0.113.7 443',
  protocol: 'tcp',
  octets: 4000,
  reverseOctets: 9000,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
};
/** Two hours in minutes, as an exporter with an active timeout of 60 s tells them: 120 packets a minute each way, 90 octets each. */
const WORK: ExampleRow = {
  ...SESSION,
  seconds: 60,
  octets: 10_800,
  packets: 120,
  reverseOctets: 10_800,
  reversePackets: 120,
  flags: 'SAP',
  reverseFlags: 'SAP',
  times: 120,
  everySeconds: 60,
};
const ECHO: ExampleRow = {
  ...WORK,
  to: '203.0.113.7',
  from: '10.40.10.11',
  protocol: 'icmp',
  icmpType: 8,
  flags: '',
  reverseFlags: '',
  octets: 60_000,
  reverseOctets: 60_000,
};

export const PROTOCOL_MISMATCH_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'SSH on the port of the web', claims: OPEN_CLAIMS, rows: [{ ...SESSION, application: 'ssh' }] },
    {
      name: 'a remote desktop on the port of names',
      claims: OPEN_CLAIMS,
      rows: [{ ...SESSION, to: '203.0.113.7 53', application: 'rdp' }],
    },
    {
      name: 'HTTP on the port of Modbus of the asset',
      claims: OPEN_CLAIMS,
      rows: [{ ...SESSION, from: '10.40.77.5 40001', to: '10.40.10.11 502', application: 'http' }],
    },
    { name: 'two hours of small packets on 443', claims: OPEN_CLAIMS, rows: [WORK] },
    { name: 'an hour on 53/tcp', claims: OPEN_CLAIMS, rows: [{ ...WORK, to: '203.0.113.53 53', times: 60 }] },
    { name: 'a stream of large echoes', claims: OPEN_CLAIMS, rows: [ECHO] },
    {
      name: 'the same in one record',
      claims: OPEN_CLAIMS,
      rows: [{ ...ECHO, seconds: 3600, packets: 7200, octets: 3_600_000, reversePackets: 7200, reverseOctets: 3_600_000, times: 1 }],
    },
    {
      name: 'six small echoes a minute, answered with much, as a tunnel does that is hardly used',
      claims: OPEN_CLAIMS,
      rows: [{ ...ECHO, packets: 6, octets: 420, reversePackets: 6, reverseOctets: 3300, times: 10 }],
    },
  ],
  silent: [
    { name: 'TLS on the port of the web', claims: OPEN_CLAIMS, rows: [{ ...SESSION, application: 'ssl' }] },
    { name: 'mail that changes to TLS', claims: OPEN_CLAIMS, rows: [{ ...SESSION, to: '203.0.113.7 25', application: 'smtp,ssl' }] },
    { name: 'TLS on a port that expects nothing', claims: OPEN_CLAIMS, rows: [{ ...SESSION, to: '203.0.113.7 8080', application: 'ssl' }] },
    { name: 'a name that nobody knows', claims: OPEN_CLAIMS, rows: [{ ...SESSION, application: 'ms-office-365' }] },
    { name: 'some hundred octets', claims: OPEN_CLAIMS, rows: [{ ...SESSION, application: 'ssh', octets: 600, reverseOctets: 800 }] },
    { name: 'nothing told', claims: OPEN_CLAIMS, rows: [SESSION] },
    {
      name: 'a push channel',
      claims: OPEN_CLAIMS,
      rows: [{ ...WORK, packets: 20, octets: 1400, reversePackets: 20, reverseOctets: 2600 }],
    },
    { name: 'a long download', claims: OPEN_CLAIMS, rows: [{ ...WORK, reverseOctets: 150_000 }] },
    { name: 'forty minutes of small packets', claims: OPEN_CLAIMS, rows: [{ ...WORK, times: 40 }] },
    { name: 'a transfer of a zone', claims: OPEN_CLAIMS, rows: [{ ...WORK, to: '203.0.113.53 53', times: 6 }] },
    {
      name: 'an echo a second',
      claims: OPEN_CLAIMS,
      rows: [{ ...ECHO, packets: 60, octets: 30_000, reversePackets: 60, reverseOctets: 30_000 }],
    },
    {
      name: 'long echoes, half of which are lost',
      claims: OPEN_CLAIMS,
      rows: [{ ...ECHO, packets: 20, octets: 20_000, reversePackets: 10, reverseOctets: 10_000 }],
    },
    {
      name: 'a few echoes beside the errors of a host that refuses datagrams',
      claims: OPEN_CLAIMS,
      rows: [{ ...ECHO, packets: 1, octets: 84, reversePackets: 2, reverseOctets: 1000, times: 20 }],
    },
    { name: 'fast echoes of the usual size', claims: OPEN_CLAIMS, rows: [{ ...ECHO, octets: 120 * 84, reverseOctets: 120 * 84 }] },
  ],
};
