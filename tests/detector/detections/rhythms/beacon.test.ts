import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateReader, StateWriter } from '../../../../detector/baseline/state.js';
import { exampleClaims } from '../../../../detector/detections/example-claims.js';
import { beacon } from '../../../../detector/detections/rhythms/beacon.js';
import { createEngine } from '../../../../detector/engine/engine.js';
import { batchOf, claimsOf, exampleRows } from '../../support/rows.js';
import { normalFrom, randomFrom, StreamJudge } from '../../support/streams.js';

const claims = claimsOf(exampleClaims('{ budget: [ { peer: { any: true }, budget: { bytes: 100TiB, per: P1D } } ] }'));
const FROM = Date.parse('2026-11-20T08:00:00Z');

/** Intervals in ms, endless. */
type Stream = (random: () => number) => number;

/** Number of the beat at which the stream is found; undefined when it is not within `beats`. */
function foundAfter(stream: Stream, seed: number, beats: number): number | undefined {
  const random = randomFrom(seed);
  const judge = new StreamJudge(beacon, claims);
  let ms = FROM;
  for (let beat = 1; beat <= beats; beat++) {
    judge.session(ms);
    if (judge.measured.length > 0) return beat;
    ms += stream(random);
  }
  return undefined;
}

/** Shares found of `streams` streams, in percent, and the beat by which all that were found had been. */
function found(stream: Stream, streams: number, beats: number): { percent: number; latest: number } {
  const all = Array.from({ length: streams }, (_, seed) => foundAfter(stream, seed + 1, beats));
  const hits = all.filter((beat) => beat !== undefined);
  return { percent: (100 * hits.length) / streams, latest: Math.max(0, ...hits) };
}

const exponential =
  (meanMs: number): Stream =>
  (random) =>
    -meanMs * Math.log(1 - random());
const logNormal =
  (medianMs: number, sigma: number): Stream =>
  (random) =>
    medianMs * Math.exp(sigma * normalFrom(random));
const jittered =
  (periodMs: number, jitter: number, missed = 0): Stream =>
  (random) => {
    let ms = 0;
    do ms += periodMs * (1 + jitter * (2 * random() - 1));
    while (random() < missed);
    return ms;
  };

describe('streams of a thousand connections without a rhythm', () => {
  // Measured with these seeds: 0.2 % of the exponential streams and 1.0 % of the log-normal ones are found at some time; with a single look it would be one in seven.
  it.each([
    ['exponential, a mean of ten minutes', exponential(600_000), 0.4],
    ['log-normal, a median of five minutes, σ = 1', logNormal(300_000, 1), 1.2],
  ])('%s: almost never found', (_name, stream, most) => {
    expect(found(stream, 500, 1000).percent).toBeLessThanOrEqual(most);
  });
});

describe('streams with a rhythm', () => {
  it.each([
    ['exact', jittered(300_000, 0), 40],
    ['jitter 10 %', jittered(300_000, 0.1), 40],
    ['jitter 25 %', jittered(300_000, 0.25), 44],
    ['jitter 50 %', jittered(300_000, 0.5), 80],
    ['every 20 s, jitter 30 %: the hour decides', jittered(20_000, 0.3), 200],
    ['every two hours, jitter 20 %', jittered(7_200_000, 0.2), 44],
  ])('%s: found every time', (_name, stream, beats) => {
    expect(found(stream, 100, beats).percent).toBe(100);
  });

  it('three in ten beats missed, or jitter 90 %: found in the end', () => {
    // Measured: 93 % after 150 beats, 87 % after 300.
    expect(found(jittered(300_000, 0.1, 0.3), 100, 150).percent).toBeGreaterThanOrEqual(90);
    expect(found(jittered(300_000, 0.1, 0.3), 40, 500).percent).toBe(100);
    expect(found(jittered(300_000, 0.9), 100, 300).percent).toBeGreaterThanOrEqual(80);
  });

  it('of a program that beats like clockwork, forty beats and ten minutes are enough; with more jitter the hour decides', () => {
    expect(foundAfter(jittered(23_000, 0.01), 1, 100)).toBe(40);
    expect(foundAfter(jittered(23_000, 0.4), 1, 100)).toBeUndefined();
    // As in a capture of a quarter of an hour: 10 s, a tenth more or less.
    expect(found(jittered(10_000, 0.1), 100, 75).percent).toBe(100);
    expect(foundAfter(jittered(10_000, 0.1), 1, 60)).toBeUndefined();
  });
});

describe('a peer and its network', () => {
  const told = (judge: StreamJudge): string[] => [
    ...new Set(judge.measured.map(({ matter }) => (matter.part === '' ? 'peer' : 'network'))),
  ];
  /** A hundred beats from `from` on, each at one of these hosts. */
  const beat = (judge: StreamJudge, hosts: readonly number[], from: number, periodMs: number): void => {
    const random = randomFrom(3);
    for (let at = 0; at < 100; at++) {
      judge.talkTo(`203.0.113.${hosts[Math.floor(random() * hosts.length)]!}`, 443).session(FROM + from + at * periodMs);
    }
  };

  it('are told once where they have the same period, and twice with different ones', () => {
    const same = new StreamJudge(beacon, claims);
    beat(same, [7, 19, 33], 0, 60_000);
    expect(told(same)).toEqual(['network']);
    beat(same, [7], 6_000_000, 60_000);
    expect(told(same)).toEqual(['network']);
    const widened = new StreamJudge(beacon, claims);
    beat(widened, [7], 0, 60_000);
    beat(widened, [7, 7, 7, 19], 6_000_000, 60_000);
    expect(told(widened)).toEqual(['peer']);
    // The peer's own has ended long ago.
    const moved = new StreamJudge(beacon, claims);
    beat(moved, [7], 0, 60_000);
    beat(moved, [19, 33, 54], 12_000_000, 60_000);
    expect(told(moved)).toEqual(['peer', 'network']);
    const other = new StreamJudge(beacon, claims);
    beat(other, [7, 19, 33], 0, 60_000);
    beat(other, [7], 6_000_000, 600_000);
    expect(told(other)).toEqual(['network', 'peer']);
  });
});

describe('connections by which notices come', () => {
  const told = (port: number, lengthMinutes: number): number => {
    const judge = new StreamJudge(beacon, claims).talkTo('203.0.113.7', port);
    for (let beat = 0; beat < 60; beat++) judge.session(FROM + beat * 5_400_000, lengthMinutes * 60_000);
    return judge.measured.length;
  };

  it('are held and renewed: no beacon; short ones to the same ports are, and held ones elsewhere', () => {
    expect(told(5223, 88)).toBe(0);
    expect(told(5223, 60)).toBe(0);
    expect(told(5223, 1)).toBeGreaterThan(0);
    expect(told(4443, 88)).toBeGreaterThan(0);
  });
});

describe('datagrams that nobody answers, each from a port of its own', () => {
  /** What is told of so many a second, for a quarter of an hour. */
  function told(perSecond: number, octets: number, to = '203.0.113.7 4567', reverseOctets = 0): string[] {
    const engine = createEngine({ claims });
    const rows = exampleRows([
      {
        at: '2026-11-20T08:00:00Z',
        from: '10.40.10.11 32768',
        portStep: 1,
        to,
        protocol: 'udp',
        octets,
        reverseOctets,
        times: 900 * perSecond,
        everySeconds: 1 / perSecond,
      },
    ]);
    engine.ingest(batchOf(claims, rows));
    const asked = new Set<string>(['beacon', 'reconnect-hammer', 'flood']);
    return [...new Set(engine.findings().map(({ detection }) => detection))].filter((id) => asked.has(id));
  }

  it('are no beacon where there are many, whatever is in one: `reconnect-hammer` tells of the tries, `flood` of the octets', () => {
    expect(told(30, 400)).toEqual(['reconnect-hammer']);
    expect(told(0.5, 400_000)).toEqual(['flood']);
  });

  it('are told where there are few, where somebody answers, and where nobody else would tell', () => {
    expect(told(0.5, 300)).toContain('beacon');
    expect(told(0.5, 400_000, '203.0.113.7 4567', 90)).toEqual(['beacon']);
    expect(told(0.5, 400_000, '10.40.20.7 4567')).toEqual(['beacon']);
    expect(told(0.5, 400_000, '203.0.113.7 514')).toEqual(['beacon']);
  });
});

describe('a rhythm that goes on for weeks', () => {
  const DAY = 86_400_000;
  const dayOf = (judge: StreamJudge): number[] => [
    ...new Set(judge.measured.map(({ periodFromMs }) => Math.floor((periodFromMs - FROM) / DAY) + 1)),
  ];
  const incident = {
    id: '1',
    effectiveMs: 0,
    does: 'unlearn',
    asset: 'a',
    detection: 'beacon',
    protocol: 6,
    port: 443,
    accepted: [],
  } as const;

  /** Beats every `minutes` from day `from` to day `to`. */
  function beat(judge: StreamJudge, minutes: number, from: number, to: number): StreamJudge {
    for (let ms = FROM + from * DAY; ms < FROM + to * DAY; ms += minutes * 60_000) judge.session(ms);
    return judge;
  }

  it('is told when it is found, and again each time that it has lasted twice as long, and after four weeks at the latest', () => {
    // Found after a day and a few hours; each day that tells it tells it to its end.
    expect(dayOf(beat(new StreamJudge(beacon, claims), 60, 0, 100))).toEqual([2, 5, 11, 23, 47, 75]);
  });

  it('is told when its period changes, as something new', () => {
    const judge = beat(beat(new StreamJudge(beacon, claims), 60, 0, 9.5), 30, 9.5, 14);
    expect(dayOf(judge)).toEqual([2, 5, 10, 12]);
  });

  it('is told at once when it goes on after an incident was closed, and by no decision on somebody else', () => {
    for (const [peer, told] of [
      ['203.0.113.7', [2, 5, 7]],
      ['203.0.113.0/24', [2, 5, 7]],
      ['', [2, 5, 7]],
      ['203.0.113.8', [2, 5]],
    ] as const) {
      const judge = beat(new StreamJudge(beacon, claims), 60, 0, 7);
      judge.evaluator.decided?.(0, { ...incident, peer });
      expect([peer, dayOf(beat(judge, 60, 7, 7.5))]).toEqual([peer, told]);
    }
  });
});

describe('the state of an asset', () => {
  function sizeOf(judge: StreamJudge): number {
    const writer = new StateWriter();
    judge.evaluator.save(writer);
    return writer.finish().length;
  }

  it('stays bounded under a flood of addresses, and a beacon is found in it', () => {
    const judge = new StreamJudge(beacon, claims);
    let most = 0;
    for (let second = 0; second < 60_000; second++) {
      judge.talkTo(`198.51.${(second >>> 8) & 255}.${second & 255}`, 1 + (second % 60_000)).session(FROM + second * 1000);
      if (second % 120 === 0) judge.talkTo('203.0.113.7', 443).session(FROM + second * 1000 + 1);
      if (second % 5000 === 0) most = Math.max(most, sizeOf(judge));
    }
    expect(judge.measured.length).toBeGreaterThan(0);
    // 256 candidates and a few rows of 64.
    expect(most).toBeLessThanOrEqual(70_000);
  });

  it('is at most 70 kB, whatever repeats itself', () => {
    const judge = new StreamJudge(beacon, claims);
    for (let beat = 0; beat < 4; beat++) {
      for (let port = 1; port < 3000; port++) judge.talkTo('203.0.113.7', port).session(FROM + beat * 600_000 + port * 100);
    }
    expect(sizeOf(judge)).toBeLessThanOrEqual(90_000);
  });

  it('goes on after a snapshot as if nothing had happened', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 120 }), (seed, at) => {
        const random = randomFrom(seed);
        const peers = ['203.0.113.7', '203.0.113.9', '198.51.100.1'];
        const times = Array.from({ length: 120 }, (_, beat) => FROM + beat * 300_000 + Math.floor(random() * 60_000));
        const play = (judge: StreamJudge, from: number, to: number): void => {
          for (let beat = from; beat < to; beat++) {
            judge.talkTo(peers[beat % peers.length]!, 443).session(times[beat]!);
            judge.talkTo('192.0.2.99', 8080).session(times[beat]! + 7000);
          }
        };
        const straight = new StreamJudge(beacon, claims);
        const before = new StreamJudge(beacon, claims);
        const after = new StreamJudge(beacon, claims);
        play(straight, 0, at);
        play(before, 0, at);
        const writer = new StateWriter();
        before.evaluator.save(writer);
        after.evaluator.load(new StateReader(writer.finish()));
        straight.measured.length = 0;
        play(straight, at, 120);
        after.continueFrom(before);
        play(after, at, 120);
        expect(after.measured.map(({ why }) => why)).toEqual(straight.measured.map(({ why }) => why));
        expect(sizeOf(after)).toBe(sizeOf(straight));
      }),
      { numRuns: 30 },
    );
  });
});
