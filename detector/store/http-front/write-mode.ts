import type { ChdbStore } from '../chdb/chdb-store.js';
import { quoted } from '../chdb/spool.js';
import { type FrontRequest, RequestError } from './request.js';

/*
 * For tests that need a server to write to where no ClickHouse server is: statements that change something, and inserts with data in the body.
 * The bytes go through a file (inline data is unsafe in chdb). The front that people run never gets here (allowWrites).
 */
const INSERT = /^\s*INSERT\s+INTO\s+([A-Za-z_][\w.]*)\s*(\([^)]*\))?\s*FORMAT\s+(\w+)\s*$/i;
/** Settings of an insert that mean something to the engine; the rest steers HTTP. */
const INSERT_SETTINGS = /^(insert_|deduplicate_|async_insert$|parallel_view_processing$|min_insert_block_size_|max_partitions_)/;

export async function writeStatement(store: ChdbStore, request: FrontRequest): Promise<void> {
  const insert = INSERT.exec(request.sql);
  if (insert === null) {
    if (request.body.length > 0) throw new RequestError(400, 62, 'SYNTAX_ERROR', 'data behind a statement that is no INSERT … FORMAT …');
    return store.command(request.sql, request.params);
  }
  const [, table, columns = '', format] = insert;
  const settings = Object.entries(request.settings)
    .filter(([name]) => INSERT_SETTINGS.test(name) && /^\w+$/.test(name))
    .map(([name, value]) => `${name} = ${quoted(value)}`);
  const clause = settings.length === 0 ? '' : ` SETTINGS ${settings.join(', ')}`;
  await store.writeFrom(request.body, (infile) => `INSERT INTO ${table} ${columns} FROM INFILE ${infile}${clause} FORMAT ${format}`);
}
