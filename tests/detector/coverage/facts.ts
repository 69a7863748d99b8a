import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { compileTexts } from '../../../detector/claims/load.js';
import type { CoverageMinute } from '../../../detector/coverage/observed-time.js';
import type { PeriodFacts } from '../../../detector/coverage/verdict.js';
import type { Judgement } from '../../../detector/findings/judgement.js';
import { Ipv6Fields } from '../../../flow/coverage.js';
import { MINUTE_MS } from '../../../flow/time.js';

/** One fleet of two, two sensors, one claim each of what the tests need. Winter day of Europe/Amsterdam: 2026-12-03. */
export const CLAIMS = `version: 1
id: verdicts
owner: o
timezone: Europe/Amsterdam
effective: { from: "2026-12-01", until: "2026-12-10" }
sets: { far: { cidr: ["203.0.113.0/24"] } }
fleets: { scanners: { vendor: V, site: S, members: [{ name: s1, ip: ["10.40.10.11"] }, { name: s2, ip: ["10.40.10.12"] }] } }
sensors:
  fw: { kind: ipfix, exporter: "10.40.0.1", sampling: 1, active_timeout: PT1M, heartbeat: PT2M, sees: [north-south] }
  sw: { kind: ipfix, exporter: "10.40.0.2", active_timeout: PT1M, sees: [east-west] }
claims:
  - id: c
    text: "Nothing goes far away."
    subject: scanners
    severity: high
    assert: { never: [{ peer: { sets: [far] } }] }
    coverage: { sensors: [fw], time: "99%", max_gap: PT10M, max_lost: "0.1%" }
    residual: ["A modem.", "A memory stick."]
exceptions:
  - { id: ex-1, claim: c, match: { peer: { cidr: ["203.0.113.9"] } }, reason: r, owner: a, approved_by: b, ticket: t, from: "2026-12-01", expires: "2026-12-09" }
`;

/** The claims with `from` replaced by `to`, and what `otherwise` makes of the text. */
export function claimsWith(from = '', to = '', otherwise = (text: string): string => text): CompiledClaims {
  if (from !== '' && !CLAIMS.includes(from)) throw new Error(`'${from}' does not occur`);
  return compileTexts([{ file: 'c.yaml', text: otherwise(CLAIMS.replace(from, () => to)) }]).compilation.claims;
}

export const FROM = Date.parse('2026-12-02T23:00:00Z');
export const TO = Date.parse('2026-12-03T23:00:00Z');

/** A minute of an exporter that said what it should: two messages, twenty records. */
export function minute(index: number, change: Partial<CoverageMinute> = {}): CoverageMinute {
  const start = FROM + index * MINUTE_MS;
  return {
    sensor: 'fw',
    exportProtocol: 'ipfix',
    minute: start,
    firstMessageMilliseconds: start + 5_000,
    lastMessageMilliseconds: start + 50_000,
    observedMilliseconds: 0,
    messagesSent: 2,
    messagesReceived: 2,
    messagesLost: 0,
    recordsSent: 20,
    recordsReceived: 20,
    recordsLost: 0,
    recordsUndecodable: 0,
    recordsMalformed: 0,
    recordsProduced: 20,
    recordsHeld: 0,
    recordsReleased: 0,
    templatesMissing: 0,
    templatesChanged: 0,
    restarts: 0,
    kernelDrops: 0,
    samplingInterval: 0,
    clockOffsetMilliseconds: Number.NaN,
    recordsNotExported: 0,
    packetsMissed: 0,
    packetsSelected: 0,
    packetsPool: 0,
    interfaceOctets: 0,
    estimatedOctets: 0,
    messagesOverrun: 0,
    silentMilliseconds: 0,
    observationDomainId: 0,
    ipv6Fields: Ipv6Fields.unknown,
    ...change,
  };
}

/** Every minute of the day; `change` says what is different in which, undefined leaves the minute out. */
export function day(change: (index: number) => Partial<CoverageMinute> | undefined = () => ({})): CoverageMinute[] {
  const rows: CoverageMinute[] = [];
  for (let index = 0; index < 1440; index++) {
    const different = change(index);
    if (different !== undefined) rows.push(minute(index, different));
  }
  return rows;
}

/** Half of the day's records of the fleet; `change` makes it what a test needs. */
export function judgement(about: string, change: Partial<Judgement> = {}): Judgement {
  return {
    claimsHash: 'h',
    unit: about,
    fleet: 'scanners',
    kind: 'judged',
    claim: '',
    about,
    periodFromMs: FROM,
    firstMs: FROM,
    lastMs: TO - 1,
    flows: 7000,
    records: 14_400,
    octets: 1_000_000,
    ...change,
  };
}

/** Drills at these times, as the detector tells of them: one judgement each. */
export function drillsAt(times: readonly number[]): Judgement[] {
  return times.map((ms) => judgement(`probe@${ms}`, { kind: 'drill', firstMs: ms, lastMs: ms + 5, flows: 1, records: 1, octets: 60 }));
}

export function facts(change: Partial<PeriodFacts> = {}): PeriodFacts {
  return {
    claims: claimsWith(),
    period: { fromMs: FROM, toMs: TO },
    findings: [],
    coverage: day(),
    judgements: [judgement('s1'), judgement('s2')],
    watermarkMs: Number.POSITIVE_INFINITY,
    ...change,
  };
}
