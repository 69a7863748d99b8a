import { formatAddress, parseAddress } from '../../flow/address.js';
import type { CompiledClaims, Severity } from '../claims/compiled.js';
import type { EvidenceRow, Finding } from '../findings/finding.js';
import { findingId } from '../findings/finding-id.js';

/** What a watch says of one finding; what is left out is 0, '' or '::'. */
export interface WatchFinding {
  readonly detection: string;
  /** Tells apart findings of one watch about the same asset and period. */
  readonly part?: string;
  readonly fleet: string;
  /** Name of the asset, the fleet or the sensor. */
  readonly asset: string;
  readonly assetAddress?: string;
  readonly peerAddress?: string;
  readonly peerName?: string;
  readonly protocol?: number;
  readonly port?: number;
  readonly initiator?: Finding['initiator'];
  readonly completion?: Finding['completion'];
  readonly severity: Severity;
  readonly confidence: number;
  /** Begin of the calendar period that it is filed under is that of this instant. */
  readonly atMs: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly observed: number;
  readonly expected: number;
  readonly unit: string;
  readonly windowFromMs: number;
  readonly windowToMs: number;
  readonly sessions?: number;
  /** Never 0, which would withdraw it: records that it rests on, or the ledger's rows. */
  readonly records: number;
  readonly octetsOut?: number;
  readonly octetsIn?: number;
  readonly rule: string;
  readonly sentence: string;
  readonly evidence?: readonly EvidenceRow[];
}

/** The finding with its identity: claim file, watch, part, asset, peer and calendar period, as everywhere (finding-id.ts). */
export function watchFinding(claims: CompiledClaims, said: WatchFinding): Finding {
  const { detection, part = '', asset, peerAddress = '::', protocol = 0, port = 0 } = said;
  const { fromMs: periodFromMs } = claims.periodOf(said.atMs);
  const place = peerAddress === '::' ? undefined : claims.placeOf(parseAddress(peerAddress), 0);
  return {
    id: findingId({ claimsId: claims.id, detection, claim: '', part, asset, peerAddress, protocol, port, periodFromMs }),
    revision: 0,
    detection,
    claim: '',
    severity: said.severity,
    confidence: Math.round(Math.max(0, Math.min(100, said.confidence))),
    fleet: said.fleet,
    asset,
    assetAddress: said.assetAddress ?? '::',
    peerAddress,
    peerName: said.peerName ?? '',
    peerAsn: place?.asn ?? 0,
    peerCountry: place?.country ?? '',
    protocol,
    port,
    initiator: said.initiator ?? 'unknown',
    completion: said.completion ?? 'unknown',
    firstSeenMs: said.firstSeenMs,
    lastSeenMs: said.lastSeenMs,
    observed: said.observed,
    expected: said.expected,
    unit: said.unit,
    windowFromMs: said.windowFromMs,
    windowToMs: said.windowToMs,
    sessions: said.sessions ?? 0,
    records: Math.max(1, Math.round(said.records)),
    octetsOut: said.octetsOut ?? 0,
    octetsIn: said.octetsIn ?? 0,
    packetsOut: 0,
    packetsIn: 0,
    rule: said.rule,
    sentence: said.sentence,
    evidence: [...(said.evidence ?? [])],
    claimsHash: claims.hash,
  };
}

/** The asset's address where it has a single one, for the finding; '::' otherwise. */
export function addressOf(claims: CompiledClaims, asset: number): string {
  const prefixes = claims.watchList.assets[asset]!.prefixes.filter(({ length }) => length === 128);
  return prefixes.length === 0 ? '::' : formatAddress(prefixes[0]!.bytes);
}

/** 'name (address)', as people read it. */
export function subjectOf(claims: CompiledClaims, asset: number): string {
  const address = addressOf(claims, asset);
  const { name } = claims.assets[asset]!;
  return address === '::' ? name : `${name} (${address})`;
}
