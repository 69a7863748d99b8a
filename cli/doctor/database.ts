import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lockHolder } from '../../detector/store/chdb/lock.js';
import { readMigrations } from '../../detector/store/migrate.js';
import type { Store } from '../../detector/store/store.js';
import type { Config } from '../../flow/service/config.js';
import { formatDuration, formatTime, MINUTE_MS } from '../../flow/time.js';
import { formatCount } from '../render/text.js';
import type { ProcessStatus } from '../wiring/process-status.js';
import { configuredStore } from '../wiring/stores.js';
import { type Check, note, ok, wrong } from './check.js';
import { type StoredExporter, storedExporters } from './stored-exporters.js';

const SECTION = 'database';
/** A server whose clock differs by more cannot be compared with ours. */
const CLOCK_TOLERANCE_MS = 2000;

export interface DatabaseAnswer {
  readonly checks: readonly Check[];
  /** What the ledger of the last day says of exporters; undefined where it could not be asked. */
  readonly exporters: readonly StoredExporter[] | undefined;
}

/** Reads only: an embedded database that is in use or not there yet is left alone. */
export async function examineDatabase(config: Config, running: readonly ProcessStatus[], nowMs: number): Promise<DatabaseAnswer> {
  const isEmbedded = config.clickhouse.url === undefined;
  const folder = join(config.data, 'store');
  if (isEmbedded && !existsSync(folder)) {
    const remedy = 'cordon run or cordon store makes it';
    return { checks: [note(SECTION, 'embedded', `no database in ${folder} yet`, remedy)], exporters: undefined };
  }
  const holder = isEmbedded ? await lockHolder(folder) : undefined;
  if (holder !== undefined) return { checks: [inUse(folder, holder, running)], exporters: undefined };
  const store = configuredStore(config, 'keep');
  try {
    await store.start();
    const checks = [await reached(store, config), await migrations(store), await clock(store, nowMs)];
    const exporters = await storedExporters(store, nowMs);
    return { checks: [...checks, await newest(store, nowMs)], exporters };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy = isEmbedded
      ? 'see that the folder is whole and belongs to this user'
      : 'start the server, or correct clickhouse.url, user and password';
    return { checks: [wrong(SECTION, isEmbedded ? 'embedded' : config.clickhouse.url!, reason, remedy)], exporters: undefined };
  } finally {
    await store.close().catch(() => undefined);
  }
}

function inUse(folder: string, holder: string, running: readonly ProcessStatus[]): Check {
  const process = running.find(({ pid, store }) => String(pid) === holder && store !== undefined);
  if (process === undefined) {
    const remedy = 'wait until it ends (a replay?), or stop it; only one process can have an embedded database open';
    return note(SECTION, 'embedded', `${folder} is in use by process ${holder}, which tells nothing of itself`, remedy);
  }
  const rows = Object.entries(process.store!.topics).map(([topic, counters]) => `${formatCount(counters.rows)} ${topic}`);
  return ok(SECTION, 'embedded', `open in ${process.role} ${holder}, stored since its start: ${rows.join(', ')}`);
}

async function reached(store: Store, { clickhouse }: Config): Promise<Check> {
  return ok(SECTION, clickhouse.url ?? 'embedded', `ClickHouse ${await store.version()}`);
}

async function migrations(store: Store): Promise<Check> {
  const name = 'schema';
  const known = await readMigrations();
  const { rows: tables } = await store.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'",
  );
  const applied =
    tables.length === 0
      ? []
      : (await store.query<{ number: number; sha256: string }>('SELECT number, sha256 FROM schema_migrations FINAL ORDER BY number')).rows;
  const newest = applied.at(-1)?.number ?? 0;
  const changed = applied.find(({ number, sha256 }) => known[number - 1] !== undefined && known[number - 1]!.sha256 !== sha256);
  if (newest > known.length)
    return wrong(SECTION, name, `version ${newest}, this program knows ${known.length}`, 'use the newer program, or another database');
  if (changed !== undefined)
    return wrong(SECTION, name, `migration ${changed.number} is not the one of this program`, 'use the program that made the database');
  if (newest < known.length)
    return note(SECTION, name, `version ${newest} of ${known.length}`, 'the next start of cordon store or cordon run brings it up to date');
  return ok(SECTION, name, `version ${newest}, up to date`);
}

async function clock(store: Store, nowMs: number): Promise<Check> {
  const { rows } = await store.query<{ now: string }>('SELECT toString(toUnixTimestamp64Milli(now64(3))) AS now');
  const offset = Number(rows[0]?.now) - nowMs;
  const says = `differs from ours by ${formatDuration(Math.abs(offset))}`;
  return Math.abs(offset) <= CLOCK_TOLERANCE_MS ? ok(SECTION, 'clock', says) : wrong(SECTION, 'clock', says, 'set NTP on both machines');
}

/** What came in last: by the ledger, which has a row a minute as long as anything is heard. */
async function newest(store: Store, nowMs: number): Promise<Check> {
  const name = 'last minute';
  const { rows } = await store.query<{ minutes: string; last: string }>(
    'SELECT toString(count()) AS minutes, toString(toUnixTimestamp64Milli(max(minute))) AS last FROM coverage',
  );
  const last = Number(rows[0]?.last);
  if (Number(rows[0]?.minutes) === 0) return note(SECTION, name, 'nothing was stored yet', 'let an exporter send, or replay a capture');
  const age = nowMs - last;
  if (age < -10 * MINUTE_MS)
    return note(
      SECTION,
      name,
      `the ledger ends at ${formatTime(last)}, ahead of our clock`,
      'a recording was replayed, or an exporter’s clock is wrong',
    );
  const says = `the ledger ends at ${formatTime(last)}, ${formatDuration(Math.max(0, age))} ago`;
  return age <= 10 * MINUTE_MS ? ok(SECTION, name, says) : note(SECTION, name, says, 'see whether collector and store run');
}
