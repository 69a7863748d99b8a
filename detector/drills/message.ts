import { isMappedIPv4, parseAddress } from '../../flow/address.js';

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

/** Elements (IANA), each with its length: octets, packets, protocol, the two addresses, ports, begin and end in ms. */
const elementsOf = (addresses: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] => [
  [1, 8],
  [2, 8],
  [4, 1],
  ...addresses,
  [7, 2],
  [11, 2],
  [152, 8],
  [153, 8],
];
const IPV4 = {
  template: 256,
  headerOctets: 28,
  elements: elementsOf([
    [8, 4],
    [12, 4],
  ]),
};
const IPV6 = {
  template: 257,
  headerOctets: 48,
  elements: elementsOf([
    [27, 16],
    [28, 16],
  ]),
};
const UDP = 17;

/**
 * An IPFIX message (RFC 7011 §3) with a template set and one record: the flow record that a router would export of the drill. Both addresses are of one family.
 * | version 10, length, export time, sequence, domain | set 2: the template | set 256 (IPv4) or 257 (IPv6): one record |
 */
export function drillMessage(flow: DrillFlow, domain: number): Buffer {
  const source = parseAddress(flow.source);
  const { template: id, headerOctets, elements } = isMappedIPv4(source) ? IPV4 : IPV6;
  const addresses = [source, parseAddress(flow.destination)].map((address) => address.subarray(id === IPV4.template ? 12 : 0));
  const template = Buffer.alloc(8 + elements.length * 4);
  template.writeUInt16BE(2, 0);
  template.writeUInt16BE(template.length, 2);
  template.writeUInt16BE(id, 4);
  template.writeUInt16BE(elements.length, 6);
  elements.forEach(([element, length], index) => {
    template.writeUInt16BE(element, 8 + index * 4);
    template.writeUInt16BE(length, 10 + index * 4);
  });
  const record = Buffer.alloc(4 + elements.reduce((sum, [, length]) => sum + length, 0));
  record.writeUInt16BE(id, 0);
  record.writeUInt16BE(record.length, 2);
  record.writeBigUInt64BE(BigInt(DRILL_PACKETS * (headerOctets + DRILL_PAYLOAD.length)), 4);
  record.writeBigUInt64BE(BigInt(DRILL_PACKETS), 12);
  record.writeUInt8(UDP, 20);
  let at = 21;
  for (const address of addresses) {
    record.set(address, at);
    at += address.length;
  }
  at = record.writeUInt16BE(flow.sourcePort, at);
  at = record.writeUInt16BE(flow.destinationPort, at);
  at = record.writeBigUInt64BE(BigInt(flow.atMs), at);
  record.writeBigUInt64BE(BigInt(flow.atMs), at);
  const header = Buffer.alloc(16);
  header.writeUInt16BE(10, 0);
  header.writeUInt16BE(header.length + template.length + record.length, 2);
  header.writeUInt32BE(Math.floor(flow.atMs / 1000), 4);
  header.writeUInt32BE(domain, 12);
  return Buffer.concat([header, template, record]);
}
