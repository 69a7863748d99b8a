import { describe, expect, it } from 'vitest';
import { AssetTimes } from '../../../detector/baseline/asset-times.js';
import { StateReader, StateWriter } from '../../../detector/baseline/state.js';
import { DAY_MS, MINUTE_MS } from '../../../flow/time.js';

/** Protects what detections rely on that are not shown every record: they are asked with the first of an asset, and when they wanted to be. */
describe('an asset is due', () => {
  it('with its first record, and then once for each time that was asked for', () => {
    const times = new AssetTimes(2);
    expect(times.take(0, 1000, 2000)).toBe(true);
    expect(times.take(0, 1000, 10 * MINUTE_MS)).toBe(false);
    times.wake(0, 30 * MINUTE_MS);
    times.wake(0, 20 * MINUTE_MS);
    times.wake(0, 40 * MINUTE_MS);
    expect(times.take(0, 0, 20 * MINUTE_MS - 1)).toBe(false);
    expect(times.take(1, 0, 30 * MINUTE_MS)).toBe(true);
    expect(times.take(0, 0, 20 * MINUTE_MS)).toBe(true);
    expect(times.take(0, 0, 50 * MINUTE_MS)).toBe(false);
  });

  it('not with a record that brings no later time', () => {
    const times = new AssetTimes(1);
    times.take(0, 0, 5000);
    times.wake(0, 1000);
    expect(times.take(0, 0, 5000)).toBe(false);
    expect(times.take(0, 0, 5001)).toBe(true);
  });

  it('after a snapshot as before it', () => {
    const times = new AssetTimes(1);
    times.take(0, 0, 5000);
    times.wake(0, 9000);
    const writer = new StateWriter();
    times.save(writer, [0]);
    const restored = new AssetTimes(1);
    restored.load(new StateReader(writer.finish()), [0]);
    for (const one of [times, restored]) expect([one.take(0, 0, 8999), one.take(0, 0, 9000), one.minutes(0)]).toEqual([false, true, 1]);
  });
});

describe('a clock that was wrong, or a capture put together from others', () => {
  const FROM = Date.parse('2026-11-02T00:00:00Z');
  const learnedMs = (times: AssetTimes, nowMs: number) => times.learningUntil(0, 14 * DAY_MS, nowMs);

  it('a pause of more than a week is no time in which anything was learned', () => {
    const times = new AssetTimes(1);
    times.take(0, 1000, 2000);
    expect(times.interrupted).toBe(false);
    expect(times.take(0, FROM, FROM + 1)).toBe(true);
    expect([times.interrupted, times.wasSetBack]).toEqual([true, false]);
    expect(learnedMs(times, FROM)).toBe(FROM - 1000 + 14 * DAY_MS);
    times.take(0, FROM + 6 * DAY_MS, FROM + 6 * DAY_MS);
    expect(times.interrupted).toBe(false);
    expect(learnedMs(times, FROM)).toBe(FROM - 1000 + 14 * DAY_MS);
  });

  it('who was learned for four weeks has learned, however long it then pauses', () => {
    const times = new AssetTimes(1);
    for (let day = 0; day <= 28; day++) times.take(0, FROM + day * DAY_MS, FROM + day * DAY_MS);
    times.take(0, FROM + 60 * DAY_MS, FROM + 60 * DAY_MS);
    expect(times.interrupted).toBe(false);
    expect(learnedMs(times, FROM + 60 * DAY_MS)).toBeUndefined();
  });

  it('time goes on where it was before a record that was ahead, first or later', () => {
    for (const before of [0, 20]) {
      const times = new AssetTimes(1);
      for (let day = 0; day < before; day++) times.take(0, FROM + day * DAY_MS, FROM + day * DAY_MS);
      const firstMs = times.firstMs(0);
      times.take(0, FROM + 9000 * DAY_MS, FROM + 9000 * DAY_MS);
      const nowMs = FROM + before * DAY_MS;
      expect(times.take(0, nowMs, nowMs)).toBe(true);
      expect(times.wasSetBack).toBe(true);
      expect(times.newestMs(0)).toBe(nowMs);
      expect(times.firstMs(0)).toBe(before === 0 ? nowMs : firstMs);
      times.take(0, nowMs + 1, nowMs + 1);
      expect(times.wasSetBack).toBe(false);
    }
  });

  it('what comes late sets nothing back, were it by days', () => {
    const times = new AssetTimes(1);
    for (let day = 0; day < 20; day++) times.take(0, FROM + day * DAY_MS, FROM + day * DAY_MS);
    expect(times.take(0, FROM + 10 * DAY_MS, FROM + 10 * DAY_MS)).toBe(false);
    expect(times.newestMs(0)).toBe(FROM + 19 * DAY_MS);
  });
});

describe('minutes of an asset', () => {
  it('count where a record is the first to come to them, however many lie between', () => {
    const times = new AssetTimes(1);
    const begins = [0, 59_999, 60_000, 90_000, 10 * MINUTE_MS, 3 * MINUTE_MS].map((endMs) => {
      times.take(0, endMs, endMs + 1);
      return times.beginsMinute;
    });
    expect(begins).toEqual([true, true, false, false, true, false]);
    expect(times.minutes(0)).toBe(3);
  });
});
