import { describe, expect, it } from 'vitest';
import { StateReader, StateWriter } from '../../../../detector/baseline/state.js';
import { exampleClaims } from '../../../../detector/detections/example-claims.js';
import { longSession } from '../../../../detector/detections/rhythms/long-session.js';
import { claimsOf } from '../../support/rows.js';
import { StreamJudge } from '../../support/streams.js';

const claims = claimsOf(exampleClaims('{ budget: [ { peer: { any: true }, budget: { bytes: 100TiB, per: P1D } } ] }'));
const FROM = Date.parse('2026-11-16T08:00:00Z');
const HOUR = 3_600_000;

/** A record each five minutes of a session that began at `fromMs`. */
function open(judge: StreamJudge, fromMs: number, hours: number): void {
  for (let at = 0; at < hours * HOUR; at += 300_000) judge.session(fromMs + at, 299_000, fromMs);
}
const steps = (judge: StreamJudge): number[] => judge.measured.map(({ expected }) => expected / 3600);

describe('long-session', () => {
  it('is told at each step of the ladder, while it is open, and once only', () => {
    const judge = new StreamJudge(longSession, claims).talkTo('203.0.113.7', 4443);
    open(judge, FROM, 100);
    expect(steps(judge)).toEqual([1, 4, 12, 24, 72]);
    open(judge, FROM + 200 * HOUR, 30);
    expect(steps(judge)).toHaveLength(5);
  });

  it('on a port of chat is told after ten minutes, once, and then by the ladder; what the ladder told first is not told as chat', () => {
    const judge = new StreamJudge(longSession, claims).talkTo('203.0.113.7', 6667);
    open(judge, FROM, 5);
    expect(steps(judge)).toEqual([1 / 6, 1, 4]);
    open(judge, FROM + 24 * HOUR, 1);
    expect(steps(judge)).toHaveLength(3);
    // As logs tell of it that speak of a session at its end.
    const late = new StreamJudge(longSession, claims).talkTo('203.0.113.7', 6667);
    late.session(FROM, 2 * HOUR, FROM);
    expect(steps(late)).toEqual([1]);
  });

  it('is told again after a month without', () => {
    const judge = new StreamJudge(longSession, claims).talkTo('203.0.113.7', 4443);
    open(judge, FROM, 2);
    open(judge, FROM + 24 * 32 * HOUR, 2);
    expect(steps(judge)).toEqual([1, 1]);
  });

  it('of many peers in a week only the longest are told', () => {
    const judge = new StreamJudge(longSession, claims);
    for (let host = 1; host <= 6; host++) open(judge.talkTo(`203.0.113.${host}`, 4443), FROM + host * 5 * HOUR, host === 6 ? 13 : 2);
    expect(steps(judge)).toEqual([1, 1, 12]);
  });

  it('state stays bounded, and goes on after a snapshot as if nothing had happened', () => {
    const play = (judge: StreamJudge, from: number, to: number): void => {
      for (let host = from; host < to; host++) {
        judge.talkTo(`198.51.100.${host % 250}`, 5000 + host).session(FROM + (host + 25) * HOUR, 60_000, FROM + host * HOUR);
      }
    };
    const straight = new StreamJudge(longSession, claims);
    const before = new StreamJudge(longSession, claims);
    const after = new StreamJudge(longSession, claims);
    play(straight, 0, 1500);
    play(before, 0, 700);
    const writer = new StateWriter();
    before.evaluator.save(writer);
    expect(writer.finish().length).toBeLessThanOrEqual(3000);
    after.evaluator.load(new StateReader(writer.finish()));
    play(after, 700, 1500);
    expect([...before.measured, ...after.measured].map(({ why }) => why)).toEqual(straight.measured.map(({ why }) => why));
  });
});
