import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import type { FindingFlow } from '../../../detector/detections/detection.js';
import { formatAddress, parseAddress } from '../../../flow/address.js';
import type { Row } from '../support/rows.js';

/** The rows as the store has them: one for every asset at an end, seen from it. */
export function flowsOfRows(claims: CompiledClaims, rows: readonly Row[]): FindingFlow[] {
  const assets = new Map<string, number>();
  const assetOf = (address: string): number => {
    const known = assets.get(address) ?? claims.watchList.assetOf(parseAddress(address));
    assets.set(address, known);
    return known;
  };
  return rows.flatMap((row) =>
    [row.source, row.destination].flatMap((address, side) => {
      const asset = assetOf(address);
      return asset < 0 ? [] : [flowOf(claims.assets[asset]!.name, row, side === 0)];
    }),
  );
}

function flowOf(asset: string, row: Row, fromAsset: boolean): FindingFlow {
  const forward = { octets: row.octets, packets: row.packets ?? Math.max(1, Math.ceil(row.octets / 1400)), port: row.sourcePort ?? 0 };
  const octets = row.reverseOctets ?? 0;
  const reverse = { octets, packets: row.reversePackets ?? Math.ceil(octets / 1400), port: row.destinationPort ?? 0 };
  const [out, back] = fromAsset ? [forward, reverse] : [reverse, forward];
  return {
    asset,
    sensor: row.sensor ?? 'border',
    startMs: row.startMs,
    endMs: row.endMs,
    peer: formatAddress(parseAddress(fromAsset ? row.destination : row.source)),
    peerAsn: 0,
    peerNames: '',
    peerMac: 0,
    protocol: row.protocol,
    assetPort: out.port,
    peerPort: back.port,
    flagsOut: 0,
    flagsIn: 0,
    initiator: 'unknown',
    octetsOut: out.octets,
    octetsIn: back.octets,
    packetsOut: out.packets,
    packetsIn: back.packets,
    samplingInterval: row.sampling ?? 1,
    biflow: row.biflow === true,
    assetMac: (fromAsset ? row.sourceMac : row.destinationMac) ?? 0,
    application: row.application ?? '',
  };
}
