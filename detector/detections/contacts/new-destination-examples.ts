import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims, OPEN_CLAIMS, UNCLAIMED } from '../example-claims.js';

const USUAL: ExampleRow = {
  at: '2026-11-01T08:00:00Z',
  seconds: 5,
  from: '10.40.10.11 40001',
  to: '10.40.30.10 445',
  protocol: 'tcp',
  octets: 5000,
  reverseOctets: 900,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 20,
  everySeconds: 86_400,
};
const NEW: ExampleRow = { ...USUAL, at: '2026-11-20T12:00:00Z', to: '10.40.77.5 8443', times: 1 };

/** A desk: another new peer every day from the eighth on. */
const DESK = Array.from(
  { length: 13 },
  (_, day): ExampleRow => ({
    ...USUAL,
    at: `2026-11-${String(8 + day).padStart(2, '0')}T13:00:00Z`,
    to: `10.40.88.${10 + day} 445`,
    times: 1,
  }),
);

export const NEW_DESTINATION_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'a peer that the claims admit, but that was never met', claims: OPEN_CLAIMS, rows: [USUAL, NEW] },
    {
      name: 'a peer that was never met begins',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...NEW, from: '10.40.77.5 50000', to: '10.40.10.11 22' }],
    },
    {
      name: 'somebody outside asks a controller on its first day, and is answered',
      claims: UNCLAIMED,
      rows: [USUAL, { ...NEW, at: '2026-11-01T12:00:00Z', from: '203.0.113.66 50000', to: '10.40.10.11 502' }],
    },
    { name: 'a new port, where a new peer alone would be no news', claims: OPEN_CLAIMS, rows: [USUAL, ...DESK, NEW] },
  ],
  silent: [
    {
      name: 'somebody outside looks for a controller on the first day, and nobody answers',
      claims: UNCLAIMED,
      rows: [
        USUAL,
        {
          ...NEW,
          at: '2026-11-01T12:00:00Z',
          from: '203.0.113.66 50000',
          to: '10.40.10.11 502',
          flags: 'S',
          reverseOctets: 0,
          reverseFlags: '',
        },
      ],
    },
    {
      name: 'a master inside asks a controller on its first day',
      claims: UNCLAIMED,
      rows: [USUAL, { ...NEW, at: '2026-11-01T12:00:00Z', from: '10.40.30.10 50000', to: '10.40.10.11 502' }],
    },
    { name: 'new peers of an asset that meets new peers every day', claims: OPEN_CLAIMS, rows: [USUAL, ...DESK] },
    {
      name: 'the same on the second day is still being learned',
      claims: OPEN_CLAIMS,
      rows: [USUAL, { ...NEW, at: '2026-11-02T12:00:00Z' }],
    },
    { name: 'a peer met while learning', claims: OPEN_CLAIMS, rows: [{ ...NEW, at: '2026-11-01T07:00:00Z' }, USUAL, NEW] },
    {
      name: 'a new peer that breaks a claim is reported as that',
      claims: exampleClaims('{ only: [ { peer: { sets: [archive] } } ] }'),
      rows: [USUAL, NEW],
    },
    { name: 'a new peer alone, where more is asked for', claims: OPEN_CLAIMS, parameters: { leastScore: 80 }, rows: [USUAL, NEW] },
  ],
};
