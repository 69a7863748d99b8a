import { formatAddress, parseAddress } from '../../../flow/address.js';
import { DAY_MS, HOUR_MS } from '../../../flow/time.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import { networkText } from '../../incidents/peer-group.js';
import {
  type Contact,
  type ContactView,
  compareContacts,
  type Meeting,
  MOST_PORTS,
  portKey,
  responderPortOf,
} from '../../watches/contacts.js';
import { LEARN_MS } from '../../watches/scene.js';
import type { Store } from '../store-types.js';
import { EVIDENCE, evidenceOfTuple, IS_SOURCE, OUT, OWN_PORT, PACKETS_OUT, PEER, PEER_PORT, ROW_ORDER } from './asset-sides.js';

/** Pairs that one question answers at most, the earliest. */
const MOST_PAIRS = 100_000;
/** An asset that met more peers in what is looked at is scanned, scans, or is no closed equipment: of its peers those count that others met too. */
const MOST_FRESH = 64;
/** First records of the last so much are read again: rows come late by less. */
const AGAIN_MS = 3 * HOUR_MS;
/** Pairs that one question asks about. */
const PAIRS_AT_ONCE = 500;

interface Pair {
  readonly asset: number;
  readonly peer: string;
}

/**
 * Whom the assets of a claim set met outside as the store has it: pairs by the hour from `asset_peers`, ports from `asset_peer_1h`, first records from `flows`.
 * Reading the same again adds what came late.
 */
export class StoredContacts implements ContactView {
  private readonly claims: CompiledClaims;
  private readonly assetOf: ReadonlyMap<string, number>;
  private readonly first = new Map<string, Contact>();
  private readonly metBy = new Map<number, readonly Meeting[]>();
  private readonly portsOf = new Map<number, ReadonlyMap<number, number>>();
  private fresh: ReadonlySet<string> = new Set();

  constructor(claims: CompiledClaims) {
    this.claims = claims;
    this.assetOf = new Map(claims.assets.map(({ name }, index) => [name, index]));
  }

  contacts(fromMs: number, untilMs: number): readonly Contact[] {
    return [...this.fresh]
      .flatMap((key) => this.first.get(key) ?? [])
      .filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)
      .sort(compareContacts);
  }

  meetings(fleet: number): readonly Meeting[] {
    return this.metBy.get(fleet) ?? [];
  }

  ports(fleet: number): ReadonlyMap<number, number> {
    return this.portsOf.get(fleet) ?? new Map();
  }

  /** Reads the contacts of [fromMs, untilMs). */
  async load(store: Store, fromMs: number, untilMs: number): Promise<void> {
    const pairs = worthALook(await this.freshPairs(store, fromMs, untilMs));
    this.fresh = new Set(pairs.map(keyOf));
    const unread = pairs.filter((pair) => !((this.first.get(keyOf(pair))?.atMs ?? Number.POSITIVE_INFINITY) < untilMs - AGAIN_MS));
    for (let at = 0; at < unread.length; at += PAIRS_AT_ONCE)
      await this.loadFirst(store, unread.slice(at, at + PAIRS_AT_ONCE), fromMs, untilMs);
  }

  /** Reads whom and what these fleets had to do with, ports since four weeks before `fromMs`. */
  async loadFleets(store: Store, fleets: readonly number[], fromMs: number): Promise<void> {
    for (const fleet of fleets) {
      const assets = this.claims.fleets[fleet]!.members.map((member) => this.claims.assets[member]!.name);
      this.metBy.set(fleet, await this.readMeetings(store, assets));
      this.portsOf.set(fleet, await readPorts(store, assets, fromMs - LEARN_MS));
    }
  }

  /** Pairs of an asset and a peer outside whose first record began in these hours. */
  private async freshPairs(store: Store, fromMs: number, untilMs: number): Promise<Pair[]> {
    const { rows } = await store.query<{ asset: string; peer: string }>(
      `SELECT p.asset AS asset, toString(p.peerAddress) AS peer, min(p.firstMet) AS met
       FROM asset_peers AS p GROUP BY p.asset, p.peerAddress
       HAVING met >= fromUnixTimestamp({from:Int64}) AND met < fromUnixTimestamp({until:Int64})
       ORDER BY met, asset, peer LIMIT ${MOST_PAIRS}`,
      { from: Math.floor(fromMs / HOUR_MS) * 3600, until: Math.ceil(untilMs / 1000) },
    );
    return rows.flatMap(({ asset, peer }) => this.pairOf(asset, peer) ?? []);
  }

  private pairOf(name: string, peerText: string): Pair | undefined {
    const asset = this.assetOf.get(name);
    const bytes = parseAddress(peerText);
    return asset === undefined || !this.claims.isOutside(bytes, 0) ? undefined : { asset, peer: formatAddress(bytes) };
  }

  private async loadFirst(store: Store, pairs: readonly Pair[], fromMs: number, untilMs: number): Promise<void> {
    const wanted = new Set(pairs.map(keyOf));
    const { rows } = await store.query<FirstRow>(
      `SELECT f.asset AS asset, toString(${PEER}) AS peer,
         argMin(tuple(greatest(toUnixTimestamp64Milli(f.flowStartMilliseconds), toUnixTimestamp64Milli(f.flowEndMilliseconds) - ${DAY_MS}),
           f.protocolIdentifier, ${OWN_PORT}, ${PEER_PORT}, multiIf(f.initiator = 'unknown', 0, (f.initiator = 'source') = (${IS_SOURCE}), 1, 2)), ${ROW_ORDER}) AS told,
         argMin(${EVIDENCE}, ${ROW_ORDER}) AS evidence
       FROM flows AS f
       WHERE f.asset IN ({assets:Array(String)}) AND f.assetSide != 'none'
         AND f.flowStartMilliseconds >= fromUnixTimestamp64Milli({fromMs:Int64}) AND f.flowStartMilliseconds < fromUnixTimestamp64Milli({untilMs:Int64})
         AND ${PEER} IN (SELECT arrayJoin(arrayMap(x -> toIPv6(x), {peers:Array(String)}))) AND (${OUT} > 0 OR ${PACKETS_OUT} > 0)
       GROUP BY f.asset, peer ORDER BY asset, peer`,
      {
        assets: [...new Set(pairs.map(({ asset }) => this.claims.assets[asset]!.name))],
        peers: [...new Set(pairs.map(({ peer }) => peer))],
        fromMs: Math.floor(fromMs / HOUR_MS) * HOUR_MS,
        untilMs,
      },
    );
    for (const row of rows) {
      const pair = this.pairOf(row.asset, row.peer);
      if (pair === undefined || !wanted.has(keyOf(pair))) continue;
      const [atMs, protocol, ownPort, peerPort, began] = Object.values(row.told).map(Number) as [number, number, number, number, number];
      const initiator = INITIATORS[began]!;
      const port = responderPortOf(protocol, initiator, ownPort, peerPort);
      this.first.set(keyOf(pair), { ...pair, protocol, port, initiator, atMs, evidence: evidenceOfTuple(row.evidence) });
    }
  }

  private async readMeetings(store: Store, assets: readonly string[]): Promise<Meeting[]> {
    const { rows } = await store.query<{ asset: string; peer: string; first: string | number; last: string | number }>(
      `SELECT p.asset AS asset, toString(p.peerAddress) AS peer, intDiv(toUnixTimestamp(min(p.firstMet)), 3600) AS first,
         intDiv(toUnixTimestamp(max(p.lastMet)), 3600) AS last
       FROM asset_peers AS p WHERE p.asset IN ({assets:Array(String)}) GROUP BY p.asset, p.peerAddress ORDER BY first, asset, peer LIMIT ${MOST_PAIRS}`,
      { assets },
    );
    return rows.flatMap(({ asset, peer, first, last }) => {
      const pair = this.pairOf(asset, peer);
      return pair === undefined ? [] : [{ ...pair, firstHour: Number(first), lastHour: Number(last) }];
    });
  }
}

const INITIATORS = ['unknown', 'asset', 'peer'] as const;

interface FirstRow {
  readonly asset: string;
  readonly peer: string;
  readonly told: readonly (string | number)[] | Readonly<Record<string, string | number>>;
  readonly evidence: readonly (string | number)[] | Readonly<Record<string, string | number>>;
}

async function readPorts(store: Store, assets: readonly string[], fromMs: number): Promise<Map<number, number>> {
  const { rows } = await store.query<{ protocol: number; port: number; first: string | number }>(
    `SELECT h.protocol AS protocol, h.port AS port, intDiv(toUnixTimestamp(min(h.bucket)), 3600) AS first
     FROM asset_peer_1h AS h WHERE h.asset IN ({assets:Array(String)}) AND h.bucket >= fromUnixTimestamp({from:Int64})
     GROUP BY h.protocol, h.port ORDER BY first, protocol, port LIMIT ${MOST_PORTS}`,
    { assets, from: Math.floor(fromMs / 1000) },
  );
  return new Map(rows.map(({ protocol, port, first }) => [portKey(Number(protocol), Number(port)), Number(first)]));
}

/** Pairs of assets that met few, and of places that several assets met. */
function worthALook(pairs: readonly Pair[]): Pair[] {
  const byAsset = new Map<number, number>();
  const byNetwork = new Map<string, Set<number>>();
  const networks = pairs.map(({ peer }) => networkText(peer));
  pairs.forEach(({ asset }, index) => {
    byAsset.set(asset, (byAsset.get(asset) ?? 0) + 1);
    const network = networks[index]!;
    const assets = byNetwork.get(network) ?? new Set();
    byNetwork.set(network, assets.add(asset));
  });
  return pairs.filter(({ asset }, index) => byAsset.get(asset)! <= MOST_FRESH || byNetwork.get(networks[index]!)!.size > 1);
}

function keyOf({ asset, peer }: Pair): string {
  return `${asset} ${peer}`;
}
