import { MINUTE_MS, minuteOf } from '../../flow/time.js';
import { type MinuteCounts, sawMessage } from './counts.js';
import type { OpenMinutes } from './open-minutes.js';

/** What a capture saw, minute by minute: the ledger of packets that we meter ourselves. */
export interface CaptureLedger {
  /** One captured packet, by its own time in ms. Packets may be a little out of order; time then does not run back. */
  packet(ms: number): void;
  /** Packets that interface or kernel dropped, as the capture says; booked in the minute around `ms`. */
  dropped(packets: number, ms: number): void;
  /** The capture ran up to `ms` although no packet came: what a live capture says by a timer, and at its end. */
  ranUntil(ms: number): void;
}

/** A step of time beyond this is not believed at first: one damaged timestamp must not make days that nobody watched look watched. */
const JUMP_MS = 60 * MINUTE_MS;
/** Packets at or behind the new time, the first included, by which a jump is believed. */
const PACKETS_TO_BELIEVE = 3;
/** Quiet minutes that a packet gives leave to fill, beside those that a capture may have at once: a row each, so damage cannot multiply itself. */
const EMPTY_MINUTES_PER_PACKET = 60;

/**
 * Follows one capture. From its first packet on it is taken to run until the last time it told, so quiet minutes in between are rows too, with
 * `observedMilliseconds` and no packets: that nothing was seen there is a fact. Packets of a time that is not believed (yet) are counted in their minute,
 * and observe nothing.
 */
export function createCaptureLedger(minutes: OpenMinutes, maxEmptyMinutes: number): CaptureLedger {
  let current: MinuteCounts | undefined;
  let currentEnd = Number.NEGATIVE_INFINITY;
  let generation = -1;
  let ranTo = Number.NaN;
  let jumpTo = Number.NaN;
  let behindJump = 0;
  let emptyLeft = maxEmptyMinutes;

  /** True when the capture is taken to have run until `ms`. */
  function runTo(ms: number): boolean {
    if (Number.isNaN(ranTo)) ranTo = ms;
    if (ms - ranTo > JUMP_MS && !isBelieved(ms)) return false;
    jumpTo = Number.NaN;
    if (ms <= ranTo) return true;
    const empty = Math.floor((ms - ranTo) / MINUTE_MS);
    if (empty > emptyLeft) ranTo = minuteOf(ms);
    else emptyLeft -= empty;
    while (ranTo < ms) {
      const end = Math.min(ms, minuteOf(ranTo) + MINUTE_MS);
      minutes.at(ranTo).observedMilliseconds += end - ranTo;
      ranTo = end;
    }
    return true;
  }

  function isBelieved(ms: number): boolean {
    if (!(ms >= jumpTo)) {
      jumpTo = ms;
      behindJump = 0;
    }
    behindJump++;
    return behindJump >= PACKETS_TO_BELIEVE;
  }

  return {
    packet(ms) {
      emptyLeft = Math.min(maxEmptyMinutes, emptyLeft + EMPTY_MINUTES_PER_PACKET);
      if (current === undefined || generation !== minutes.generation || ms >= currentEnd || ms < current.minute) {
        if (!runTo(ms)) {
          const counts = minutes.at(ms);
          counts.messagesReceived++;
          counts.messagesSent++;
          return sawMessage(counts, ms);
        }
        current = minutes.at(ms);
        generation = minutes.generation;
        currentEnd = current.minute + MINUTE_MS;
      } else if (ms > ranTo) {
        current.observedMilliseconds += ms - ranTo;
        ranTo = ms;
      }
      current.messagesReceived++;
      current.messagesSent++;
      sawMessage(current, ms);
    },
    dropped(packets, ms) {
      const counts = minutes.at(ms);
      counts.messagesLost += packets;
      counts.messagesSent += packets;
    },
    ranUntil(ms) {
      if (!Number.isNaN(ranTo)) runTo(ms);
    },
  };
}
