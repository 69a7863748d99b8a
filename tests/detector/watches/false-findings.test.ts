import { describe, expect, it } from 'vitest';
import { LocalClock } from '../../../detector/baseline/local-clock.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { watches } from '../../../detector/watches/evaluate.js';
import { DAY_MS, HOUR_MS } from '../../../flow/time.js';
import { claimsOf } from '../support/rows.js';
import { during, except, type Habit, heartbeat, pareto, poisson, SimulatedActivity } from './simulated.js';

/*
 * Weeks of simulated devices, seeded: what is usual for each of them is no silence, and a stop is one. The weeks hold the change of clocks of 2026-10-25.
 */
const DEVICES = 6;
const WEEKS = 8;
const FROM = Date.parse('2026-09-07T00:00:00Z');
const UNTIL = FROM + WEEKS * 7 * DAY_MS;
/** Wednesday of the fifth week, 10:30 in Amsterdam. */
const STOP = Date.parse('2026-10-07T08:30:00Z');

const CLAIMS = `version: 1
id: sim
owner: o
timezone: Europe/Amsterdam
effective: { from: "2026-01-01" }
fleets: { devices: { vendor: V, site: S, members: [${Array.from({ length: DEVICES }, (_, i) => `{ name: d${i}, ip: ["10.0.0.${i + 1}"] }`).join(', ')}] } }
sensors:
  border: { kind: ipfix, exporter: "10.40.0.1", sampling: 1, active_timeout: PT1M, heartbeat: PT1M, sees: [north-south] }
claims:
  - { id: c, text: "t", subject: devices, severity: high, assert: { only: [{ peer: { any: true } }] }, coverage: { sensors: [border], time: "99%", max_gap: PT10M } }
`;
const CLOCK = new LocalClock('Europe/Amsterdam');
const localOf = (ms: number): number => ms + CLOCK.offsetMs(ms);
const hourOf = (localMs: number): number => (localMs % DAY_MS) / HOUR_MS;
const isWorkday = (localMs: number): boolean => (Math.floor(localMs / DAY_MS) + 3) % 7 < 5;
const office = (habit: Habit, shift: number): Habit =>
  during(habit, (ms) => isWorkday(ms) && hourOf(ms) >= 8 && hourOf(ms) < 18, localOf, shift);
const both = (one: Habit, other: Habit): Habit =>
  function* (random, from, until) {
    yield* one(random, from, until);
    yield* other(random, from, until);
  };

const claims = claimsOf(CLAIMS);

function findingsOf(habitOf: (asset: number) => Habit): Finding[] {
  return watches(new SimulatedActivity(claims, habitOf, FROM, UNTIL, 1), undefined, claims, UNTIL);
}

/** Habits and the false findings that are allowed for a device and week. */
const HABITS: readonly (readonly [name: string, habit: Habit, most: number])[] = [
  ['at random, once in 20 minutes', poisson(0.05), 0.05],
  ['at random, once a minute', poisson(1), 0.05],
  ['at random, five times a minute', poisson(5), 0.05],
  ['every ten minutes, one in fifty missing', heartbeat(10), 0.05],
  ['in office hours, give or take a quarter of an hour', office(poisson(2), 15), 0.05],
  ['in office hours, give or take an hour', office(poisson(2), 60), 0.3],
  ['in office hours, and a heartbeat at night', both(office(poisson(2), 30), heartbeat(60)), 0.05],
  ['a batch every night', during(poisson(10), (ms) => hourOf(ms) >= 2 && hourOf(ms) < 3, localOf, 10), 0.05],
  ['pauses with a heavy tail (Pareto 1.5)', pareto(1.5, 1), 0.3],
];

describe('weeks as usual, the change of clocks among them', () => {
  it.each(HABITS)('%s', (_name, habit, most) => {
    const findings = findingsOf(() => habit);
    expect(findings.length / (DEVICES * WEEKS), findings.map(({ sentence }) => sentence).join('\n')).toBeLessThanOrEqual(most);
  });
});

describe('a stop on a Wednesday morning is found', () => {
  it.each([
    ['of a device that is always there', poisson(1)],
    ['of one that is off at night and on weekends', office(poisson(2), 15)],
    ['of one with a heartbeat', heartbeat(10)],
  ] as const)('%s', (_name, habit) => {
    const findings = findingsOf((asset) => (asset === 3 ? except(habit, STOP, STOP + 4 * HOUR_MS) : habit));
    const found = findings.filter(({ asset, firstSeenMs }) => asset === 'd3' && Math.abs(firstSeenMs - STOP) < 0.5 * HOUR_MS);
    expect(found.map(({ detection }) => detection)).toEqual(['silence']);
    expect(found[0]!.observed).toBeGreaterThan(200);
  });

  it('of the whole fleet: one finding for all', () => {
    const findings = findingsOf(() => except(poisson(1), STOP, STOP + HOUR_MS));
    const found = findings.filter(({ firstSeenMs }) => Math.abs(firstSeenMs - STOP) < 0.5 * HOUR_MS);
    expect(found.map(({ detection, observed }) => `${detection} ${observed}`)).toEqual([`fleet-silence ${DEVICES}`]);
  });
});
