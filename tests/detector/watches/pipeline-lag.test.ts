import { describe, expect, it } from 'vitest';
import type { CoverageMinute } from '../../../detector/coverage/observed-time.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { defaultWatchParameters, watches } from '../../../detector/watches/evaluate.js';
import { EXAMPLE_FROM, EXAMPLE_STOP, heardNothing, WATCH_CLAIMS } from '../../../detector/watches/example-facts.js';
import { lateMinutes } from '../../../detector/watches/late-arrival.js';
import { settle } from '../../../detector/watches/settle.js';
import type { LedgerStretch } from '../../../detector/watches/watch.js';
import { claimsOf } from '../support/rows.js';
import { activityOf, ledgerOf } from './support.js';

/*
 * A silent exporter and telemetry that has not come yet look the same to whoever counts messages. The ledger tells them apart: a collector that listens writes down every
 * minute in which nothing came.
 */
const claims = claimsOf(WATCH_CLAIMS);
const ON = '2026-11-05T10:01:00Z';

/** What is told when the ledger holds this, as of `until`. */
function told(stretches: readonly LedgerStretch[], until: string): Finding[] {
  return watches(activityOf(claims, []), ledgerOf(stretches), claims, Date.parse(until), {
    fromMs: Date.parse('2026-11-05T00:00:00Z'),
    parameters: defaultWatchParameters(),
  });
}

const brief = (findings: readonly Finding[]): string[] =>
  findings.map(
    ({ asset, sentence, severity }) => `${severity} ${asset}: ${/told nothing|ledger ends|nothing is known|came/.exec(sentence)?.[0]}`,
  );
const healthy = (sensor: string, to: string): LedgerStretch => ({ sensor, from: EXAMPLE_FROM, to });

describe('an exporter that is really silent', () => {
  const at = (until: string): Finding[] => told([healthy('border', EXAMPLE_STOP), heardNothing('border', ON, until)], until);

  it('is told as soon as it was silent for longer than it may be, lag or not', () => {
    // Two heartbeats of a minute.
    expect(at('2026-11-05T10:02:00Z')).toEqual([]);
    expect(brief(at('2026-11-05T10:03:00Z'))).toEqual(['medium border: told nothing']);
    expect(brief(at('2026-11-05T10:30:00Z'))).toEqual(['high border: told nothing']);
  });

  it('stays told, and grows no further, when the ledger stops as well', () => {
    const ledger = [healthy('border', EXAMPLE_STOP), heardNothing('border', ON, '2026-11-05T10:15:00Z')];
    const findings = told(ledger, '2026-11-05T11:00:00Z');
    // Ten minutes are known, which no claim minds; what follows is the pipeline's.
    expect(brief(findings)).toEqual(['medium border: told nothing', 'high (pipeline): ledger ends']);
    expect(findings[0]!.windowToMs).toBeLessThanOrEqual(Date.parse('2026-11-05T10:15:00Z'));
    expect(findings[1]!.firstSeenMs).toBe(Date.parse('2026-11-05T10:15:00Z'));
  });

  it('is not said to have been silent where nobody collected: the ledger has nothing of that time', () => {
    const until = '2026-11-05T11:00:00Z';
    const back = { sensor: 'border', from: '2026-11-05T10:20:00Z', to: until } as const;
    const sentences = [[heardNothing('border', ON, '2026-11-05T10:20:00Z')], []].map((between) =>
      told([healthy('border', EXAMPLE_STOP), ...between, back], until).map(({ sentence }) => sentence),
    );
    expect(sentences).toEqual([
      [expect.stringMatching(/told nothing for .* is not known\.$/)],
      [expect.stringMatching(/told nothing for .* whoever collects from it may not have been there\.$/)],
    ]);
  });

  it('that was taken away is silent, and no lag: its silence is counted for a day', () => {
    const until = '2026-11-06T12:00:00Z';
    const ledger = [healthy('border', EXAMPLE_STOP), heardNothing('border', ON, '2026-11-06T10:00:00Z'), healthy('second', until)];
    expect(brief(told(ledger, until))).toEqual(['high border: told nothing']);
  });
});

describe('telemetry that is on its way', () => {
  const UNTIL = '2026-11-05T11:00:00Z';

  it('makes no exporter silent, however many there are: the pipeline is behind', () => {
    for (const sensors of [['border'], ['border', 'second']]) {
      const findings = told(
        sensors.map((sensor) => healthy(sensor, EXAMPLE_STOP)),
        UNTIL,
      );
      expect(brief(findings)).toEqual(['high (pipeline): ledger ends']);
    }
  });

  it('stays told however long nothing comes: nobody is told that it is over before it is', () => {
    const until = '2026-11-08T10:00:00Z';
    expect(brief(told([healthy('border', EXAMPLE_STOP)], until))).toEqual(['high (pipeline): ledger ends']);
    expect(brief(told([healthy('border', EXAMPLE_STOP), healthy('second', until)], until))).toEqual(['high border: nothing is known']);
  });

  it('is taken back by a sentence that fits, and only that', () => {
    const withdrawn = (findings: readonly Finding[]): string[] => settle([], findings, 0).map(({ sentence }) => sentence);
    expect(withdrawn(told([healthy('border', EXAMPLE_STOP)], UNTIL))[0]).toMatch(/what was missing has come/);
    const silent = told([healthy('border', EXAMPLE_STOP), heardNothing('border', ON, '2026-11-05T10:03:00Z')], '2026-11-05T10:03:00Z');
    expect(withdrawn(silent)).toEqual(['Withdrawn: later data showed that there was nothing of the kind.']);
  });

  it('is no news before ten minutes', () => {
    expect(told([healthy('border', '2026-11-05T10:51:00Z')], UNTIL)).toEqual([]);
  });

  it('of one collector is told by its exporters, and not of those that another reads', () => {
    const findings = told([healthy('border', EXAMPLE_STOP), healthy('second', UNTIL)], UNTIL);
    expect(brief(findings)).toEqual(['high border: nothing is known']);
  });

  it('is forgotten when it has come, whatever was told meanwhile', () => {
    expect(told([healthy('border', UNTIL)], UNTIL)).toEqual([]);
  });
});

describe('messages that come late together', () => {
  const rows = (sensor: string, offsets: readonly number[], everyMinutes = 1): CoverageMinute[] =>
    offsets.map((clockOffsetMilliseconds, n) => {
      const minute = Date.parse('2026-11-05T10:00:00Z') + n * everyMinutes * 60_000;
      return { ...ledgerOf([healthy(sensor, '2026-11-01T23:01:00Z')])[0]!, minute, clockOffsetMilliseconds };
    });
  const many = (offset: number, count = 20): number[] => Array.from({ length: count }, () => offset);

  it('are late in every minute in which all were for ten minutes', () => {
    const late = lateMinutes([rows('a', many(60_000)), rows('b', many(45_000))], 30_000);
    expect([late.size, new Set(late.values())]).toEqual([20, new Set([45_000])]);
    // A minute in time takes the next ten with it: a queue adds to a delay and never takes away.
    const once = lateMinutes([rows('a', [...many(60_000, 5), 0, ...many(60_000, 14)]), rows('b', many(45_000))], 30_000);
    expect(once.size).toBe(10);
  });

  it('are compared where one speaks every five minutes', () => {
    expect(lateMinutes([rows('a', many(60_000)), rows('b', many(45_000, 4), 5)], 30_000).size).toBe(20);
  });

  it.each([
    ['one of two', [rows('a', many(60_000)), rows('b', many(0))]],
    ['the only one', [rows('a', many(60_000))]],
    ['one ahead, one behind', [rows('a', many(60_000)), rows('b', many(-60_000))]],
    ['arrivals that nobody knows', [rows('a', many(60_000)), rows('b', many(Number.NaN))]],
  ] as const)('are none: %s', (_name, sensors) => {
    expect(lateMinutes(sensors, 30_000).size).toBe(0);
  });
});
