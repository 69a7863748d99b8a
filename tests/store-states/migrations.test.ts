import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChdbStore } from '../../detector/store/chdb/chdb-store.js';
import { migrate, migrationsFolder, readMigrations } from '../../detector/store/migrate.js';
import { createStore, defaultRetention } from '../../detector/store/store.js';
import { DAY, flowFrames } from '../detector/store/rows.js';
import { totals } from '../detector/store/totals.js';

/** sha256 of every released migration. A line is added with a new file and never changed: databases in the field were made by these bytes. */
const RELEASED: Readonly<Record<string, string>> = JSON.parse(
  await readFile(new URL('./released.json', import.meta.url), 'utf8'),
) as Record<string, string>;

let folder: string;
let store: ChdbStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-migrations-'));
  store = createStore({ kind: 'chdb', path: join(folder, 'data') });
  await store.start();
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** A copy of the migrations, up to `count`, that a test may change. */
async function copyOf(name: string, count = Number.POSITIVE_INFINITY): Promise<string> {
  const copy = join(folder, name);
  await cp(migrationsFolder(), copy, { recursive: true });
  for (const file of (await readdir(copy)).sort().slice(count)) await rm(join(copy, file));
  return copy;
}

describe('released migrations', () => {
  it('never change', async () => {
    expect(Object.fromEntries((await readMigrations()).map(({ name, sha256 }) => [name, sha256]))).toEqual(RELEASED);
  });
});

describe('a database', () => {
  beforeEach(async () => {
    const { rows } = await store.query<{ name: string; engine: string }>(
      "SELECT name, engine FROM system.tables WHERE database = 'cordon' ORDER BY engine LIKE '%View' DESC",
    );
    for (const { name } of rows) await store.command(`DROP TABLE IF EXISTS ${name} SYNC`);
  });

  it('comes to the newest version from every released one, keeping its rows', async () => {
    const released = await readMigrations();
    const payloads = flowFrames({ rows: 500, startMs: DAY, stepMs: 1000, assets: 5, peersPerAsset: 3 }, 500).map((frame) => frame.value);
    for (let count = 1; count <= released.length; count++) {
      expect((await migrate(store, defaultRetention, await copyOf(`state-${count}`, count))).version).toBe(count);
    }
    await store.insertNative('flows', payloads, 'before');
    expect(await migrate(store)).toEqual({ applied: [], version: released.length });
    expect((await totals(store)).minutes.rows).toBe(500);
  });

  it('is finished when a crash stopped a migration half-way', async () => {
    const copy = await copyOf('broken');
    const last = (await readdir(copy)).sort().at(-1)!;
    const text = await readFile(join(copy, last), 'utf8');
    await writeFile(join(copy, last), `${text}\nSELECT this_fails;\n`);
    await expect(migrate(store, defaultRetention, copy)).rejects.toMatchObject({ code: 'migration-failed' });
    expect((await migrate(store)).applied).toEqual([last]);
  });

  it('is refused when a migration it was made by has changed', async () => {
    await migrate(store);
    const copy = await copyOf('changed');
    const first = (await readdir(copy)).sort()[0]!;
    await writeFile(join(copy, first), `${await readFile(join(copy, first), 'utf8')}-- a harmless remark\n`);
    const error = await migrate(store, defaultRetention, copy).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'migration-changed' });
    expect((error as Error).message).toContain('write the change as a new migration');
  });

  it('is refused when a newer program made it', async () => {
    await migrate(store);
    await expect(migrate(store, defaultRetention, await copyOf('older', 1))).rejects.toMatchObject({ code: 'database-newer' });
  });

  it('is refused when a file is missing in the middle', async () => {
    const copy = await copyOf('gap');
    await rm(join(copy, (await readdir(copy)).sort()[0]!));
    await expect(migrate(store, defaultRetention, copy)).rejects.toMatchObject({ code: 'migration-failed' });
  });

  it('keeps rows as long as the configuration of this start says', async () => {
    const ttl = async () =>
      (
        await store.query<{ ttl: string }>(
          "SELECT extract(engine_full, 'TTL (.*) SETTINGS') AS ttl FROM system.tables WHERE database = 'cordon' AND name = 'flows'",
        )
      ).rows[0]!.ttl;
    await migrate(store);
    expect(await ttl()).toBe('toDateTime(flowStartMilliseconds) + toIntervalDay(7)');
    await migrate(store, { ...defaultRetention, flows: 30 });
    expect(await ttl()).toBe('toDateTime(flowStartMilliseconds) + toIntervalDay(30)');
    await migrate(store, { flows: 0, minutes: 0, hours: 0 });
    expect(await ttl()).toBe('');
  });
});
