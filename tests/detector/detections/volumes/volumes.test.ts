import { describe, expect, it } from 'vitest';
import { exampleClaims, OPEN_CLAIMS } from '../../../../detector/detections/example-claims.js';
import { DETECTIONS, type DetectionId } from '../../../../detector/detections/index.js';
import { createEngine } from '../../../../detector/engine/engine.js';
import type { Finding } from '../../../../detector/findings/finding.js';
import { createRandom } from '../../../../fixtures/generator/flows/random.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../flow/time.js';
import { findingFlows } from '../../support/finding-flows.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../../support/rows.js';
import { inOrder } from '../../support/traffic.js';

/*
 * The volumes of one scanner over weeks, through the real engine: what must be found, and what must not be. Times are local to Amsterdam where a person or a
 * cron job sets them.
 */

const VOLUMES = ['volume-up', 'volume-down', 'slow-exfiltration', 'volume-over-days', 'asymmetry-flip'] as const satisfies DetectionId[];
const FROM_MS = Date.parse('2026-10-04T22:00:00Z');

/** Judges in one go, and again over a snapshot in the middle: both must say the same. */
function judge(text: string, rows: readonly Row[], parameters = {}): Finding[] {
  const claims = claimsOf(text);
  const detections = ['claim-violation', ...VOLUMES] as const;
  const engine = createEngine({ claims, detections, parameters });
  engine.ingest(batchOf(claims, rows));
  let again = createEngine({ claims, detections, parameters });
  const middle = rows.length >> 1;
  for (const part of [rows.slice(0, middle), rows.slice(middle)]) {
    again.ingest(batchOf(claims, part));
    const bytes = again.snapshot();
    again = createEngine({ claims, detections, parameters });
    expect(again.restore(bytes)).toBeUndefined();
    expect(Buffer.from(again.snapshot()).equals(Buffer.from(bytes))).toBe(true);
  }
  const essence = (list: readonly Finding[]): unknown => list.map(({ evidence: _, ...finding }) => finding);
  expect(essence(again.findings())).toEqual(essence(engine.findings()));
  for (const finding of engine.findings()) expectSum(finding, rows, text);
  return engine.findings().filter(({ detection }) => VOLUMES.some((id) => id === detection));
}

function expectSum(finding: Finding, rows: readonly Row[], text: string): void {
  const claims = claimsOf(text);
  const again = DETECTIONS[finding.detection as DetectionId].recompute(finding, findingFlows(claims, rows, finding), claims);
  expect(Math.abs(again - finding.observed), finding.sentence).toBeLessThanOrEqual(1e-5 * Math.max(1, finding.observed));
}

const saying = (findings: readonly Finding[]): string[] => findings.map(({ detection, sentence }) => `${detection}: ${sentence}`);

interface Push {
  readonly octets: number;
  readonly to?: string;
  readonly seconds?: number;
  readonly sampling?: number;
  readonly back?: number;
}

function push(startMs: number, { octets, to = '10.40.30.10', seconds = 20, sampling = 1, back = octets / 50 }: Push): Row {
  return {
    startMs,
    endMs: startMs + seconds * 1000,
    source: '10.40.10.11',
    sourcePort: 40_000 + (Math.floor(startMs / 1000) % 20_000),
    destination: to,
    destinationPort: 445,
    protocol: 6,
    octets: Math.round(octets),
    reverseOctets: Math.round(back),
    packets: Math.max(1, Math.round(octets / 1400)),
    reversePackets: Math.max(1, Math.round(octets / 2800)),
    flags: flagsOf('SAPF'),
    reverseFlags: flagsOf('SAPF'),
    biflow: true,
    sampling,
  };
}

/** Pushes every ten minutes for so many days, each scattered by `spread` (σ of its logarithm), as large as `octets` says. */
function pushes(days: number, octets: (ms: number) => number, spread = 0.2, seed = 1): Row[] {
  const random = createRandom(seed);
  return Array.from({ length: days * 144 }, (_, index) => {
    const ms = FROM_MS + index * 10 * MINUTE_MS + 30_000;
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return push(ms, { octets: octets(ms) * Math.exp(spread * normal) });
  });
}

/** Twice as much by day as by night, by Amsterdam's clock (UTC+2 until 25 October 01:00 UTC, then UTC+1). */
function byDay(ms: number): number {
  const local = ms + (ms < Date.parse('2026-10-25T01:00:00Z') ? 2 : 1) * HOUR_MS;
  const hour = Math.floor((local % DAY_MS) / HOUR_MS);
  return hour >= 7 && hour < 19 ? 4_000_000 : 400_000;
}

describe('a sender that grows slowly', () => {
  it.each([0.02, 0.035, 0.05])('by %f a day is found before it has doubled, and the baseline does not follow', (rate) => {
    const quietDays = 18;
    const rows = pushes(60, (ms) => byDay(ms) * (1 + rate) ** Math.max(0, (ms - FROM_MS) / DAY_MS - quietDays));
    const found = judge(OPEN_CLAIMS, rows).filter(({ windowToMs }) => windowToMs > FROM_MS + quietDays * DAY_MS);
    const doubledMs = FROM_MS + (quietDays + Math.log(2) / Math.log(1 + rate)) * DAY_MS;
    const early = found.filter(({ windowToMs, detection }) => windowToMs <= doubledMs && detection !== 'volume-down');
    expect(early.map(({ detection }) => detection)).toContain('slow-exfiltration');
    // What is called usual is never more than what was learned and told: the first report still compares with the weeks before.
    const [first] = early.filter(({ detection }) => detection === 'slow-exfiltration').sort((a, b) => a.windowToMs - b.windowToMs);
    const learned = rows
      .filter(({ startMs }) => startMs >= first!.windowFromMs - 14 * DAY_MS && startMs < first!.windowToMs - 14 * DAY_MS)
      .reduce((sum, { octets }) => sum + octets, 0);
    expect(first!.expected).toBeLessThan(learned * 1.3);
    // It is told again while it grows, and not every day.
    expect(found.length).toBeLessThan(42 / 2);
  });

  it('cannot raise the limit of sums over days: it stays as learned', () => {
    const rows = pushes(50, (ms) => 400_000 * 1.05 ** Math.max(0, (ms - FROM_MS) / DAY_MS - 16));
    const found = judge(OPEN_CLAIMS, rows).filter(({ detection, rule }) => detection === 'volume-over-days' && rule === 'out, archive');
    const [grown] = found.filter(({ severity }) => severity === 'medium');
    expect(grown).toBeDefined();
    const day = 144 * 400_000;
    expect(grown!.expected / ((grown!.windowToMs - grown!.windowFromMs) / DAY_MS)).toBeLessThan(1.7 * day);
    expect(found.filter(({ severity }) => severity === 'low').map(({ sentence }) => sentence)).toEqual([]);
  });

  it('of 12 % a week is foretold with the date', () => {
    const rows = pushes(49, (ms) => 400_000 * 1.12 ** Math.max(0, Math.floor((ms - FROM_MS) / (7 * DAY_MS)) - 1), 0.02);
    const told = judge(OPEN_CLAIMS, rows).filter(({ detection, severity }) => detection === 'volume-over-days' && severity === 'low');
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]!.sentence).toMatch(/passes the limit of .* about 2026-1\d-\d\d/);
  });
});

describe('a sender that has come down to a third for weeks', () => {
  it('is found when it rises again, within what was learned at first', () => {
    const lessMs = FROM_MS + 16 * DAY_MS;
    const moreMs = lessMs + 30 * DAY_MS;
    const found = judge(
      OPEN_CLAIMS,
      pushes(54, (ms) => (ms < lessMs ? 3_000_000 : ms < moreMs ? 1_000_000 : 2_000_000), 0.3),
    );
    const rises = found.filter(({ detection }) => detection === 'slow-exfiltration');
    expect(rises.length).toBeGreaterThan(0);
    for (const { windowFromMs } of rises) expect(windowFromMs).toBeGreaterThanOrEqual(moreMs - DAY_MS);
  });
});

describe('nothing is said of', () => {
  const WEEKS = 5;

  it('steady work by day and night over five weeks, and the night in which clocks are set back', () => {
    expect(saying(judge(OPEN_CLAIMS, pushes(7 * WEEKS, byDay)))).toEqual([]);
  });

  it('a job at half past two local time on the night in which clocks are set back', () => {
    const jobs = Array.from({ length: 30 }, (_, day) => {
      const localMs = FROM_MS + 2 * HOUR_MS + day * DAY_MS + 2.5 * HOUR_MS;
      const ms = localMs - (localMs - 2 * HOUR_MS < Date.parse('2026-10-25T00:30:01Z') ? 2 : 1) * HOUR_MS;
      return push(ms, { octets: 300_000_000, seconds: 240 });
    });
    expect(saying(judge(OPEN_CLAIMS, inOrder([...pushes(30, () => 400_000), ...jobs])))).toEqual([]);
  });

  it('a job set in UTC, which comes an hour earlier by local time from that night on', () => {
    const jobs = Array.from({ length: 35 }, (_, day) =>
      push(FROM_MS + day * DAY_MS + 3.2 * HOUR_MS, { octets: 300_000_000, seconds: 240 }),
    );
    expect(saying(judge(OPEN_CLAIMS, inOrder([...pushes(35, () => 400_000), ...jobs])))).toEqual([]);
  });

  /** Each night at half past two, Amsterdam's time; on the night of 25 October twice. */
  const nightly = (octets: number): Row[] =>
    [...Array.from({ length: 21 }, (_, day) => day * 24 + 2.5), ...Array.from({ length: 9 }, (_, day) => (day + 20) * 24 + 3.5)].map(
      (hours, run) => push(FROM_MS + hours * HOUR_MS, { octets: run === 21 ? octets : 300_000_000, seconds: 240 }),
    );

  it('a nightly job that runs twice, as the clock tells its hour twice; three times as much the second time is found', () => {
    const quarters = pushes(30, () => 400_000);
    expect(saying(judge(OPEN_CLAIMS, inOrder([...quarters, ...nightly(300_000_000)])))).toEqual([]);
    const found = judge(OPEN_CLAIMS, inOrder([...quarters, ...nightly(900_000_000)]));
    expect(found.map(({ detection }) => detection)).toContain('volume-over-days');
  });

  it('a return from three days of a fault', () => {
    const faulty = (ms: number): boolean => ms > FROM_MS + 22 * DAY_MS && ms < FROM_MS + 25 * DAY_MS;
    const found = judge(
      OPEN_CLAIMS,
      pushes(42, (ms) => (faulty(ms) ? 1000 : byDay(ms)), 0.6),
    );
    expect(found.map(({ detection }) => detection)).toContain('volume-down');
    expect(saying(found.filter(({ detection }) => detection !== 'volume-down'))).toEqual([]);
  });

  it('an exporter that was restarted: half an hour without records, then all goes on', () => {
    const gapMs = FROM_MS + 20 * DAY_MS + 10.2 * HOUR_MS;
    const rows = pushes(28, byDay).filter(({ endMs }) => endMs < gapMs || endMs > gapMs + 35 * MINUTE_MS);
    expect(saying(judge(OPEN_CLAIMS, rows))).toEqual([]);
  });

  it('an exporter’s clock that is 45 s ahead for twelve hours', () => {
    const fromMs = FROM_MS + 20 * DAY_MS + 6 * HOUR_MS;
    const rows = pushes(28, byDay).map((row) => {
      const aheadMs = row.endMs >= fromMs && row.endMs < fromMs + 12 * HOUR_MS ? 45_000 : 0;
      return { ...row, startMs: row.startMs + aheadMs, endMs: row.endMs + aheadMs };
    });
    expect(saying(judge(OPEN_CLAIMS, inOrder(rows)))).toEqual([]);
  });

  it('a day without any telemetry', () => {
    const gapMs = FROM_MS + 20 * DAY_MS + 10.2 * HOUR_MS;
    const rows = pushes(32, byDay).filter(({ endMs }) => endMs < gapMs || endMs > gapMs + DAY_MS);
    expect(saying(judge(OPEN_CLAIMS, rows))).toEqual([]);
  });

  it('a backup day in an agreed window; the same without the window is found', () => {
    const backup = Array.from({ length: 60 }, (_, index) =>
      push(FROM_MS + 24 * DAY_MS + HOUR_MS + index * 3 * MINUTE_MS, { octets: 200_000_000, seconds: 170, to: '10.40.9.4', back: 9000 }),
    );
    const windows = 'backup: { start: "2026-10-29T00:00", rrule: "FREQ=MONTHLY", duration: PT4H }';
    const agreed = exampleClaims('{ only: [ { peer: { sets: [archive] } }, { peer: { sets: [maint-gw] }, during: [backup] } ] }', {
      windows,
    });
    const rows = inOrder([...pushes(28, byDay), ...backup]);
    expect(saying(judge(agreed, rows))).toEqual([]);
    const without = judge(OPEN_CLAIMS, rows).map(({ detection }) => detection);
    expect(without).toEqual(expect.arrayContaining(['volume-up', 'volume-over-days']));
  });

  it('a sampled exporter: one packet in a hundred, its estimates scattered', () => {
    const random = createRandom(7);
    const rows = pushes(28, byDay).flatMap((row) => {
      const packets = Array.from({ length: row.packets! }, random).filter((value) => value < 0.01).length;
      if (packets === 0) return [];
      return [
        { ...row, octets: packets * 1400, packets, reverseOctets: packets * 30, reversePackets: Math.ceil(packets / 2), sampling: 100 },
      ];
    });
    expect(saying(judge(OPEN_CLAIMS, rows))).toEqual([]);
  });
});

describe('a workday of few people', () => {
  /** A Wednesday in the fifth week. */
  const DAY = 30;
  /** Calls of people, and an image for each second of them, six of both an hour on workdays and one at weekends; a word to the archive every ten minutes for ever. */
  function work(days: number, share: (day: number) => { calls: number; images: number }): Row[] {
    const random = createRandom(11);
    const rows: Row[] = [];
    for (let hour = 0; hour < days * 24; hour++) {
      const ms = FROM_MS + hour * HOUR_MS;
      for (let minute = 2; minute < 60; minute += 10) rows.push(push(ms + minute * MINUTE_MS, { octets: 1200 }));
      if (hour % 24 < 7 || hour % 24 >= 19) continue;
      const { calls, images } = share(Math.floor(hour / 24));
      for (let one = 0; one < 12; one++) {
        const at = ms + Math.floor(random() * 55) * MINUTE_MS + one * 1000;
        const call = push(at, { octets: 40_000, back: 3000 });
        const asks = { source: '10.40.20.5', destination: '10.40.10.11', destinationPort: 443, octets: 3000, reverseOctets: 40_000 };
        if (random() * 12 < calls) rows.push({ ...call, ...asks });
        if (random() * 12 < images) rows.push(push(at + 30_000, { octets: 5_000_000 * (0.8 + 0.4 * random()) }));
      }
    }
    return inOrder(rows);
  }
  const usual = (day: number): { calls: number; images: number } => (day % 7 >= 5 ? { calls: 1, images: 1 } : { calls: 9, images: 9 });
  const fallsOf = (rows: readonly Row[]): string[] =>
    saying(judge(OPEN_CLAIMS, rows).filter(({ detection }) => detection === 'volume-down'));

  it('is a holiday where all are as few as at weekends, and nothing is said', () => {
    expect(fallsOf(work(35, (day) => (day === DAY ? usual(5) : usual(day))))).toEqual([]);
  });

  it('is none where people call as ever and the images are missing', () => {
    const [found] = fallsOf(work(35, (day) => (day === DAY ? { calls: 9, images: 0 } : usual(day))));
    expect(found).toMatch(/volume-down: .* out in the .* where .* are usual/);
  });

  it('is a fall where less comes than at weekends', () => {
    const all = work(35, (day) => (day === DAY ? usual(5) : usual(day)));
    const fromMs = FROM_MS + DAY * DAY_MS;
    const nightly = (rows: readonly Row[], without: number): Row[] => {
      const copies = Array.from({ length: 35 * 24 }, (_, hour) => push(FROM_MS + hour * HOUR_MS + 40 * MINUTE_MS, { octets: 3_000_000 }));
      return inOrder([...rows, ...copies.filter(({ startMs }) => !(startMs >= without && startMs < without + DAY_MS))]);
    };
    expect(fallsOf(nightly(all, Number.NaN))).toEqual([]);
    expect(fallsOf(nightly(all, fromMs)).length).toBeGreaterThan(0);
  });
});

describe('records of half an hour and of a minute', () => {
  /** One connection that is always open, told in records of so many minutes. */
  const told = (minutes: number, surge: boolean): Row[] =>
    Array.from({ length: (21 * 24 * 60) / minutes }, (_, index) => {
      const ms = FROM_MS + index * minutes * MINUTE_MS;
      const burst = surge && ms >= FROM_MS + 18 * DAY_MS && ms < FROM_MS + 18 * DAY_MS + 2 * HOUR_MS ? 12 : 1;
      return push(ms, { octets: burst * 400_000 * minutes, seconds: minutes * 60 });
    });

  it.each([1, 30])('of %d min: silent while all is as usual, a surge of two hours found, with the same volume', (minutes) => {
    expect(saying(judge(OPEN_CLAIMS, told(minutes, false)))).toEqual([]);
    const [hour] = judge(OPEN_CLAIMS, told(minutes, true)).filter(({ detection }) => detection === 'volume-up');
    const perMinute = hour!.observed / ((hour!.windowToMs - hour!.windowFromMs) / MINUTE_MS);
    expect(perMinute / (12 * 400_000)).toBeCloseTo(1, 1);
  });
});
