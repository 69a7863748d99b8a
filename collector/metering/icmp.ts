import { Protocol } from '../packets/packet.js';

/** ICMP types that answer another: echo, timestamp, information, address mask (RFC 792, RFC 950). */
const ICMP_REQUESTS = requests([
  [0, 8],
  [14, 13],
  [16, 15],
  [18, 17],
]);
/** ICMPv6 echo (RFC 4443 §4) and node information (RFC 4620). */
const ICMP6_REQUESTS = requests([
  [129, 128],
  [140, 139],
]);

/** The type of the request that a message of type `type` answers, −1 when it answers none. */
export function requestTypeOf(protocol: number, type: number): number {
  return (protocol === Protocol.icmp ? ICMP_REQUESTS : ICMP6_REQUESTS)[type]!;
}

function requests(pairs: readonly (readonly [reply: number, request: number])[]): Int16Array {
  const table = new Int16Array(256).fill(-1);
  for (const [reply, request] of pairs) table[reply] = request;
  return table;
}
