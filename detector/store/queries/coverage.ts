import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import type { Store } from '../store-types.js';
import { allOf, decodeRow, given, type RowOf, selectList } from './rows.js';

export type CoverageMinute = RowOf<typeof COVERAGE_COLUMNS>;

export interface CoveragePeriod {
  /** [fromMs, toMs), by the start of the minute. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Names; left out: all. */
  readonly sensors?: readonly string[];
}

/** The ledger's minutes in the order of sensor and time, deltas added up. A sensor that was silent has no rows. */
export async function coverageMinutes(store: Store, { fromMs, toMs, sensors }: CoveragePeriod): Promise<CoverageMinute[]> {
  const where = allOf([
    'm.minute >= fromUnixTimestamp64Milli({fromMs:Int64})',
    'm.minute < fromUnixTimestamp64Milli({toMs:Int64})',
    sensors !== undefined && 'has({sensors:Array(String)}, m.sensor)',
  ]);
  const { rows } = await store.query<Record<string, string | number>>(
    `SELECT ${selectList(COVERAGE_COLUMNS, 'm')} FROM coverage_minutes AS m WHERE ${where} ` +
      'ORDER BY m.sensor, m.minute, m.exporterIPv6Address, m.observationDomainId, m.exportProtocol',
    given({ fromMs, toMs, sensors }),
  );
  return rows.map((row) => decodeRow(COVERAGE_COLUMNS, row));
}
