import { formatAddress } from '../../flow/address.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import type { Finding } from './finding.js';
import { findingId } from './finding-id.js';
import type { Matter, Measurement } from './finding-sink.js';

/** What a finding is about: one peer and port, a measured thing, or all that had no room. */
export type FindingShape = 'peer' | 'measured' | 'overflow';

export interface Beginning {
  /** The record that makes the finding necessary. */
  readonly record: ObservedRecord;
  readonly matter: Matter;
  readonly shape: FindingShape;
  readonly port: number;
  readonly measured: Measurement | undefined;
}

/** A finding to which nothing was added yet. Its identity is decided here, and by nothing that depends on when or where it is made. */
export function beginFinding(claims: CompiledClaims, unit: string, { record, matter, shape, port, measured }: Beginning): Finding {
  const { periodFromMs, periodToMs } = measured ?? record;
  const fleet = claims.fleets[measured?.subject?.fleet ?? record.fleet]!.name;
  const asset = measured?.subject?.asset ?? record.asset;
  const withPeer = shape === 'peer' || (shape === 'measured' && measured?.peerPort !== undefined);
  const nameless = shape === 'overflow' || matter.absence === true || (matter.claim < 0 && !withPeer);
  const oneAsset = shape !== 'overflow' && matter.scope === 'member';
  const identity = {
    detection: matter.detection,
    claim: matter.claim < 0 ? '' : claims.claims[matter.claim]!.id,
    asset: shape === 'overflow' ? unit : oneAsset ? claims.assets[asset]!.name : fleet,
    peerAddress: withPeer ? formatAddress(record.peerBytes, record.peerOffset) : '::',
    protocol: withPeer ? record.protocol : 0,
    port: withPeer ? port : 0,
  };
  const place = withPeer ? claims.placeOf(record.peerBytes, record.peerOffset) : undefined;
  const part = shape === 'overflow' ? `${matter.part}overflow` : matter.part;
  // Every field by name, no spread: V8 then keeps the finding, and each copy of it, in one piece.
  return {
    detection: identity.detection,
    claim: identity.claim,
    asset: identity.asset,
    peerAddress: identity.peerAddress,
    protocol: identity.protocol,
    port: identity.port,
    id: findingId({ ...identity, claimsId: claims.id, part, periodFromMs }),
    revision: 0,
    severity: matter.severities[0],
    confidence: 0,
    fleet,
    assetAddress: oneAsset && asset === record.asset ? formatAddress(record.assetBytes, record.assetOffset) : '::',
    peerName: nameless ? '' : claims.nameOf(record.peerBytes, record.peerOffset),
    // The exporter's word goes before that of the location data.
    peerAsn: withPeer ? record.peerAsn || (place?.asn ?? 0) : 0,
    peerCountry: place?.country ?? '',
    initiator: 'unknown',
    completion: 'unknown',
    firstSeenMs: record.startMs,
    lastSeenMs: record.endMs,
    observed: 0,
    expected: 0,
    unit: measured?.unit ?? 'octets',
    windowFromMs: periodFromMs,
    windowToMs: periodToMs,
    sessions: 0,
    records: 0,
    octetsOut: 0,
    octetsIn: 0,
    packetsOut: 0,
    packetsIn: 0,
    rule: matter.rule,
    sentence: '',
    evidence: [],
    claimsHash: claims.hash,
  };
}
