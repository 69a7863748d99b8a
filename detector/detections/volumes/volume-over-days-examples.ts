import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims, OPEN_CLAIMS } from '../example-claims.js';

/** 40 MB a day to the archive, every quarter of an hour, for 40 days. */
const USUAL: ExampleRow = {
  at: '2026-10-05T00:00:30Z',
  seconds: 20,
  from: '10.40.10.11 40001',
  to: '10.40.30.10 445',
  protocol: 'tcp',
  octets: 400_000,
  reverseOctets: 9000,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 40 * 96,
  everySeconds: 900,
};
/** 1.5 MB more every hour, all day: no hour stands out. */
const MORE: ExampleRow = { ...USUAL, at: '2026-10-28T00:10:00Z', octets: 1_500_000, times: 10 * 24, everySeconds: 3600 };
/** Six megabytes an hour at night, which a claim allows then only. */
const BACKUP: ExampleRow = { ...USUAL, at: '2026-11-05T01:10:00Z', to: '10.40.9.4 22', octets: 90_000_000, times: 6, everySeconds: 300 };
const NIGHTLY = exampleClaims(
  '{ only: [ { peer: { sets: [archive] } }, { peer: { sets: [maint-gw] }, ports: [tcp/22], during: [backup] } ] }',
  { windows: 'backup: { start: "2026-11-05T02:00", rrule: "FREQ=WEEKLY;BYDAY=TH", duration: PT3H }' },
);
/** Each week a fifth more than the week before. */
const RISING: ExampleRow[] = [0, 1, 2, 3, 4, 5].map((week) => ({
  ...USUAL,
  at: `${new Date(Date.parse('2026-10-05T00:00:30Z') + week * 7 * 86_400_000).toISOString().slice(0, 19)}Z`,
  octets: Math.round(400_000 * (week < 2 ? 1 : 1.11 ** (week - 1))),
  times: 7 * 96,
}));

export const VOLUME_OVER_DAYS_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'as much again to the allowed archive, a little every hour', claims: OPEN_CLAIMS, rows: [USUAL, MORE] },
    {
      name: 'two megabytes a day to a network that was never sent to',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...MORE, to: '203.0.113.9 443', octets: 90_000 }],
    },
    {
      name: 'one download of 200 MB where next to nothing came in',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...USUAL, at: '2026-10-30T23:50:00Z', seconds: 1800, reverseOctets: 200_000_000, times: 1 }],
    },
    { name: 'a steady rise, whose day of passing the limit is foretold', claims: OPEN_CLAIMS, rows: [RISING[0]!, ...RISING.slice(1)] },
    {
      name: 'a backup as large outside its window',
      claims: NIGHTLY,
      rows: [USUAL, { ...BACKUP, at: '2026-11-05T12:10:00Z' }],
    },
  ],
  silent: [
    { name: 'the usual', claims: OPEN_CLAIMS, rows: [USUAL] },
    { name: 'the same more while learning', claims: OPEN_CLAIMS, rows: [USUAL, { ...MORE, at: '2026-10-06T00:10:00Z' }] },
    {
      name: 'a day with a quarter more',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...MORE, octets: 400_000, times: 24 }],
    },
    {
      name: 'a new peer that gets less than the floor',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...MORE, to: '203.0.113.9 443', octets: 30_000 }],
    },
    { name: 'the weekly backup in its agreed window', claims: NIGHTLY, rows: [USUAL, BACKUP] },
  ],
};
