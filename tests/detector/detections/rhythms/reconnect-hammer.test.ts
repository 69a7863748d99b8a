import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HourCounts } from '../../../../detector/baseline/hour-counts.js';
import { StateReader, StateWriter } from '../../../../detector/baseline/state.js';
import { exampleClaims } from '../../../../detector/detections/example-claims.js';
import { Level } from '../../../../detector/detections/observed-record.js';
import { reconnectHammer } from '../../../../detector/detections/rhythms/reconnect-hammer.js';
import { claimsOf } from '../../support/rows.js';
import { StreamJudge } from '../../support/streams.js';

const claims = claimsOf(exampleClaims('{ budget: [ { peer: { any: true }, budget: { bytes: 100TiB, per: P1D } } ] }'));
const FROM = Date.parse('2026-11-20T08:00:00Z');

function judge(): StreamJudge {
  const made = new StreamJudge(reconnectHammer, claims);
  made.record.level = Level.attempt;
  return made;
}

describe('counts of the last hour', () => {
  it('are those of the times that lie in it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 * 3600 }), { minLength: 1, maxLength: 200 }), (seconds) => {
        const hours = new HourCounts(2);
        let newest = 0;
        const kept: number[] = [];
        for (const second of seconds) {
          newest = Math.max(newest, second * 1000);
          // What is older than the oldest bucket at the time that it comes is passed over.
          if (Math.floor(newest / 300_000) - Math.floor((second * 1000) / 300_000) < 12) kept.push(second * 1000);
          hours.add(1, second * 1000);
        }
        expect(hours.sum(1)).toBe(kept.filter((ms) => ms >= hours.fromMs(1)).length);
        expect(newest - hours.fromMs(1)).toBeLessThan(3_600_000);
        expect(hours.sum(0)).toBe(0);
      }),
    );
  });
});

describe('reconnect-hammer', () => {
  it('is found with the thirtieth attempt of an hour, and says that the isolation held', () => {
    const stream = judge();
    for (let attempt = 1; attempt <= 30; attempt++) {
      stream.session(FROM + attempt * 100_000);
      expect(stream.measured).toHaveLength(attempt < 30 ? 0 : 1);
    }
    expect(stream.measured[0]!.why).toContain('the isolation held');
    expect(stream.measured[0]!.observed).toBe(30);
  });

  it('an attempt each two minutes and a half is none, however long it goes on', () => {
    const stream = judge();
    for (let attempt = 1; attempt <= 2000; attempt++) stream.session(FROM + attempt * 150_000);
    expect(stream.measured).toEqual([]);
  });

  it('peers tried in turn are told from the first try on, with what was sent to all of them', () => {
    const stream = judge();
    stream.talkTo('198.51.100.1', 443).session(FROM - 2 * 3_600_000);
    for (let peer = 1; peer <= 5; peer++) {
      stream.talkTo(`203.0.113.${peer}`, 443).session(FROM + peer * 60_000);
      stream.talkTo('203.0.113.1', 443).session(FROM + peer * 60_000 + 1000);
    }
    const told = stream.measured.filter(({ unit }) => unit === 'peers');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ observed: 5, windowFromMs: FROM + 60_000, windowToMs: FROM + 300_001 });
    // Nine tries of 900 octets each: the tenth came after the fifth peer.
    expect(told[0]!.totals).toMatchObject({ firstMs: FROM + 60_000, octetsOut: 9 * 900, packetsOut: 9 * 7, records: 9, sessions: 9 });
  });

  it('of tries that go on for hours no window is longer than the hour that is counted', () => {
    const stream = judge();
    for (let minute = 0; minute <= 240; minute++) stream.talkTo(`203.0.113.${1 + (minute % 6)}`, 443).session(FROM + minute * 60_000);
    const told = stream.measured.filter(({ unit }) => unit === 'peers');
    for (const { windowFromMs, windowToMs, observed } of told) {
      expect(windowToMs - windowFromMs).toBeLessThanOrEqual(3_600_001);
      expect(observed).toBeLessThanOrEqual(6);
    }
    expect(told.length).toBeGreaterThan(0);
  });

  it('state stays bounded under a flood of addresses, and a hammer is found in it', () => {
    const stream = judge();
    let most = 0;
    for (let second = 0; second < 20_000; second++) {
      stream.talkTo(`198.51.${(second >>> 8) & 255}.${second & 255}`, 1 + second).session(FROM + second * 1000);
      if (second % 60 === 0) stream.talkTo('203.0.113.7', 443).session(FROM + second * 1000 + 1);
      if (second % 2000 !== 0) continue;
      const writer = new StateWriter();
      stream.evaluator.save(writer);
      most = Math.max(most, writer.finish().length);
    }
    expect(stream.measured.some(({ unit }) => unit === 'attempts')).toBe(true);
    // 128 rows and 32 peers.
    expect(most).toBeLessThanOrEqual(14_000);
  });

  it('goes on after a snapshot as if nothing had happened', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 90 }), (at) => {
        const play = (stream: StreamJudge, from: number, to: number): void => {
          for (let attempt = from; attempt < to; attempt++) {
            stream.talkTo(`203.0.113.${1 + (attempt % 3)}`, 443).session(FROM + attempt * 30_000);
            stream.talkTo(`192.0.2.${1 + (attempt % 7)}`, 8080).session(FROM + attempt * 30_000 + 5000);
          }
        };
        const straight = judge();
        const before = judge();
        const after = judge();
        play(straight, 0, at);
        play(before, 0, at);
        const writer = new StateWriter();
        before.evaluator.save(writer);
        after.evaluator.load(new StateReader(writer.finish()));
        straight.measured.length = 0;
        play(straight, at, 130);
        play(after, at, 130);
        expect(after.measured).toEqual(straight.measured);
      }),
      { numRuns: 30 },
    );
  });
});
