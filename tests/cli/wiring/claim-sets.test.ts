import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadScenario } from '../../../cli/scenario/scenario.js';
import { createSensorNamer, loadClaimSets } from '../../../cli/wiring/claim-sets.js';
import { createPace, replayLogName } from '../../../cli/wiring/inputs.js';
import { parseAddress } from '../../../flow/address.js';

const folder = mkdtempSync(join(tmpdir(), 'cordon-claims-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scanners = loadScenario('port-scanners');
const billing = loadScenario('billing-cluster');
const source = ({ claims, approvals }: typeof scanners) => ({ file: claims, approvals });

describe('claim sets side by side', () => {
  test('watch the assets of all', () => {
    const { sets, watchList } = loadClaimSets([source(scanners), source(billing)]);
    expect(sets.map(({ id }) => id)).toEqual(['port-scanners', 'billing-cluster']);
    expect(watchList.assets[watchList.assetOf(parseAddress('10.70.11.22'))]?.name).toBe('bssdb-2');
    expect(watchList.assets[watchList.assetOf(parseAddress('10.40.10.11'))]?.name).toBe('scan-mv-01');
    expect(watchList.assetOf(parseAddress('10.40.30.10'))).toBe(-1);
  });

  test('an asset belongs to one of them', () => {
    const copy = join(folder, 'copy.yaml');
    writeFileSync(copy, readFileSync(scanners.claims, 'utf8').replace('id: port-scanners', 'id: copy'));
    expect(() => loadClaimSets([source(scanners), { file: copy, approvals: undefined }])).toThrow(
      `${copy}: the asset 'scan-mv-01' is watched by ${scanners.claims} too`,
    );
  });

  test('sensors are named by the configuration first, then by the claims, else by their address', () => {
    const { sets } = loadClaimSets([source(scanners), source(billing)]);
    const nameOf = createSensorNamer(sets, { '127.0.0.1': 'border-fw' });
    const name = (address: string, domain = 0) => nameOf(parseAddress(address), domain);
    expect([name('127.0.0.1'), name('10.40.0.1'), name('10.70.0.2', 7), name('192.0.2.9')]).toEqual([
      'border-fw',
      'border-fw',
      'dc-leaf',
      '192.0.2.9',
    ]);
  });
});

describe('replayed logs', () => {
  const claimSets = loadClaimSets([source(scanners)]);
  const input = { path: scanners.inputs.get('ipfix')!.file, format: 'export-pcap', sensor: 'border-fw' } as const;

  test('the same files and claims are the same log, anything else is another', () => {
    const name = replayLogName([input], claimSets, {});
    expect(name).toBe(replayLogName([{ ...input }], claimSets, {}));
    expect(replayLogName([{ ...input, sensor: 'other' }], claimSets, {})).not.toBe(name);
    expect(replayLogName([{ ...input, path: scanners.inputs.get('netflow9')!.file }], claimSets, {})).not.toBe(name);
    expect(replayLogName([input], claimSets, { detections: { 'new-destination': { warmUpDays: 1 } } })).not.toBe(name);
    expect(replayLogName([input], loadClaimSets([source(billing)]), {})).not.toBe(name);
  });

  test('standard input cannot be read again, so it has none', () => {
    expect(replayLogName([input, { ...input, path: '-' }], claimSets, {})).toBeUndefined();
  });

  test('full speed never waits, and a slower pace waits for recorded time to pass', async () => {
    expect(createPace(Number.POSITIVE_INFINITY)(1e12)).toBeUndefined();
    const pace = createPace(1000);
    expect(pace(0)).toBeUndefined();
    const from = performance.now();
    await pace(20_000);
    expect(performance.now() - from).toBeGreaterThan(10);
  });
});
