import type { Store } from '../../detector/store/store.js';
import { DAY_MS } from '../../flow/time.js';

/** What the ledger in the database says of one exporter over the last day. */
export interface StoredExporter {
  readonly sensor: string;
  readonly exporter: string;
  readonly domain: number;
  readonly protocol: string;
  readonly lastSeenMs: number;
  readonly minutes: number;
  readonly messages: number;
  readonly records: number;
  readonly lostMessages: number;
  readonly lostRecords: number;
  readonly undecodable: number;
  readonly malformed: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly restarts: number;
  readonly templatesMissing: number;
  readonly templatesChanged: number;
  readonly kernelDrops: number;
  readonly quarantined: number;
  readonly samplingInterval: number;
  readonly clockOffsetMs: number | null;
  readonly silentMs: number;
}

const MAX_ROWS = 1000;

/** Sums of the ledger's minutes of the day before `nowMs`, by exporter; empty where there is no ledger yet. At most MAX_ROWS. */
export async function storedExporters(store: Store, nowMs: number): Promise<StoredExporter[]> {
  const { rows: tables } = await store.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND name = 'coverage_minutes'",
  );
  if (tables.length === 0) return [];
  const { rows: columns } = await store.query<{ name: string }>(
    "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'coverage_minutes'",
  );
  const known = new Set(columns.map(({ name }) => name));
  // A database of an earlier version has fewer columns.
  const sum = (column: string): string => (known.has(column) ? `toFloat64(sum(${column}))` : 'toFloat64(0)');
  const { rows } = await store.query<StoredExporter & { exporter: string }>(
    `SELECT sensor, toString(exporterIPv6Address) AS exporter, observationDomainId AS domain, exportProtocol AS protocol,
       toFloat64(toUnixTimestamp64Milli(max(lastMessageMilliseconds))) AS lastSeenMs, toFloat64(count()) AS minutes,
       ${sum('messagesReceived')} AS messages, ${sum('recordsReceived')} AS records,
       ${sum('messagesLost')} AS lostMessages, ${sum('recordsLost')} AS lostRecords,
       ${sum('recordsUndecodable')} AS undecodable, ${sum('messagesMalformed')} AS malformed,
       ${sum('messagesDuplicate')} AS duplicates, ${sum('messagesRefused')} AS refused, ${sum('restarts')} AS restarts,
       ${sum('templatesMissing')} AS templatesMissing, ${sum('templatesChanged')} AS templatesChanged,
       ${sum('kernelDrops')} AS kernelDrops, ${sum('messagesQuarantined')} AS quarantined,
       toFloat64(max(samplingInterval)) AS samplingInterval, ${sum('silentMilliseconds')} AS silentMs,
       if(countIf(NOT isNaN(clockOffsetMilliseconds)) = 0, NULL, minIf(clockOffsetMilliseconds, NOT isNaN(clockOffsetMilliseconds))) AS clockOffsetMs
     FROM coverage_minutes WHERE minute >= fromUnixTimestamp64Milli({fromMs:Int64})
     GROUP BY sensor, exporterIPv6Address, observationDomainId, exportProtocol ORDER BY sensor, exporter, domain, protocol LIMIT ${MAX_ROWS}`,
    { fromMs: nowMs - DAY_MS },
  );
  return rows.map((row) => ({ ...row, exporter: row.exporter.replace(/^::ffff:(?=\d+\.)/, '') }));
}
