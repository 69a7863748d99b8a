import { createHash } from 'node:crypto';
import { parseAddress } from '../../../flow/address.js';
import { encodeBlock } from '../../../flow/native/block.js';
import { addPeerPlace, createPeerPlaceBatch } from '../../places/peer-place.js';
import type { PlaceFinder } from '../../places/place-finder.js';
import type { Store } from '../store-types.js';

/** Peers that are looked up and written at a time. */
const PEERS_PER_ROUND = 10_000;
/** Bound of one call: a scan from a million addresses is located over ten calls. */
const MOST_ROUNDS = 10;

/**
 * Stores where peers are that were not located yet, or by other location data than the finder's: at most 100 000 a call. Returns how many.
 * Throws StoreError, and ClaimsError where the location data is damaged.
 */
export async function locatePeers(
  store: Store,
  finder: PlaceFinder,
  nowMs: number,
  { perRound = PEERS_PER_ROUND, mostRounds = MOST_ROUNDS }: { readonly perRound?: number; readonly mostRounds?: number } = {},
): Promise<number> {
  let located = 0;
  let after: string | undefined;
  for (let round = 0; round < mostRounds; round++) {
    const peers = await peersToLocate(store, finder, after, perRound);
    if (peers.length === 0) break;
    const batch = createPeerPlaceBatch(peers.length);
    for (const peer of peers) {
      const bytes = parseAddress(peer);
      addPeerPlace(batch, bytes, finder.placeOf(bytes), finder.sources, nowMs);
    }
    const block = encodeBlock(batch);
    await store.insertNative('peer_places', [block], `peer_places:${createHash('sha256').update(block).digest('hex')}`);
    located += peers.length;
    after = peers.at(-1);
    if (peers.length < perRound) break;
  }
  return located;
}

/** The next of them by address: a call goes through the peers once, whatever the rows that it writes come to. */
async function peersToLocate(store: Store, { sources }: PlaceFinder, after: string | undefined, most: number): Promise<string[]> {
  // FINAL: of a peer that was located by other data in between, the latest row counts.
  const { rows } = await store.query<{ peer: string }>(
    `SELECT DISTINCT peerAddress AS peer FROM asset_peers
     WHERE peerAddress NOT IN (SELECT peerAddress FROM peer_places FINAL WHERE countryData = {country:String} AND asnData = {asn:String})
       ${after === undefined ? '' : 'AND peerAddress > toIPv6({after:String})'}
     ORDER BY peerAddress LIMIT {most:UInt32}`,
    { country: sources.countryData, asn: sources.asnData, most, ...(after === undefined ? {} : { after }) },
  );
  return rows.map(({ peer }) => peer);
}
