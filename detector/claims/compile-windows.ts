import { type Approval, decideTickets, type TicketDecision } from './approvals.js';
import type { TimeZone } from './calendar.js';
import type { ClaimSet } from './claim-set.js';
import { durationMs } from './units.js';
import { createDatedWindow, IntervalWindow } from './windows.js';

/** Ticketed windows differ by fleet, dated ones are shared by all. */
export function createWindows(set: ClaimSet, approvals: readonly Approval[], zone: TimeZone) {
  const made = new Map<string, IntervalWindow>();
  const ticketsOf = (name: string, fleet: string): readonly TicketDecision[] => {
    const text = set.windows.get(name)!.value;
    return decideTickets(approvals, fleet, durationMs(text.duration, 0), text.max_per_month ?? Number.POSITIVE_INFINITY, zone);
  };
  const windowOf = (name: string, fleet: string): IntervalWindow => {
    const text = set.windows.get(name)!.value;
    const key = text.tickets === undefined ? name : `${name}\n${fleet}`;
    let window = made.get(key);
    if (window === undefined) {
      const open = (): IntervalWindow =>
        new IntervalWindow(
          name,
          durationMs(text.overrun, 0),
          ticketsOf(name, fleet)
            .map((decision) => decision.interval)
            .filter((interval) => interval !== undefined)
            .values(),
        );
      window = text.tickets === undefined ? createDatedWindow(name, text, zone.name) : open();
      made.set(key, window);
    }
    return window;
  };
  return { windowOf, ticketsOf };
}
