import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { BUS_SENSOR } from '../../coverage/bus-holes.js';
import type { QueryParams, Store } from '../store-types.js';
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
export function coverageMinutes(store: Store, { fromMs, toMs, sensors }: CoveragePeriod): Promise<CoverageMinute[]> {
  const where = allOf([IN_PERIOD, sensors !== undefined && OF_SENSORS]);
  return select(store, where, given({ fromMs, toMs, sensors }));
}

/**
 * What verdicts read: the minutes of the sensors, those of anybody that tell of datagrams missing (what the kernel dropped is attributed by them), and
 * holes in the bus, which may reach into the period from before.
 */
export async function coverageForVerdicts(store: Store, period: Required<CoveragePeriod>): Promise<CoverageMinute[]> {
  const { fromMs, toMs } = period;
  const missing = 'm.kernelDrops > 0 OR m.messagesLost > 0';
  const minutes = await select(store, `${IN_PERIOD} AND (${OF_SENSORS} OR ${missing}) AND m.sensor != {bus:String}`, {
    ...period,
    bus: BUS_SENSOR,
  });
  const overlapping =
    'm.lastMessageMilliseconds >= fromUnixTimestamp64Milli({fromMs:Int64}) AND m.firstMessageMilliseconds < fromUnixTimestamp64Milli({toMs:Int64})';
  const holes = await select(store, `m.sensor = {bus:String} AND ${overlapping}`, { fromMs, toMs, bus: BUS_SENSOR });
  return [...minutes, ...holes];
}

const IN_PERIOD = 'm.minute >= fromUnixTimestamp64Milli({fromMs:Int64}) AND m.minute < fromUnixTimestamp64Milli({toMs:Int64})';
const OF_SENSORS = 'has({sensors:Array(String)}, m.sensor)';

async function select(store: Store, where: string, params: QueryParams): Promise<CoverageMinute[]> {
  const { rows } = await store.query<Record<string, string | number>>(
    `SELECT ${selectList(COVERAGE_COLUMNS, 'm')} FROM coverage_minutes AS m WHERE ${where} ` +
      'ORDER BY m.sensor, m.minute, m.exporterIPv6Address, m.observationDomainId, m.exportProtocol',
    params,
  );
  return rows.map((row) => decodeRow(COVERAGE_COLUMNS, row));
}
