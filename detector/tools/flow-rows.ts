import { AddressError, parseAddress, printable } from '../../flow/address.js';
import { FlowBatch } from '../../flow/batch.js';
import type { AddressArray, Column, SymbolArray } from '../../flow/column-kinds.js';
import { AssetSide, FLOW_COLUMNS, type FlowColumnName } from '../../flow/columns.js';
import { parseInstant } from '../../flow/time.js';
import type { WatchList } from '../../flow/watch-list.js';
import { FlowTextError, type RowText } from './flow-text.js';

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

/** Which columns filing fills: what a row said of them before does not count. */
const FILED: readonly FlowColumnName[] = ['asset', 'fleet', 'assetSide', 'mirror'];

/**
 * Appends the record to the batch, once for each end that is a watched asset, as the collector's router does. Answers with the rows; none where it concerns no
 * asset. Throws FlowTextError for a value that its column cannot hold.
 */
export function addFlow(batch: FlowBatch, watchList: WatchList, text: RowText): number[] {
  const first = writeRow(batch, text);
  const { sourceIPv6Address, destinationIPv6Address, sourceMacAddress, destinationMacAddress } = batch.columns;
  const assetAt = (addresses: AddressArray, macs: Float64Array): number => {
    const byAddress = watchList.assetOf(addresses.bytes, first * 16);
    return byAddress >= 0 ? byAddress : watchList.assetOfMac(macs[first]!);
  };
  const source = assetAt(sourceIPv6Address, sourceMacAddress);
  const destination = assetAt(destinationIPv6Address, destinationMacAddress);
  if (source < 0 && destination < 0) {
    batch.truncate(first);
    return [];
  }
  file(batch, watchList, first, source >= 0 ? source : destination, source >= 0 ? AssetSide.source : AssetSide.destination, 0);
  if (source < 0 || destination < 0 || source === destination) return [first];
  const second = writeRow(batch, text);
  file(batch, watchList, second, destination, AssetSide.destination, 1);
  return [first, second];
}

function file(batch: FlowBatch, watchList: WatchList, row: number, asset: number, side: number, mirror: number): void {
  const { columns } = batch;
  const { name, fleet } = watchList.assets[asset]!;
  columns.asset.codes[row] = columns.asset.dictionary.intern(name);
  columns.fleet.codes[row] = columns.fleet.dictionary.intern(fleet);
  columns.assetSide[row] = side;
  columns.mirror[row] = mirror;
}

function writeRow(batch: FlowBatch, text: RowText): number {
  const row = batch.add();
  for (const [name, cell] of Object.entries(text) as [FlowColumnName, string | number][]) {
    if (!FILED.includes(name)) writeCell(name, FLOW_COLUMNS[name], batch.columns[name], row, cell);
  }
  return row;
}

function writeCell(name: FlowColumnName, column: Column, values: unknown, row: number, cell: string | number): void {
  switch (column.kind) {
    case 'address':
      (values as AddressArray).bytes.set(addressOf(name, cell), row * 16);
      return;
    case 'enum':
      (values as Uint8Array)[row] = enumOf(name, column.values ?? [], cell);
      return;
    case 'symbol': {
      const symbols = values as SymbolArray;
      symbols.codes[row] = symbols.dictionary.intern(String(cell));
      return;
    }
    case 'time':
      (values as Float64Array)[row] = timeOf(name, cell);
      return;
    case 'text':
      (values as string[])[row] = String(cell);
      return;
    default:
      (values as Float64Array)[row] = numberOf(name, cell);
  }
}

function addressOf(name: string, cell: string | number): Uint8Array {
  try {
    return parseAddress(String(cell));
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new FlowTextError(`'${name}' is '${printable(String(cell))}'; write an address: 10.40.10.11 or 2001:db8::1`);
  }
}

function enumOf(name: string, words: readonly string[], cell: string | number): number {
  const value = words.indexOf(String(cell));
  if (value < 0) throw new FlowTextError(`'${name}' is '${printable(String(cell))}'; write one of ${words.join(', ')}`);
  return value;
}

function timeOf(name: string, cell: string | number): number {
  const ms = typeof cell === 'number' ? cell : parseInstant(cell);
  if (ms === undefined || !Number.isFinite(ms))
    throw new FlowTextError(`'${name}' is '${printable(String(cell))}'; write an instant with its zone: 2026-12-03T03:00:00Z`);
  return ms;
}

/** Numbers as they are; MAC addresses as they are written, '' being not known. */
function numberOf(name: string, cell: string | number): number {
  if (cell === '') return 0;
  if (typeof cell === 'string' && MAC.test(cell)) return Number.parseInt(cell.replaceAll(':', ''), 16);
  const value = Number(cell);
  if (!Number.isFinite(value) || value < 0)
    throw new FlowTextError(`'${name}' is '${printable(String(cell))}'; write a number that is not negative`);
  return value;
}

/** The rows of a batch that concern an asset, filed under it, in a batch of their own; one between two assets twice. */
export function fileRows(from: FlowBatch, watchList: WatchList): FlowBatch {
  const filed = new FlowBatch(Math.max(16, from.length));
  const one = new Uint32Array(1);
  const copy = (row: number, asset: number, side: number, mirror: number): void => {
    one[0] = row;
    filed.appendFrom(from, one, 1);
    file(filed, watchList, filed.length - 1, asset, side, mirror);
  };
  const { sourceIPv6Address, destinationIPv6Address, sourceMacAddress, destinationMacAddress } = from.columns;
  for (let row = 0; row < from.length; row++) {
    const bySource = watchList.assetOf(sourceIPv6Address.bytes, row * 16);
    const source = bySource >= 0 ? bySource : watchList.assetOfMac(sourceMacAddress[row]!);
    const byDestination = watchList.assetOf(destinationIPv6Address.bytes, row * 16);
    const destination = byDestination >= 0 ? byDestination : watchList.assetOfMac(destinationMacAddress[row]!);
    if (source >= 0) copy(row, source, AssetSide.source, 0);
    if (destination >= 0 && destination !== source) copy(row, destination, AssetSide.destination, source >= 0 ? 1 : 0);
  }
  return filed;
}
