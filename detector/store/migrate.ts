import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../flow/service/paths.js';
import { applyRetention } from './retention.js';
import { StoreError } from './store-error.js';
import { type AppliedMigrations, defaultRetention, type Retention, type Store } from './store-types.js';

/** One numbered file of SQL. Released ones are never changed: a change is a new file. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
  readonly statements: readonly string[];
}

/** Where the migrations lie, in source and in an installation alike. */
export function migrationsFolder(): string {
  return join(packageRoot(), 'detector', 'store', 'migrations');
}

const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;

/** Reads `NNNN-name.sql` files in the order of their numbers. Throws 'migration-failed' on a gap or another file name. */
export async function readMigrations(folder = migrationsFolder()): Promise<Migration[]> {
  const migrations: Migration[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const number = Number(FILE_NAME.exec(name)?.[1]);
    if (number !== migrations.length + 1) {
      throw new StoreError(
        'migration-failed',
        `${join(folder, name)}: expected the file of migration ${migrations.length + 1}, named NNNN-words.sql`,
      );
    }
    const text = await readFile(join(folder, name), 'utf8');
    migrations.push({ number, name, sha256: createHash('sha256').update(text).digest('hex'), statements: splitStatements(text) });
  }
  return migrations;
}

/** Statements end with a semicolon at the end of a line; comment lines belong to the statement behind them. */
function splitStatements(text: string): string[] {
  return text
    .split(/;[ \t]*(?:\r?\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement.split('\n').some((line) => line.trim() !== '' && !line.trim().startsWith('--')));
}

const SCHEMA_MIGRATIONS = `CREATE TABLE IF NOT EXISTS schema_migrations (
  number UInt32,
  name String,
  sha256 String,
  appliedAt DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree ORDER BY number`;

/**
 * Brings the database to the version of `migrations`. Every statement can be repeated (IF NOT EXISTS), so that a crash in the middle, or several
 * processes that start at once, end in the same schema.
 */
export async function migrate(
  store: Store,
  retention: Retention | 'keep' = defaultRetention,
  folder = migrationsFolder(),
): Promise<AppliedMigrations> {
  const migrations = await readMigrations(folder);
  await store.command(SCHEMA_MIGRATIONS);
  const { rows } = await store.query<{ number: number; name: string; sha256: string }>(
    'SELECT number, name, sha256 FROM schema_migrations FINAL ORDER BY number',
  );
  const done = new Map(rows.map((row) => [row.number, row]));
  const newest = rows.at(-1)?.number ?? 0;
  if (newest > migrations.length) {
    throw new StoreError(
      'database-newer',
      `the database is at schema version ${newest}, this program knows ${migrations.length}: use the newer program, or another database`,
    );
  }
  const applied: string[] = [];
  for (const migration of migrations) {
    const known = done.get(migration.number);
    if (known === undefined) {
      await apply(store, migration);
      applied.push(migration.name);
    } else if (known.sha256 !== migration.sha256) {
      throw new StoreError(
        'migration-changed',
        `${migration.name} differs from the ${known.name} that made this database (sha256 ${migration.sha256.slice(0, 12)} here, ${known.sha256.slice(0, 12)} there): ` +
          'restore the released file and write the change as a new migration',
      );
    }
  }
  if (retention !== 'keep') await applyRetention(store, retention);
  return { applied, version: migrations.length };
}

async function apply(store: Store, migration: Migration): Promise<void> {
  try {
    for (const statement of migration.statements) await store.command(statement);
    await store.command('INSERT INTO schema_migrations (number, name, sha256) SELECT {number:UInt32}, {name:String}, {sha256:String}', {
      number: migration.number,
      name: migration.name,
      sha256: migration.sha256,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError('migration-failed', `migration ${migration.name}: ${reason}`, { cause: error });
  }
}
