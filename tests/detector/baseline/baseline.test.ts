import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOOM_MEMBERS, TwoGenerationBloom } from '../../../detector/baseline/bloom.js';
import { BudgetWindow } from '../../../detector/baseline/budget-window.js';
import { finishHash, mixWord } from '../../../detector/baseline/hash.js';
import { LocalClock } from '../../../detector/baseline/local-clock.js';
import { SEEN_EXACT_MEMBERS, SEEN_LONG_AGO, SeenSet } from '../../../detector/baseline/seen-set.js';
import { StateReader, StateWriter } from '../../../detector/baseline/state.js';
import { PROFILE_BYTES, SURGE_FACTOR, VolumeProfile } from '../../../detector/baseline/volume-profile.js';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { ObservedRecord } from '../../../detector/detections/observed-record.js';
import { HOUR_MS } from '../../../flow/time.js';
import { claimsOf } from '../support/rows.js';

const hashA = (value: number): number => finishHash(mixWord(0, value));
const hashB = (value: number): number => finishHash(mixWord(7, value));

describe('seen set', () => {
  it('remembers when a member was first met, exactly, up to its size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 1e6 })), { maxLength: 400 }),
        (meetings) => {
          const set = new SeenSet();
          const model = new Map<number, number>();
          for (const [member, ms] of meetings) {
            const first = Math.min(ms, model.get(member) ?? ms);
            model.set(member, first);
            expect(set.meet(hashA(member), hashB(member), ms, 0)).toBe(first);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('beyond its size knows old members without a time, and still tells new ones', () => {
    const set = new SeenSet();
    for (let member = 0; member < SEEN_EXACT_MEMBERS + 200; member++) set.meet(hashA(member), hashB(member), member, member);
    expect(set.meet(hashA(0), hashB(0), 10_000, 9000)).toBe(SEEN_LONG_AGO);
    const strangers = Array.from({ length: 200 }, (_, index) => 1_000_000 + index);
    const known = strangers.filter((member) => set.meet(hashA(member), hashB(member), 20_000, 20_000) !== 20_000);
    expect(known.length).toBeLessThan(10);
    const writer = new StateWriter();
    set.save(writer);
    const again = new SeenSet();
    again.load(new StateReader(writer.finish()));
    expect(again.meet(hashA(0), hashB(0), 30_000, 30_000)).toBe(SEEN_LONG_AGO);
    expect(again.meet(hashA(strangers[5]!), hashB(strangers[5]!), 30_000, 30_000)).toBe(20_000);
  });

  it('its Bloom filter takes one stranger in a hundred for known when full', () => {
    const bloom = new TwoGenerationBloom();
    for (let member = 0; member < BLOOM_MEMBERS; member++) bloom.add(hashA(member), hashB(member));
    for (let member = 0; member < BLOOM_MEMBERS; member++) expect(bloom.has(hashA(member), hashB(member))).toBe(true);
    let known = 0;
    for (let member = 1e6; member < 1e6 + 10_000; member++) if (bloom.has(hashA(member), hashB(member))) known += 1;
    expect(known).toBeLessThan(200);
  });
});

describe('local clock', () => {
  it('gives the hour of the week across the change to winter time', () => {
    const clock = new LocalClock('Europe/Amsterdam');
    expect(clock.hourOfWeek(Date.parse('2026-10-25T00:30:00Z'))).toBe(6 * 24 + 2);
    expect(clock.hourOfWeek(Date.parse('2026-10-25T01:30:00Z'))).toBe(6 * 24 + 2);
    expect(clock.hourOfWeek(Date.parse('2026-10-25T23:00:00Z'))).toBe(0);
    expect(clock.offsetMs(Date.parse('2026-07-01T00:00:00Z'))).toBe(2 * HOUR_MS);
    expect(new LocalClock('Asia/Kathmandu').offsetMs(0)).toBe(5.5 * HOUR_MS);
  });
});

describe('volume profile', () => {
  const newProfile = (): VolumeProfile => new VolumeProfile(HOUR_MS).use(new Uint16Array(PROFILE_BYTES / 2), 0, new Float64Array(1), 0);

  it('learns a level within a few bins, whatever its size', () => {
    fc.assert(
      fc.property(fc.double({ min: 3, max: 12, noNaN: true }), (power) => {
        const profile = newProfile();
        const octets = 10 ** power;
        for (let bin = 0; bin < 30; bin++) profile.learn(octets, bin % 168, false);
        const { expected, sigma } = profile.predict(12);
        expect(expected / octets).toBeCloseTo(1, 3);
        expect(sigma).toBeLessThan(0.3);
      }),
    );
  });

  it('takes the scatter of an hour from all workdays, each beside its own usual volume', () => {
    const profile = newProfile();
    const hourOf = (day: number): number => 24 * day + 10;
    // Mondays are busy and all alike; the other workdays differ by a factor of e, either way.
    for (let week = 0; week < 8; week++)
      for (let day = 0; day < 5; day++) profile.learn(day === 0 ? 1e9 : 1e6 * Math.exp((week + day) % 2), hourOf(day), false);
    const { sigma } = profile.predict(hourOf(0));
    expect(profile.predict(hourOf(1)).sigma).toBe(sigma);
    // About half of a factor of e, which Mondays alone do not show, and not the factor of a thousand that lies between Monday and Tuesday.
    expect(sigma).toBeGreaterThan(0.35);
    expect(sigma).toBeLessThan(1.5);
  });

  it('a reported bin moves it a twentieth as far', () => {
    const learned = (reported: boolean): number => {
      const profile = newProfile();
      for (let bin = 0; bin < 100; bin++) profile.learn(1e6, 10, false);
      profile.learn(1e9, 10, reported);
      expect(profile.largest).toBeGreaterThan(1e6);
      return profile.predict(10).mean - Math.log1p(1e6);
    };
    expect(learned(true)).toBeLessThan(learned(false) / 15);
    expect(SURGE_FACTOR).toBeCloseTo(4.48, 2);
  });
});

describe('budget window', () => {
  const record = (startMs: number, octets: number, endMs = startMs): ObservedRecord =>
    Object.assign(new ObservedRecord(), { startMs, endMs, octetsOut: octets, sessionStarts: true });
  const windowOf = (per: string): BudgetWindow => {
    const claims = claimsOf(
      exampleClaims(`{ budget: [ { peer: { any: true }, budget: { bytes: 1000B, per: ${per}, direction: out, scope: member } } ] }`),
    );
    return new BudgetWindow(claims.claims[0]!.rules[0]!.budget!, claims);
  };

  it('slides: never over when no window of its length holds more, always when 59 sixtieths of it do', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 900_000 }), fc.integer({ min: 0, max: 400 })), { maxLength: 80 }),
        (steps) => {
          const window = windowOf('PT1H');
          const told: [number, number][] = [];
          let now = Date.parse('2026-12-03T00:00:00Z');
          for (const [step, octets] of steps) {
            now += step;
            told.push([now, octets]);
            const within = (ms: number): number => told.reduce((sum, [at, count]) => (at > now - ms ? sum + count : sum), 0);
            const over = window.add(record(now, octets));
            if (within(HOUR_MS) <= 1000) expect(over).toBe(false);
            if (within((HOUR_MS * 59) / 60) > 1000) expect(over).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('counts local days, and a record over midnight whole in both, also when it comes late', () => {
    const midnight = Date.parse('2026-12-03T23:00:00Z');
    const window = windowOf('P1D');
    expect(window.add(record(midnight - HOUR_MS, 600))).toBe(false);
    expect(window.add(record(midnight + HOUR_MS, 600))).toBe(false);
    expect(window.add(record(midnight - 1000, 500, midnight + 1000))).toBe(true);
    expect(window.over().map(({ fromMs, octets }) => [fromMs, octets])).toEqual([
      [midnight - 24 * HOUR_MS, 1100],
      [midnight, 1100],
    ]);
  });

  it('spans several days', () => {
    const window = windowOf('P7D');
    const noon = Date.parse('2026-12-03T11:00:00Z');
    for (let day = 0; day < 30; day++) expect(window.add(record(noon + day * 24 * HOUR_MS, 140))).toBe(false);
    expect(window.add(record(noon + 29 * 24 * HOUR_MS, 30))).toBe(true);
  });
});
