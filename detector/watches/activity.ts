import { formatAddress } from '../../flow/address.js';
import type { FlowBatch } from '../../flow/batch.js';
import { AssetSide, Initiator } from '../../flow/columns.js';
import { DAY_MS } from '../../flow/time.js';
import type { CompiledClaims } from '../claims/compiled.js';
import { evidenceOf } from '../findings/evidence.js';
import type { Finding } from '../findings/finding.js';
import { ContactBook, type ContactView } from './contacts.js';
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
  /** Whom assets met outside. */
  readonly contacts: ContactView;
  /** The first hour (since the epoch) in which the sensor told of any asset; infinite where it never did. */
  toldSince(sensor: string): number;
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

  /** The first hour in which the sensor told of the asset; infinite where it never did. */
  toldSince(sensor: string): number {
    return this.hours.get(sensor)?.first() ?? Number.POSITIVE_INFINITY;
  }

  private hoursOf(sensor: string): MinuteBits {
    const known = this.hours.get(sensor) ?? new MinuteBits();
    this.hours.set(sensor, known);
    return known;
  }
}

/** The first hour in which the sensor told of one of them. */
export function toldSince(all: Iterable<AssetMinutes>, sensor: string): number {
  let first = Number.POSITIVE_INFINITY;
  for (const minutes of all) first = Math.min(first, minutes.toldSince(sensor));
  return first;
}

const NOTHING = new AssetMinutes();

/** Activity of the assets of a claim set, from batches of rows as they are judged. About 5 KiB of bits for an asset and four weeks, and its callers. */
export class Activity implements ActivityView {
  newestMs = Number.NEGATIVE_INFINITY;
  readonly contacts: ContactBook;
  private readonly assetOf: ReadonlyMap<string, number>;
  private readonly minutes: (AssetMinutes | undefined)[] = [];
  private readonly books: (InboundBook | undefined)[] = [];

  constructor(claims: CompiledClaims) {
    this.assetOf = new Map(claims.assets.map(({ name }, index) => [name, index]));
    this.contacts = new ContactBook(claims);
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

  toldSince(sensor: string): number {
    return toldSince(
      this.minutes.filter((one) => one !== undefined),
      sensor,
    );
  }

  private addRow(batch: FlowBatch, row: number, asset: number, isSource: boolean): void {
    const { columns } = batch;
    const endMs = columns.flowEndMilliseconds[row]!;
    const startMs = Math.max(columns.flowStartMilliseconds[row]!, endMs - MOST_RECORD_MS);
    this.newestMs = Math.max(this.newestMs, endMs);
    const packetsOut = (isSource ? columns.packetDeltaCount : columns.reversePacketDeltaCount)[row]!;
    const octetsOut = (isSource ? columns.octetDeltaCount : columns.reverseOctetDeltaCount)[row]!;
    const sent = packetsOut > 0 || octetsOut > 0;
    if (sent) {
      this.minutes[asset] ??= new AssetMinutes();
      this.minutes[asset].add(columns.sensor.dictionary.name(columns.sensor.codes[row]!), minuteNumber(startMs), minuteNumber(endMs));
    }
    const peers = isSource ? columns.destinationIPv6Address : columns.sourceIPv6Address;
    const protocol = columns.protocolIdentifier[row]!;
    const assetPort = (isSource ? columns.sourceTransportPort : columns.destinationTransportPort)[row]!;
    const peerPort = (isSource ? columns.destinationTransportPort : columns.sourceTransportPort)[row]!;
    const initiator = initiatorOf(columns.initiator[row]!, isSource);
    this.contacts.add({
      asset,
      bytes: peers.bytes,
      words: peers.words,
      row,
      protocol,
      assetPort,
      peerPort,
      initiator,
      startMs,
      sent,
      evidenceOf: () => evidenceOf(batch, row),
    });
    if (!peerBegan(initiator, assetPort, peerPort)) return;
    this.books[asset] ??= new InboundBook();
    this.books[asset].add(
      {
        words: peers.words,
        at: row * 4,
        protocol,
        port: assetPort,
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

/** Who began, as far as the record itself says. */
function initiatorOf(initiator: number, isSource: boolean): Finding['initiator'] {
  if (initiator === Initiator.unknown) return 'unknown';
  return (initiator === Initiator.source) === isSource ? 'asset' : 'peer';
}

/** The record says that the peer began, or says nothing and the asset has the lower port, as who answers does. */
function peerBegan(initiator: Finding['initiator'], assetPort: number, peerPort: number): boolean {
  return initiator === 'unknown' ? assetPort !== 0 && assetPort < peerPort : initiator === 'peer';
}
