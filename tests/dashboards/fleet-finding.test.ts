import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadLibrary } from '../../dashboards/console/library.js';
import { packageRoot } from '../../flow/service/paths.js';
import { HOUR_MS } from '../../flow/time.js';
import { DAY, DAY_RANGE, sampleFindings } from './support/sample-data.js';
import { openSampleStore, type SampleStore } from './support/sample-store.js';

/*
 * The page of a finding that is about a fleet: it names no device, so octets and neighbours are those of all its devices. Before, both panels were empty.
 */

const library = loadLibrary(join(packageRoot(), 'dashboards', 'generated'));
const page = library.dashboards.find(({ uid }) => uid === 'cordon-finding')!;
const ARCHIVE = '10.40.30.10';
const ofFleet = {
  detection: 'fleet-contact',
  fleet: 'scanners',
  asset: 'scanners',
  severity: 'high',
  unit: 'assets',
  observed: 2,
  sessions: 2,
  records: 2,
  firstSeen: DAY + 6 * HOUR_MS,
  lastSeen: DAY + 7 * HOUR_MS,
  windowFrom: DAY + 6 * HOUR_MS,
  windowTo: DAY + 7 * HOUR_MS,
  evidence: '[]',
} as const;

let sample: SampleStore;
beforeAll(async () => {
  sample = await openSampleStore({
    findings: [
      { ...ofFleet, id: 'met', peerAddress: ARCHIVE },
      { ...ofFleet, id: 'silent', detection: 'fleet-silence' },
    ],
  });
}, 120_000);
afterAll(() => sample.close());

async function rowsOf(title: string, finding: string): Promise<readonly (readonly unknown[])[]> {
  const panel = page.panels.find((candidate) => candidate.title === title)!;
  const { sql } = library.expand(
    { dashboard: page.uid, source: { kind: 'panel', panel: panel.id, refId: 'A' }, ...DAY_RANGE, variables: { finding: [finding] } },
    Date.parse(DAY_RANGE.to),
  );
  return (await sample.query(sql)).data;
}

const octetsOf = async (finding: string): Promise<number> =>
  (await rowsOf('Octets with the peer', finding)).reduce((sum, row) => sum + Number(row[2]), 0);

describe('a finding about a fleet', () => {
  test('shows what all its devices exchanged with the peer, or with everybody where it names no peer', async () => {
    const stored = async (where: string): Promise<number> =>
      Number(
        (await sample.query(`SELECT sum(octetsOut + octetsIn) FROM cordon.asset_peer_1m WHERE fleet = 'scanners' AND ${where}`))
          .data[0]?.[0],
      );
    const withArchive = await stored(`peerAddress = toIPv6('${ARCHIVE}')`);
    expect(withArchive).toBeGreaterThan(0);
    expect(await octetsOf('met')).toBe(withArchive);
    expect(await octetsOf('silent')).toBe(await stored('1'));
    expect(await octetsOf('silent')).toBeGreaterThan(withArchive);
  });

  test('stands beside what is said of its devices, and no others', async () => {
    const ids = (rows: readonly (readonly unknown[])[]): string[] => rows.map((row) => String(row[5])).sort();
    const ofScanners = sampleFindings()
      .filter(({ fleet }) => fleet === 'scanners')
      .map(({ id }) => String(id));
    expect(ids(await rowsOf('What else was found on the device', 'met'))).toEqual([...ofScanners, 'met', 'silent'].sort());
    const ofDevice = sampleFindings()
      .filter(({ asset }) => asset === 'scan-mv-01')
      .map(({ id }) => String(id));
    expect(ids(await rowsOf('What else was found on the device', 'f1')), 'of a device: its own and the fleet’s').toEqual(
      [...ofDevice, 'met', 'silent'].sort(),
    );
  });
});
