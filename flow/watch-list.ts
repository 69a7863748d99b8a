import type { Prefix } from './address.js';
import { PrefixTable } from './prefix-table.js';

/** One watched asset, as the collector needs to know it. */
export interface WatchedAsset {
  readonly name: string;
  readonly fleet: string;
  /**
   * What is judged together and therefore stays on one partition: normally the asset itself; the fleet, where a claim has a fleet-wide
   * budget or another rule over the whole fleet.
   */
  readonly unit: string;
  readonly prefixes: readonly Prefix[];
  /** 48-bit MAC addresses as numbers; they identify the asset where no prefix does. */
  readonly macAddresses: readonly number[];
}

/**
 * Which addresses are watched assets. The command line builds it from the claims' inventory and hands it to the collector,
 * so that collector and detector need not know each other.
 */
export class WatchList {
  readonly assets: readonly WatchedAsset[];
  private readonly table: PrefixTable;
  private readonly byMac = new Map<number, number>();

  constructor(assets: readonly WatchedAsset[]) {
    this.assets = assets;
    this.table = new PrefixTable(assets.flatMap((asset, value) => asset.prefixes.map((prefix) => ({ prefix, value }))));
    assets.forEach((asset, index) => {
      for (const mac of asset.macAddresses) this.byMac.set(mac, index);
    });
  }

  /** Index into `assets` of the asset that the 16 bytes at `offset` belong to, or −1. */
  assetOf(bytes: Uint8Array, offset = 0): number {
    return this.table.lookup(bytes, offset);
  }

  /** The same by MAC address (48-bit number), or −1. */
  assetOfMac(mac: number): number {
    return mac === 0 || this.byMac.size === 0 ? -1 : (this.byMac.get(mac) ?? -1);
  }
}

/** The partition of a unit: FNV-1a over its UTF-8 bytes, so that any program can compute it. */
export function partitionOf(unit: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(unit, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % partitions;
}
