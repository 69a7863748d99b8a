import type { ChdbResult, Session } from 'chdb';
import { StoreError } from '../store-error.js';
import type { QueryParams } from '../store-types.js';

/** Attempts to get a session's output clean; one was always enough. */
const rinseAttempts = 3;

/**
 * Runs one query on a session that nobody else uses meanwhile. Bound queries share one queue in chdb (its parameters are process-wide while a
 * query starts), so only those with parameters are bound.
 *
 * When a query fails after it began to write its result (a timeout, a limit, an exception in a row), chdb keeps what was written and puts it in front of the session's
 * next result: another caller would read rows that are not theirs (seen in 26.7.2). Hence the rinse.
 */
export async function execute(session: Session, sql: string, format: string, params: QueryParams = {}): Promise<ChdbResult> {
  try {
    return await (Object.keys(params).length === 0 ? session.queryAsync(sql, { format }) : session.queryBindAsync(sql, params, { format }));
  } catch (error) {
    await rinse(session);
    throw error;
  }
}

async function rinse(session: Session): Promise<void> {
  for (let attempt = 0; attempt < rinseAttempts; attempt++) {
    const result = await session.queryAsync("SELECT 'clean'", { format: 'TabSeparated' });
    if (result.text() === 'clean\n') return;
  }
  throw new StoreError(
    'engine-failed',
    'a session of the embedded ClickHouse does not come clean after a failed query; start the process again',
  );
}
