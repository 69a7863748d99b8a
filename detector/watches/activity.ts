import { formatAddress } from '../../flow/address.js';
import type { FlowBatch } from '../../flow/batch.js';
import { AssetSide, Initiator } from '../../flow/columns.js';
import { DAY_MS } from '../../flow/time.js';
import type { CompiledClaims } from '../claims/compiled.js';
import { evidenceOf } from '../findings/evidence.js';
import { InboundBook, type InboundSession } from './inbound.js';
import { MinuteBits, minuteNumber } from './minute-bits.js';

/** A record that claims to have lasted longer is believed for its last day only: such times are faults of an exporter. */
const MOST_RECORD_MS = DAY_MS;

/** When assets sent something, and who called them: all that watches read of flow records. Its sources are batches in memory and the store. */
export interface ActivityView {
  /** Minutes in which the asset sent at least one packet, as far as records tell: a record counts for all minutes from its first packet to its last. */
  active(asset: number): MinuteBits;
  /** The sensors that told of them, with the number of hours that each did. */
  sensors(asset: number): ReadonlyMap<string, number>;
  /** Sessions that others began with the asset and that had a packet in [fromMs, toMs], by their end. */
  inbound(asset: number, fromMs: number, toMs: number): readonly InboundSession[];
  /** End of the newest record of any asset, ms since the epoch; −Infinity when there is none. */
  readonly newestMs: number;
}

/** Minutes of one asset, and the sensors that told of them. Adding the same again changes nothing. */
export class AssetMinutes {
  readonly active = new MinuteBits();
  /** By sensor, the hours in which it told of the asset: one bit for each. */
  private readonly hours = new Map<string, MinuteBits>();

  add(sensor: string, firstMinute: number, lastMinute: number): void {
    this.active.setRange(firstMinute, lastMinute);
    this.hoursOf(sensor).setRange(Math.floor(firstMinute / 60), Math.floor(lastMinute / 60));
  }

  /** The minutes of the hour that begins at minute `first`, by a mask: bit 0 is the first. */
  addHour(sensor: string, first: number, mask: bigint): void {
    this.active.setHour(first, mask);
    this.hoursOf(sensor).set(first / 60);
  }

  get sensors(): ReadonlyMap<string, number> {
    return new Map([...this.hours].map(([sensor, hours]) => [sensor, hours.total]));
  }

  private hoursOf(sensor: string): MinuteBits {
    const known = this.hours.get(sensor) ?? new MinuteBits();
    this.hours.set(sensor, known);
    return known;
  }
}

const NOTHING = new AssetMinutes();

/** Activity of the assets of a claim set, from batches of rows as they are judged. About 5 KiB of bits for an asset and four weeks, and its callers. */
export class Activity implements ActivityView {
  newestMs = Number.NEGATIVE_INFINITY;
  private readonly assetOf: ReadonlyMap<string, number>;
  private readonly minutes: (AssetMinutes | undefined)[] = [];
  private readonly books: (InboundBook | undefined)[] = [];

  constructor(claims: CompiledClaims) {
    this.assetOf = new Map(claims.assets.map(({ name }, index) => [name, index]));
  }

  /** Takes in rows that are filed under assets; others are passed over. */
  add(batch: FlowBatch): void {
    const { columns } = batch;
    const assets: (number | undefined)[] = [];
    for (let row = 0; row < batch.length; row++) {
      const side = columns.assetSide[row];
      if (side === AssetSide.none) continue;
      const code = columns.asset.codes[row]!;
      assets[code] ??= this.assetOf.get(columns.asset.dictionary.name(code)) ?? -1;
      const asset = assets[code];
      if (asset >= 0) this.addRow(batch, row, asset, side === AssetSide.source);
    }
  }

  active(asset: number): MinuteBits {
    return (this.minutes[asset] ?? NOTHING).active;
  }

  sensors(asset: number): ReadonlyMap<string, number> {
    return (this.minutes[asset] ?? NOTHING).sensors;
  }

  inbound(asset: number, fromMs: number, toMs: number): readonly InboundSession[] {
    return this.books[asset]?.between(fromMs, toMs) ?? [];
  }

  private addRow(batch: FlowBatch, row: number, asset: number, isSource: boolean): void {
    const { columns } = batch;
    const endMs = columns.flowEndMilliseconds[row]!;
    const startMs = Math.max(columns.flowStartMilliseconds[row]!, endMs - MOST_RECORD_MS);
    this.newestMs = Math.max(this.newestMs, endMs);
    const packetsOut = (isSource ? columns.packetDeltaCount : columns.reversePacketDeltaCount)[row]!;
    const octetsOut = (isSource ? columns.octetDeltaCount : columns.reverseOctetDeltaCount)[row]!;
    if (packetsOut > 0 || octetsOut > 0) {
      this.minutes[asset] ??= new AssetMinutes();
      this.minutes[asset].add(columns.sensor.dictionary.name(columns.sensor.codes[row]!), minuteNumber(startMs), minuteNumber(endMs));
    }
    if (!peerBegan(batch, row, isSource)) return;
    const peers = isSource ? columns.destinationIPv6Address : columns.sourceIPv6Address;
    this.books[asset] ??= new InboundBook();
    this.books[asset].add(
      {
        words: peers.words,
        at: row * 4,
        protocol: columns.protocolIdentifier[row]!,
        port: (isSource ? columns.sourceTransportPort : columns.destinationTransportPort)[row]!,
        startMs,
        endMs,
        octetsIn: (isSource ? columns.reverseOctetDeltaCount : columns.octetDeltaCount)[row]!,
        octetsOut,
        peerOf: () => formatAddress(peers.bytes, row * 16),
        evidenceOf: () => evidenceOf(batch, row),
      },
      this.active(asset),
    );
  }
}

/** The record says that the peer began, or says nothing and the asset has the lower port, as who answers does. */
function peerBegan({ columns }: FlowBatch, row: number, isSource: boolean): boolean {
  const initiator = columns.initiator[row];
  if (initiator !== Initiator.unknown) return initiator === (isSource ? Initiator.destination : Initiator.source);
  const source = columns.sourceTransportPort[row]!;
  const destination = columns.destinationTransportPort[row]!;
  const [own, peer] = isSource ? [source, destination] : [destination, source];
  return own !== 0 && own < peer;
}
