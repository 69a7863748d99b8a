import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims, OPEN_CLAIMS } from '../example-claims.js';

const SILENT_CLAIMS = exampleClaims('{ budget: [ { peer: { any: true }, budget: { bytes: 100TiB, per: P1D } } ] }');

const TRY: ExampleRow = {
  at: '2026-11-20T08:00:00Z',
  seconds: 3,
  from: '10.40.10.11 40001',
  to: '203.0.113.7 1177',
  protocol: 'tcp',
  octets: 152,
  reverseOctets: 0,
  flags: 'S',
};

/** Each from the next port, every so many seconds. */
function tries(count: number, everySeconds: number, more: (index: number) => Partial<ExampleRow> = () => ({})): ExampleRow[] {
  return Array.from({ length: count }, (_, index) => ({
    ...TRY,
    at: new Date(Date.parse(TRY.at) + index * everySeconds * 1000).toISOString(),
    from: `10.40.10.11 ${40_001 + index}`,
    ...more(index),
  }));
}

function some([first, ...others]: readonly ExampleRow[]): readonly [ExampleRow, ...ExampleRow[]] {
  return [first!, ...others];
}

const ANSWER: Partial<ExampleRow> = { flags: 'SAPF', reverseFlags: 'SAPF', reverseOctets: 900 };

export const RECONNECT_HAMMER_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'every minute, and nobody answers', claims: SILENT_CLAIMS, rows: some(tries(60, 60)) },
    {
      name: 'every minute, and the peer refuses',
      claims: SILENT_CLAIMS,
      rows: some(tries(60, 60, () => ({ reverseFlags: 'RA', reverseOctets: 40 }))),
    },
    {
      name: 'a list of servers, one after another',
      claims: SILENT_CLAIMS,
      rows: some(tries(6, 400, (index) => ({ to: `203.0.113.${10 + 20 * index} 443` }))),
    },
    {
      name: 'lookups that a resolver outside never answers',
      claims: SILENT_CLAIMS,
      rows: some(tries(40, 10, () => ({ to: '198.51.100.8 53', protocol: 'udp', flags: '' }))),
    },
  ],
  silent: [
    { name: 'every five minutes', claims: SILENT_CLAIMS, rows: some(tries(60, 300)) },
    { name: 'a claim admits the peer, which is down', claims: OPEN_CLAIMS, rows: some(tries(60, 60)) },
    {
      name: 'the peer answers every tenth time',
      claims: SILENT_CLAIMS,
      rows: some(tries(60, 60, (index) => (index % 10 === 0 ? ANSWER : {}))),
    },
    {
      name: 'a list of servers, all of which answer in the end',
      claims: SILENT_CLAIMS,
      rows: some(tries(12, 200, (index) => ({ to: `203.0.113.${10 + 20 * (index >> 1)} 443`, ...(index % 2 === 1 ? ANSWER : {}) }))),
    },
    { name: 'one in a hundred packets seen: not assessable', claims: SILENT_CLAIMS, rows: some(tries(60, 60, () => ({ sampling: 100 }))) },
    {
      name: 'logs over UDP, which nobody answers',
      claims: SILENT_CLAIMS,
      rows: some(tries(60, 30, () => ({ to: '10.40.30.20 514', protocol: 'udp', flags: '' }))),
    },
  ],
};
