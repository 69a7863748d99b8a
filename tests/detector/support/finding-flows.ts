import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import type { FindingFlow } from '../../../detector/detections/detection.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { formatAddress, parseAddress } from '../../../flow/address.js';
import type { Row } from './rows.js';

/**
 * What `Detection.recompute` is handed: of all rows, those of the finding's asset (or of its fleet's assets) that overlap its window; where the finding names a
 * peer, those with that peer, protocol and port only.
 */
export function findingFlows(claims: CompiledClaims, rows: readonly Row[], finding: Finding): FindingFlow[] {
  const assets = claims.assets.flatMap(({ name, fleet }, index) =>
    name === finding.asset || claims.fleets[fleet]!.name === finding.asset ? [index] : [],
  );
  return rows
    .flatMap((row) => assets.flatMap((asset) => flowOf(claims, row, asset) ?? []))
    .filter((flow) => flow.endMs >= finding.windowFromMs && flow.startMs < finding.windowToMs && isOfPeer(flow, finding));
}

function isOfPeer({ peer, protocol, assetPort, peerPort }: FindingFlow, finding: Finding): boolean {
  if (finding.peerAddress === '::') return true;
  return (
    peer === finding.peerAddress &&
    protocol === finding.protocol &&
    (finding.port === 0 || assetPort === finding.port || peerPort === finding.port)
  );
}

/** The row seen from the asset; undefined where it is not the asset's. */
function flowOf(claims: CompiledClaims, row: Row, asset: number): FindingFlow | undefined {
  const fromAsset = claims.watchList.assetOf(parseAddress(row.source)) === asset;
  if (!fromAsset && claims.watchList.assetOf(parseAddress(row.destination)) !== asset) return undefined;
  const one = { port: row.sourcePort ?? 0, flags: row.flags ?? 0, octets: row.octets };
  const other = { port: row.destinationPort ?? 0, flags: row.reverseFlags ?? 0, octets: row.reverseOctets ?? 0 };
  const [own, peer] = fromAsset ? [one, other] : [other, one];
  const forward = row.packets ?? Math.max(1, Math.ceil(row.octets / 1400));
  const reverse = row.reversePackets ?? Math.ceil((row.reverseOctets ?? 0) / 1400);
  return {
    asset: claims.assets[asset]!.name,
    sensor: row.sensor ?? 'border',
    startMs: row.startMs,
    endMs: row.endMs,
    peer: formatAddress(parseAddress(fromAsset ? row.destination : row.source)),
    peerAsn: 0,
    peerNames: (fromAsset ? row.destinationNames : row.sourceNames) ?? '',
    peerMac: (fromAsset ? row.destinationMac : row.sourceMac) ?? 0,
    protocol: row.protocol,
    assetPort: own.port,
    peerPort: peer.port,
    flagsOut: own.flags,
    flagsIn: peer.flags,
    initiator: row.initiator === undefined ? 'unknown' : (row.initiator === 'source') === fromAsset ? 'asset' : 'peer',
    octetsOut: own.octets,
    octetsIn: peer.octets,
    packetsOut: fromAsset ? forward : reverse,
    packetsIn: fromAsset ? reverse : forward,
    samplingInterval: row.sampling ?? 1,
    biflow: row.biflow === true,
    assetMac: (fromAsset ? row.sourceMac : row.destinationMac) ?? 0,
    application: row.application ?? '',
  };
}
