import type { Detection, ExampleRow } from '../detection.js';
import { OPEN_CLAIMS } from '../example-claims.js';

/** Two megabytes each quarter of an hour, for twenty days. */
const USUAL: ExampleRow = {
  at: '2026-11-02T00:00:30Z',
  seconds: 10,
  from: '10.40.10.11 40001',
  to: '10.40.30.10 445',
  protocol: 'tcp',
  octets: 2_000_000,
  reverseOctets: 20_000,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 20 * 96,
  everySeconds: 900,
};
const BURST: ExampleRow = { ...USUAL, at: '2026-11-20T10:05:30Z', seconds: 60, octets: 60_000_000, times: 1 };

export const VOLUME_UP_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'thirty times the usual in five minutes', claims: OPEN_CLAIMS, rows: [USUAL, BURST] },
    {
      name: 'small steps that add up within the hour',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...BURST, at: '2026-11-20T10:00:40Z', octets: 5_000_000, seconds: 20, times: 12, everySeconds: 290 }],
    },
  ],
  silent: [
    { name: 'the usual', claims: OPEN_CLAIMS, rows: [USUAL] },
    { name: 'the same burst while learning', claims: OPEN_CLAIMS, rows: [USUAL, { ...BURST, at: '2026-11-05T10:05:30Z' }] },
    {
      name: 'the usual twice in one hour',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...USUAL, at: '2026-11-20T10:05:30Z', times: 2 }],
    },
    {
      name: 'many times very little is still little',
      claims: OPEN_CLAIMS,
      rows: [
        { ...USUAL, octets: 2000 },
        { ...BURST, octets: 900_000 },
      ],
    },
  ],
};
