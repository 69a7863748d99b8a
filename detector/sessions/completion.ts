import { TRANSFERRED_OCTETS } from '../../flow/columns.js';
import { Began, Level } from '../detections/observed-record.js';
import { asksOnly, Protocol, refusesOnly, TcpFlag } from './orientation.js';

/*
 * How far a session came (detection.md P6), from what all its records together tell:
 *   attempt      nobody answered, or the answer was a refusal (RST), or the asker never acknowledged
 *   established  both ends spoke; for TCP both acknowledged
 *   transferred  established, and TRANSFERRED_OCTETS or more went one way
 *   unknown      one direction was exported and its flags do not tell
 * Exporters of one-way records OR the flags over the whole record: an initiator that was answered shows SYN and ACK, one that was not shows SYN.
 */

const SPEAKS = TcpFlag.psh | TcpFlag.fin;

export interface SessionCounts {
  readonly protocol: number;
  readonly flagsOut: number;
  readonly flagsIn: number;
  readonly packetsOut: number;
  readonly packetsIn: number;
  /** Octets scaled by sampling. */
  readonly estimateOut: number;
  readonly estimateIn: number;
  /** Some record measured both directions. */
  readonly biflow: boolean;
  /** The furthest that a record's own `completion` column said, as a Level; used where flags and counts do not tell. */
  readonly told: number;
}

/** Level.* of the session. `initiator` is Began.*. */
export function sessionLevel(session: SessionCounts, initiator: number): number {
  const level = session.protocol === Protocol.tcp ? tcpLevel(session, initiator) : otherLevel(session);
  const much = session.estimateOut >= TRANSFERRED_OCTETS || session.estimateIn >= TRANSFERRED_OCTETS;
  if (!much) return level === Level.transferred ? Level.established : level;
  // TCP does not carry data without an answer; anything else may leave the site unanswered, and has left it all the same.
  return level === Level.attempt && session.protocol === Protocol.tcp ? level : Level.transferred;
}

function tcpLevel({ flagsOut, flagsIn, packetsOut, packetsIn, told }: SessionCounts, initiator: number): number {
  if ((flagsOut | flagsIn) === 0) {
    // The exporter keeps no flags.
    if (packetsOut > 0 && packetsIn > 0) return Math.max(Level.established, told);
    return told;
  }
  if (asksOnly(flagsOut) || asksOnly(flagsIn)) return Level.attempt;
  if (packetsOut > 0 && packetsIn > 0)
    return refusesOnly(flagsOut) || refusesOnly(flagsIn) ? refused(flagsOut, flagsIn) : Level.established;
  const flags = packetsOut > 0 ? flagsOut : flagsIn;
  if (refusesOnly(flags)) return Level.attempt;
  if ((flags & TcpFlag.ack) === 0) return Level.unknown;
  const speaker = packetsOut > 0 ? Began.asset : Began.peer;
  // Only one direction: an acknowledging initiator, or data from either end, proves an answer; a lone SYN+ACK proves an offer.
  if (initiator === speaker || (flags & SPEAKS) !== 0 || (flags & TcpFlag.syn) === 0) return Level.established;
  return Level.unknown;
}

/** One end only reset: a refusal, unless the other had spoken (the tail of an exchange whose beginning is not in sight). */
function refused(flagsOut: number, flagsIn: number): number {
  return ((flagsOut | flagsIn) & SPEAKS) !== 0 ? Level.established : Level.attempt;
}

function otherLevel({ packetsOut, packetsIn, biflow, told }: SessionCounts): number {
  if (packetsOut > 0 && packetsIn > 0) return Level.established;
  if (told >= Level.established) return told;
  return biflow ? Level.attempt : Level.unknown;
}
