import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DailyVolumes, localDay, localDayStartMs, Today } from '../../../detector/baseline/daily-volumes.js';
import { DriftLanes } from '../../../detector/baseline/drift-lanes.js';
import { EXTREMES, HourExtremes } from '../../../detector/baseline/hour-extremes.js';
import { LocalClock } from '../../../detector/baseline/local-clock.js';
import { NumberPool } from '../../../detector/baseline/number-pool.js';
import { OpenHours, shareOfHour } from '../../../detector/baseline/open-hours.js';
import { MOST_PEER_GROUPS, PeerGroups } from '../../../detector/baseline/peer-groups.js';
import { SeenSet } from '../../../detector/baseline/seen-set.js';
import { StateReader, StateWriter } from '../../../detector/baseline/state.js';
import { VolumeSeries } from '../../../detector/baseline/volume-series.js';
import { ObservedRecord } from '../../../detector/detections/observed-record.js';
import { shareWithin } from '../../../detector/detections/recompute.js';
import { createRandom } from '../../../fixtures/generator/flows/random.js';
import { DAY_MS, HOUR_MS } from '../../../flow/time.js';

const span = fc
  .tuple(fc.integer({ min: 0, max: 40 * DAY_MS }), fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 * DAY_MS })))
  .map(([startMs, lengthMs]) => ({ startMs, endMs: startMs + lengthMs }));

describe('records spread over their time', () => {
  it('give each hour its share, and all shares together are one', () => {
    fc.assert(
      fc.property(span, ({ startMs, endMs }) => {
        let sum = 0;
        for (let hour = Math.floor(startMs / HOUR_MS); hour <= Math.floor(endMs / HOUR_MS); hour++) {
          const share = shareOfHour(startMs, endMs, hour);
          expect(share).toBeCloseTo(shareWithin({ startMs, endMs }, hour * HOUR_MS, (hour + 1) * HOUR_MS), 12);
          sum += share;
        }
        expect(sum).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('open hours', () => {
  it('close once each, in order, when record time is 31 minutes past them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 6 * HOUR_MS }), { minLength: 1, maxLength: 60 }), (steps) => {
        const hours = new OpenHours();
        const closed: number[] = [];
        let ms = 0;
        for (const step of steps) {
          ms += step;
          if (ms >= hours.dueMs) hours.advance(ms, (hour) => closed.push(hour));
          expect(Math.floor(ms / HOUR_MS) - hours.oldest).toBeLessThanOrEqual(1);
          expect(hours.oldest).toBeLessThanOrEqual(Math.floor(ms / HOUR_MS));
        }
        expect(closed).toEqual([...new Set(closed)].sort((a, b) => a - b));
        for (const hour of closed) expect(hour).toBeLessThan(hours.oldest);
      }),
    );
  });
});

describe('days of the local calendar', () => {
  const clock = new LocalClock('Europe/Amsterdam');

  it('begin at local midnight, also where clocks change', () => {
    for (const iso of ['2026-03-29T12:00:00Z', '2026-10-25T12:00:00Z', '2026-07-01T00:00:00Z', '2026-12-31T23:30:00Z']) {
      const day = localDay(clock, Date.parse(iso));
      const [from, to] = [localDayStartMs(clock, day), localDayStartMs(clock, day + 1)];
      expect(localDay(clock, from)).toBe(day);
      expect(localDay(clock, from - 1)).toBe(day - 1);
      expect(to - from).toBe(iso.startsWith('2026-03-29') ? 23 * HOUR_MS : iso.startsWith('2026-10-25') ? 25 * HOUR_MS : DAY_MS);
    }
  });

  it('hold the sums that a plain list would', () => {
    const pushes = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 1_000_000 })), { maxLength: 80 });
    fc.assert(
      fc.property(pushes, (list) => {
        const volumes = new DailyVolumes();
        let day = 20_000;
        volumes.begin(day);
        volumes.setToday(day, clock);
        const model = new Map<number, number>();
        for (const [later, octets] of list) {
          if (later > 0) {
            day += later;
            volumes.closeToday(day, clock);
          }
          volumes.addToday(0, octets, 0, 1, 1);
          model.set(day, (model.get(day) ?? 0) + octets);
        }
        for (const [index, days] of [1, 7, 30].entries()) {
          const expected = [...model].filter(([at]) => at > day - days && at < day).reduce((sum, [, octets]) => sum + octets, 0);
          expect(Math.abs(volumes.numbers[Today.before + index]! - expected)).toBeLessThanOrEqual(1e-6 * expected);
        }
        expect(volumes.numbers[Today.octets]).toBe(model.get(day) ?? 0);
      }),
      { numRuns: 60 },
    );
  });
});

describe('peer groups', () => {
  it('are sixteen at most: under a flood of small ones the large ones stay', () => {
    const groups = new PeerGroups();
    for (const large of [1, 2, 3]) groups.add(groups.enter(`large ${large}`), 1e9);
    for (let key = 100; key < 20_000; key++) groups.add(groups.enter(`small ${key}`), 60);
    expect(groups.size).toBe(MOST_PEER_GROUPS);
    for (const large of [1, 2, 3]) expect(groups.names).toContain(`large ${large}`);
    expect(groups.evictions).toBe(19_900 - (MOST_PEER_GROUPS - 3));
  });
});

describe('the extremes of an hour', () => {
  it('are those of the hour and of its neighbours, of workdays or of weekends', () => {
    const largest = new HourExtremes(false, 1).use(new Float32Array(EXTREMES).fill(Number.NaN), 0);
    largest.learn(1000, 10, 1);
    largest.learn(5000, 11, 1);
    expect(largest.near(10)).toBe(5000);
    expect(largest.near(24 + 10)).toBe(5000);
    expect(largest.near(13)).toBeUndefined();
    expect(largest.near(5 * 24 + 10)).toBeUndefined();
    largest.learn(9000, 10, 0.05);
    expect(largest.near(9)).toBeLessThan(1500);
  });
});

describe('the cumulative sum of hourly residuals', () => {
  /** Hours until a sum of clipped residuals passes 10 σ; `shift` in σ, `phi` the autocorrelation of what is sent. */
  function hoursToAlarm(shift: number, phi: number, seed: number, most: number): number {
    const random = createRandom(seed);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const lanes = new DriftLanes();
    lanes.open(0, 0, 0);
    let state = 0;
    const next = (more: number): number => {
      state = phi * state + Math.sqrt(1 - phi * phi) * normal();
      return 3e6 * Math.exp(0.4 * (state + more));
    };
    for (let hour = 0; hour < 336; hour++) lanes.learn(0, next(0), hour % 168);
    let score = 0;
    for (let hour = 0; hour < most; hour++) {
      score = Math.max(0, score + Math.min(2, lanes.judge(0, next(shift), hour % 168).residual) - 0.5);
      if (score > 10) return hour + 1;
    }
    return Number.POSITIVE_INFINITY;
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
  const runs = (shift: number, phi: number, most: number): number[] =>
    Array.from({ length: 41 }, (_, seed) => hoursToAlarm(shift, phi, seed + 1, most));

  it('finds one σ more within two days, two within a day', () => {
    expect(median(runs(1, 0, 500))).toBeLessThan(48);
    expect(median(runs(2, 0, 500))).toBeLessThan(24);
  });

  it('is quiet over half a year where nothing changes, also where busy hours come in rows', () => {
    const half = 26 * 168;
    expect(runs(0, 0, half).filter(Number.isFinite).length).toBeLessThanOrEqual(6);
    expect(runs(0, 0.6, half).filter(Number.isFinite).length).toBeLessThanOrEqual(12);
  });

  it('writes what it needs to go on', () => {
    const lanes = new DriftLanes();
    for (let lane = 0; lane < 17; lane++) lanes.open(lane, 0, 100);
    const writer = new StateWriter();
    lanes.save(writer);
    expect(writer.finish().length).toBeGreaterThan(lanes.bytes);
    expect(lanes.bytes).toBeLessThan(7600);
  });
});

describe('tables of several assets in one pool', () => {
  const clock = new LocalClock('UTC');
  const limits = { sigmas: 6, runSigmas: 4, leastExcess: 1000, leastShare: 0.5 };

  /** Everything that is kept of one asset's volumes. */
  class Tables {
    readonly days: DailyVolumes;
    readonly lanes: DriftLanes;
    readonly groups: PeerGroups;
    readonly seen: SeenSet;
    private readonly series = new VolumeSeries(false, HOUR_MS, clock, limits);
    private readonly piece;
    private places = 0;
    private hour = 0;

    constructor(pool: NumberPool) {
      this.days = new DailyVolumes(pool);
      this.lanes = new DriftLanes(pool);
      this.groups = new PeerGroups(pool);
      this.seen = new SeenSet(pool);
      this.piece = pool.piece(this.series.bytes);
      this.days.begin(0);
      this.days.setToday(0, clock);
      this.lanes.open(0, 0, 0);
      this.series.use(this.piece, 0).begin();
    }

    step(what: number, amount: number): void {
      if (what === 0 && this.places < MOST_PEER_GROUPS) {
        const place = this.groups.enter(`group ${this.places++}`);
        this.days.openLanes(place, this.days.today);
        this.lanes.open(1 + place, 0, this.hour);
      } else if (what === 1) {
        this.days.addToday(0, amount, 1, 1, 1);
        if (this.places > 0) this.groups.add(amount % this.places, amount);
        if (this.places > 0) this.days.addToday(2 + 2 * (amount % this.places), amount, 2, 3, 4);
      } else if (what === 2) {
        this.hour += 1;
        for (let lane = 0; lane < this.lanes.count; lane++) this.lanes.learn(lane, amount * lane, this.hour % 168);
        this.days.closeToday(Math.floor(this.hour / 5), clock);
      } else if (what === 3) this.seen.meet(amount, ~amount, this.hour, 0);
      else {
        const ms = this.hour * HOUR_MS;
        this.series.use(this.piece, 0).add(Object.assign(new ObservedRecord(), { startMs: ms, endMs: ms, octetsOut: amount }), true);
      }
    }

    state(): Uint8Array {
      const writer = new StateWriter();
      for (const table of [this.days, this.lanes, this.groups, this.seen]) table.save(writer);
      const { chunk, from, bytes } = this.piece;
      writer.numbers(new Uint8Array(chunk.doubles.buffer, from, bytes));
      return writer.finish();
    }
  }

  it('hold what each would hold alone, however they grow, and so after a snapshot', () => {
    const step = fc.tuple(fc.nat(2), fc.nat(4), fc.integer({ min: 1, max: 5000 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const pool = new NumberPool();
        const together = [0, 1, 2].map(() => new Tables(pool));
        const alone = [0, 1, 2].map(() => new Tables(new NumberPool()));
        for (const [which, what, amount] of steps) {
          together[which]!.step(what, amount);
          alone[which]!.step(what, amount);
        }
        for (const [which, tables] of together.entries()) expect(tables.state()).toEqual(alone[which]!.state());
        const reader = new StateReader(together[1]!.state());
        const [days, lanes, groups, seen] = [new DailyVolumes(pool), new DriftLanes(pool), new PeerGroups(pool), new SeenSet(pool)];
        days.load(reader, clock);
        for (const table of [lanes, groups, seen]) table.load(reader);
        const writer = new StateWriter();
        for (const table of [days, lanes, groups, seen]) table.save(writer);
        const again = writer.finish();
        expect(again).toEqual(together[1]!.state().subarray(0, again.length));
        // What was loaded has taken nobody's place.
        for (const [which, tables] of together.entries()) expect(tables.state()).toEqual(alone[which]!.state());
      }),
      { numRuns: 60 },
    );
  });
});
