import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims, OPEN_CLAIMS } from '../example-claims.js';

/** 20 MB each quarter of an hour, until the 20th at 10:00 UTC. */
const USUAL: ExampleRow = {
  at: '2026-11-02T00:03:00Z',
  seconds: 20,
  from: '10.40.10.11 40001',
  to: '10.40.30.10 445',
  protocol: 'tcp',
  octets: 20_000_000,
  reverseOctets: 40_000,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 18 * 96 + 40,
  everySeconds: 900,
};
/** The clock is asked every five minutes, for three weeks. */
const TIME: ExampleRow = {
  at: '2026-11-02T00:00:30Z',
  from: '10.40.10.11 123',
  to: '10.40.1.123 123',
  protocol: 'udp',
  octets: 76,
  reverseOctets: 76,
  times: 21 * 288,
  everySeconds: 300,
};
/** As long as USUAL and LESS together. */
const TO_THE_END: ExampleRow = { ...TIME, times: 18 * 288 + 240 };
const LESS: ExampleRow = { ...USUAL, at: '2026-11-20T10:03:00Z', times: 40 };
const MAINTAINED = exampleClaims(
  '{ only: [ { peer: { sets: [archive, ntp] } }, { peer: { sets: [maint-gw] }, ports: [tcp/22], during: [works] } ] }',
  { windows: 'works: { start: "2026-11-06T11:00", rrule: "FREQ=WEEKLY;BYDAY=FR", duration: PT6H }' },
);

export const VOLUME_DOWN_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'images stop, the clock is still asked', claims: OPEN_CLAIMS, rows: [USUAL, TIME] },
    { name: 'a fiftieth of the usual', claims: OPEN_CLAIMS, rows: [USUAL, TIME, { ...LESS, octets: 400_000 }] },
  ],
  silent: [
    { name: 'the usual', claims: OPEN_CLAIMS, rows: [USUAL, TO_THE_END, LESS] },
    { name: 'half of the usual', claims: OPEN_CLAIMS, rows: [USUAL, TO_THE_END, { ...LESS, octets: 10_000_000 }] },
    {
      name: 'nothing at all for six hours: that is silence, or a blind sensor, and not less',
      claims: OPEN_CLAIMS,
      rows: [
        USUAL,
        { ...TIME, times: 18 * 288 + 126 },
        { ...TIME, at: '2026-11-20T16:30:30Z', times: 48 },
        { ...LESS, at: '2026-11-20T16:33:00Z', times: 20 },
      ],
    },
    {
      name: 'images stop while maintenance works in its agreed window',
      claims: MAINTAINED,
      rows: [
        USUAL,
        { ...TIME, times: 18 * 288 + 190 },
        {
          ...USUAL,
          at: '2026-11-20T10:02:00Z',
          seconds: 540,
          from: '10.40.9.4 50001',
          to: '10.40.10.11 22',
          octets: 9000,
          times: 34,
          everySeconds: 600,
        },
      ],
    },
    {
      name: 'a device that works by day is not missed at night',
      claims: OPEN_CLAIMS,
      rows: [
        TIME,
        ...Array.from({ length: 21 }, (_, day) => ({ ...USUAL, at: `2026-11-${String(2 + day).padStart(2, '0')}T07:03:00Z`, times: 40 })),
      ] as [ExampleRow, ...ExampleRow[]],
    },
  ],
};
