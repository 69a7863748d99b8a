import { MINUTE_MS } from '../../flow/time.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { CoverageMinute } from '../coverage/observed-time.js';
import { DEFAULT_ACTIVE_TIMEOUT_MS } from '../coverage/verdict.js';
import type { ActivityView } from './activity.js';
import { MinuteBits } from './minute-bits.js';
import { type Sight, type StoredRecords, sightOf } from './sensor-sight.js';
import { WeekSlots } from './week-slots.js';

/** A sensor that told of an asset in fewer hours than this share of the busiest one's is not what the asset is seen by. */
const MAIN_SHARE = 0.1;
/** Active timeout of our own meter, which reads captures. */
const METER_TIMEOUT_MS = MINUTE_MS;

export interface SceneFacts {
  readonly claims: CompiledClaims;
  readonly activity: ActivityView;
  /** Rows of `coverage_minutes` from four weeks before `fromMs` on; undefined: nothing is known of the sensors, and they are taken to have seen everything. */
  readonly ledger: readonly CoverageMinute[] | undefined;
  /** How many rows are stored; left out: all that the ledger has handed on. */
  readonly stored?: StoredRecords;
  /** What began in [fromMs, untilMs) is reported; all telemetry up to `untilMs` of record time is there. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Of every watch, by its id and name: some look at what others find. */
  readonly parameters: WatchParameters;
}

export type WatchParameters = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** How far back the ledger and the activity are read to learn what is usual. */
export const LEARN_MS = 28 * 86_400_000;

/** What watches look at: a part of time, with the assets' activity and the sensors' sight. Nothing in it changes. */
export class Scene {
  readonly claims: CompiledClaims;
  readonly activity: ActivityView;
  readonly sight: Sight | undefined;
  readonly slots: WeekSlots;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly parameters: WatchParameters;
  private readonly unknownBy = new Map<string, MinuteBits>();
  private readonly toldSinceBy = new Map<string, number>();

  constructor({ claims, activity, ledger, stored, fromMs, untilMs, parameters }: SceneFacts) {
    this.claims = claims;
    this.activity = activity;
    this.sight = ledger === undefined ? undefined : sightOf(ledger, fromMs - LEARN_MS, untilMs, stored);
    this.slots = new WeekSlots(claims.timezone);
    this.fromMs = fromMs;
    this.untilMs = untilMs;
    this.parameters = parameters;
  }

  /** Names of the sensors that the asset is seen by, sorted. */
  sensorsOf(asset: number): string[] {
    const hours = this.activity.sensors(asset);
    const most = Math.max(0, ...hours.values());
    return [...hours]
      .filter(([, count]) => count >= MAIN_SHARE * most)
      .map(([name]) => name)
      .sort();
  }

  /** The first hour (since the epoch) in which the sensor told of any asset; infinite where it never did. */
  toldSince(sensor: string): number {
    const hour = this.toldSinceBy.get(sensor) ?? this.activity.toldSince(sensor);
    this.toldSinceBy.set(sensor, hour);
    return hour;
  }

  /** Minutes in which these sensors cannot say that an asset was silent; undefined where one of them is not in the ledger. */
  unknownOf(sensors: readonly string[]): MinuteBits | undefined {
    if (this.sight === undefined) return NOTHING_UNKNOWN;
    const key = sensors.join('\n');
    const known = this.unknownBy.get(key);
    if (known !== undefined) return known;
    const all = new MinuteBits();
    for (const name of sensors) {
      const sensor = this.sight.sensors.get(name);
      if (sensor === undefined) return undefined;
      all.add(sensor.unknown);
    }
    this.unknownBy.set(key, all);
    return all;
  }

  /** The longest that a record of these sensors may tell of, in ms: how long a session that goes on may be out of sight. */
  activeTimeoutMs(sensors: readonly string[]): number {
    return Math.max(0, ...sensors.map((name) => this.timeoutOf(name)));
  }

  private timeoutOf(name: string): number {
    const declared = this.claims.sensors.find((sensor) => sensor.name === name);
    if (declared !== undefined && declared.activeTimeoutMs > 0) return declared.activeTimeoutMs;
    if (declared?.kind === 'pcap' || this.sight?.sensors.get(name)?.capture === true) return METER_TIMEOUT_MS;
    // Samples of packets are sent as they are taken: nothing is held back.
    if (declared?.kind === 'sflow5') return 0;
    return DEFAULT_ACTIVE_TIMEOUT_MS;
  }
}

const NOTHING_UNKNOWN = new MinuteBits();
