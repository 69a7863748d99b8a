import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims, OPEN_CLAIMS, UNCLAIMED } from '../example-claims.js';

/** The resolver inside, asked once a day for twenty days. */
const USUAL: ExampleRow = {
  at: '2026-11-01T08:00:00Z',
  from: '10.40.10.11 40001',
  to: '10.40.30.53 53',
  protocol: 'udp',
  octets: 70,
  reverseOctets: 120,
  times: 20,
  everySeconds: 86_400,
};
const FOREIGN: ExampleRow = { ...USUAL, at: '2026-11-20T12:00:00Z', to: '203.0.113.53 53', times: 5, everySeconds: 60 };
const HTTPS: ExampleRow = {
  ...FOREIGN,
  to: '8.8.8.8 443',
  protocol: 'tcp',
  octets: 4000,
  reverseOctets: 9000,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 1,
};
/** The asset may use the web, and asks the resolver inside. */
const PINNED = exampleClaims(
  '{ only: [ { peer: { cidr: ["10.40.30.53"] }, ports: [udp/53, tcp/53] }, { peer: { internet: true }, ports: [tcp/443, tcp/853] } ] }',
);

export const FOREIGN_RESOLVER_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'a resolver outside that was never asked', claims: UNCLAIMED, rows: [USUAL, FOREIGN] },
    { name: 'questions that nobody answers', claims: UNCLAIMED, rows: [USUAL, { ...FOREIGN, reverseOctets: 0 }] },
    { name: 'DNS over TLS', claims: UNCLAIMED, rows: [USUAL, { ...HTTPS, to: '203.0.113.53 853' }] },
    { name: 'DNS over HTTPS where a claim says whom the asset asks, on the first day', claims: PINNED, rows: [HTTPS] },
    { name: 'the same by the name of the resolver', claims: PINNED, rows: [{ ...HTTPS, to: '203.0.113.9 443', toNames: 'dns.google' }] },
  ],
  silent: [
    { name: 'the resolver inside', claims: UNCLAIMED, rows: [USUAL] },
    { name: 'a resolver outside that was asked all along', claims: UNCLAIMED, rows: [{ ...USUAL, to: '203.0.113.53 53' }] },
    { name: 'the first days', claims: UNCLAIMED, rows: [USUAL, { ...FOREIGN, at: '2026-11-03T12:00:00Z' }] },
    { name: 'what a claim admits', claims: OPEN_CLAIMS, rows: [USUAL, FOREIGN] },
    { name: 'the web', claims: PINNED, rows: [{ ...HTTPS, to: '203.0.113.9 443', toNames: 'www.example.org' }] },
    {
      name: 'questions of others to the asset',
      claims: UNCLAIMED,
      rows: [USUAL, { ...FOREIGN, from: '203.0.113.53 40001', to: '10.40.10.11 53' }],
    },
  ],
};
