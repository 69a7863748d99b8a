import type { Detection, ExampleRow } from '../detection.js';
import { OPEN_CLAIMS, UNCLAIMED } from '../example-claims.js';

/** Daily administration from one host, for twenty days. */
const USUAL: ExampleRow = {
  at: '2026-11-01T08:00:00Z',
  seconds: 60,
  from: '10.40.20.7 50000',
  to: '10.40.10.11 22',
  protocol: 'tcp',
  octets: 9000,
  reverseOctets: 20_000,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 20,
  everySeconds: 86_400,
};
const NEW: ExampleRow = { ...USUAL, at: '2026-11-20T23:00:00Z', from: '10.40.20.66 50000', times: 1 };

/** A master that asks every ten seconds for three hours. */
const POLLS: ExampleRow = {
  ...USUAL,
  at: '2026-11-20T08:00:00Z',
  seconds: 1,
  to: '10.40.10.11 502',
  octets: 472,
  reverseOctets: 526,
  times: 1080,
  everySeconds: 10,
  portStep: 1,
};

export const LATERAL_MOVEMENT_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'a host that never came before, by SSH', claims: UNCLAIMED, rows: [USUAL, NEW] },
    {
      name: 'the asset goes to a file server where it never was',
      claims: UNCLAIMED,
      rows: [USUAL, { ...NEW, from: '10.40.10.11 50000', to: '10.40.30.10 445' }],
    },
    {
      name: 'the usual host by another door',
      claims: UNCLAIMED,
      rows: [USUAL, { ...NEW, from: '10.40.20.7 50001', to: '10.40.10.11 3389' }],
    },
    {
      name: 'a second master of an industrial protocol',
      claims: UNCLAIMED,
      rows: [
        { ...USUAL, to: '10.40.10.11 502' },
        { ...NEW, to: '10.40.10.11 502' },
      ],
    },
    {
      name: 'a second master on the first day, hours after the first',
      claims: UNCLAIMED,
      rows: [POLLS, { ...POLLS, at: '2026-11-20T10:00:00Z', from: '10.40.20.66 50000', times: 1 }],
    },
    {
      name: 'two devices of a fleet that never talked',
      claims: UNCLAIMED,
      rows: [USUAL, { ...NEW, from: '10.40.10.12 50000', to: '10.40.10.11 7777' }],
    },
    {
      name: 'a slave that begins to command its master',
      claims: UNCLAIMED,
      rows: [
        { ...USUAL, to: '10.40.10.11 502' },
        { ...NEW, from: '10.40.10.11 50000', to: '10.40.20.7 502' },
      ],
    },
  ],
  silent: [
    { name: 'the usual', claims: UNCLAIMED, rows: [USUAL] },
    {
      name: 'a second master within the first hour',
      claims: UNCLAIMED,
      rows: [POLLS, { ...POLLS, at: '2026-11-20T08:30:00Z', from: '10.40.20.66 50000' }],
    },
    { name: 'while learning', claims: UNCLAIMED, rows: [USUAL, { ...NEW, at: '2026-11-05T23:00:00Z' }] },
    {
      name: 'a new host that does not get in',
      claims: UNCLAIMED,
      rows: [USUAL, { ...NEW, octets: 60, reverseOctets: 40, flags: 'S', reverseFlags: 'RA' }],
    },
    { name: 'a new host on a port of its own', claims: UNCLAIMED, rows: [USUAL, { ...NEW, to: '10.40.10.11 9100' }] },
    { name: 'somebody outside, of whom other detections tell', claims: UNCLAIMED, rows: [USUAL, { ...NEW, from: '203.0.113.9 50000' }] },
    { name: 'what a claim admits', claims: OPEN_CLAIMS, rows: [USUAL, NEW] },
    { name: 'a relation met while learning comes back', claims: UNCLAIMED, rows: [{ ...NEW, at: '2026-11-03T08:00:00Z' }, USUAL, NEW] },
  ],
};
