import { createCaptureFile } from '../../../collector/inputs/capture-file.js';
import { createMeter, type MeterOptions } from '../../../collector/metering/meter.js';
import type { MeterCounters } from '../../../collector/metering/meter-counters.js';
import { PacketBatch } from '../../../collector/packets/packet-batch.js';
import { formatAddress } from '../../../flow/address.js';
import { FlowBatch } from '../../../flow/batch.js';
import { COMPLETION } from '../../../flow/columns.js';
import { FaultCounts } from '../inputs/collecting.js';
import type { TestPacket } from '../packets/capture-builder.js';

/** The columns of a record that the meter fills. */
export interface MeteredRecord {
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  protocol: number;
  icmpTypeCode: number;
  octets: number;
  packets: number;
  reverseOctets: number;
  reversePackets: number;
  startMs: number;
  endMs: number;
  flags: number;
  reverseFlags: number;
  vlanId: number;
  tunnel: string;
  classOfService: number;
  sourceMac: number;
  destinationMac: number;
  reason: number;
  confidence: number;
  completion: (typeof COMPLETION)[number];
  emittedMs: number;
  firstPacket: number;
  recordNumber: number;
}

export interface Metered {
  records: MeteredRecord[];
  counters: MeterCounters;
  faults: FaultCounts['counts'];
}

/** Meters packets given as octets, `perBatch` of them at a time. */
export function meterPackets(
  packets: readonly (TestPacket & { readonly linkType?: number })[],
  options: Partial<MeterOptions> = {},
  perBatch = packets.length,
): Metered {
  const meter = createMeter({ sensor: 'test', ...options });
  const faults = new FaultCounts();
  const rows = new FlowBatch();
  const records: MeteredRecord[] = [];
  for (let from = 0; from < packets.length; from += perBatch) {
    const part = packets.slice(from, from + perBatch);
    const bytes = new Uint8Array(part.reduce((sum, { data }) => sum + data.length, 0));
    const batch = new PacketBatch();
    batch.clear(bytes, new DataView(bytes.buffer));
    let at = 0;
    part.forEach(({ data, timeMs, original = data.length, linkType = 1 }, index) => {
      bytes.set(data, at);
      batch.add(at, data.length, original, timeMs, linkType, from + index + 1);
      at += data.length;
    });
    meter.packets(batch, rows, faults);
    takeRecords(rows, records);
  }
  meter.flush(rows);
  takeRecords(rows, records);
  return { records, counters: { ...meter.counters }, faults: faults.counts };
}

export async function meterFile(path: string, options: Partial<MeterOptions> = {}, chunkOctets?: number): Promise<Metered> {
  const meter = createMeter({ sensor: 'test', ...options });
  const faults = new FaultCounts();
  const rows = new FlowBatch();
  const records: MeteredRecord[] = [];
  await createCaptureFile(chunkOctets === undefined ? { path } : { path, chunkOctets }).start((batch) => {
    meter.packets(batch, rows, faults);
    takeRecords(rows, records);
  }, faults);
  meter.flush(rows);
  takeRecords(rows, records);
  return { records, counters: { ...meter.counters }, faults: faults.counts };
}

export function takeRecords(rows: FlowBatch, into: MeteredRecord[]): void {
  const { columns } = rows;
  for (let row = 0; row < rows.length; row++) {
    into.push({
      source: formatAddress(columns.sourceIPv6Address.bytes, row * 16),
      destination: formatAddress(columns.destinationIPv6Address.bytes, row * 16),
      sourcePort: columns.sourceTransportPort[row]!,
      destinationPort: columns.destinationTransportPort[row]!,
      protocol: columns.protocolIdentifier[row]!,
      icmpTypeCode: columns.icmpTypeCode[row]!,
      octets: columns.octetDeltaCount[row]!,
      packets: columns.packetDeltaCount[row]!,
      reverseOctets: columns.reverseOctetDeltaCount[row]!,
      reversePackets: columns.reversePacketDeltaCount[row]!,
      startMs: columns.flowStartMilliseconds[row]!,
      endMs: columns.flowEndMilliseconds[row]!,
      flags: columns.tcpControlBits[row]!,
      reverseFlags: columns.reverseTcpControlBits[row]!,
      vlanId: columns.vlanId[row]!,
      tunnel: columns.tunnel.dictionary.name(columns.tunnel.codes[row]!),
      classOfService: columns.ipClassOfService[row]!,
      sourceMac: columns.sourceMacAddress[row]!,
      destinationMac: columns.destinationMacAddress[row]!,
      reason: columns.flowEndReason[row]!,
      confidence: columns.initiatorConfidence[row]!,
      completion: COMPLETION[columns.completion[row]!]!,
      emittedMs: columns.exportTimeMilliseconds[row]!,
      firstPacket: columns.exportSequenceNumber[row]!,
      recordNumber: columns.recordNumber[row]!,
    });
  }
  rows.clear();
}
