import type { FlowBatch } from '../../flow/batch.js';
import { MAX_BATCH_ROWS } from '../../flow/batch.js';
import { Initiator } from '../../flow/columns.js';
import { writeAddressWords } from '../packets/address-words.js';
import { Protocol } from '../packets/packet.js';
import type { TunnelTable } from '../packets/tunnel-table.js';
import { completionOf } from './completion.js';
import * as Entry from './flow-entry.js';

/** IPFIX element 136, flowEndReason. */
export const EndReason = { idle: 1, active: 2, end: 3, forced: 4, resources: 5 } as const;

/** Rows are taken from the batch in blocks: zeroing forty columns one row at a time would cost more than metering. */
const BLOCK_ROWS = 256;

/** Writes table entries as rows of a FlowBatch. Between `begin` and `end` the batch is longer than its rows. */
export class RecordWriter {
  /** Records written so far, the next one's record number. */
  records = 0;
  private readonly sensor: string;
  private readonly transferOctets: number;
  private readonly tunnels: TunnelTable;
  private into: FlowBatch | undefined;
  private next = 0;
  private sensorCode = 0;
  private protocolCode = 0;

  constructor(sensor: string, transferOctets: number, tunnels: TunnelTable) {
    this.sensor = sensor;
    this.tunnels = tunnels;
    this.transferOctets = transferOctets;
  }

  begin(into: FlowBatch): void {
    this.into = into;
    this.next = into.length;
    this.sensorCode = into.columns.sensor.dictionary.intern(this.sensor);
    this.protocolCode = into.columns.exportProtocol.dictionary.intern('pcap');
  }

  end(): void {
    this.into?.truncate(this.next);
    this.into = undefined;
  }

  /** Writes the entry at index `entry` as it stands. Throws RangeError when the batch is full, see MAX_FLOWS_LIMIT. */
  write(words: Int32Array, doubles: Float64Array, entry: number, reason: number, exportTimeMs: number): void {
    const into = this.into!;
    if (this.next === into.length) into.addRows(Math.max(1, Math.min(BLOCK_ROWS, MAX_BATCH_ROWS - into.length)));
    const row = this.next++;
    const { columns } = into;
    const at = entry * Entry.ENTRY_WORDS;
    const double = entry * Entry.ENTRY_DOUBLES;
    const kind = words[at + Entry.KIND]!;
    const protocol = Entry.protocolOf(kind);
    const ports = words[at + Entry.PORTS]!;
    const state = words[at + Entry.STATE]!;
    const octets = doubles[double + Entry.OCTETS]!;
    const reverseOctets = doubles[double + Entry.REVERSE_OCTETS]!;
    columns.flowStartMilliseconds[row] = doubles[double + Entry.START]!;
    columns.flowEndMilliseconds[row] = doubles[double + Entry.LAST]!;
    this.writeAddresses(words, at, columns.sourceIPv6Address.words, columns.destinationIPv6Address.words, row * 4);
    if (protocol === Protocol.icmp || protocol === Protocol.icmp6) {
      columns.icmpTypeCode[row] = ports;
    } else {
      columns.sourceTransportPort[row] = ports >>> 16;
      columns.destinationTransportPort[row] = ports & 0xffff;
    }
    columns.protocolIdentifier[row] = protocol;
    columns.tcpControlBits[row] = words[at + Entry.TCP_FLAGS]! & 0xffff;
    columns.reverseTcpControlBits[row] = words[at + Entry.TCP_FLAGS]! >>> 16;
    columns.octetDeltaCount[row] = octets;
    columns.packetDeltaCount[row] = words[at + Entry.PACKETS]! >>> 0;
    columns.reverseOctetDeltaCount[row] = reverseOctets;
    columns.reversePacketDeltaCount[row] = words[at + Entry.REVERSE_PACKETS]! >>> 0;
    columns.biflow[row] = 1;
    columns.samplingInterval[row] = 1;
    columns.vlanId[row] = Entry.vlanOf(kind);
    const macHigh = words[at + Entry.MAC_HIGH]!;
    columns.sourceMacAddress[row] = (macHigh >>> 16) * 2 ** 32 + (words[at + Entry.SOURCE_MAC_LOW]! >>> 0);
    columns.destinationMacAddress[row] = (macHigh & 0xffff) * 2 ** 32 + (words[at + Entry.DESTINATION_MAC_LOW]! >>> 0);
    columns.flowEndReason[row] = reason;
    columns.initiator[row] = Initiator.source;
    columns.initiatorConfidence[row] = (state & Entry.State.syn) !== 0 ? 100 : 50;
    columns.completion[row] = completionOf(protocol, state, octets, reverseOctets, this.transferOctets);
    columns.exportProtocol.codes[row] = this.protocolCode;
    columns.sensor.codes[row] = this.sensorCode;
    columns.exportTimeMilliseconds[row] = exportTimeMs;
    columns.exportSequenceNumber[row] = words[at + Entry.FIRST_PACKET]!;
    columns.recordNumber[row] = this.records;
    columns.ipClassOfService[row] = words[at + Entry.CLASS_OF_SERVICE]!;
    const tunnel = Entry.tunnelOf(words[at + Entry.TUNNEL]!);
    if (tunnel !== 0) columns.tunnel.codes[row] = columns.tunnel.dictionary.intern(this.tunnels.text(tunnel));
    this.records++;
  }

  private writeAddresses(words: Int32Array, at: number, source: Uint32Array, destination: Uint32Array, offset: number): void {
    const s = at + Entry.SOURCE_0;
    const d = at + Entry.DESTINATION_0;
    writeAddressWords(source, offset, words[s]!, words[s + 1]!, words[s + 2]!, words[at + Entry.SOURCE_3]!);
    writeAddressWords(destination, offset, words[d]!, words[d + 1]!, words[d + 2]!, words[at + Entry.DESTINATION_3]!);
  }
}
