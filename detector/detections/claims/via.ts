import { formatAddress } from '../../../flow/address.js';
import { DAY_MS } from '../../../flow/time.js';
import { Intervals } from '../../baseline/session-intervals.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import { type CompiledClaim, type CompiledClaims, type CompiledVia, Truth } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { Protocol } from '../../sessions/orientation.js';
import type { Detection, Evaluator, FindingFlow, ParameterTable, ParameterValues, UnitContext } from '../detection.js';
import { Began, Level, type ObservedRecord } from '../observed-record.js';
import { beginsWithin, estimateOf, evidenceRowsOf, recordsOf, sumOf } from '../recompute.js';
import { severitiesOf } from './claim-severity.js';
import { addToHeld, type HeldRecord, holdRecord, releaseRecord } from './held-record.js';
import { ruleTruth } from './rule-match.js';
import { VIA_EXAMPLES } from './via-examples.js';

const ID = 'via';

const PARAMETERS = {
  findingsPerPeriod: {
    default: 1000,
    least: 1,
    most: 100_000,
    unit: 'findings per unit, claim and period',
    reason: 'As of claim-violation: beyond a thousand the list tells nobody more.',
  },
} as const satisfies ParameterTable;

/** Sessions behind a jump host that wait for a decision, in one unit; beyond it the oldest is decided at once. */
const MOST_WAITING = 4096;
/** Sessions on jump hosts that are remembered: jump hosts, stretches of time on each, how long, and sessions whose records are tied together. */
const MOST_JUMP_HOSTS = 1024;
const MOST_INTERVALS = 4096;
const REMEMBERED_MS = DAY_MS;
const MOST_TIED = 4096;
/** Rows kept with a session that waits. */
const MOST_ROWS = 20;

export const via: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Past the jump host',
  question: 'Does everybody who must come by a jump host come by it, with a session of their own on it?',
  claimKinds: ['via'],
  auxiliary: true,
  attack: [
    { id: 'T1021', matrix: 'enterprise', version: '18.0' },
    { id: 'T1133', matrix: 'enterprise', version: '18.0' },
    { id: 'T1078', matrix: 'enterprise', version: '18.0' },
    { id: 'T0822', matrix: 'ics', version: '18.0' },
    { id: 'T0859', matrix: 'ics', version: '18.0' },
  ],
  severity: 'high',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'tcpControlBits',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    'initiator',
  ],
  history:
    'none; a session behind a jump host is decided when the records of the one on it must have come: skew, active timeout and 5 minutes later',
  falsePositives: [
    'The operator’s own staff and programs on the jump host: whoever may work from there belongs into `from`.',
    'A session on the jump host that is older than a day and told by one record at its end (conn.log).',
    'Clocks of two sensors that differ by more than `skew`.',
  ],
  runbook: [
    'Past the jump host: which way did it take? Close it, and look for what else came by it.',
    'From the jump host without a session on it: who was logged in there, from where, since when? Ask for the recording of the session.',
    'If nobody was: treat the jump host as taken over.',
  ],
  references: ['reference/assurance.md §1.5', 'NIST 800-53 AC-17(3)', 'IEC 62443-3-3 SR 1.13'],
  examples: VIA_EXAMPLES,
  recompute: pastJumpHost,
  concerns: (unit) => unit.claims.claims.some((claim) => claim.via !== undefined && fleetsOf(unit).has(claim.subject)),
  evaluator: (unit, parameters) => new ViaWatch(unit, parameters),
};

/**
 * What came past the jump host, or from it without a session on it. Rows of one peer that came both with and without a session on the jump host are told apart
 * by the finding's evidence, as long as that holds them all: the sessions on the jump host are other rows than the finding's.
 */
function pastJumpHost(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const records = recordsOf(evidenceRowsOf(finding, rows) ?? rows, claims);
  const came = records.filter(
    (record) => record.initiator !== Began.asset && record.assetPort === finding.port && beginsWithin(record, finding),
  );
  return finding.peerAddress === '::' ? Number.NaN : sumOf(came, estimateOf);
}

interface Watch {
  readonly claim: CompiledClaim;
  readonly via: CompiledVia;
  readonly direct: Matter;
  readonly unaccompanied: Matter;
  /** Sessions on each jump host, by its address. */
  readonly sessions: Map<string, Intervals>;
}

interface Waiting {
  /** Index into the watches. */
  readonly watch: number;
  readonly jump: string;
  readonly deadlineMs: number;
  readonly held: HeldRecord;
}

class ViaWatch implements Evaluator {
  private readonly unit: UnitContext;
  private readonly watches: readonly Watch[];
  private waiting: Waiting[] = [];
  /** End of the last record of each session on a jump host: between its records the session went on. */
  private readonly tied = new Map<number, number>();
  private newestMs = Number.NEGATIVE_INFINITY;
  private nextDeadlineMs = Number.POSITIVE_INFINITY;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    const { claims } = unit.claims;
    const fleets = fleetsOf(unit);
    this.watches = claims.flatMap((claim) => {
      if (claim.via === undefined || !fleets.has(claim.subject)) return [];
      const matter = (part: string, rule: string): Matter => ({
        detection: ID,
        claim: claim.index,
        part,
        scope: 'member',
        rule,
        severities: severitiesOf(claim.severity),
        most: parameters.findingsPerPeriod,
      });
      const { from, jump } = claim.via;
      const direct = matter('direct', `${from.text} directly`);
      const unaccompanied = matter('unaccompanied', `${jump.text} without a session from ${from.text}`);
      return [{ claim, via: claim.via, direct, unaccompanied, sessions: new Map<string, Intervals>() }];
    });
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (this.watches.length === 0) return;
    if (record.endMs > this.newestMs) this.newestMs = record.endMs;
    // Who began it and whom it reached: this is about sessions that come to the asset.
    if (record.initiator !== Began.asset) this.judgeArrival(record, findings);
    else if (record.retold) this.waiting = this.waiting.filter(({ held }) => held.session !== record.session);
    if (this.newestMs >= this.nextDeadlineMs) this.decide(findings);
  }

  passed(record: ObservedRecord, findings: FindingSink): void {
    if (this.waiting.length === 0) return;
    const { claims } = this.unit;
    const peer = claims.atomOf(record.peerBytes, record.peerOffset);
    const asset = claims.atomOf(record.assetBytes, record.assetOffset);
    for (const watch of this.watches) {
      const { jump, entry } = watch.via;
      // Clocks differ: a session on the jump host may seem to begin after the one behind it, and after the claims. Who began it is not asked.
      if (!jump.matchesPeer(asset) || !isSession(record) || ruleTruth(entry, peer, record) === Truth.no) continue;
      sessionsOn(watch, formatAddress(record.assetBytes, record.assetOffset)).add(record.startMs, record.endMs);
    }
    if (record.endMs > this.newestMs) this.newestMs = record.endMs;
    if (this.newestMs >= this.nextDeadlineMs) this.decide(findings);
  }

  save(writer: StateWriter): void {
    const sessions = this.watches.map(({ sessions }) => [...sessions].map(([jump, intervals]) => [jump, intervals.save()]));
    const newestMs = Number.isFinite(this.newestMs) ? this.newestMs : null;
    writer.text(JSON.stringify({ newestMs, sessions, tied: [...this.tied], waiting: this.waiting }));
  }

  load(reader: StateReader): void {
    const saved = JSON.parse(reader.text()) as {
      newestMs: number | null;
      sessions: [string, [number, number][]][][];
      tied: [number, number][];
      waiting: Waiting[];
    };
    this.newestMs = saved.newestMs ?? Number.NEGATIVE_INFINITY;
    for (const [index, list] of saved.sessions.entries()) {
      const watch = this.watches[index]!;
      for (const [jump, intervals] of list) sessionsOn(watch, jump).load(intervals);
    }
    for (const [session, endMs] of saved.tied) this.tied.set(session, endMs);
    this.waiting = saved.waiting;
    this.nextDeadlineMs = earliest(this.waiting);
  }

  private judgeArrival(record: ObservedRecord, findings: FindingSink): void {
    const { claims } = this.unit;
    const peer = claims.atomOf(record.peerBytes, record.peerOffset);
    const asset = claims.atomOf(record.assetBytes, record.assetOffset);
    const { fleet, auxiliary } = claims.assets[record.asset]!;
    for (const [index, watch] of this.watches.entries()) {
      const rules = watch.via;
      const isAnswered = record.level !== Level.attempt && isSession(record);
      if (rules.jump.matchesPeer(asset) && isAnswered && ruleTruth(rules.entry, peer, record) !== Truth.no) this.remember(watch, record);
      if (auxiliary || watch.claim.subject !== fleet || !this.isInForce(record)) continue;
      if (!rules.to.matchesPeer(asset) || !rules.to.matchesPort(record.protocol, record.assetPort)) continue;
      if (rules.jump.matchesPeer(peer)) this.wait(index, watch, record, findings);
      else this.judgeDirect(watch, peer, record, findings);
    }
  }

  private judgeDirect({ claim, via: rules, direct }: Watch, peer: number, record: ObservedRecord, findings: FindingSink): void {
    const truth = ruleTruth(rules.from, peer, record);
    if (truth === Truth.unknown) findings.undecided(record, claim.index, rules.from.unknownBy(peer));
    if (truth !== Truth.yes || this.isExcused(claim, peer, record, findings)) return;
    record.breaksClaim = true;
    const why = `claim '${claim.id}' lets ${rules.from.text} come by ${rules.jump.text} only`;
    findings.contribute(record, { matter: direct, port: record.assetPort, confidence: confidenceOf(record), why });
  }

  /** A session came from a jump host: was there one on it? Its record may come later. */
  private wait(index: number, { via: rules }: Watch, record: ObservedRecord, findings: FindingSink): void {
    if (record.retold) this.waiting = this.waiting.filter(({ watch, held }) => watch !== index || held.session !== record.session);
    if (!rules.inboundSeen) return;
    const known = this.waiting.find(({ watch, held }) => watch === index && held.session === record.session);
    if (known !== undefined && known.held.periodFromMs === record.periodFromMs) {
      addToHeld(known.held, record, findings.rowOf(record), MOST_ROWS);
      return;
    }
    if (this.waiting.length >= MOST_WAITING) this.decideOne(this.waiting.shift()!, findings);
    const deadlineMs = record.endMs + rules.skewMs + rules.settleMs;
    const jump = formatAddress(record.peerBytes, record.peerOffset);
    this.waiting.push({ watch: index, jump, deadlineMs, held: holdRecord(record, findings.rowOf(record)) });
    this.nextDeadlineMs = Math.min(this.nextDeadlineMs, deadlineMs);
  }

  private decide(findings: FindingSink): void {
    const { newestMs } = this;
    const due = this.waiting.filter(({ deadlineMs }) => deadlineMs <= newestMs);
    this.waiting = this.waiting.filter(({ deadlineMs }) => deadlineMs > newestMs);
    this.nextDeadlineMs = earliest(this.waiting);
    for (const one of due) this.decideOne(one, findings);
    for (const { sessions } of this.watches) {
      for (const [jump, intervals] of sessions) {
        intervals.forgetBefore(newestMs - REMEMBERED_MS);
        if (intervals.length === 0) sessions.delete(jump);
      }
    }
  }

  private decideOne({ watch: index, jump, held }: Waiting, findings: FindingSink): void {
    const { claim, via: rules, unaccompanied, sessions } = this.watches[index]!;
    if (sessions.get(jump)?.meets(held.startMs - rules.skewMs, held.endMs + rules.skewMs) === true) return;
    const record = releaseRecord(held);
    const peer = this.unit.claims.atomOf(record.peerBytes, record.peerOffset);
    if (this.isExcused(claim, peer, record, findings)) return;
    findings.contribute(record, {
      matter: unaccompanied,
      port: record.assetPort,
      confidence: confidenceOf(record),
      why: `no session from ${rules.from.text} was on the jump host at that time, which claim '${claim.id}' demands`,
      evidence: held.evidence,
    });
  }

  private remember(watch: Watch, record: ObservedRecord): void {
    const intervals = sessionsOn(watch, formatAddress(record.assetBytes, record.assetOffset));
    const before = this.tied.get(record.session) ?? record.startMs;
    intervals.add(Math.min(before, record.startMs), record.endMs);
    this.tied.delete(record.session);
    this.tied.set(record.session, Math.max(before, record.endMs));
    if (this.tied.size > MOST_TIED) this.tied.delete(this.tied.keys().next().value!);
  }

  private isInForce({ startMs }: ObservedRecord): boolean {
    return startMs >= this.unit.claims.effectiveFromMs && startMs < this.unit.claims.effectiveUntilMs;
  }

  private isExcused(claim: CompiledClaim, peer: number, record: ObservedRecord, findings: FindingSink): boolean {
    const { startMs, endMs } = record;
    const exception = claim.exceptions.findIndex(
      ({ rule, fromMs, expiresMs }) =>
        startMs >= fromMs &&
        endMs < expiresMs &&
        ruleTruth(rule, peer, record) !== Truth.no &&
        (rule.during === undefined || rule.during.some((window) => window.contains(startMs, endMs))),
    );
    if (exception >= 0) findings.excuse(record, claim.index, exception);
    return exception >= 0;
  }
}

/** Nobody works on a jump host by pings: whoever watches it that way all day would excuse every session that comes from it. */
function isSession({ protocol }: ObservedRecord): boolean {
  return protocol !== Protocol.icmp && protocol !== Protocol.icmpv6;
}

/** Jump hosts included: they are watched for the sake of a fleet. */
function fleetsOf({ assets, claims }: UnitContext): ReadonlySet<number> {
  return new Set(assets.map((asset) => claims.assets[asset]!.fleet));
}

function sessionsOn({ sessions, via: rules }: Watch, jump: string): Intervals {
  let intervals = sessions.get(jump);
  if (intervals === undefined) {
    // What lies within twice the skew of each other meets everything in between: closing such gaps changes no answer.
    intervals = new Intervals(2 * rules.skewMs, MOST_INTERVALS);
    sessions.set(jump, intervals);
    if (sessions.size > MOST_JUMP_HOSTS) sessions.delete(sessions.keys().next().value!);
  }
  return intervals;
}

function earliest(waiting: readonly Waiting[]): number {
  return waiting.reduce((first, { deadlineMs }) => Math.min(first, deadlineMs), Number.POSITIVE_INFINITY);
}

function confidenceOf({ initiator, initiatorSeen }: ObservedRecord): number {
  return initiatorSeen ? 95 : initiator === Began.unknown ? 60 : 85;
}
