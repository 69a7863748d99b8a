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

/** What is watched from a moment of record time on. */
export interface WatchedFrom {
  readonly fromMs: number;
  readonly list: WatchList;
}

/** The watch list of one stretch of time; its assets have the numbers of the whole history. */
export interface WatchedTime {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Index into the history's `assets` of the asset that the 16 bytes at `offset` belong to, or −1. */
  assetOf(bytes: Uint8Array, offset: number): number;
  assetOfMac(mac: number): number;
}

/** Watch lists one after another: a record is filed by the one in force when it starts, so that late records find the assets of their time. */
export class WatchHistory {
  /** The assets of all lists; one that stays as it is has one number. */
  readonly assets: readonly WatchedAsset[];
  private readonly times: readonly WatchedTime[];

  /** `lists` in the order of time, one at least; the first counts for all that is earlier, too. */
  constructor(lists: readonly WatchedFrom[]) {
    const assets: WatchedAsset[] = [];
    const numbers = new Map<string, number>();
    this.times = lists.map(({ fromMs, list }, index) => {
      const numberOf = Int32Array.from(list.assets, (asset) => {
        const key = JSON.stringify([asset.name, asset.fleet, asset.unit]);
        const number = numbers.get(key) ?? assets.push(asset) - 1;
        numbers.set(key, number);
        return number;
      });
      return {
        fromMs: index === 0 ? Number.NEGATIVE_INFINITY : fromMs,
        untilMs: lists[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY,
        assetOf(bytes, offset) {
          const found = list.assetOf(bytes, offset);
          return found < 0 ? -1 : numberOf[found]!;
        },
        assetOfMac(mac) {
          const found = list.assetOfMac(mac);
          return found < 0 ? -1 : numberOf[found]!;
        },
      };
    });
    this.assets = assets;
  }

  at(startMs: number): WatchedTime {
    const { times } = this;
    let index = times.length - 1;
    while (index > 0 && startMs < times[index]!.fromMs) index -= 1;
    return times[index]!;
  }
}

/** The partition of a unit: FNV-1a over its UTF-8 bytes, so that any program can compute it. */
export function partitionOf(unit: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(unit, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % partitions;
}
