import { type FlowBatch, MAX_BATCH_ROWS } from '../../flow/batch.js';
import type { SymbolArray } from '../../flow/column-kinds.js';

/** Rows are taken from the batch in blocks: zeroing forty columns one row at a time would cost more than reading a line. */
const BLOCK_ROWS = 256;

/** The values of one record of a log, filled field by field and written as a row once all are known to be good. One is made per log and used again. */
export class LogRecord {
  startMs = 0;
  endMs = 0;
  /** Source and destination, 16 octets each. */
  readonly addresses = new Uint8Array(32);
  /** The same memory. */
  readonly addressWords = new Uint32Array(this.addresses.buffer);
  sourcePort = 0;
  destinationPort = 0;
  protocol = 0;
  octets = 0;
  packets = 0;
  reverseOctets = 0;
  reversePackets = 0;
  flags = 0;
  reverseFlags = 0;
  icmpTypeCode = 0;
  vlanId = 0;
  /** Headers around, in the words of the column `tunnel`. */
  tunnel = '';
  sourceMac = 0;
  destinationMac = 0;
  endReason = 0;
  initiator = 0;
  initiatorConfidence = 0;
  completion = 0;
  biflow = 0;
  samplingInterval = 1;
  firewallEvent = 0;
  ipClassOfService = 0;
  /** Names of interfaces and networks: empty where the log has none. */
  ingressName = '';
  egressName = '';
  vrfName = '';
  /** As the log has it, '' where it tells none. */
  applicationName = '';
}

/** Writes records of one log as rows of a FlowBatch. Between `begin` and `end` the batch is longer than its rows. */
export class LogRowWriter {
  private readonly sensor: string;
  private readonly protocol: string;
  private into: FlowBatch | undefined;
  private next = 0;
  private sensorCode = 0;
  private protocolCode = 0;

  constructor(sensor: string, protocol: string) {
    this.sensor = sensor;
    this.protocol = protocol;
  }

  begin(into: FlowBatch): void {
    this.into = into;
    this.next = into.length;
    this.sensorCode = into.columns.sensor.dictionary.intern(this.sensor);
    this.protocolCode = into.columns.exportProtocol.dictionary.intern(this.protocol);
  }

  end(): void {
    this.into?.truncate(this.next);
    this.into = undefined;
  }

  /** Writes one row and returns its index. The batch must have room (a block of lines is far below MAX_BATCH_ROWS). */
  write(record: LogRecord, lineNumber: number): number {
    const into = this.into!;
    if (this.next === into.length) into.addRows(Math.max(1, Math.min(BLOCK_ROWS, MAX_BATCH_ROWS - into.length)));
    const row = this.next++;
    const { columns } = into;
    columns.flowStartMilliseconds[row] = record.startMs;
    columns.flowEndMilliseconds[row] = record.endMs;
    const source = columns.sourceIPv6Address.words;
    const destination = columns.destinationIPv6Address.words;
    for (let i = 0; i < 4; i++) {
      source[row * 4 + i] = record.addressWords[i]!;
      destination[row * 4 + i] = record.addressWords[4 + i]!;
    }
    columns.sourceTransportPort[row] = record.sourcePort;
    columns.destinationTransportPort[row] = record.destinationPort;
    columns.protocolIdentifier[row] = record.protocol;
    columns.tcpControlBits[row] = record.flags;
    columns.reverseTcpControlBits[row] = record.reverseFlags;
    columns.octetDeltaCount[row] = record.octets;
    columns.packetDeltaCount[row] = record.packets;
    columns.reverseOctetDeltaCount[row] = record.reverseOctets;
    columns.reversePacketDeltaCount[row] = record.reversePackets;
    columns.biflow[row] = record.biflow;
    columns.samplingInterval[row] = record.samplingInterval;
    columns.icmpTypeCode[row] = record.icmpTypeCode;
    columns.vlanId[row] = record.vlanId;
    columns.sourceMacAddress[row] = record.sourceMac;
    columns.destinationMacAddress[row] = record.destinationMac;
    columns.flowEndReason[row] = record.endReason;
    columns.initiator[row] = record.initiator;
    columns.initiatorConfidence[row] = record.initiatorConfidence;
    columns.completion[row] = record.completion;
    columns.exportProtocol.codes[row] = this.protocolCode;
    columns.sensor.codes[row] = this.sensorCode;
    columns.exportTimeMilliseconds[row] = record.endMs;
    columns.exportSequenceNumber[row] = lineNumber;
    columns.recordNumber[row] = lineNumber;
    if (record.tunnel !== '') columns.tunnel.codes[row] = columns.tunnel.dictionary.intern(record.tunnel);
    columns.firewallEvent[row] = record.firewallEvent;
    columns.ipClassOfService[row] = record.ipClassOfService;
    if (record.ingressName !== '') setName(columns.ingressInterfaceName, row, record.ingressName);
    if (record.egressName !== '') setName(columns.egressInterfaceName, row, record.egressName);
    if (record.vrfName !== '') setName(columns.vrfName, row, record.vrfName);
    if (record.applicationName !== '') setName(columns.applicationName, row, record.applicationName);
    return row;
  }
}

function setName(column: SymbolArray, row: number, name: string): void {
  column.codes[row] = column.dictionary.intern(name);
}
