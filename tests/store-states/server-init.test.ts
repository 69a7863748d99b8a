import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChdbStore } from '../../detector/store/chdb/chdb-store.js';
import { createStore } from '../../detector/store/store.js';
import { packageRoot } from '../../flow/service/paths.js';

const folder = join(packageRoot(), 'detector', 'store', 'server-init');
let data: string;
let store: ChdbStore;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'cordon-init-'));
  store = createStore({ kind: 'chdb', path: data });
  await store.start();
});
afterAll(async () => {
  await store.close();
  await rm(data, { recursive: true, force: true });
});

// chdb has no users, so they cannot be made here; its parser and its list of settings are the server's.
describe("the server's users", () => {
  it('are SQL that ClickHouse parses', async () => {
    const text = await readFile(join(folder, 'users.sql'), 'utf8');
    const statements = text.split(/;\s*\n/).filter((statement) => /^[A-Z]/m.test(statement));
    expect(statements).toHaveLength(7);
    for (const statement of statements) await store.query(`EXPLAIN AST ${statement}`);
  });

  it('have settings that exist, in both files the same', async () => {
    const xml = await readFile(join(folder, 'users.d', 'grafana-reader.xml'), 'utf8');
    const sql = await readFile(join(folder, 'users.sql'), 'utf8');
    const profile = /<profiles>([\s\S]*?)<constraints>/.exec(xml)![1]!;
    const settings = [...profile.matchAll(/<(\w+)>([^<\s]+)<\/\1>/g)].map(([, name, value]) => ({ name: name!, value: value! }));
    expect(settings.map(({ name }) => name)).toContain('readonly');
    for (const { name, value } of settings) {
      const { rows } = await store.query('SELECT name FROM system.settings WHERE name = {name:String}', { name });
      expect(rows, name).toHaveLength(1);
      expect(sql).toMatch(new RegExp(`\\b${name} = '?${value}\\b`));
    }
    expect(xml).toContain('<changeable_in_readonly/>');
    expect(sql).toContain('CHANGEABLE_IN_READONLY');
  });
});
