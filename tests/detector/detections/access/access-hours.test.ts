import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalClock } from '../../../../detector/baseline/local-clock.js';
import { StateReader, StateWriter } from '../../../../detector/baseline/state.js';
import { AccessHours, hourWords, WEEKS_REMEMBERED } from '../../../../detector/detections/access/access-hours.js';

const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;
const FROM_MS = Date.parse('2026-09-07T00:00:00Z');
const clock = new LocalClock('Europe/Amsterdam');

function visited(list: readonly number[]): AccessHours {
  const hours = new AccessHours();
  for (const ms of list) {
    hours.enter(clock, ms);
    hours.mark(clock, ms, ms);
  }
  return hours;
}

describe('hours of access', () => {
  it('a visit is remembered at its hour for eight weeks, by the clock on the wall or by UTC, and then forgotten', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: WEEK_MS * 20 }), fc.integer({ min: 0, max: 15 }), (offset, weeks) => {
        const first = FROM_MS + offset;
        const later = first + weeks * WEEK_MS;
        const hours = visited([first]);
        hours.enter(clock, later);
        if (weeks < WEEKS_REMEMBERED) expect(hours.has(clock, later)).toBe(true);
        if (weeks > WEEKS_REMEMBERED) expect(hours.has(clock, later)).toBe(false);
      }),
    );
  });

  it('other hours are not marked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: WEEK_MS * 5 }), fc.integer({ min: 3, max: 165 }), (offset, away) => {
        const at = FROM_MS + offset;
        expect(visited([at]).has(clock, at + away * HOUR_MS)).toBe(false);
      }),
    );
  });

  it('the change of the clocks moves nobody: a weekly visit by UTC stays known, and one by local time does', () => {
    const summer = Date.parse('2026-10-22T08:10:00Z');
    const hours = visited([summer]);
    for (const winter of ['2026-10-29T08:10:00Z', '2026-10-29T09:10:00Z']) {
      hours.enter(clock, Date.parse(winter));
      expect(hours.has(clock, Date.parse(winter)), winter).toBe(true);
    }
  });

  it('a long session marks every hour that it touches', () => {
    const hours = new AccessHours();
    hours.enter(clock, FROM_MS);
    hours.mark(clock, FROM_MS, FROM_MS + 5.5 * HOUR_MS);
    const known = Array.from({ length: 8 }, (_, hour) => hours.has(clock, FROM_MS + hour * HOUR_MS));
    expect(known).toEqual([true, true, true, true, true, true, false, false]);
  });

  it('goes on after a snapshot', () => {
    const hours = visited([FROM_MS, FROM_MS + 30 * HOUR_MS]);
    hours.report(17);
    const writer = new StateWriter();
    hours.save(writer);
    const again = new AccessHours();
    again.load(new StateReader(writer.finish()));
    expect(again).toEqual(hours);
    expect([again.wasReported(17), again.wasReported(18)]).toEqual([true, false]);
  });

  it('is told in words of the zone', () => {
    expect(hourWords(clock, Date.parse('2026-11-16T02:30:00Z'))).toBe('on Monday between 03:00 and 04:00');
    expect(hourWords(clock, Date.parse('2026-11-15T22:30:00Z'))).toBe('on Sunday between 23:00 and 00:00');
  });
});
