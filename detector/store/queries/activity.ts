import { formatAddress, parseAddress } from '../../../flow/address.js';
import { HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import { type ActivityView, AssetMinutes, toldSince } from '../../watches/activity.js';
import { type InboundSession, VISIT_HISTORY_MS, VISIT_MS } from '../../watches/inbound.js';
import type { MinuteBits } from '../../watches/minute-bits.js';
import type { Store } from '../store-types.js';
import { EVIDENCE, evidenceOfTuple, IN, IS_SOURCE, OUT, OWN_PORT, PEER, PEER_PORT, ROW_ORDER } from './asset-sides.js';
import { StoredContacts } from './contacts.js';

/** Rows that one question answers at most: a store bounds its results. */
const HOURS_AT_ONCE = 200_000;
/** Sessions before one silence that are looked at, the latest. */
const MOST_SESSIONS = 64;

/** A silence whose beginning is looked at: who called the asset before it. */
export interface Moment {
  readonly asset: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Activity of a claim set's assets as the store has it, for watches: minutes of [fromMs, untilMs) from `asset_activity`, sessions from `flows` where they were
 * asked for (`loadInbound`), whom they met outside by `contacts`. Reading the same hours again adds what came late.
 */
export class StoredActivity implements ActivityView {
  newestMs = Number.NEGATIVE_INFINITY;
  readonly contacts: StoredContacts;
  private readonly names: readonly string[];
  private readonly assetOf: ReadonlyMap<string, number>;
  private readonly minutes = new Map<number, AssetMinutes>();
  private readonly sessions = new Map<string, readonly InboundSession[]>();

  constructor(claims: CompiledClaims) {
    this.names = claims.assets.map(({ name }) => name);
    this.assetOf = new Map(this.names.map((name, index) => [name, index]));
    this.contacts = new StoredContacts(claims);
  }

  active(asset: number): MinuteBits {
    return (this.minutes.get(asset) ?? NOTHING).active;
  }

  sensors(asset: number): ReadonlyMap<string, number> {
    return (this.minutes.get(asset) ?? NOTHING).sensors;
  }

  inbound(asset: number, fromMs: number, toMs: number): readonly InboundSession[] {
    return this.sessions.get(keyOf({ asset, fromMs, toMs })) ?? [];
  }

  toldSince(sensor: string): number {
    return toldSince(this.minutes.values(), sensor);
  }

  /** Reads the hours of [fromMs, untilMs); those that were read before may be read again. */
  async load(store: Store, fromMs: number, untilMs: number): Promise<void> {
    const fromHour = Math.floor(fromMs / HOUR_MS);
    const untilHour = Math.ceil(untilMs / HOUR_MS);
    const step = Math.max(1, Math.floor(HOURS_AT_ONCE / Math.max(1, this.names.length)));
    for (let hour = fromHour; hour < untilHour; hour += step) await this.loadHours(store, hour, Math.min(untilHour, hour + step));
  }

  /** Reads who had sessions with these assets in these times, so that `inbound` can tell. */
  async loadInbound(store: Store, moments: readonly Moment[]): Promise<void> {
    for (const moment of moments) {
      const key = keyOf(moment);
      if (!this.sessions.has(key)) this.sessions.set(key, await readSessions(store, this.names[moment.asset]!, moment));
    }
  }

  private async loadHours(store: Store, fromHour: number, untilHour: number): Promise<void> {
    const { rows } = await store.query<{ asset: string; sensor: string; hour: string | number; minutes: string | number }>(
      `SELECT a.asset AS asset, a.sensor AS sensor, intDiv(toUnixTimestamp(a.hour), 3600) AS hour, groupBitOr(a.minutes) AS minutes
       FROM asset_activity AS a
       WHERE a.hour >= fromUnixTimestamp({from:Int64}) AND a.hour < fromUnixTimestamp({until:Int64})
       GROUP BY a.asset, a.sensor, a.hour ORDER BY hour, asset, sensor`,
      { from: fromHour * 3600, until: untilHour * 3600 },
    );
    for (const row of rows) {
      const asset = this.assetOf.get(row.asset);
      if (asset === undefined) continue;
      const minutes = this.minutes.get(asset) ?? new AssetMinutes();
      this.minutes.set(asset, minutes);
      const first = Number(row.hour) * 60;
      minutes.addHour(row.sensor, first, BigInt(row.minutes));
      const last = minutes.active.lastSetBefore(first + 60);
      this.newestMs = Math.max(this.newestMs, (last + 1) * MINUTE_MS);
    }
  }
}

const NOTHING = new AssetMinutes();

function keyOf({ asset, fromMs, toMs }: Moment): string {
  return `${asset} ${fromMs} ${toMs}`;
}

interface SessionRow {
  readonly peer: string;
  readonly protocol: number;
  readonly port: number;
  readonly startMs: string | number;
  readonly lastMs: string | number;
  readonly octetsIn: string | number;
  readonly octetsOut: string | number;
  readonly records: string | number;
  readonly visits: string | number;
  readonly first: readonly (string | number)[];
}

/** As InboundBook (watches/inbound.ts) tells them; here what one peer did on one port in the time is one session, however long it paused. */
async function readSessions(store: Store, asset: string, { fromMs, toMs }: Moment): Promise<InboundSession[]> {
  const { rows } = await store.query<SessionRow>(
    `WITH sessions AS (
       SELECT ${PEER} AS peer, f.protocolIdentifier AS protocol, ${OWN_PORT} AS port,
         min(toUnixTimestamp64Milli(f.flowStartMilliseconds)) AS startMs,
         max(toUnixTimestamp64Milli(f.flowEndMilliseconds)) AS endMs,
         maxIf(toUnixTimestamp64Milli(f.flowEndMilliseconds), ${OUT} > 0) AS answeredMs,
         sum(${IN}) AS octetsIn, sum(${OUT}) AS octetsOut, count() AS records,
         argMin(${EVIDENCE}, ${ROW_ORDER}) AS first
       FROM flows AS f
       WHERE f.asset = {asset:String} AND f.flowStartMilliseconds <= fromUnixTimestamp64Milli({toMs:Int64})
         AND f.flowStartMilliseconds >= fromUnixTimestamp64Milli({dayMs:Int64}) AND f.flowEndMilliseconds >= fromUnixTimestamp64Milli({fromMs:Int64}) AND ${PEER_BEGAN}
       GROUP BY peer, protocol, port
       ORDER BY endMs DESC LIMIT ${MOST_SESSIONS}
     ), visits AS (
       SELECT m.peerAddress AS peer, m.protocol AS protocol, m.port AS port, uniqExact(intDiv(toUnixTimestamp(m.bucket), {visitSeconds:Int64})) AS visits
       FROM asset_peer_1m AS m
       WHERE m.asset = {asset:String} AND m.bucket >= fromUnixTimestamp({historySeconds:Int64}) AND m.bucket <= fromUnixTimestamp({toSeconds:Int64})
       GROUP BY peer, protocol, port
     )
     SELECT toString(s.peer) AS peer, s.protocol AS protocol, s.port AS port, s.startMs AS startMs, if(s.answeredMs > 0, s.answeredMs, s.endMs) AS lastMs,
       s.octetsIn AS octetsIn, s.octetsOut AS octetsOut, s.records AS records, greatest(v.visits, 1) AS visits, s.first AS first
     FROM sessions AS s LEFT JOIN visits AS v ON v.peer = s.peer AND v.protocol = s.protocol AND v.port = s.port
     ORDER BY lastMs, startMs, peer`,
    {
      asset,
      fromMs,
      toMs,
      dayMs: fromMs - 24 * HOUR_MS,
      visitSeconds: VISIT_MS / 1000,
      historySeconds: Math.floor((toMs - VISIT_HISTORY_MS) / 1000),
      toSeconds: Math.floor(toMs / 1000),
    },
  );
  return rows
    .map((row) => ({
      peer: formatAddress(parseAddress(row.peer)),
      protocol: Number(row.protocol),
      port: Number(row.port),
      startMs: Number(row.startMs),
      endMs: Number(row.lastMs),
      octetsIn: Number(row.octetsIn),
      octetsOut: Number(row.octetsOut),
      records: Number(row.records),
      visits: Number(row.visits),
      evidence: evidenceOfTuple(row.first),
    }))
    .filter(({ endMs }) => endMs >= fromMs);
}

/** As activity.ts has it: told by the record, else who has the lower port answers. */
const PEER_BEGAN = `f.assetSide != 'none' AND multiIf(f.initiator = 'unknown', ${OWN_PORT} != 0 AND ${OWN_PORT} < ${PEER_PORT}, ${IS_SOURCE}, f.initiator = 'destination', f.initiator = 'source')`;
