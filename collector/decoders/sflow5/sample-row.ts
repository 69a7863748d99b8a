import type { FlowBatch } from '../../../flow/batch.js';
import { Completion } from '../../../flow/columns.js';
import type { MessageReport, Origin } from '../../contracts.js';
import { writeAddressWords } from '../../packets/address-words.js';
import { type PacketHeaders, Protocol } from '../../packets/packet.js';
import { MAX_TUNNELS, type TunnelTable } from '../../packets/tunnel-table.js';
import type { FlowSample } from './flow-sample.js';

/** IPFIX firewallEvent (element 233). */
const DENIED = 3;

/** Writes the packet of a sample as row `row`: one packet, its IP octets, and the interval it was sampled at. `bytes` is the datagram. */
export function writeSampleRow(into: FlowBatch, row: number, bytes: Uint8Array, sample: FlowSample, tunnels: TunnelTable): void {
  const { columns } = into;
  const { packet } = sample;
  const isIcmp = packet.protocol === Protocol.icmp || packet.protocol === Protocol.icmp6;
  writeAddressWords(columns.sourceIPv6Address.words, row * 4, packet.source0, packet.source1, packet.source2, packet.source3);
  writeAddressWords(
    columns.destinationIPv6Address.words,
    row * 4,
    packet.destination0,
    packet.destination1,
    packet.destination2,
    packet.destination3,
  );
  columns.sourceTransportPort[row] = packet.sourcePort;
  columns.destinationTransportPort[row] = packet.destinationPort;
  columns.protocolIdentifier[row] = packet.protocol;
  columns.tcpControlBits[row] = packet.tcpFlags;
  columns.octetDeltaCount[row] = packet.octets;
  columns.packetDeltaCount[row] = 1;
  columns.samplingInterval[row] = sample.rate;
  columns.icmpTypeCode[row] = isIcmp ? packet.icmpType * 256 + packet.icmpCode : 0;
  columns.vlanId[row] = packet.vlanId;
  columns.ingressInterface[row] = sample.ingress;
  columns.egressInterface[row] = sample.egress;
  columns.sourceMacAddress[row] = packet.sourceMacHigh * 2 ** 32 + (packet.sourceMacLow >>> 0);
  columns.destinationMacAddress[row] = packet.destinationMacHigh * 2 ** 32 + (packet.destinationMacLow >>> 0);
  columns.bgpSourceAsNumber[row] = sample.gateway.sourceAs;
  columns.bgpDestinationAsNumber[row] = sample.gateway.destinationAs;
  columns.ipClassOfService[row] = packet.classOfService;
  if (packet.tunnelLength > 0) writeTunnel(into, row, packet, tunnels);
  if (sample.extended) writeTranslation(into, row, bytes, sample);
  if (sample.discarded) writeDiscarded(into, row, sample);
}

/**
 * Fills in the rows from `first` what is of their datagram: a packet was seen when its datagram was sent, as far as anybody knows. (finish-rows.ts settles
 * what flow records tell of their times, counters and intervals; samples tell none of these wrongly.)
 */
export function finishSampleRows(into: FlowBatch, first: number, origin: Origin, report: MessageReport): void {
  const { columns, length } = into;
  const { flowStartMilliseconds, flowEndMilliseconds, exportTimeMilliseconds } = columns;
  const { observationDomainId, exportSequenceNumber, recordNumber, exporterIPv6Address } = columns;
  const protocol = columns.exportProtocol.dictionary.intern(report.protocol);
  const sensor = columns.sensor.dictionary.intern(origin.sensor);
  const protocols = columns.exportProtocol.codes;
  const sensors = columns.sensor.codes;
  const { exportTimeMs, observationDomainId: domain, sequenceNumber } = report;
  exporterIPv6Address.bytes.set(origin.exporter, first * 16);
  const { words } = exporterIPv6Address;
  for (let row = first; row < length; row++) {
    flowStartMilliseconds[row] = exportTimeMs;
    flowEndMilliseconds[row] = exportTimeMs;
    exportTimeMilliseconds[row] = exportTimeMs;
  }
  for (let row = first; row < length; row++) {
    protocols[row] = protocol;
    sensors[row] = sensor;
    observationDomainId[row] = domain;
    exportSequenceNumber[row] = sequenceNumber;
    recordNumber[row] = row - first;
  }
  for (let at = first * 4 + 4; at < length * 4; at++) words[at] = words[at - 4]!;
}

function writeTunnel({ columns }: FlowBatch, row: number, packet: PacketHeaders, tunnels: TunnelTable): void {
  if (tunnels.full) tunnels.retain(new Uint8Array(MAX_TUNNELS));
  columns.tunnel.codes[row] = columns.tunnel.dictionary.intern(tunnels.text(tunnels.resolve(packet)));
}

/** Addresses and ports after translation. An agent tells an address that was not translated as it was. */
function writeTranslation({ columns }: FlowBatch, row: number, bytes: Uint8Array, { extensions }: FlowSample): void {
  writeAddress(columns.postNATSourceIPv6Address.bytes, row, bytes, extensions.natSourceAt, extensions.natSourceOctets);
  writeAddress(columns.postNATDestinationIPv6Address.bytes, row, bytes, extensions.natDestinationAt, extensions.natDestinationOctets);
  columns.postNAPTSourceTransportPort[row] = extensions.natSourcePort;
  columns.postNAPTDestinationTransportPort[row] = extensions.natDestinationPort;
}

function writeAddress(out: Uint8Array, row: number, bytes: Uint8Array, at: number, octets: number): void {
  if (octets === 0) return;
  const place = row * 16;
  if (octets === 4) {
    out[place + 10] = 0xff;
    out[place + 11] = 0xff;
  }
  for (let i = 0; i < octets; i++) out[place + 16 - octets + i] = bytes[at + i]!;
}

/** A packet that was discarded did not travel: an attempt that carried nothing, and denied where a rule said so (firewallEvent 3). */
function writeDiscarded({ columns }: FlowBatch, row: number, { denied }: FlowSample): void {
  columns.octetDeltaCount[row] = 0;
  columns.packetDeltaCount[row] = 0;
  columns.completion[row] = Completion.attempt;
  columns.firewallEvent[row] = denied ? DENIED : 0;
}
