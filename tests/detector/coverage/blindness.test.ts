import { describe, expect, test } from 'vitest';
import type { CoverageMinute } from '../../../detector/coverage/observed-time.js';
import { judgePeriod, type PeriodFacts } from '../../../detector/coverage/verdict.js';
import type { ReasonCode } from '../../../detector/coverage/verdict-types.js';
import { holeRow } from '../../../detector/engine/hole.js';
import { MINUTE_MS } from '../../../flow/time.js';
import { field } from '../../collector/decoders/build-bytes.js';
import { ipfix, template } from '../../collector/decoders/build-ipfix.js';
import { counterSample, flowSample, interfaceCounters, rawHeader, sflow5 } from '../../collector/decoders/build-sflow5.js';
import { ipv4, SYN, tcp } from '../../collector/packets/packet-builder.js';
import { type Speech, START_MS, STEP_MS, sendStream } from '../../collector/sequence/model-exporter.js';
import { ledgerOf, minutesOf, type Sent } from './exports.js';
import { claimsWith, drillsAt, judgement } from './facts.js';

/** A quiet hour: an exporter that sends a message a second, two assets that do nothing wrong, a claim on one sensor. */
const MESSAGES = 3600;
const DEMAND = 'max_lost: "0.1%" }';
const hourly = (demand = '', from = '', to = ''): PeriodFacts['claims'] => {
  const claims = claimsWith(from, to, (text) =>
    text.replace('timezone: Europe/Amsterdam', 'timezone: UTC\nperiod: PT1H').replace(DEMAND, DEMAND.replace(' }', `${demand} }`)),
  );
  return claims;
};
const PERIOD = { fromMs: START_MS, toMs: START_MS + 60 * MINUTE_MS };
const seen = (about: string) => judgement(about, { periodFromMs: START_MS, firstMs: START_MS, lastMs: PERIOD.toMs - 1 });
const BOTH = [seen('s1'), seen('s2')];

function stream(
  speech: Speech = 'ipfix records-before',
  change: { templatesFrom?: number; withOptions?: boolean; ipv6Until?: number } = {},
): Sent[] {
  const sizes = Array.from({ length: MESSAGES }, (_, n) => (n % 2 === 0 ? 5 : 12));
  return sendStream({ speech, sizes, firstSequence: 7, templatesFrom: 0, restartAt: MESSAGES, withOptions: false, ...change });
}

/** One sFlow sample of an unsampled 64-octet frame a second, and counters that say what passed. */
function reconciled(passedEach: number): Sent[] {
  const packet = rawHeader(ipv4('192.0.2.10', '198.51.100.20', 6, tcp(49_152, 443, SYN)), 11);
  return Array.from({ length: MESSAGES }, (_, n) => ({
    sentMs: START_MS + n * STEP_MS,
    payload: sflow5(
      [
        flowSample([packet], { sequence: n + 1, rate: 1, pool: n + 1, input: 7 }),
        counterSample(n + 1, [interfaceCounters({ index: 7, inOctets: 1000 + n * passedEach, outOctets: 0 })]),
      ],
      { sequence: n + 1, uptimeMs: 3_600_000 + n * STEP_MS },
    ),
  }));
}

/** Source and destination change places: an attacker's template, or an exporter gone wrong. */
function poisoned(): Sent[] {
  const messages = stream();
  const fields = [field(12, 4), field(8, 4), field(1, 4), field(2, 4)];
  const at = 1805;
  const sequence = sequenceOf(messages[at]!.payload);
  const payload = ipfix([template(256, fields)], { seconds: Math.floor(messages[at]!.sentMs / 1000), sequence });
  return [...messages.slice(0, at), { payload, sentMs: messages[at]!.sentMs }, ...messages.slice(at)];
}

/** RFC 7011 §3.1: version, length, export time, sequence number. */
function sequenceOf(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset).getUint32(8);
}

const every10 = (without = -1) =>
  drillsAt([0, 1, 2, 3, 4, 5].filter((n) => n !== without).map((n) => START_MS + n * 10 * MINUTE_MS + 9000));
const drilled = (without?: number) => [...BOTH, ...every10(without).map((drill) => ({ ...drill, periodFromMs: START_MS }))];

const macMember = (far: string) =>
  claimsWith('ip: ["10.40.10.12"]', 'mac: "02:00:5e:10:00:12"', (text) =>
    text.replace('timezone: Europe/Amsterdam', 'timezone: UTC\nperiod: PT1H').replace('"203.0.113.0/24"', far),
  );
const V6 = ['"10.40.10.12"', '"10.40.10.12", "2001:db8::12"'] as const;
const undisturbed = ledgerOf(stream());
const whole = () => undisturbed;
const hole = minutesOf(holeRow({ partition: 2, messages: 4, beforeMs: START_MS + 5 * MINUTE_MS, behindMs: START_MS + 6 * MINUTE_MS }));

type Facts = Partial<PeriodFacts> & { readonly coverage: readonly CoverageMinute[] };
/** What is blind, the reasons that must be told with what they are about, and the same mended. */
const CAUSES: readonly (readonly [
  name: string,
  expected: readonly (readonly [ReasonCode, string])[],
  blind: () => Facts,
  mended: () => Facts,
])[] = [
  ['an exporter that never spoke', [['sensor-silent', 'fw']], () => ({ coverage: [] }), () => ({ coverage: whole() })],
  [
    'an exporter that fell silent',
    [
      ['coverage-time', ''],
      ['coverage-gap', ''],
    ],
    () => ({ coverage: ledgerOf(stream().slice(0, 2400)) }),
    () => ({ coverage: whole() }),
  ],
  [
    'records lost on the way',
    [
      ['coverage-time', ''],
      ['coverage-gap', ''],
      ['records-lost', 'fw'],
    ],
    () => ({ coverage: ledgerOf(stream().filter((_, n) => n % 50 !== 7)) }),
    () => ({ coverage: ledgerOf(stream().filter((_, n) => n !== 7)), claims: hourly('', '"99%"', '"98%"') }),
  ],
  [
    'records of a template that never came',
    [
      ['undecodable', 'fw'],
      ['templates-missing', 'fw'],
    ],
    () => ({ coverage: ledgerOf(stream('ipfix records-before', { templatesFrom: MESSAGES })) }),
    () => ({ coverage: ledgerOf(stream('ipfix records-before', { templatesFrom: 25 })) }),
  ],
  [
    'a template redefined in flight',
    [['template-changed', 'fw']],
    () => ({ coverage: ledgerOf(poisoned()) }),
    () => ({ coverage: whole() }),
  ],
  [
    'an exporter that samples',
    [['sampled', 'fw']],
    () => ({ coverage: ledgerOf(stream('ipfix records-before', { withOptions: true })) }),
    () => ({
      coverage: ledgerOf(stream('ipfix records-before', { withOptions: true })),
      claims: hourly(', detect: { bytes: 1MiB, confidence: "99.9%" }'),
    }),
  ],
  [
    'a clock that is off',
    [['clock', 'fw']],
    () => ({ coverage: ledgerOf(stream(), 40_000), claims: hourly(', max_skew: PT5S') }),
    () => ({ coverage: ledgerOf(stream()), claims: hourly(', max_skew: PT5S') }),
  ],
  [
    'records without fields for IPv6',
    [['no-ipv6-fields', 'fw']],
    () => ({ coverage: ledgerOf(stream('netflow5')), claims: hourly('', ...V6) }),
    () => ({ coverage: ledgerOf(stream('netflow9', { ipv6Until: MESSAGES })), claims: hourly('', ...V6) }),
  ],
  [
    'templates without fields for IPv6, NetFlow v9',
    [['no-ipv6-fields', 'fw']],
    () => ({ coverage: ledgerOf(stream('netflow9')), claims: hourly('', ...V6) }),
    () => ({ coverage: ledgerOf(stream('netflow9', { ipv6Until: MESSAGES })), claims: hourly('', ...V6) }),
  ],
  [
    'templates without fields for IPv6, IPFIX',
    [['no-ipv6-fields', 'fw']],
    () => ({ coverage: ledgerOf(stream()), claims: hourly('', ...V6) }),
    () => ({ coverage: ledgerOf(stream('ipfix records-before', { ipv6Until: MESSAGES })), claims: hourly('', ...V6) }),
  ],
  [
    'a template with IPv6 addresses that the exporter no longer has',
    [['no-ipv6-fields', 'fw']],
    () => ({ coverage: ledgerOf(stream('netflow9', { ipv6Until: 1800 })), claims: hourly('', ...V6) }),
    () => ({ coverage: ledgerOf(stream('netflow9', { ipv6Until: 1800 })) }),
  ],
  [
    'members known by a MAC address, a claim that names IPv6, templates without fields for it',
    [['no-ipv6-fields', 'fw']],
    () => ({ coverage: whole(), claims: macMember('"203.0.113.0/24", "2001:db8:bad::/48"') }),
    () => ({ coverage: whole(), claims: macMember('"203.0.113.0/24"') }),
  ],
  [
    'a subject that is switched off',
    [['subject-unseen', 's2']],
    () => ({ coverage: whole(), judgements: [seen('s1')] }),
    () => ({ coverage: whole(), judgements: BOTH }),
  ],
  [
    'a fleet that is switched off',
    [['no-subject', 'scanners']],
    () => ({ coverage: whole(), judgements: [] }),
    () => ({ coverage: whole(), judgements: BOTH }),
  ],
  [
    'a canary that fell silent for once',
    [['canary-missing', '']],
    () => ({ coverage: whole(), claims: hourly(', canary: PT10M'), judgements: drilled(3) }),
    () => ({ coverage: whole(), claims: hourly(', canary: PT10M'), judgements: drilled() }),
  ],
  [
    'datagrams that the kernel dropped and no exporter misses',
    [['kernel-drops', '']],
    () => ({ coverage: ledgerOf(stream(), 40, (ledger) => ledger.kernelDrops('udp', 60, START_MS + 5000)) }),
    () => ({
      coverage: ledgerOf(
        stream().filter((_, n) => n !== 7),
        40,
        (ledger) => ledger.kernelDrops('udp', 1, START_MS + 5000),
      ),
      claims: hourly('', '"99%"', '"98%"'),
    }),
  ],
  [
    'traffic that passed the interfaces and is in no flow',
    [['unreconciled', 'fw']],
    () => ({ coverage: ledgerOf(reconciled(70)), claims: hourly(', reconcile: "2%"') }),
    () => ({ coverage: ledgerOf(reconciled(64)), claims: hourly(', reconcile: "2%"') }),
  ],
  [
    'interfaces that nobody counts',
    [['demand-not-judged', 'reconcile']],
    () => ({ coverage: whole(), claims: hourly(', reconcile: "2%"') }),
    () => ({ coverage: ledgerOf(reconciled(64)), claims: hourly(', reconcile: "2%"') }),
  ],
  ['messages gone from the bus', [['kafka-hole', '']], () => ({ coverage: [...whole(), ...hole] }), () => ({ coverage: whole() })],
  [
    'messages dropped for want of room, the last of the exporter',
    [
      ['coverage-time', ''],
      ['records-lost', 'fw'],
    ],
    () => ({ coverage: [...whole(), ...overrun()] }),
    () => ({ coverage: whole() }),
  ],
  [
    'addresses that the location data does not know',
    [['geo-unknown', '']],
    () => ({ coverage: whole(), judgements: [...BOTH, { ...seen('geo-unknown'), kind: 'undecided', claim: 'c' }] }),
    () => ({ coverage: whole() }),
  ],
];

function overrun(): CoverageMinute[] {
  const origin = {
    sensor: 'fw',
    exporter: new Uint8Array(16),
    exporterPort: 1,
    transport: 'udp',
    receivedMs: START_MS + 59 * MINUTE_MS,
  } as const;
  return ledgerOf([], 0, (ledger) => ledger.overrun(origin, 9));
}

describe('a quiet network', () => {
  const judge = (facts: Facts) =>
    judgePeriod({ claims: hourly(), period: PERIOD, findings: [], judgements: BOTH, watermarkMs: Number.POSITIVE_INFINITY, ...facts })[0]!;

  test.each(CAUSES)('%s: not proven, for that reason; mended, it is verified', (_name, expected, blind, mended) => {
    const verdict = judge(blind());
    expect(verdict.reasons.map(({ code, about }) => [code, about])).toEqual(expected);
    expect(verdict.verdict).toBe('NOT_PROVEN');
    expect(verdict.sentence).not.toContain('\n');
    const after = judge(mended());
    expect(after.reasons.map(({ code }) => code)).toEqual(['coverage-met']);
    expect(after.verdict).toBe('VERIFIED');
  });
});
