import { Protocol } from '../../sessions/orientation.js';

/*
 * Doors that answer and are left without a word: SYN, SYN+ACK, and RST (nmap -sS), or ACK and then FIN or RST (nmap -sT). Both ends together have said nothing, so all packets are
 * headers, and there are few of them.
 */

/** SYN, ACK, FIN, and the ACK of the other's FIN; SYN+ACK, ACK of the FIN, and a FIN of its own. A question and its answer take more. */
const MOST_PACKETS_OUT = 4;
const MOST_PACKETS_BACK = 3;
/** Headers of IPv4 and TCP with timestamps (RFC 7323 §3.2); a SYN has eight octets of options more (RFC 9293 §3.7.1). IPv6 has twenty more in each packet. */
const HEADER_OCTETS = 52;
const SYN_OPTION_OCTETS = 8;

/** What one exchange counted each way, whichever end it is seen from. */
interface Counts {
  readonly protocol: number;
  readonly octetsOut: number;
  readonly octetsIn: number;
  readonly packetsOut: number;
  readonly packetsIn: number;
}

/** True for a TCP exchange of which both directions were counted and neither carried data. */
export function isHandshakeAlone({ protocol, octetsOut, octetsIn, packetsOut, packetsIn }: Counts): boolean {
  if (protocol !== Protocol.tcp || packetsOut === 0 || packetsIn === 0) return false;
  if (Math.max(packetsOut, packetsIn) > MOST_PACKETS_OUT || Math.min(packetsOut, packetsIn) > MOST_PACKETS_BACK) return false;
  return octetsOut <= headers(packetsOut) && octetsIn <= headers(packetsIn);
}

function headers(packets: number): number {
  return packets * HEADER_OCTETS + SYN_OPTION_OCTETS;
}
