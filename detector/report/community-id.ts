import { createHash } from 'node:crypto';
import { isMappedIPv4, parseAddress } from '../../flow/address.js';

/** One exchange, as it is looked up in a capture. Addresses as text; ports 0 for protocols without. */
export interface Exchange {
  readonly protocol: number;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/** Protocols whose ports are part of the id: TCP, UDP, SCTP. ICMP would need type and code of both directions, which an evidence row does not tell. */
const WITH_PORTS = new Set([6, 17, 132]);
const SEED = Buffer.from([0, 0]);

/**
 * Community ID, version 1, seed 0 (Corelight's specification, as Zeek, Suricata and Wireshark compute it): base64 of SHA-1 over seed, lower end, higher end,
 * protocol, a zero octet and both ports in network order. '' for protocols without ports.
 */
export function communityId({ protocol, source, sourcePort, destination, destinationPort }: Exchange): string {
  if (!WITH_PORTS.has(protocol)) return '';
  const from = endOf(source, sourcePort);
  const to = endOf(destination, destinationPort);
  const [low, high] = compareEnds(from, to) <= 0 ? [from, to] : [to, from];
  const hash = createHash('sha1')
    .update(SEED)
    .update(low.address)
    .update(high.address)
    .update(Buffer.from([protocol, 0]))
    .update(low.port)
    .update(high.port);
  return `1:${hash.digest('base64')}`;
}

/** A display filter for Wireshark that finds the packets of the exchange in both directions. */
export function displayFilter({ protocol, source, sourcePort, destination, destinationPort }: Exchange): string {
  const ip = source.includes(':') ? 'ipv6' : 'ip';
  const ends = `${ip}.addr == ${source} && ${ip}.addr == ${destination}`;
  const name = protocol === 6 ? 'tcp' : protocol === 17 ? 'udp' : undefined;
  return name === undefined ? ends : `${ends} && ${name}.port == ${sourcePort} && ${name}.port == ${destinationPort}`;
}

interface End {
  readonly address: Buffer;
  readonly port: Buffer;
}

function endOf(address: string, port: number): End {
  const bytes = parseAddress(address);
  const network = Buffer.alloc(2);
  network.writeUInt16BE(port);
  return { address: Buffer.from(isMappedIPv4(bytes) ? bytes.subarray(12) : bytes), port: network };
}

function compareEnds(a: End, b: End): number {
  return Buffer.compare(a.address, b.address) || Buffer.compare(a.port, b.port);
}
