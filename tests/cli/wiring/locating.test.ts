import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { locateOnce, startLocating } from '../../../cli/wiring/locating.js';
import { locationOf } from '../../../detector/claims/location/location.js';
import { createPlaceFinder } from '../../../detector/places/place-finder.js';
import type { ChdbStore } from '../../../detector/store/chdb/chdb-store.js';
import { locatePeers } from '../../../detector/store/queries/places.js';
import { createStore, KEEP_FOREVER } from '../../../detector/store/store.js';
import { FLOW_COLUMNS } from '../../../flow/columns.js';
import { Lifecycle } from '../../../flow/service/lifecycle.js';
import { nativeRows } from '../../dashboards/support/rows.js';
import { silentLog } from '../../dashboards/support/silent-log.js';

const PEERS = ['203.0.113.9', '203.0.113.10', '198.51.100.7', '10.1.1.1', '2001:db8::5', 'fe80::1'];
const NOW = Date.UTC(2026, 11, 3);

let folder: string;
let store: ChdbStore;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-locating-'));
  store = createStore({ kind: 'chdb', path: join(folder, 'store'), retention: KEEP_FOREVER });
  await store.start();
  await store.migrate();
  const flows = PEERS.flatMap((peer) =>
    ['ct-1', 'ct-2'].map((asset) => ({
      ...{ flowStartMilliseconds: NOW, flowEndMilliseconds: NOW, sourceIPv6Address: '10.1.0.1', destinationIPv6Address: peer },
      ...{ protocolIdentifier: 6, destinationTransportPort: 443, asset, fleet: 'ct', assetSide: 'source' },
    })),
  );
  await store.insertNative('flows', [nativeRows(FLOW_COLUMNS, flows)], 'flows');
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => store.command('TRUNCATE TABLE peer_places'));

const finder = (countries: string, systems: string) =>
  createPlaceFinder({
    country: locationOf('country', 'country.csv', Buffer.from(countries)),
    asn: locationOf('asn', 'asn.csv', Buffer.from(systems)),
  });
async function places(): Promise<Record<string, string>> {
  const { rows } = await store.query<{ peer: string; place: string }>(
    `SELECT replaceRegexpOne(toString(peerAddress), '^::ffff:', '') AS peer, trimRight(concat(country, ' ', system)) AS place FROM peer_places_current`,
  );
  return Object.fromEntries(rows.map(({ peer, place }) => [peer, place]));
}

describe('locating peers', () => {
  test('each peer is looked up once; special-purpose addresses are local whatever the data says, and what it does not say is unknown', async () => {
    const one = finder('203.0.113.0/24,NL\n10.0.0.0/8,DE\n2001:db8::/32,US', '203.0.113.0/24,64500\n198.51.100.0/24,64501');
    expect(await locatePeers(store, one, NOW, { perRound: 4 })).toBe(PEERS.length);
    expect(await locatePeers(store, one, NOW)).toBe(0);
    expect(await places()).toEqual({
      '203.0.113.9': 'NL AS64500',
      '203.0.113.10': 'NL AS64500',
      '198.51.100.7': 'unknown AS64501',
      '10.1.1.1': 'local',
      '2001:db8::5': 'US',
      'fe80::1': 'local',
    });
  });

  test('other data looks all of them up anew, and data that comes back counts again', async () => {
    const one = finder('203.0.113.0/24,NL', '');
    const two = finder('203.0.113.0/24,BE', '');
    for (const [data, at, country] of [
      [one, NOW, 'NL'],
      [two, NOW + 1, 'BE'],
      [one, NOW + 2, 'NL'],
    ] as const) {
      expect(await locatePeers(store, data, at)).toBe(PEERS.length);
      expect((await places())['203.0.113.9']).toBe(country);
    }
  });

  test('a call is bounded, and the next goes on', async () => {
    const one = finder('203.0.113.0/24,NL', '');
    const bounds = { perRound: 2, mostRounds: 2 };
    expect([await locatePeers(store, one, NOW, bounds), await locatePeers(store, one, NOW, bounds)]).toEqual([4, 2]);
  });
});

describe('the process that stores', () => {
  test('without location data tells local from unknown; with data that cannot be used it goes on', async () => {
    await locateOnce(store, { country: join(folder, 'missing.csv') }, silentLog);
    expect(await places()).toEqual({});
    await locateOnce(store, {}, silentLog);
    expect(await places()).toMatchObject({ '203.0.113.9': 'unknown', '10.1.1.1': 'local' });
  });

  test('reads a replaced file again, and keeps what it had while the new one is damaged', async () => {
    const country = join(folder, 'country.csv');
    const lifecycle = new Lifecycle(silentLog);
    writeFileSync(country, '203.0.113.0/24,NL\n');
    await startLocating(store, { country }, silentLog, lifecycle, 20);
    const told = (place: string) => vi.waitFor(async () => expect((await places())['203.0.113.9']).toBe(place), { timeout: 20_000 });
    try {
      await told('NL');
      writeFileSync(country, 'no table at all\n');
      await new Promise((resolve) => setTimeout(resolve, 100));
      await told('NL');
      writeFileSync(country, '203.0.113.0/24,BE,replaced\n');
      await told('BE');
    } finally {
      await lifecycle.stop();
    }
  });
});
