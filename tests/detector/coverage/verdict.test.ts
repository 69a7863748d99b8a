import { describe, expect, test } from 'vitest';
import { BUS_SENSOR } from '../../../detector/coverage/bus-holes.js';
import type { CoverageMinute } from '../../../detector/coverage/observed-time.js';
import { judgePeriod, LATENESS_MS, type PeriodFacts } from '../../../detector/coverage/verdict.js';
import type { ReasonCode } from '../../../detector/coverage/verdict-types.js';
import { HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import { claimsWith, day, drillsAt, FROM, facts, judgement, minute, TO } from './facts.js';

const judge = (change: Partial<PeriodFacts> = {}) => judgePeriod(facts(change))[0]!;
const finding = { claim: 'c', asset: 'scan-1', completion: 'transferred', records: 3, windowToMs: TO } as const;
const SENSORS = 'sensors: [fw], time: "99%", max_gap: PT10M, max_lost: "0.1%"';
const minutes = (from: number, to: number) => (index: number) => (index >= from && index < to ? undefined : {});

describe('the word', () => {
  test('VERIFIED when nothing was found and everything demanded was met', () => {
    const verdict = judge();
    expect(verdict).toMatchObject({
      verdict: 'VERIFIED',
      claimsId: 'verdicts',
      claim: 'c',
      fleet: 'scanners',
      severity: 'high',
      fromMs: FROM,
      toMs: TO,
    });
    expect(verdict.reasons.map((reason) => reason.code)).toEqual(['coverage-met']);
    expect(verdict.numbers).toEqual({
      assetMinutes: 2880,
      assetMinutesObserved: 2880,
      assetsSeen: 2,
      exceptionFlows: 0,
      exceptionOctets: 0,
      exceptionsUsed: 0,
      findings: 0,
      flowsJudged: 14_000,
      hideableOctets: 0,
      hideableOctetsSmallPackets: 0,
      hideablePackets: 0,
      longestBlindMs: 0,
      observedShare: 1,
      recordsJudged: 28_800,
      recordsLost: 0,
      recordsSent: 28_800,
      recordsUnread: 0,
    });
    expect(verdict.sentence).toBe(
      'c 2026-12-03 VERIFIED: 28 800 flow records of 2 assets of scanners judged; 100 % of asset-minutes observed (fw); longest blind 0 s; ' +
        '0 of 28 800 records lost (0 %); nothing was sampled: a single packet would have been seen. Not visible to these sensors: A modem; A memory stick.',
    );
  });
  test('VIOLATED by one finding, an attempt too, whatever the coverage; shortfalls are still told', () => {
    const verdict = judge({ findings: [finding, { ...finding, completion: 'attempt' }], coverage: [] });
    expect(verdict.verdict).toBe('VIOLATED');
    expect(verdict.reasons.map((reason) => reason.code)).toEqual(['violated', 'sensor-silent']);
    expect(verdict.sentence).toMatch(/^c 2026-12-03 VIOLATED: 2 findings, 1 of them only an attempt; /);
  });
  test('findings of other claims, of none, of other days, and withdrawn ones do not count', () => {
    const others = [{ claim: 'd' }, { claim: '' }, { windowToMs: FROM }, { windowToMs: TO + 1 }, { records: 0 }].map((change) => ({
      ...finding,
      ...change,
    }));
    expect(judge({ findings: others }).verdict).toBe('VERIFIED');
  });
  test('exceptions that were used are told', () => {
    const use = judgement('ex-1', { kind: 'excused', claim: 'c', flows: 14, octets: 3 * 1024 ** 2 });
    const verdict = judge({
      judgements: [
        ...facts().judgements,
        use,
        { ...use, unit: 's2', flows: 1, octets: 1024 ** 2 },
        { ...use, periodFromMs: TO },
        { ...use, claim: 'd' },
      ],
    });
    expect(verdict.numbers).toMatchObject({ exceptionsUsed: 1, exceptionFlows: 15, exceptionOctets: 4 * 1024 ** 2 });
    expect(verdict.sentence).toContain('exception ex-1 used for 15 flows, 4 MiB.');
  });
});

const everyQuarter = Array.from({ length: 96 }, (_, n) => FROM + n * 15 * MINUTE_MS + 30_000);

/** One reason at a time: what is different, and the reasons that must be told, with what they are about. */
const SHORTFALLS: readonly (readonly [
  name: string,
  reasons: readonly (readonly [ReasonCode, string])[],
  change: () => Partial<PeriodFacts>,
])[] = [
  ['no row at all', [['sensor-silent', 'fw']], () => ({ coverage: [] })],
  ['rows of another sensor only', [['sensor-silent', 'fw']], () => ({ coverage: day(() => ({ sensor: 'sw' })) })],
  ['rows, but no message received', [['sensor-silent', 'fw']], () => ({ coverage: day(() => ({ messagesReceived: 0 })) })],
  [
    '16 minutes missing in pieces below max_gap',
    [['coverage-time', '']],
    () => ({ coverage: day((index) => (index % 90 < 5 ? undefined : {})) }),
  ],
  ['12 minutes missing at once', [['coverage-gap', '']], () => ({ coverage: day(minutes(100, 112)) })],
  [
    'an hour missing at the begin',
    [
      ['coverage-time', ''],
      ['coverage-gap', ''],
    ],
    () => ({ coverage: day(minutes(0, 60)) }),
  ],
  [
    'an hour missing at the end',
    [
      ['coverage-time', ''],
      ['coverage-gap', ''],
    ],
    () => ({ coverage: day(minutes(1380, 1440)) }),
  ],
  [
    'a minute that lost much',
    [['records-lost', 'fw']],
    () => ({ coverage: day((index) => (index === 7 ? { recordsSent: 60, recordsLost: 40 } : {})) }),
  ],
  [
    'records that cannot be read',
    [['undecodable', 'fw']],
    () => ({ coverage: day((index) => (index % 100 === 0 ? { recordsUndecodable: 20 } : {})) }),
  ],
  [
    'records that were cut off',
    [['undecodable', 'fw']],
    () => ({ coverage: day((index) => (index % 100 === 0 ? { recordsMalformed: 20 } : {})) }),
  ],
  ['sampling told, no detect demanded', [['sampled', 'fw']], () => ({ coverage: day(() => ({ samplingInterval: 100 })) })],
  [
    'sampling neither declared nor told',
    [['sampled', 'sw']],
    () => ({ claims: claimsWith(SENSORS, SENSORS.replace('[fw]', '[sw]')), coverage: day(() => ({ sensor: 'sw' })) }),
  ],
  [
    'sampling worse than detect allows',
    [['sampled', 'fw']],
    () => ({
      claims: claimsWith(SENSORS, `${SENSORS}, detect: { bytes: 1MiB, confidence: "99.9%" }`),
      coverage: day(() => ({ samplingInterval: 512 })),
    }),
  ],
  [
    'losses beyond the confidence of detect',
    [['records-lost', 'fw']],
    () => ({
      claims: claimsWith(SENSORS, `${SENSORS.replace('0.1%', '5%')}, detect: { bytes: 1MiB, confidence: "99.9%" }`),
      coverage: day(() => ({ recordsSent: 100, recordsLost: 1 })),
    }),
  ],
  [
    'a clock that is off',
    [['clock', 'fw']],
    () => ({
      claims: claimsWith(SENSORS, `${SENSORS}, max_skew: PT5S`),
      coverage: day((index) => ({ clockOffsetMilliseconds: index > 20 && index < 40 ? 6_000 : 20 })),
    }),
  ],
  [
    'a clock that cannot be compared',
    [['demand-not-judged', 'max_skew fw']],
    () => ({ claims: claimsWith(SENSORS, `${SENSORS}, max_skew: PT5S`) }),
  ],
  [
    'nothing of the fleet',
    [['no-subject', 'scanners']],
    () => ({
      judgements: [judgement('s1', { fleet: 'others' }), judgement('s1', { periodFromMs: TO })],
    }),
  ],
  ['nothing of one asset', [['subject-unseen', 's2']], () => ({ judgements: [judgement('s1')] })],
  ...(['geo-unknown', 'asn-unknown', 'mac-unknown', 'initiator-tied'] as const).map(
    (code) =>
      [
        `traffic that is ${code}`,
        [[code, '']],
        () => ({ judgements: [...facts().judgements, judgement(code, { kind: 'undecided', claim: 'c' })] }),
      ] as const,
  ),
  [
    'drills too far apart',
    [['canary-missing', '']],
    () => ({
      claims: claimsWith(SENSORS, `${SENSORS}, canary: PT15M`),
      judgements: [...facts().judgements, ...drillsAt(everyQuarter.filter((_, n) => n !== 40))],
    }),
  ],
  [
    'a kernel that dropped what no known exporter misses',
    [['kernel-drops', '']],
    () => ({ coverage: [...day(), minute(7, { sensor: 'udp', exportProtocol: '', messagesReceived: 0, kernelDrops: 40 })] }),
  ],
  [
    'a hole in the bus that began before the day',
    [['kafka-hole', '']],
    () => ({
      coverage: [
        ...day(),
        minute(-90, {
          sensor: BUS_SENSOR,
          exportProtocol: 'kafka',
          messagesLost: 3,
          firstMessageMilliseconds: FROM - 90 * MINUTE_MS,
          lastMessageMilliseconds: FROM + 5,
        }),
      ],
    }),
  ],
  [
    'interfaces that passed more than the flows tell',
    [['unreconciled', 'fw']],
    () => ({
      claims: claimsWith(SENSORS, `${SENSORS}, reconcile: "2%"`),
      coverage: day(() => ({ interfaceOctets: 1000, estimatedOctets: 979 })),
    }),
  ],
  [
    'IPv6 members and NetFlow v5',
    [['no-ipv6-fields', 'fw']],
    () => ({ claims: claimsWith('"10.40.10.12"', '"10.40.10.12", "2001:db8::12"'), coverage: day(() => ({ exportProtocol: 'netflow5' })) }),
  ],
  [
    'a claim that is not judged as a whole',
    [['kind-not-judged', '']],
    () => {
      const claims = claimsWith();
      return { claims: { ...claims, claims: claims.claims.map((claim) => ({ ...claim, notJudged: 'nobody knows how' })) } };
    },
  ],
  ['no drill at all', [['canary-missing', '']], () => ({ claims: claimsWith(SENSORS, `${SENSORS}, canary: PT15M`) })],
  [
    'reconcile demanded, and no counters',
    [['demand-not-judged', 'reconcile']],
    () => ({ claims: claimsWith(SENSORS, `${SENSORS}, reconcile: "2%"`) }),
  ],
  ['records may still come', [['not-final', '']], () => ({ watermarkMs: TO + LATENESS_MS + MINUTE_MS - 1 })],
  [
    'before the claims come into force',
    [['outside-effective-period', '']],
    () => ({
      period: { fromMs: Date.parse('2026-11-29T23:00Z'), toMs: Date.parse('2026-11-30T23:00Z') },
      findings: [{ ...finding, windowToMs: Date.parse('2026-11-30T23:00Z') }],
    }),
  ],
  [
    'after the claims ended',
    [['outside-effective-period', '']],
    () => ({ period: { fromMs: Date.parse('2026-12-09T23:00Z'), toMs: Date.parse('2026-12-10T23:00Z') } }),
  ],
];

describe('NOT_PROVEN, and why', () => {
  test.each(SHORTFALLS)('%s', (_name, expected, change) => {
    const verdict = judge(change());
    expect(verdict.verdict).toBe('NOT_PROVEN');
    expect(verdict.reasons.map((reason) => [reason.code, reason.about])).toEqual(expected);
    for (const reason of verdict.reasons) expect(verdict.sentence).toContain(reason.sentence.replace(/\.$/, ''));
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });
  test('several reasons stand in a fixed order, whatever the order of the rows', () => {
    const claims = claimsWith(SENSORS, `${SENSORS.replace('[fw]', '[sw, fw]')}, canary: PT15M, reconcile: "2%"`);
    const coverage = day((index) => (index < 60 ? undefined : { recordsSent: 30, recordsLost: 10, recordsUndecodable: 1 }));
    const once = judge({ claims, coverage });
    expect(once.reasons.map((reason) => `${reason.code} ${reason.about}`)).toEqual([
      'sensor-silent sw',
      'coverage-time ',
      'coverage-gap ',
      'records-lost fw',
      'undecodable fw',
      'canary-missing ',
      'demand-not-judged reconcile',
    ]);
    expect(judge({ claims, coverage: [...coverage].reverse() })).toEqual(once);
  });
});

describe('what is enough', () => {
  const verified: readonly (readonly [string, () => Partial<PeriodFacts>])[] = [
    ['a message every four minutes at a heartbeat of two', () => ({ coverage: day((index) => (index % 4 === 0 ? {} : undefined)) })],
    [
      'drills as often as demanded',
      () => ({
        claims: claimsWith(SENSORS, `${SENSORS}, canary: PT15M`),
        judgements: [...facts().judgements, ...drillsAt(everyQuarter)],
      }),
    ],
    [
      'kernel drops that known exporters explain',
      () => ({
        coverage: [
          ...day((index) => (index === 7 ? { messagesSent: 3, messagesLost: 1, recordsSent: 30, recordsLost: 10 } : {})),
          minute(7, { sensor: 'other', messagesSent: 7, messagesLost: 5 }),
          minute(7, { sensor: 'udp', exportProtocol: '', messagesReceived: 0, kernelDrops: 6 }),
        ],
      }),
    ],
    [
      'books that balance within the tolerance',
      () => ({
        claims: claimsWith(SENSORS, `${SENSORS}, reconcile: "2%"`),
        coverage: day(() => ({ interfaceOctets: 1000, estimatedOctets: 981 })),
      }),
    ],
    ['nine minutes blind', () => ({ coverage: day(minutes(100, 108)) })],
    ['the watermark exactly past the last records', () => ({ watermarkMs: TO + LATENESS_MS + MINUTE_MS })],
    [
      'an undeclared heartbeat: five minutes',
      () => ({ claims: claimsWith(' heartbeat: PT2M,', ''), coverage: day((index) => (index % 9 === 0 ? {} : undefined)) }),
    ],
    [
      'sampling within detect',
      () => ({
        claims: claimsWith(SENSORS, `${SENSORS}, detect: { bytes: 6MiB, confidence: "99.9%" }`),
        coverage: day(() => ({ samplingInterval: 512 })),
      }),
    ],
    ['NetFlow v5 where the fleet has IPv4 only', () => ({ coverage: day(() => ({ exportProtocol: 'netflow5' })) })],
    [
      'one slow message does not make a clock wrong',
      () => ({
        claims: claimsWith(SENSORS, `${SENSORS}, max_skew: PT5S`),
        coverage: day((index) => ({ clockOffsetMilliseconds: index % 10 === 9 ? 60_000 : 20 })),
      }),
    ],
    ['a clock of the claim demands none', () => ({ coverage: day(() => ({ clockOffsetMilliseconds: 86_400_000 })) })],
  ];
  test.each(verified)('%s', (_name, change) => {
    expect(judge(change())).toMatchObject({ verdict: 'VERIFIED' });
  });
  test('a restart makes the time between the messages around it blind', () => {
    const verdict = judge({ coverage: day((index) => (index === 500 ? { restarts: 1 } : {})) });
    expect([verdict.verdict, verdict.numbers.longestBlindMs]).toEqual(['VERIFIED', 60_000]);
  });
  test('a message before the period shows that its begin was observed, the silence before it that it was not', () => {
    const late = day(minutes(0, 3));
    expect(judge({ coverage: late }).numbers.longestBlindMs).toBe(0);
    expect(judge({ coverage: [minute(-2), ...late] }).numbers.longestBlindMs).toBe(3 * MINUTE_MS + 5_000);
  });
});

describe('captures', () => {
  const captured = (change: (index: number) => Partial<CoverageMinute> | undefined = () => ({})) =>
    day((index) => {
      const own = change(index);
      return (
        own && {
          exportProtocol: 'pcap',
          observedMilliseconds: 60_000,
          messagesSent: 100,
          messagesReceived: 100,
          recordsSent: 0,
          recordsReceived: 0,
          ...own,
        }
      );
    });
  test('are observed while they run, silence is an observation too', () => {
    const verdict = judge({ coverage: captured((index) => (index > 300 && index < 900 ? { messagesSent: 0, messagesReceived: 0 } : {})) });
    expect(verdict).toMatchObject({ verdict: 'VERIFIED', numbers: { observedShare: 1 } });
    expect(verdict.sentence).toContain('packets lost');
  });
  test('parts of minutes add up: the begin of a capture is blind at its begin, its end at its end', () => {
    const verdict = judge({
      coverage: captured((index) =>
        index === 0 ? { observedMilliseconds: 20_000 } : index === 1439 ? { observedMilliseconds: 59_000 } : {},
      ),
    });
    expect(verdict.numbers).toMatchObject({ longestBlindMs: 40_000, observedShare: 1 - 41_000 / (24 * HOUR_MS) });
  });
  test('packets that the kernel dropped are losses', () => {
    expect(
      judge({ coverage: captured((index) => (index < 20 ? { messagesSent: 200, messagesLost: 100 } : {})) }).reasons.map(
        (reason) => reason.code,
      ),
    ).toEqual(['coverage-time', 'coverage-gap', 'records-lost']);
  });
});

describe('several sensors', () => {
  const both = (mode: string) => claimsWith(SENSORS, `${SENSORS.replace('[fw]', '[fw, sw]')}, mode: ${mode}`);
  const sw = (change: Parameters<typeof day>[0]) =>
    day((index) => {
      const own = change?.(index) ?? undefined;
      return own && { sensor: 'sw', samplingInterval: 1, ...own };
    });
  test('all: a moment is observed when all observed it', () => {
    const coverage = [...day(minutes(100, 108)), ...sw(minutes(200, 210))];
    const verdict = judge({ claims: both('all'), coverage });
    expect(verdict.reasons.map((reason) => reason.code)).toEqual(['coverage-time', 'coverage-gap']);
    expect(verdict.numbers).toMatchObject({
      longestBlindMs: 10 * MINUTE_MS + 15_000,
      observedShare: 1 - (18.5 * MINUTE_MS) / (24 * HOUR_MS),
    });
  });
  test('any: sensors stand in for each other', () => {
    const coverage = [...day(minutes(100, 400)), ...sw(minutes(500, 900))];
    expect(judge({ claims: both('any'), coverage })).toMatchObject({ verdict: 'VERIFIED', numbers: { longestBlindMs: 0 } });
    expect(judge({ claims: both('any'), coverage: sw(() => ({})) })).toMatchObject({ verdict: 'VERIFIED' });
    expect(judge({ claims: both('any'), coverage: [] }).reasons.map((reason) => reason.about)).toEqual(['fw', 'sw']);
  });
});

describe('a fleet of many', () => {
  test('assets that were not seen are named up to ten, the others counted', () => {
    const members = Array.from({ length: 30 }, (_, n) => `{ name: m${n}, ip: ["10.40.11.${n}"] }`).join(', ');
    const claims = claimsWith('{ name: s2, ip: ["10.40.10.12"] }', members);
    const verdict = judge({ claims, judgements: [judgement('s1')] });
    expect(verdict.reasons.map(({ code, about, observed }) => [code, about, observed])).toEqual([
      ['subject-unseen', '', 20],
      ...Array.from({ length: 10 }, (_, n) => ['subject-unseen', `m${n}`, 0]),
    ]);
    expect(verdict.numbers.assetsSeen).toBe(1);
  });
});

describe('parts of a period', () => {
  test('a claim that comes into force at noon is judged from then on', () => {
    const claims = { ...claimsWith(), effectiveFromMs: FROM + 12 * HOUR_MS };
    const verdict = judge({ claims, coverage: day(minutes(0, 720)) });
    expect(verdict).toMatchObject({ verdict: 'VERIFIED', fromMs: FROM + 12 * HOUR_MS, numbers: { assetMinutes: 1440 } });
    expect(verdict.sentence).toContain('2026-12-03T11:00:00.000Z to 2026-12-03T23:00:00.000Z');
  });
});
