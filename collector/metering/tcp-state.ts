import { TcpFlag } from '../packets/packet.js';
import { State } from './flow-entry.js';

/** What a segment with these flags adds to what the session has shown. */
export function tcpState(state: number, flags: number, reverse: number): number {
  if ((flags & TcpFlag.rst) !== 0) return state | State.closed;
  let next = state;
  const syn = flags & TcpFlag.syn;
  const ack = flags & TcpFlag.ack;
  if (syn !== 0) {
    if (reverse === 0 && ack === 0) next |= State.syn;
    else if (reverse === 1 && ack !== 0) next |= State.synAck;
  } else if (ack !== 0) {
    next |= reverse === 0 ? State.sourceAck : State.destinationAck;
  }
  if ((flags & TcpFlag.fin) !== 0) next |= reverse === 0 ? State.sourceFin : State.destinationFin;
  const bothFins = State.sourceFin | State.destinationFin;
  return (next & bothFins) === bothFins ? next | State.closed : next;
}

/** What the flags of a segment say about who opens: SYN without ACK or RST does, SYN with ACK answers. */
export function opensSession(flags: number): boolean {
  return (flags & (TcpFlag.syn | TcpFlag.ack | TcpFlag.rst)) === TcpFlag.syn;
}
export function answersSession(flags: number): boolean {
  return (flags & (TcpFlag.syn | TcpFlag.ack | TcpFlag.rst)) === (TcpFlag.syn | TcpFlag.ack);
}
