import { describe, expect, it } from 'vitest';
import { AssetTimes } from '../../../detector/baseline/asset-times.js';
import { StateReader, StateWriter } from '../../../detector/baseline/state.js';
import { MINUTE_MS } from '../../../flow/time.js';

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
