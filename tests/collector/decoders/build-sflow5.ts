import { parseAddress } from '../../../flow/address.js';
import { ByteWriter } from './build-bytes.js';

export interface SflowHeader {
  readonly agent?: string;
  readonly agentType?: number;
  readonly subAgent?: number;
  readonly sequence?: number;
  readonly uptimeMs?: number;
  readonly count?: number;
}

/** An sFlow v5 datagram of samples made below. */
export function sflow5(samples: readonly Uint8Array[], header: SflowHeader = {}): Uint8Array {
  const agent = header.agent ?? '192.0.2.1';
  const isV4 = !agent.includes(':');
  const type = header.agentType ?? (isV4 ? 1 : 2);
  const out = new ByteWriter().uint(4, 5).uint(4, type);
  if (type !== 0) out.bytes(parseAddress(agent).subarray(isV4 ? 12 : 0));
  out
    .uint(4, header.subAgent ?? 0)
    .uint(4, header.sequence ?? 1)
    .uint(4, header.uptimeMs ?? 3_600_000)
    .uint(4, header.count ?? samples.length);
  for (const sample of samples) out.bytes(sample);
  return out.done();
}

/** Opaque data with its format in front: a sample or a record. XDR fills it up to four octets; `length` is the true one unless the test lies. */
export function opaque(format: number, content: Iterable<number>, length?: number): Uint8Array {
  const octets = [...content];
  return new ByteWriter()
    .uint(4, format)
    .uint(4, length ?? octets.length)
    .bytes(octets)
    .bytes(new Uint8Array((4 - (octets.length % 4)) % 4))
    .done();
}

export interface SampleHeader {
  readonly sequence?: number;
  readonly sourceClass?: number;
  readonly source?: number;
  readonly rate?: number;
  readonly pool?: number;
  readonly drops?: number;
  readonly input?: number;
  readonly output?: number;
  readonly inputFormat?: number;
  readonly outputFormat?: number;
  readonly count?: number;
}

function counters(out: ByteWriter, header: SampleHeader): ByteWriter {
  return out
    .uint(4, header.rate ?? 1000)
    .uint(4, header.pool ?? 1_000_000)
    .uint(4, header.drops ?? 0);
}

export function flowSample(records: readonly Uint8Array[], header: SampleHeader = {}): Uint8Array {
  const out = new ByteWriter()
    .uint(4, header.sequence ?? 1)
    .uint(1, header.sourceClass ?? 0)
    .uint(3, header.source ?? 7);
  counters(out, header)
    .uint(4, (header.inputFormat ?? 0) * 2 ** 30 + (header.input ?? 7))
    .uint(4, (header.outputFormat ?? 0) * 2 ** 30 + (header.output ?? 8))
    .uint(4, header.count ?? records.length);
  for (const record of records) out.bytes(record);
  return opaque(1, out.done());
}

export function expandedFlowSample(records: readonly Uint8Array[], header: SampleHeader = {}): Uint8Array {
  const out = new ByteWriter()
    .uint(4, header.sequence ?? 1)
    .uint(4, header.sourceClass ?? 0)
    .uint(4, header.source ?? 7);
  counters(out, header)
    .uint(4, header.inputFormat ?? 0)
    .uint(4, header.input ?? 7)
    .uint(4, header.outputFormat ?? 0)
    .uint(4, header.output ?? 8)
    .uint(4, header.count ?? records.length);
  for (const record of records) out.bytes(record);
  return opaque(3, out.done());
}

/** A sampled packet header; the frame was `frameOctets` long, four octets of which (the FCS) were stripped. */
export function rawHeader(packet: Uint8Array, protocol = 1, frameOctets = packet.length + 4, headerOctets = packet.length): Uint8Array {
  const out = new ByteWriter().uint(4, protocol).uint(4, frameOctets).uint(4, 4).uint(4, headerOctets).bytes(packet);
  return opaque(1, out.bytes(new Uint8Array((4 - (packet.length % 4)) % 4)).done());
}

export interface SampledIp {
  readonly source: string;
  readonly destination: string;
  readonly octets?: number;
  readonly protocol?: number;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly flags?: number;
  readonly classOfService?: number;
}

/** sampled_ipv4, or sampled_ipv6 where the source is an IPv6 address. */
export function sampledIp(packet: SampledIp): Uint8Array {
  const isV4 = !packet.source.includes(':');
  const out = new ByteWriter().uint(4, packet.octets ?? 120).uint(4, packet.protocol ?? 6);
  for (const address of [packet.source, packet.destination]) out.bytes(parseAddress(address).subarray(isV4 ? 12 : 0));
  out
    .uint(4, packet.sourcePort ?? 49_152)
    .uint(4, packet.destinationPort ?? 443)
    .uint(4, packet.flags ?? 0x18)
    .uint(4, packet.classOfService ?? 0);
  return opaque(isV4 ? 3 : 4, out.done());
}

/** The outer header of a tunnel, as records 1023 to 1026 have it. */
export function tunnelRecord(format: number, packet: SampledIp): Uint8Array {
  return opaque(format, sampledIp(packet).subarray(8));
}

export function sampledEthernet(etherType: number): Uint8Array {
  return opaque(
    2,
    new ByteWriter().uint(4, 124).uint(6, 0x02005e000001).uint(2, 0).uint(6, 0x02005e000002).uint(2, 0).uint(4, etherType).done(),
  );
}

export function extendedSwitch(vlan: number): Uint8Array {
  return opaque(1001, new ByteWriter().uint(4, vlan).uint(4, 0).uint(4, vlan).uint(4, 0).done());
}

export function extendedGateway(ownAs: number, sourceAs: number, path: readonly (readonly number[])[], segments = path.length): Uint8Array {
  const out = new ByteWriter().uint(4, 1).bytes([192, 0, 2, 254]).uint(4, ownAs).uint(4, sourceAs).uint(4, 64_500).uint(4, segments);
  for (const numbers of path) {
    out.uint(4, 2).uint(4, numbers.length);
    for (const number of numbers) out.uint(4, number);
  }
  return opaque(1003, out.uint(4, 0).uint(4, 100).done());
}

function address(text: string): Uint8Array {
  const isV4 = !text.includes(':');
  return new ByteWriter()
    .uint(4, isV4 ? 1 : 2)
    .bytes(parseAddress(text).subarray(isV4 ? 12 : 0))
    .done();
}

export function extendedNat(source: string, destination: string): Uint8Array {
  return opaque(1007, [...address(source), ...address(destination)]);
}

export function extendedNatPort(source: number, destination: number): Uint8Array {
  return opaque(1020, new ByteWriter().uint(4, source).uint(4, destination).done());
}

export function extendedVlanTunnel(vlans: readonly number[]): Uint8Array {
  const out = new ByteWriter().uint(4, vlans.length);
  for (const vlan of vlans) out.uint(2, 0x8100).uint(2, vlan);
  return opaque(1012, out.done());
}

export function extendedMpls(labels: readonly number[]): Uint8Array {
  const out = new ByteWriter().bytes(address('192.0.2.254')).uint(4, labels.length);
  for (const label of labels) out.uint(4, label * 4096 + 64);
  return opaque(1006, out.uint(4, 0).done());
}

/** A discarded packet (sflow_drops.txt). */
export function discardedPacket(
  records: readonly Uint8Array[],
  header: { readonly reason?: number; readonly input?: number; readonly output?: number } = {},
): Uint8Array {
  const out = new ByteWriter().uint(4, 1).uint(4, 0).uint(4, 7).uint(4, 0);
  out
    .uint(4, header.input ?? 7)
    .uint(4, header.output ?? 8)
    .uint(4, header.reason ?? 256)
    .uint(4, records.length);
  for (const record of records) out.bytes(record);
  return opaque(5, out.done());
}

/** A counter sample, with generic interface counters of no meaning unless told. */
export function counterSample(
  sequence = 1,
  records: readonly Uint8Array[] = [opaque(1, new Uint8Array(88))],
  expanded = false,
): Uint8Array {
  const out = new ByteWriter().uint(4, sequence);
  if (expanded) out.uint(4, 0);
  out.uint(4, 7).uint(4, records.length);
  for (const record of records) out.bytes(record);
  return opaque(expanded ? 4 : 2, out.done());
}

export interface InterfaceFields {
  readonly index: number;
  /** −1 for what the agent does not know. */
  readonly inOctets: number;
  readonly outOctets: number;
  readonly discards?: number;
  readonly errors?: number;
}

/** if_counters: generic interface counters. */
export function interfaceCounters(fields: InterfaceFields): Uint8Array {
  const wide = (out: ByteWriter, value: number): ByteWriter =>
    value < 0 ? out.uint(4, 0xffff_ffff).uint(4, 0xffff_ffff) : out.uint(4, Math.floor(value / 2 ** 32)).uint(4, value % 2 ** 32);
  const out = new ByteWriter().uint(4, fields.index).uint(4, 6).uint(4, 0).uint(4, 1_000_000_000).uint(4, 1).uint(4, 3);
  wide(out, fields.inOctets).uint(4, 1).uint(4, 2).uint(4, 3);
  out
    .uint(4, fields.discards ?? 0)
    .uint(4, fields.errors ?? 0)
    .uint(4, 0);
  wide(out, fields.outOctets);
  return opaque(1, out.bytes(new Uint8Array(24)).done());
}
