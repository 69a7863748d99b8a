import { Completion } from '../../flow/columns.js';
import { Protocol } from '../packets/packet.js';
import { State } from './flow-entry.js';

/**
 * How far the exchange of a record came (reference: detection.md P6). `state` is what the whole session showed, so that a record
 * continued after the active timeout is judged with its handshake; the octets are the record's own.
 */
export function completionOf(protocol: number, state: number, octets: number, reverseOctets: number, transferOctets: number): number {
  const transferred = octets >= transferOctets || reverseOctets >= transferOctets;
  // No handshake is needed to carry data: ten kilobytes sent over UDP have left, answered or not.
  if (protocol !== Protocol.tcp) {
    if (transferred) return Completion.transferred;
    return (state & State.answered) !== 0 ? Completion.established : Completion.attempt;
  }
  if (isEstablished(state)) return transferred ? Completion.transferred : Completion.established;
  if ((state & State.syn) !== 0 || (state & State.answered) !== 0) return Completion.attempt;
  // A capture that began within the session and shows one direction only.
  if ((state & State.sourceAck) === 0) return Completion.attempt;
  return transferred ? Completion.transferred : Completion.unknown;
}

/**
 * The destination's SYN+ACK was seen, or the initiator acknowledged one that was not captured (RFC 9293 §3.5), or both sides acknowledged
 * in a session whose handshake came before the capture.
 */
function isEstablished(state: number): boolean {
  if ((state & State.synAck) !== 0) return true;
  if ((state & State.sourceAck) === 0) return false;
  return (state & (State.syn | State.destinationAck)) !== 0;
}
