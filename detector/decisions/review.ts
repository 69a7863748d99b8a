import { parseAddress } from '../../flow/address.js';
import { DAY_MS, HOUR_MS } from '../../flow/time.js';
import type { CompiledClaims, PeerFacts } from '../claims/compiled.js';
import { planFor } from '../detections/claims/claim-plan.js';
import { Began } from '../detections/observed-record.js';
import type { Store } from '../store/store-types.js';
import type { Decision } from './decision.js';
import { DecisionError } from './request.js';
import { isInPrefix } from './scope.js';

/** LEARN: the warm-up runs. REVIEW: it has learned, and nobody has approved. PROTECT: approved. */
export const LEARNING_STATES = ['LEARN', 'REVIEW', 'PROTECT'] as const;
export type LearningState = (typeof LEARNING_STATES)[number];

/** What one asset exchanged with a peer that no claim admits and none forbids. */
export interface UnclaimedRelation {
  readonly peer: string;
  /** On the internet, in no declared set. */
  readonly outside: boolean;
  /** Accepted by the last approval; always false inside, where nothing needs to be accepted one by one. */
  readonly accepted: boolean;
  readonly protocol: number;
  /** Responder's port. */
  readonly port: number;
  /** Whole hours. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly records: number;
  readonly octetsOut: number;
  readonly octetsIn: number;
}

export interface AssetReview {
  readonly asset: string;
  readonly fleet: string;
  readonly state: LearningState;
  /** First hour with records, and when the warm-up ends. */
  readonly firstMs: number;
  readonly learnedMs: number;
  readonly approval: Decision | undefined;
  /** Outside peers first, then the latest. */
  readonly unclaimed: readonly UnclaimedRelation[];
}

/** Relations that one question reads. */
const MAX_RELATIONS = 500_000;
const NO_FACTS: PeerFacts = new Set();
/** As AssetTimes has it. */
const PAUSE_DAYS = 7;

/**
 * What assets have learned, from what is stored: the same claims that judge decide which peers are unclaimed. `asset` left out: every asset with records. A peer that a claim admits
 * by its DNS name alone is unclaimed here, since hours of traffic are stored without names. Throws DecisionError where there is more than is read.
 */
export async function reviewsOf(
  store: Store,
  sets: readonly CompiledClaims[],
  decisions: readonly Decision[],
  warmUpMs: number,
  asset?: string,
): Promise<AssetReview[]> {
  const where = asset === undefined ? 'true' : 'h.asset = {asset:String}';
  const { rows } = await store.query<Record<string, string>>(
    `SELECT h.asset AS asset, h.peerAddress AS peer, h.protocol AS protocol, h.port AS port,
       toUnixTimestamp(min(h.bucket)) AS first, toUnixTimestamp(max(h.bucket)) AS last,
       sum(h.records) AS recordCount, sum(h.octetsOut) AS sent, sum(h.octetsIn) AS received
     FROM asset_peer_1h AS h WHERE ${where} GROUP BY asset, peer, protocol, port ORDER BY asset, peer, protocol, port LIMIT ${MAX_RELATIONS}`,
    asset === undefined ? {} : { asset },
  );
  if (rows.length === MAX_RELATIONS) throw new DecisionError('the assets have more relations than are read at once; name one asset');
  const { rows: newest } = await store.query<{ newest: string }>('SELECT toUnixTimestamp(max(h.bucket)) AS newest FROM asset_peer_1h AS h');
  const newestMs = Number(newest[0]?.newest ?? 0) * 1000 + HOUR_MS;
  const places = new Map(
    sets.flatMap((claims) =>
      claims.assets.filter(({ auxiliary }) => !auxiliary).map(({ name, fleet }) => [name, { claims, fleet }] as const),
    ),
  );
  const paused = await pausesOf(store, where, asset);
  const byAsset = new Map<string, Record<string, string>[]>();
  for (const row of rows) {
    const list = byAsset.get(row.asset!);
    if (list === undefined) byAsset.set(row.asset!, [row]);
    else list.push(row);
  }
  return [...byAsset].flatMap(([name, relations]) => {
    const place = places.get(name);
    if (place === undefined) return [];
    const { claims, fleet } = place;
    const approval = decisions.findLast((decision) => decision.verb === 'approve' && decision.asset === name);
    const firstMs = Math.min(...relations.map(({ first }) => Number(first) * 1000));
    const learnedMs = firstMs + (paused.get(name) ?? 0) + warmUpMs;
    const state = approval !== undefined ? 'PROTECT' : newestMs < learnedMs ? 'LEARN' : 'REVIEW';
    const unclaimed = relations.flatMap((row) => relationOf(row, claims, fleet, approval) ?? []);
    unclaimed.sort((a, b) => Number(b.outside) - Number(a.outside) || b.lastMs - a.lastMs || (a.peer < b.peer ? -1 : 1));
    return [{ asset: name, fleet: claims.fleets[fleet]!.name, state, firstMs, learnedMs, approval, unclaimed }];
  });
}

/**
 * How long (ms) each asset paused for more than a week: no time in which it was learned, as AssetTimes has it, here by days. A pause counts once there are records of two days after it: what follows it
 * within a day may be of a clock that is ahead.
 */
async function pausesOf(store: Store, where: string, asset: string | undefined): Promise<ReadonlyMap<string, number>> {
  const { rows } = await store.query<{ asset: string; days: string | number }>(
    `SELECT d.asset AS asset, arraySum(i -> if(d.days[i] - d.days[i - 1] > ${PAUSE_DAYS} AND d.days[-1] > d.days[i], d.days[i] - d.days[i - 1], 0), range(2, length(d.days) + 1)) AS days
     FROM (SELECT h.asset AS asset, arraySort(groupUniqArray(toInt32(toRelativeDayNum(h.bucket)))) AS days FROM asset_peer_1h AS h WHERE ${where} GROUP BY asset) AS d
     WHERE days > 0`,
    asset === undefined ? {} : { asset },
  );
  return new Map(rows.map((row) => [row.asset, Number(row.days) * DAY_MS]));
}

/** Undefined where a claim speaks of it: it admits it, or it is broken by it. */
function relationOf(
  row: Record<string, string>,
  claims: CompiledClaims,
  fleet: number,
  approval: Decision | undefined,
): UnclaimedRelation | undefined {
  const bytes = parseAddress(row.peer!);
  const [protocol, port] = [Number(row.protocol), Number(row.port)];
  const peer = { atom: claims.atomOf(bytes, 0), facts: NO_FACTS };
  for (const began of [Began.asset, Began.peer]) {
    const { admission, steps } = planFor(claims, fleet, peer, protocol, port, began);
    if (admission.always || admission.windows.length > 0 || steps.some(({ undecided }) => undecided === undefined)) return undefined;
  }
  const address = row.peer!.replace(/^::ffff:(?=\d+\.)/, '');
  const outside = claims.isOutside(bytes, 0);
  return {
    ...{ peer: address, outside, protocol, port, firstMs: Number(row.first) * 1000, lastMs: Number(row.last) * 1000 },
    ...{ records: Number(row.recordCount), octetsOut: Number(row.sent), octetsIn: Number(row.received) },
    accepted: outside && (approval?.accepted ?? []).some((prefix) => isInPrefix(address, prefix)),
  };
}
