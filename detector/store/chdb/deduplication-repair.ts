import { open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from 'chdb';

/*
 * ClickHouse notes an insert's token in the table's deduplication log before it makes the part visible (MergeTreeSink: addPart, then
 * renameTempPartAndAdd). Killed between the two, the log knows a part that never came to be, and the repeated insert is taken for a duplicate:
 * its rows are lost in that table (seen once in some hundreds of kills). So entries without a part are taken out again at every start.
 *
 *   deduplication_logs/deduplication_log_N.txt:   1 ⇥ 20261203_17_17_1 ⇥ block id        1 added, 2 dropped
 *   part folder:                                  partition _ first block _ last block _ level [ _ mutation ]
 */
const PART = /^([^_]+)_(\d+)_(\d+)_\d+(?:_\d+)?$/;
const ADDED = '1';
const LOGS = 'deduplication_logs';

interface PartRange {
  readonly partition: string;
  readonly first: number;
  readonly last: number;
}

/**
 * Takes entries without a part out of the logs of all tables of `database`. Runs while the engine holds the directory's lock and before anything
 * is inserted; a table whose log changes is detached meanwhile, since the engine reads the log only when it loads the table. Returns the number of
 * entries taken out.
 */
export async function repairDeduplicationLogs(session: Session, path: string, database: string): Promise<number> {
  const tables = join(path, 'data', database);
  let removed = 0;
  for (const table of await entries(tables)) {
    const folder = join(tables, table);
    const logs = (await entries(join(folder, LOGS))).filter((name) => name.endsWith('.txt')).map((name) => join(folder, LOGS, name));
    if (logs.length === 0) continue;
    const parts = (await entries(folder)).map(partRange).filter((part) => part !== undefined);
    const phantoms = (await Promise.all(logs.map((log) => phantomLines(log, parts)))).flat().length;
    if (phantoms === 0) continue;
    removed += phantoms;
    session.query(`DETACH TABLE ${database}.${table} SYNC`);
    try {
      for (const log of logs) await removeLines(log, new Set(await phantomLines(log, parts)));
    } finally {
      session.query(`ATTACH TABLE ${database}.${table}`);
    }
  }
  return removed;
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // a new data directory, or a table without log
  }
}

function partRange(name: string): PartRange | undefined {
  const match = PART.exec(name);
  return match === null ? undefined : { partition: match[1]!, first: Number(match[2]), last: Number(match[3]) };
}

/** Lines that add a part which no part on disk is or covers (merges join neighbours). */
async function phantomLines(log: string, parts: readonly PartRange[]): Promise<string[]> {
  return (await readFile(log, 'utf8')).split('\n').filter((line) => {
    const [operation, name = ''] = line.split('\t');
    const part = partRange(name);
    if (operation !== ADDED || part === undefined) return false;
    return !parts.some(({ partition, first, last }) => partition === part.partition && first <= part.first && part.last <= last);
  });
}

async function removeLines(log: string, lines: ReadonlySet<string>): Promise<void> {
  if (lines.size === 0) return;
  const kept = (await readFile(log, 'utf8')).split('\n').filter((line) => !lines.has(line));
  const beside = `${log}.new`;
  const file = await open(beside, 'w');
  try {
    await file.writeFile(kept.join('\n'));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, log);
}
