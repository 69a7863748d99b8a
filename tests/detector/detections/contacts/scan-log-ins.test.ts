import { describe, expect, it } from 'vitest';
import type { ExampleRow } from '../../../../detector/detections/detection.js';
import { UNCLAIMED } from '../../../../detector/detections/example-claims.js';
import { createEngine } from '../../../../detector/engine/engine.js';
import { batchOf, claimsOf, exampleRows } from '../../support/rows.js';

/*
 * Passwords that are guessed are counted by session, however exporters tell of them: both directions in one record, one record each, or a log-in cut in two by a short active
 * timeout.
 */
const claims = claimsOf(UNCLAIMED);
const TIMES = { times: 60, everySeconds: 3 };
const AT = '2026-11-20T12:00:00Z';
const FORTH: ExampleRow = {
  ...{ at: AT, seconds: 2, from: '203.0.113.66 40001', to: '10.40.10.11 22', protocol: 'tcp', octets: 2300, packets: 16 },
  ...{ flags: 'SAPF', portStep: 1, ...TIMES },
};
const BACK: ExampleRow = {
  ...{ at: AT, seconds: 2, from: '10.40.10.11 22', to: '203.0.113.66 40001', protocol: 'tcp', octets: 2900, packets: 15 },
  ...{ flags: 'SAPF', toPortStep: 1, ...TIMES },
};
const both = { reverseOctets: 2900, reversePackets: 15, reverseFlags: 'SAPF' };

function observed(rows: readonly ExampleRow[]): readonly number[] {
  const engine = createEngine({ claims });
  engine.ingest(batchOf(claims, exampleRows(rows)));
  return engine
    .findings()
    .filter(({ detection }) => detection === 'scan')
    .map((finding) => finding.observed);
}

describe('log-ins that are guessed', () => {
  it.each<readonly [string, readonly ExampleRow[]]>([
    ['both directions in one record', [{ ...FORTH, ...both }]],
    ['one record for each direction', [FORTH, BACK]],
    [
      'each cut in two',
      [
        { ...FORTH, ...both, seconds: 1, flags: 'SAP', reverseFlags: 'SAP' },
        { ...FORTH, ...both, at: '2026-11-20T12:00:01.200Z', seconds: 0.8, flags: 'APF', reverseFlags: 'APF' },
      ],
    ],
  ])('%s', (_, rows) => {
    // Told with the thirtieth; doubled with the sixtieth.
    expect(observed(rows)).toEqual([60]);
  });

  it('of one who asks and is not answered nothing is guessed', () => {
    expect(observed([{ ...FORTH, flags: 'S', reverseOctets: 0 }])).toEqual([]);
  });
});
