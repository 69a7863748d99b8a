import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hideableOctets, missProbability, packetsOf } from '../../../detector/claims/detectability.js';
import { judgePeriod } from '../../../detector/coverage/verdict.js';
import { MINUTE_MS } from '../../../flow/time.js';
import { type Speech, START_MS, sendStream } from '../../collector/sequence/model-exporter.js';
import { ledgerOf } from './exports.js';
import { claimsWith, judgement } from './facts.js';

/** Marsaglia's xorshift of 32 bits: the same numbers with every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Share of transfers that nobody saw: every packet of a record is taken with 1/S by itself, every record that was made is lost with L. */
function missedShare(records: readonly number[], sampling: number, loss: number, runs: number): number {
  const random = createRandom(0x1ee7);
  let missed = 0;
  for (let run = 0; run < runs; run++) {
    let seen = false;
    for (const packets of records) {
      // The first packet that is taken, by the geometric distribution: as if every packet had been drawn.
      const first = Math.floor(Math.log(1 - random()) / Math.log(1 - 1 / sampling));
      if (first < packets && random() >= loss) seen = true;
    }
    if (!seen) missed++;
  }
  return missed / runs;
}

const RUNS = 200_000;
/** Four standard deviations of a share measured by so many runs. */
const tolerance = (share: number): number => 4 * Math.sqrt((share * (1 - share)) / RUNS);

describe('the chance of not seeing (reference: assurance.md §2.3)', () => {
  // Packets of each record, 1:S, loss, and what the reference measured.
  test.each([
    [[700], 1000, 0, 0.4982],
    [[700], 1000, 0.05, 0.5216],
    [[1000, 1000, 1000], 1000, 0.05, 0.0624],
    [[150, 150], 100, 0.2, 0.141],
    [[29], 10, 0, 0.05],
    [[2356], 512, 0, 0.01],
    [[6905], 1000, 0, 0.001],
  ])('records of %j packets at 1:%i with loss %f', (records, sampling, loss, reference) => {
    const formula = records.reduce((product, packets) => product * missProbability(packets, sampling, loss), 1);
    const measured = missedShare(records, sampling, loss, RUNS);
    expect(Math.abs(measured - formula)).toBeLessThanOrEqual(tolerance(formula));
    expect(Math.abs(reference - formula)).toBeLessThan(0.003);
  });

  test('one record is the worst case: split by the active timeout, a transfer is seen more surely', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 2, maxLength: 6 }),
        fc.integer({ min: 2, max: 1000 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (parts, sampling, loss) => {
          const whole = missProbability(
            parts.reduce((sum, packets) => sum + packets, 0),
            sampling,
            loss,
          );
          const split = parts.reduce((product, packets) => product * missProbability(packets, sampling, loss), 1);
          expect(split).toBeLessThanOrEqual(whole * (1 + 1e-9));
        },
      ),
    );
  });

  test('a transfer of the size that a verdict prints is missed as seldom as it says', () => {
    for (const [sampling, loss, confidence] of [
      [10, 0, 0.99],
      [512, 0.002, 0.99],
      [100, 0.02, 0.95],
    ] as const) {
      const packets = packetsOf(hideableOctets(sampling, loss, confidence));
      const measured = missedShare([packets], sampling, loss, RUNS);
      expect(measured).toBeLessThanOrEqual(1 - confidence + tolerance(1 - confidence));
    }
  });

  test('systematic sampling never misses as many packets on end as its interval', () => {
    const random = createRandom(9);
    for (let run = 0; run < 1000; run++) {
      const sampling = 2 + Math.floor(random() * 500);
      const start = Math.floor(random() * sampling);
      const taken = Math.ceil(start / sampling) * sampling;
      expect(taken).toBeLessThan(start + sampling);
    }
  });
});

describe('losses of a damaged stream', () => {
  const period = { fromMs: START_MS, toMs: START_MS + 60 * MINUTE_MS };
  const DEMAND = 'max_lost: "0.1%" }';
  const claims = claimsWith('', '', (text) =>
    text
      .replace('timezone: Europe/Amsterdam', 'timezone: UTC\nperiod: PT1H')
      .replace(DEMAND, 'max_lost: "1%", detect: { bytes: 1KiB, confidence: "98%" } }'),
  );
  const judged = judgement('s1', { periodFromMs: START_MS });

  test('the verdict counts what the exporter sent and we do not have, and proves nothing beyond what is allowed', () => {
    const exact: readonly Speech[] = ['netflow5', 'ipfix records-before'];
    fc.assert(
      fc.property(
        fc.constantFrom(...exact),
        fc.array(fc.integer({ min: 0, max: 299 }), { maxLength: 12 }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (speech, drops, firstSequence) => {
          const sizes = Array.from({ length: 300 }, (_, n) => (n % 2 === 0 ? 4 : 9));
          const sent = sendStream({ speech, sizes, firstSequence, templatesFrom: 0, restartAt: 1000, withOptions: false });
          const gone = new Set(drops.filter((n) => n > 5 && n < 294 && !sent[n]!.carriesTemplate));
          const coverage = ledgerOf(sent.filter(({ index }) => !gone.has(index)));
          const [verdict] = judgePeriod({
            claims,
            period,
            findings: [],
            coverage,
            judgements: [judged],
            watermarkMs: Number.POSITIVE_INFINITY,
          });
          const lost = [...gone].reduce((sum, n) => sum + sent[n]!.flows.length, 0);
          const all = sent.reduce((sum, { flows }) => sum + flows.length, 0);
          const { numbers, reasons } = verdict!;
          expect([numbers.recordsLost, numbers.recordsSent]).toEqual([lost, all]);
          const told = reasons.filter(({ code }) => code === 'records-lost');
          // Unsampled, a transfer is missed as often as a record is lost: the demand of 98 % and the one of 1 % are two reasons.
          expect(told.map(({ unit }) => unit)).toEqual([
            ...(lost / all > 0.02 ? ['probability'] : []),
            ...(lost / all > 0.01 ? ['share'] : []),
          ]);
          for (const { observed } of told) expect(observed).toBeCloseTo(lost / all, 12);
        },
      ),
      { numRuns: 40 },
    );
  });
});
