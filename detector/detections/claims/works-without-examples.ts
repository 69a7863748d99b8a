import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims } from '../example-claims.js';

/** Images are delivered though the vendor's maintenance host has not been heard of for a day. */
const CLAIM = exampleClaims(
  '{ works_without: { peer: { sets: [maint-gw], internet: true }, for: PT24H, alive: { peer: { sets: [archive] }, ports: [tcp/445], initiator: subject }, at_least: { bytes: 500MiB, per: P1D, scope: fleet } } }',
);
const DAYS = ['2026-12-01', '2026-12-02', '2026-12-03', '2026-12-04'] as const;

/** 25 MB every half hour: 1.2 GB a day. */
function images(day: string, times: number): ExampleRow {
  return {
    at: `${day}T00:05:00Z`,
    seconds: 20,
    from: '10.40.10.11 40001',
    to: '10.40.30.10 445',
    protocol: 'tcp',
    octets: 25_000_000,
    reverseOctets: 60_000,
    flags: 'SAPF',
    reverseFlags: 'SAPF',
    times,
    everySeconds: 1800,
  };
}

/** The clock is asked every ten minutes: the equipment is there, whatever else it does. */
const TIME: ExampleRow = {
  at: '2026-12-01T00:00:30Z',
  from: '10.40.10.12 123',
  to: '10.40.1.123 123',
  protocol: 'udp',
  octets: 76,
  reverseOctets: 76,
  times: DAYS.length * 144,
  everySeconds: 600,
};
const CONTACT: ExampleRow = {
  at: '2026-12-01T06:00:00Z',
  seconds: 600,
  from: '10.40.9.4 50001',
  to: '10.40.10.11 22',
  protocol: 'tcp',
  octets: 40_000,
  reverseOctets: 90_000,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
};

export const WORKS_WITHOUT_EXAMPLES: Detection['examples'] = {
  fires: [
    {
      name: 'scans stop a day after the link to the vendor was cut',
      claims: CLAIM,
      rows: [TIME, CONTACT, images('2026-12-01', 48), images('2026-12-02', 12)],
    },
    {
      name: 'calls to the vendor that nobody answers are no contact',
      claims: CLAIM,
      rows: [
        TIME,
        CONTACT,
        images('2026-12-01', 48),
        {
          ...CONTACT,
          at: '2026-12-02T12:00:00Z',
          from: '10.40.10.11 40002',
          to: '203.0.113.7 443',
          flags: 'S',
          octets: 60,
          reverseOctets: 0,
        },
      ],
    },
  ],
  silent: [
    { name: 'three days without the vendor, images flow', claims: CLAIM, rows: [TIME, CONTACT, ...DAYS.map((day) => images(day, 48))] },
    {
      name: 'no images, but never a whole day without the vendor',
      claims: CLAIM,
      rows: [TIME, { ...CONTACT, at: '2026-12-01T00:30:00Z', times: 8, everySeconds: 43_200 }],
    },
    {
      name: 'nothing of anybody for two days: that is no evidence against the equipment',
      claims: CLAIM,
      rows: [{ ...TIME, times: 72 }, CONTACT, images('2026-12-01', 24), { ...TIME, at: '2026-12-03T12:00:00Z', times: 72 }],
    },
  ],
};
