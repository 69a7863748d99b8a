import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims, OPEN_CLAIMS } from '../example-claims.js';

/** 3 MB an hour to the archive, in quarters, for 24 days. */
const USUAL: ExampleRow = {
  at: '2026-11-02T00:03:00Z',
  seconds: 20,
  from: '10.40.10.11 40001',
  to: '10.40.30.10 445',
  protocol: 'tcp',
  octets: 750_000,
  reverseOctets: 9000,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 24 * 96,
  everySeconds: 900,
};
/** 200 kB an hour, 4.8 MB a day, to a network that the equipment never sent to. */
const TRICKLE: ExampleRow = { ...USUAL, at: '2026-11-19T00:20:00Z', to: '203.0.113.9 443', octets: 200_000, times: 96, everySeconds: 3600 };
/** Half as much again to the archive. */
const MORE: ExampleRow = { ...USUAL, at: '2026-11-19T00:20:00Z', octets: 1_500_000, times: 72, everySeconds: 3600 };
const MAINTAINED = exampleClaims(
  '{ only: [ { peer: { sets: [archive] } }, { peer: { sets: [maint-gw] }, ports: [tcp/22], during: [works] } ] }',
  { windows: 'works: { start: "2026-11-19T00:00", rrule: "FREQ=WEEKLY;BYDAY=TH", duration: PT12H }' },
);

export const SLOW_EXFILTRATION_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'a trickle of 4.8 MB a day to a new network', claims: OPEN_CLAIMS, rows: [USUAL, TRICKLE] },
    { name: 'half as much again to the allowed archive', claims: OPEN_CLAIMS, rows: [USUAL, MORE] },
  ],
  silent: [
    { name: 'the usual', claims: OPEN_CLAIMS, rows: [USUAL] },
    {
      name: 'a trickle that was there from the first day on is usual',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...TRICKLE, at: USUAL.at, times: 24 * 24 }],
    },
    { name: 'three busy hours are not slow', claims: OPEN_CLAIMS, rows: [USUAL, { ...MORE, times: 3 }] },
    { name: 'a few kilobytes an hour to a new network', claims: OPEN_CLAIMS, rows: [USUAL, { ...TRICKLE, octets: 4000 }] },
    {
      name: 'twelve hours of maintenance in its agreed window',
      claims: MAINTAINED,
      rows: [USUAL, { ...TRICKLE, at: '2026-11-18T23:10:00Z', to: '10.40.9.4 22', octets: 3_000_000, times: 11 }],
    },
  ],
};
