import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims, OPEN_CLAIMS } from '../example-claims.js';

/** The scanner fetches 4 MB an hour from an update server, for 16 days. */
const FETCHES: ExampleRow = {
  at: '2026-11-02T00:03:00Z',
  seconds: 60,
  from: '10.40.10.11 40001',
  to: '203.0.113.9 443',
  protocol: 'tcp',
  octets: 60_000,
  reverseOctets: 4_000_000,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 16 * 24,
  everySeconds: 3600,
};
const SENDS: ExampleRow = { ...FETCHES, at: '2026-11-17T10:20:00Z', octets: 40_000_000, reverseOctets: 900_000, times: 1 };
const CLOSED = exampleClaims('{ only: [ { peer: { sets: [archive] } } ] }');

export const ASYMMETRY_FLIP_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: '40 MB go up to the server that updates came from', claims: OPEN_CLAIMS, rows: [FETCHES, SENDS] },
    {
      name: '40 MB go up to a network that no claim admits',
      claims: CLOSED,
      rows: [
        { ...FETCHES, to: '10.40.30.10 445' },
        { ...SENDS, to: '198.51.100.7 443', reverseOctets: 1_200_000 },
      ],
    },
    {
      name: '30 MB on the first day, over HTTPS',
      claims: CLOSED,
      rows: [
        { ...FETCHES, to: '10.40.30.10 445' },
        { ...SENDS, at: '2026-11-02T14:05:00Z', to: '198.51.100.7 443', octets: 30_000_000, reverseOctets: 700_000 },
      ],
    },
    {
      name: '150 MB on the first day, to a network that no claim admits',
      claims: CLOSED,
      rows: [
        { ...FETCHES, to: '10.40.30.10 445' },
        { ...SENDS, at: '2026-11-02T14:05:00Z', seconds: 900, to: '198.51.100.7 22', octets: 150_000_000, reverseOctets: 3_000_000 },
      ],
    },
    {
      name: 'the same, told by a record for each direction',
      claims: OPEN_CLAIMS,
      rows: [
        FETCHES,
        { at: SENDS.at, seconds: 60, from: SENDS.from, to: SENDS.to, protocol: 'tcp', octets: 40_000_000, flags: 'SAPF' },
        { at: SENDS.at, seconds: 60, from: SENDS.to, to: SENDS.from, protocol: 'tcp', octets: 900_000, flags: 'SAPF' },
      ],
    },
  ],
  silent: [
    { name: 'the usual', claims: OPEN_CLAIMS, rows: [FETCHES] },
    { name: 'the same upload, but one direction only is told: not assessable', claims: OPEN_CLAIMS, rows: [FETCHES, onlyOut()] },
    {
      name: 'an archive that always gets uploads',
      claims: OPEN_CLAIMS,
      rows: [{ ...FETCHES, octets: 4_000_000, reverseOctets: 60_000 }, SENDS],
    },
    {
      name: '20 MB on the first day',
      claims: CLOSED,
      rows: [
        { ...FETCHES, to: '10.40.30.10 445' },
        { ...SENDS, at: '2026-11-02T14:05:00Z', to: '198.51.100.7 443', octets: 20_000_000, reverseOctets: 450_000 },
      ],
    },
    {
      name: 'half a megabyte goes up',
      claims: OPEN_CLAIMS,
      rows: [FETCHES, { ...SENDS, at: '2026-11-18T01:20:00Z', octets: 500_000, reverseOctets: 9000 }],
    },
  ],
};

function onlyOut(): ExampleRow {
  return {
    at: '2026-11-18T02:20:00Z',
    seconds: 60,
    from: '10.40.10.11 40001',
    to: '203.0.113.9 443',
    protocol: 'tcp',
    octets: 40_000_000,
    flags: 'SAPF',
  };
}
