import { constants } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Session } from 'chdb';
import { StoreError } from '../store-error.js';
import { repairDeduplicationLogs } from './deduplication-repair.js';
import { lockHolder } from './lock.js';

/**
 * Server settings of the embedded engine. ClickHouse's own defaults are for a machine of its own: caches of gigabytes and nine tenths of the
 * memory. `maxMemoryBytes` bounds what all queries, inserts and merges take together.
 */
function engineConfiguration(maxMemoryBytes: number): string {
  return `<clickhouse>
  <timezone>UTC</timezone>
  <max_server_memory_usage>${maxMemoryBytes}</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <index_mark_cache_size>16777216</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
</clickhouse>
`;
}

export interface EngineOptions {
  readonly path: string;
  readonly database: string;
  readonly maxMemoryBytes: number;
  /** Sessions to open, by purpose. The first is the one that creates the database. */
  readonly sessions: number;
}

/**
 * Opens the engine on its data directory and returns the sessions, each in our database. Then `default` is dropped: in chdb it
 * is an overlay over the file system that reads any file of the machine; it comes back at the next start. After that no
 * further session can be opened in this process, which is why all of them are opened here, first.
 */
export async function openEngine(options: EngineOptions): Promise<Session[]> {
  const path = resolve(options.path);
  await makeDirectory(path);
  const holder = await lockHolder(path);
  if (holder !== undefined) throw locked(path, holder);
  const configuration = join(path, 'engine.xml');
  await writeFile(configuration, engineConfiguration(options.maxMemoryBytes));
  const { Session: ChdbSession } = await loadChdb();
  const sessions: Session[] = [];
  try {
    for (let i = 0; i < options.sessions; i++) {
      sessions.push(new ChdbSession(path, i === 0 ? { connectionArgs: [`--config-file=${configuration}`] } : {}));
    }
    sessions[0]!.query(`CREATE DATABASE IF NOT EXISTS ${options.database} ENGINE = Atomic`);
    for (const session of sessions) session.query(`USE ${options.database}`);
    await repairDeduplicationLogs(sessions[0]!, path, options.database);
    sessions[0]!.query('DROP DATABASE IF EXISTS default');
  } catch (error) {
    for (const session of sessions) session.close();
    throw openFailure(error, path);
  }
  return sessions;
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new StoreError(
      'directory-not-writable',
      `cannot write to the data directory ${path} (${reason}); give this user write access to it, or choose another one with --data`,
      { cause: error },
    );
  }
}

async function loadChdb(): Promise<typeof import('chdb')> {
  try {
    return await import('chdb');
  } catch (error) {
    throw new StoreError(
      'engine-missing',
      'the embedded ClickHouse (npm package chdb) cannot be loaded; it exists for Linux with glibc and for macOS, on x64 and arm64. Run "npm ci" again without --omit=optional, or use a ClickHouse server',
      { cause: error },
    );
  }
}

function openFailure(error: unknown, path: string): StoreError {
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(
    'engine-failed',
    `the embedded ClickHouse does not open ${path}: ${message}. Its reason is on standard error; often another process has the directory open, or this one has another directory open`,
    { cause: error },
  );
}

function locked(path: string, holder: string): StoreError {
  return new StoreError(
    'directory-locked',
    `the data directory ${path} is in use by process ${holder}; stop that one, or choose another directory with --data`,
  );
}
