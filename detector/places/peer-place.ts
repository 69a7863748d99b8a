import { ADDRESS_BYTES } from '../../flow/address.js';
import { ColumnBatch } from '../../flow/batch.js';
import type { ColumnTable } from '../../flow/column-kinds.js';

/** Whose the address is: the internet's, or a special-purpose block's (private, link-local, multicast), which lies in no country and no AS. */
export const PLACE_SCOPES = ['internet', 'special'] as const;
export type PlaceScope = (typeof PLACE_SCOPES)[number];

/** Which location data told a place: sha256 of the files, '' where none is configured. */
export interface PlaceSources {
  readonly countryData: string;
  readonly asnData: string;
}

/** Where a peer is, as the location data of the operator tells it. */
export interface Place {
  readonly scope: PlaceScope;
  /** Two capital letters (ISO 3166-1); '' where the data does not tell. */
  readonly country: string;
  /** 0 where the data does not tell. */
  readonly asn: number;
  /** Name of the AS where the data has names; '' else. */
  readonly asName: string;
}

export const PEER_PLACE_COLUMNS = {
  peerAddress: { kind: 'address', meaning: 'the other end' },
  scope: { kind: 'enum', values: PLACE_SCOPES, meaning: 'special: private, link-local, multicast and the like, in no country and no AS' },
  country: { kind: 'symbol', meaning: 'two letters, empty when the location data does not tell' },
  asn: { kind: 'u32', meaning: 'AS number, 0 when the location data does not tell' },
  asName: { kind: 'text', meaning: 'name of the AS, empty when the location data has none' },
  countryData: { kind: 'symbol', meaning: 'sha256 of the location data that was asked for the country, empty for none' },
  asnData: { kind: 'symbol', meaning: 'sha256 of the location data that was asked for the AS number, empty for none' },
  located: { kind: 'time', meaning: 'when it was looked up; the latest is current' },
} as const satisfies ColumnTable;

/** Rows of places, as they are stored. */
export type PeerPlaceBatch = ColumnBatch<typeof PEER_PLACE_COLUMNS>;

export function createPeerPlaceBatch(capacity?: number): PeerPlaceBatch {
  return new ColumnBatch(PEER_PLACE_COLUMNS, capacity);
}

/** Appends the place of the peer (16 bytes) as one row, looked up at `locatedMs`. */
export function addPeerPlace(batch: PeerPlaceBatch, peer: Uint8Array, place: Place, sources: PlaceSources, locatedMs: number): void {
  const row = batch.add();
  const { columns } = batch;
  columns.peerAddress.bytes.set(peer, row * ADDRESS_BYTES);
  columns.scope[row] = PLACE_SCOPES.indexOf(place.scope);
  columns.country.codes[row] = columns.country.dictionary.intern(place.country);
  columns.asn[row] = place.asn;
  columns.asName[row] = place.asName;
  columns.countryData.codes[row] = columns.countryData.dictionary.intern(sources.countryData);
  columns.asnData.codes[row] = columns.asnData.dictionary.intern(sources.asnData);
  columns.located[row] = locatedMs;
}
