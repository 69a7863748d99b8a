import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { compileTexts } from '../../../detector/claims/load.js';
import type { Locations } from '../../../detector/claims/location/location.js';
import type { ExampleRow } from '../../../detector/detections/detection.js';
import { parseAddress } from '../../../flow/address.js';
import { FlowBatch } from '../../../flow/batch.js';
import { AssetSide, Completion, Initiator } from '../../../flow/columns.js';

/** Compiles the text of a claim file by the real compiler. */
export function claimsOf(text: string, locations: Locations = {}): CompiledClaims {
  return compileTexts([{ file: 'test.yaml', text }], undefined, locations).compilation.claims;
}

/** One flow record, as a decoder and router would leave it; what is left out is zero. */
export interface Row {
  readonly startMs: number;
  readonly endMs: number;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly protocol: number;
  readonly octets: number;
  readonly packets?: number | undefined;
  readonly reverseOctets?: number | undefined;
  readonly reversePackets?: number | undefined;
  readonly flags?: number;
  readonly reverseFlags?: number;
  readonly biflow?: boolean;
  readonly sampling?: number;
  readonly initiator?: 'source' | 'destination';
  readonly initiatorConfidence?: number;
  readonly sensor?: string;
  /** Name of the export protocol; IPFIX where it is left out. */
  readonly format?: string;
  readonly sequence?: number;
  /** Names that one end was told for the other, separated by commas. */
  readonly sourceNames?: string;
  readonly destinationNames?: string;
  readonly icmpType?: number;
  readonly application?: string;
  readonly sourceMac?: number;
  readonly destinationMac?: number;
}

/** Appends the record, filed under each asset that it concerns (mirror rows), as the router does. */
export function addRecord(batch: FlowBatch, claims: CompiledClaims, row: Row): void {
  const source = addressOf(row.source);
  const destination = addressOf(row.destination);
  const bySource = claims.watchList.assetOf(source);
  const byDestination = claims.watchList.assetOf(destination);
  if (bySource < 0 && byDestination < 0) addRow(batch, claims, row, -1, AssetSide.none, 0);
  if (bySource >= 0) addRow(batch, claims, row, bySource, AssetSide.source, 0);
  if (byDestination >= 0 && byDestination !== bySource) {
    addRow(batch, claims, row, byDestination, AssetSide.destination, bySource >= 0 ? 1 : 0);
  }
}

const addresses = new Map<string, Uint8Array>();

/** Examples say the same few addresses thousands of times. */
function addressOf(text: string): Uint8Array {
  const known = addresses.get(text);
  if (known !== undefined) return known;
  const address = parseAddress(text);
  addresses.set(text, address);
  return address;
}

function addRow(batch: FlowBatch, claims: CompiledClaims, row: Row, asset: number, side: number, mirror: number): void {
  const at = batch.add();
  const columns = batch.columns;
  columns.flowStartMilliseconds[at] = row.startMs;
  columns.flowEndMilliseconds[at] = row.endMs;
  columns.sourceIPv6Address.bytes.set(addressOf(row.source), at * 16);
  columns.destinationIPv6Address.bytes.set(addressOf(row.destination), at * 16);
  columns.sourceTransportPort[at] = row.sourcePort ?? 0;
  columns.destinationTransportPort[at] = row.destinationPort ?? 0;
  columns.protocolIdentifier[at] = row.protocol;
  columns.octetDeltaCount[at] = row.octets;
  columns.packetDeltaCount[at] = row.packets ?? Math.max(1, Math.ceil(row.octets / 1400));
  columns.reverseOctetDeltaCount[at] = row.reverseOctets ?? 0;
  columns.reversePacketDeltaCount[at] = row.reversePackets ?? Math.ceil((row.reverseOctets ?? 0) / 1400);
  columns.tcpControlBits[at] = row.flags ?? 0;
  columns.reverseTcpControlBits[at] = row.reverseFlags ?? 0;
  columns.biflow[at] = row.biflow === true ? 1 : 0;
  columns.samplingInterval[at] = row.sampling ?? 1;
  columns.initiator[at] = row.initiator === undefined ? Initiator.unknown : Initiator[row.initiator];
  columns.initiatorConfidence[at] = row.initiatorConfidence ?? (row.initiator === undefined ? 0 : 100);
  columns.completion[at] = Completion.unknown;
  columns.sensor.codes[at] = columns.sensor.dictionary.intern(row.sensor ?? 'border');
  columns.exportProtocol.codes[at] = columns.exportProtocol.dictionary.intern(row.format ?? 'ipfix');
  columns.exportSequenceNumber[at] = row.sequence ?? at;
  columns.asset.codes[at] = columns.asset.dictionary.intern(asset < 0 ? '' : claims.assets[asset]!.name);
  columns.fleet.codes[at] = columns.fleet.dictionary.intern(asset < 0 ? '' : claims.fleets[claims.assets[asset]!.fleet]!.name);
  columns.sourceNames.codes[at] = columns.sourceNames.dictionary.intern(row.sourceNames ?? '');
  columns.destinationNames.codes[at] = columns.destinationNames.dictionary.intern(row.destinationNames ?? '');
  columns.sourceMacAddress[at] = row.sourceMac ?? 0;
  columns.destinationMacAddress[at] = row.destinationMac ?? 0;
  columns.icmpTypeCode[at] = (row.icmpType ?? 0) * 256;
  columns.applicationName.codes[at] = columns.applicationName.dictionary.intern(row.application ?? '');
  columns.assetSide[at] = side;
  columns.mirror[at] = mirror;
}

export function batchOf(claims: CompiledClaims, rows: readonly Row[]): FlowBatch {
  const batch = new FlowBatch(Math.max(16, rows.length * 2));
  for (const row of rows) addRecord(batch, claims, row);
  return batch;
}

const FLAG_LETTERS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32 };

/** 'SAP' as tcpControlBits. */
export function flagsOf(letters: string): number {
  return [...letters].reduce((bits, letter) => bits | FLAG_LETTERS[letter]!, 0);
}

const PROTOCOLS = { tcp: 6, udp: 17, icmp: 1 } as const;

/** The rows of a detection's example in order of time, repetitions written out. */
export function exampleRows(rows: readonly ExampleRow[]): Row[] {
  return rows.flatMap(rowsOf).sort((a, b) => a.startMs - b.startMs);
}

function rowsOf(row: ExampleRow): Row[] {
  const [source = '', sourcePort = '0'] = row.from.split(' ');
  const [destination = '', destinationPort = '0'] = row.to.split(' ');
  const firstMs = Date.parse(row.at);
  const flags = flagsOf(row.flags ?? '');
  const reverseFlags = flagsOf(row.reverseFlags ?? '');
  // All of one shape, with every property: hundreds of thousands are made, and V8 reads objects of many shapes slowly.
  return Array.from({ length: row.times ?? 1 }, (_, index) => {
    const startMs = firstMs + index * (row.everySeconds ?? 0) * 1000;
    return {
      startMs,
      endMs: startMs + (row.seconds ?? 0) * 1000,
      source,
      destination: stepAddress(destination, index * (row.toAddressStep ?? 0)),
      sourcePort: Number(sourcePort) + index * (row.portStep ?? 0),
      destinationPort: Number(destinationPort) + index * (row.toPortStep ?? 0),
      protocol: PROTOCOLS[row.protocol],
      octets: row.octets,
      packets: row.packets,
      reverseOctets: row.reverseOctets,
      reversePackets: row.reversePackets,
      biflow: row.reverseOctets !== undefined,
      flags,
      reverseFlags,
      sampling: row.sampling ?? 1,
      icmpType: row.icmpType ?? 0,
      application: row.application ?? '',
      destinationNames: row.toNames ?? '',
      sourceMac: row.fromMac ?? 0,
    };
  });
}

/** The IPv4 address so many further. */
function stepAddress(address: string, step: number): string {
  if (step === 0) return address;
  const parts = address.split('.').map(Number);
  return [...parts.slice(0, 3), parts[3]! + step].join('.');
}
