import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims, OPEN_CLAIMS } from '../example-claims.js';

/** Nothing that the file says admits anybody: only budgets, which every asset keeps. */
const SILENT_CLAIMS = exampleClaims('{ budget: [ { peer: { any: true }, budget: { bytes: 100TiB, per: P1D } } ] }');

const BEAT: ExampleRow = {
  at: '2026-11-20T08:00:00Z',
  seconds: 2,
  from: '10.40.10.11 40001',
  to: '203.0.113.7 443',
  protocol: 'tcp',
  octets: 900,
  reverseOctets: 1400,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 45,
  everySeconds: 300,
};

/** Four servers of one network, asked in turn. */
const ROTATION = [7, 19, 33, 54].map(
  (host, index): ExampleRow => ({
    ...BEAT,
    at: new Date(Date.parse(BEAT.at) + index * 300_000).toISOString(),
    to: `203.0.113.${host} 443`,
    times: 12,
    everySeconds: 1200,
  }),
);

/** Tries that nobody answers, each from the next port: from one port they would be one try that is repeated. */
const TRIES = Array.from(
  { length: 45 },
  (_, index): ExampleRow => ({
    ...BEAT,
    at: new Date(Date.parse(BEAT.at) + index * 180_000).toISOString(),
    from: `10.40.10.11 ${40_001 + index}`,
    octets: 60,
    reverseOctets: 0,
    flags: 'S',
    reverseFlags: '',
    times: 1,
  }),
);

/** A question that nobody answers, each from the next port. */
const DATAGRAMS: ExampleRow = {
  at: '2026-11-20T08:00:00Z',
  seconds: 0,
  from: '10.40.10.11 40001',
  portStep: 1,
  to: '203.0.113.7 4567',
  protocol: 'udp',
  octets: 90,
  reverseOctets: 0,
  times: 45,
  everySeconds: 180,
};

/** As people do: by the gaps of a coin tossed each minute. */
const NOW_AND_THEN = [3, 4, 9, 31, 33, 36, 58, 61, 62, 97, 99, 140, 141, 152, 153, 157, 201, 204, 209, 260, 262, 263, 301, 322].flatMap(
  (minute) =>
    [0, 400, 800].map(
      (more): ExampleRow => ({ ...BEAT, at: new Date(Date.parse(BEAT.at) + (minute + more) * 60_000).toISOString(), times: 1 }),
    ),
);

export const BEACON_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'every five minutes to a peer that no claim admits', claims: SILENT_CLAIMS, rows: [BEAT] },
    {
      name: 'a rhythm that breaks a claim is told beside the breach',
      claims: exampleClaims('{ only: [ { peer: { sets: [archive] } } ] }'),
      rows: [BEAT],
    },
    { name: 'servers of one network in turn', claims: SILENT_CLAIMS, rows: [ROTATION[0]!, ...ROTATION.slice(1)] },
    {
      name: 'nobody answers',
      claims: SILENT_CLAIMS,
      rows: [TRIES[0]!, ...TRIES.slice(1)],
    },
    { name: 'a datagram now and then, and nobody answers', claims: SILENT_CLAIMS, rows: [DATAGRAMS] },
  ],
  silent: [
    { name: 'a claim admits the peer', claims: OPEN_CLAIMS, rows: [BEAT] },
    { name: 'twenty times only', claims: SILENT_CLAIMS, rows: [{ ...BEAT, times: 20 }] },
    { name: 'often, but now and then', claims: SILENT_CLAIMS, rows: [NOW_AND_THEN[0]!, ...NOW_AND_THEN.slice(1)] },
    {
      name: 'time service',
      claims: SILENT_CLAIMS,
      rows: [{ ...BEAT, to: '203.0.113.7 123', protocol: 'udp', flags: '', reverseFlags: '', times: 100 }],
    },
    {
      name: 'one session, exported every half hour',
      claims: SILENT_CLAIMS,
      rows: [{ ...BEAT, flags: 'AP', reverseFlags: 'AP', seconds: 1799, everySeconds: 1800, times: 100 }],
    },
    {
      name: 'a flood of datagrams that nobody answers, each burst from the next port',
      claims: SILENT_CLAIMS,
      rows: [{ ...DATAGRAMS, seconds: 1.5, octets: 400_000, packets: 400, times: 450, everySeconds: 2 }],
    },
    { name: 'one in a hundred packets seen: not assessable', claims: SILENT_CLAIMS, rows: [{ ...BEAT, sampling: 100 }] },
    {
      name: 'a master that asks its controller',
      claims: SILENT_CLAIMS,
      rows: [{ ...BEAT, to: '10.40.20.7 502' }],
    },
    {
      name: 'the peer polls the asset',
      claims: SILENT_CLAIMS,
      rows: [{ ...BEAT, from: '203.0.113.7 40001', to: '10.40.10.11 443' }],
    },
  ],
};
