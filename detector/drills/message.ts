import { parseAddress } from '../../flow/address.js';

/** What a drill's datagrams carry: its purpose, for whoever captures one. */
export const DRILL_PAYLOAD = Buffer.from('cordon drill', 'ascii');
export const DRILL_PACKETS = 3;

export interface DrillFlow {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly atMs: number;
}

/** IPv4 elements (IANA): octets, packets, protocol, addresses, ports, begin and end in ms, each with its length. */
const ELEMENTS = [
  [1, 8],
  [2, 8],
  [4, 1],
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [152, 8],
  [153, 8],
] as const;
const TEMPLATE = 256;
const UDP = 17;
/** IP and UDP headers around the payload. */
const HEADER_OCTETS = 28;

/**
 * An IPFIX message (RFC 7011 §3) with a template set and one record: the flow record that a router would export of the drill.
 * | version 10, length, export time, sequence, domain | set 2: template 256 | set 256: one record |
 */
export function drillMessage(flow: DrillFlow, domain: number): Buffer {
  const template = Buffer.alloc(8 + ELEMENTS.length * 4);
  template.writeUInt16BE(2, 0);
  template.writeUInt16BE(template.length, 2);
  template.writeUInt16BE(TEMPLATE, 4);
  template.writeUInt16BE(ELEMENTS.length, 6);
  ELEMENTS.forEach(([element, length], index) => {
    template.writeUInt16BE(element, 8 + index * 4);
    template.writeUInt16BE(length, 10 + index * 4);
  });
  const record = Buffer.alloc(4 + ELEMENTS.reduce((sum, [, length]) => sum + length, 0));
  record.writeUInt16BE(TEMPLATE, 0);
  record.writeUInt16BE(record.length, 2);
  record.writeBigUInt64BE(BigInt(DRILL_PACKETS * (HEADER_OCTETS + DRILL_PAYLOAD.length)), 4);
  record.writeBigUInt64BE(BigInt(DRILL_PACKETS), 12);
  record.writeUInt8(UDP, 20);
  record.set(parseAddress(flow.source).subarray(12), 21);
  record.set(parseAddress(flow.destination).subarray(12), 25);
  record.writeUInt16BE(flow.sourcePort, 29);
  record.writeUInt16BE(flow.destinationPort, 31);
  record.writeBigUInt64BE(BigInt(flow.atMs), 33);
  record.writeBigUInt64BE(BigInt(flow.atMs), 41);
  const header = Buffer.alloc(16);
  header.writeUInt16BE(10, 0);
  header.writeUInt16BE(header.length + template.length + record.length, 2);
  header.writeUInt32BE(Math.floor(flow.atMs / 1000), 4);
  header.writeUInt32BE(domain, 12);
  return Buffer.concat([header, template, record]);
}
