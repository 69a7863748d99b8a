import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims, UNCLAIMED } from '../example-claims.js';

/** Maintenance on Thursdays from 02:00 to 05:00 in Amsterdam (01:00 to 04:00 UTC in winter), from one gateway. */
const AGREED = exampleClaims('{ authorised: [ { peer: { sets: [maint-gw] }, ports: [tcp/22], initiator: peer, during: [weekly] } ] }', {
  windows: 'weekly: { start: "2026-09-03T02:00", rrule: "FREQ=WEEKLY;BYDAY=TH", duration: PT3H, overrun: PT5M }',
});
const VISIT: ExampleRow = {
  at: '2026-09-24T01:30:00Z',
  seconds: 3600,
  from: '10.40.9.4 50000',
  to: '10.40.10.11 22',
  protocol: 'tcp',
  octets: 50_000,
  reverseOctets: 2_000_000,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 12,
  everySeconds: 7 * 86_400,
  portStep: 1,
};
/** One session, told each minute. */
const LONG: ExampleRow = {
  ...VISIT,
  at: '2026-11-05T01:30:00Z',
  seconds: 60,
  flags: 'SAP',
  reverseFlags: 'SAP',
  times: 200,
  everySeconds: 60,
  portStep: 0,
};
/** Every working day at ten, for ten weeks; nobody has written down that this is so. */
const OFFICE: ExampleRow = {
  ...VISIT,
  at: '2026-09-07T08:10:00Z',
  seconds: 600,
  from: '203.0.113.20 40000',
  times: 70,
  everySeconds: 86_400,
};
const NIGHT: ExampleRow = { ...OFFICE, at: '2026-11-12T02:10:00Z', times: 1 };

export const VENDOR_ACCESS_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'a session that goes on long after its window', claims: AGREED, rows: [LONG] },
    {
      name: 'somebody else inside the window',
      claims: AGREED,
      rows: [VISIT, { ...VISIT, at: '2026-11-12T01:30:00Z', from: '203.0.113.20 40000', times: 1 }],
    },
    {
      name: 'an agreed session that takes out fifty times what others did',
      claims: AGREED,
      rows: [VISIT, { ...VISIT, at: '2026-12-17T01:30:00Z', reverseOctets: 100_000_000, times: 1 }],
    },
    { name: 'an hour at which nobody ever came', claims: UNCLAIMED, rows: [OFFICE, NIGHT] },
    { name: 'the first who ever comes', claims: UNCLAIMED, rows: [{ ...OFFICE, from: '10.40.20.7 40000' }, NIGHT] },
    {
      name: 'remote support on a port of its own',
      claims: UNCLAIMED,
      rows: [OFFICE, { ...NIGHT, to: '10.40.10.11 31337', application: 'vnc' }],
    },
  ],
  silent: [
    { name: 'visits in their windows', claims: AGREED, rows: [VISIT] },
    { name: 'eight minutes beyond the window', claims: AGREED, rows: [{ ...LONG, times: 158 }] },
    { name: 'visits at the usual hour', claims: UNCLAIMED, rows: [OFFICE] },
    { name: 'three minutes before the usual hour', claims: UNCLAIMED, rows: [OFFICE, { ...NIGHT, at: '2026-11-12T07:57:00Z' }] },
    { name: 'an odd hour in the first weeks', claims: UNCLAIMED, rows: [OFFICE, { ...NIGHT, at: '2026-09-24T02:10:00Z' }] },
    {
      name: 'somebody who does not get in',
      claims: UNCLAIMED,
      rows: [OFFICE, { ...NIGHT, seconds: 0, octets: 60, reverseOctets: 40, flags: 'S', reverseFlags: 'RA' }],
    },
    { name: 'the operator’s own people', claims: UNCLAIMED, rows: [OFFICE, { ...NIGHT, from: '10.40.20.7 40000' }] },
    { name: 'the asset calls out', claims: UNCLAIMED, rows: [OFFICE, { ...NIGHT, from: '10.40.10.11 40000', to: '203.0.113.20 22' }] },
    {
      name: 'a visit before its window, which the claim reports',
      claims: AGREED,
      rows: [VISIT, { ...VISIT, at: '2026-11-11T12:00:00Z', times: 1 }],
    },
  ],
};
