import type { Detection, ExampleRow } from '../detection.js';
import { exampleClaims } from '../example-claims.js';

const CLAIMS = exampleClaims('{ only: [ { peer: { sets: [archive, analysts] } } ] }');
const FROM = '2026-11-02T00:00:00Z';
const DAY = 86_400;

const later = (seconds: number): string => new Date(Date.parse(FROM) + seconds * 1000).toISOString();

/** Every five minutes for ten days. */
const HEARTBEAT: ExampleRow = {
  at: FROM,
  seconds: 1,
  from: '10.40.10.11 40001',
  to: '10.40.30.10 445',
  protocol: 'tcp',
  octets: 900,
  reverseOctets: 700,
  flags: 'SAPF',
  reverseFlags: 'SAPF',
  times: 10 * 288,
  everySeconds: 300,
};
/** What else the asset does, for so many days: analysts look at images, at no steady times, some ten times an hour. */
function analysts(days: number): ExampleRow[] {
  const rows: ExampleRow[] = [];
  let second = 17;
  for (let look = 0; second < days * DAY; look++) {
    rows.push({
      ...HEARTBEAT,
      at: later(second),
      from: `10.40.20.${5 + (look % 9)} ${50_000 + look}`,
      to: '10.40.10.11 443',
      octets: 4000 + look,
      times: 1,
    });
    // Gaps of 5 s to 700 s, by a generator of Lehmer's kind.
    second += 5 + ((((look + 1) * 48_271) % 2_147_483_647) % 695);
  }
  return rows;
}
/** A second heartbeat, which goes on. */
const SECOND: ExampleRow = { ...HEARTBEAT, at: later(31), to: '10.40.30.10 8443', times: 11 * 720, everySeconds: 120 };
const CHANGED: ExampleRow = { ...HEARTBEAT, at: later(10 * DAY), times: 40, everySeconds: 900 };

export const RHYTHM_CHANGE_EXAMPLES: Detection['examples'] = {
  fires: [
    { name: 'three times slower', claims: CLAIMS, rows: [HEARTBEAT, CHANGED] },
    { name: 'five times faster', claims: CLAIMS, rows: [HEARTBEAT, { ...CHANGED, times: 60, everySeconds: 60 }] },
    { name: 'it ceases, and the asset goes on', claims: CLAIMS, rows: [HEARTBEAT, SECOND, ...analysts(11)] },
    {
      name: 'another peer takes it over',
      claims: CLAIMS,
      rows: [HEARTBEAT, { ...HEARTBEAT, at: later(10 * DAY), to: '203.0.113.7 445', times: 40 }],
    },
  ],
  silent: [
    { name: 'as always', claims: CLAIMS, rows: [HEARTBEAT, ...analysts(10)] },
    {
      name: 'slower within the first week',
      claims: CLAIMS,
      rows: [
        { ...HEARTBEAT, times: 4 * 288 },
        { ...CHANGED, at: later(4 * DAY) },
      ],
    },
    {
      name: 'a rhythm that it had before',
      claims: CLAIMS,
      rows: [
        { ...HEARTBEAT, times: 2 * 288 },
        { ...CHANGED, at: later(2 * DAY), times: 96 },
        { ...HEARTBEAT, at: later(3 * DAY), times: 7 * 288 },
        CHANGED,
      ],
    },
    {
      name: 'the asset falls silent',
      claims: CLAIMS,
      rows: [
        { ...HEARTBEAT, times: 9 * 288 },
        { ...SECOND, times: 9 * 720 },
        { ...CHANGED, to: '10.40.30.10 9000', times: 4 },
      ],
    },
    {
      name: 'three beats missed',
      claims: CLAIMS,
      rows: [HEARTBEAT, { ...HEARTBEAT, at: later(10 * DAY + 900), times: 200 }, ...analysts(10.6)],
    },
  ],
};
