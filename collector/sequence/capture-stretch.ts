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

/**
 * Follows one capture. From its first packet on it is taken to run until the last time it told, so quiet minutes in between are rows too, with
 * `observedMilliseconds` and no packets: that nothing was seen there is a fact.
 */
export function createCaptureLedger(minutes: OpenMinutes, maxEmptyMinutes: number): CaptureLedger {
  let current: MinuteCounts | undefined;
  let currentEnd = Number.NEGATIVE_INFINITY;
  let generation = -1;
  let ranTo = Number.NaN;

  function runTo(ms: number): void {
    if (Number.isNaN(ranTo)) ranTo = ms;
    if (ms <= ranTo) return;
    if (ms - ranTo > maxEmptyMinutes * MINUTE_MS) ranTo = minuteOf(ms);
    while (ranTo < ms) {
      const end = Math.min(ms, minuteOf(ranTo) + MINUTE_MS);
      minutes.at(ranTo).observedMilliseconds += end - ranTo;
      ranTo = end;
    }
  }

  return {
    packet(ms) {
      if (current === undefined || generation !== minutes.generation || ms >= currentEnd || ms < current.minute) {
        runTo(ms);
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
