import { formatAddress } from '../../flow/address.js';
import type { FlowBatch } from '../../flow/batch.js';
import { DAY_MS } from '../../flow/time.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims } from '../claims/compiled.js';
import { Level, type ObservedRecord } from '../detections/observed-record.js';
import { beginFinding } from './begin-finding.js';
import { evidenceOf } from './evidence.js';
import type { EvidenceRow, Finding } from './finding.js';
import type { Contribution, FindingSink, Matter, Measurement } from './finding-sink.js';
import type { FindingState } from './finding-state.js';
import type { StretchNote, UndecidedCode } from './judgement.js';
import { type ChangedJudgements, JudgementBook, type SavedJudgements } from './judgement-book.js';
import { type ChangedFindings, published } from './published.js';
import { addToShare, beginShare, removeShare, type Share } from './session-share.js';
import { isWithdrawn } from './withdrawn.js';

export interface FindingLimits {
  /** Rows kept with a finding. Enough to look them up; an attack cannot make a finding large. */
  readonly evidenceRows: number;
  /** Findings of one unit, all kinds and periods together; beyond it each kind counts the rest in one finding per period. */
  readonly findingsPerUnit: number;
  /** Findings of periods that ended longer ago than this (record time) are forgotten here; they have long been published. */
  readonly retentionMs: number;
}

export const FINDING_LIMITS: FindingLimits = { evidenceRows: 20, findingsPerUnit: 20_000, retentionMs: 31 * DAY_MS };

/** What a unit has from its first finding on. Most units never have one, so it is not made before. */
class Kept {
  readonly states = new Map<string, FindingState>();
  /** Findings of one kind and period. */
  readonly counts = new Map<string, number>();
  /** What sessions have added, by their serial number. */
  readonly shares = new Map<number, Share[]>();
}

/** The findings of one unit. Everything that decides is the order of the unit's records; what is published when does not matter. */
export class FindingBook implements FindingSink {
  private readonly claims: CompiledClaims;
  private readonly unit: string;
  private readonly limits: FindingLimits;
  private kept: Kept | undefined;
  private readonly changed: ChangedFindings;
  private newestPeriodMs = Number.NEGATIVE_INFINITY;
  private takenBack: EvidenceRow[] | undefined;
  private batch: FlowBatch | undefined;
  /** The row that evidence was last made of: what several findings hold of one record is one object. */
  private evidence: EvidenceRow | undefined;
  private evidenceRow = -1;

  readonly judgements: JudgementBook;

  /** `changed`, `changedJudgements`: take in what changes, of this unit as of others. */
  constructor(
    claims: CompiledClaims,
    unit: string,
    changed: ChangedFindings,
    changedJudgements: ChangedJudgements,
    limits: FindingLimits = FINDING_LIMITS,
  ) {
    this.claims = claims;
    this.unit = unit;
    this.changed = changed;
    this.limits = limits;
    this.judgements = new JudgementBook(claims.hash, unit, changedJudgements);
  }

  /** The batch that evidence is copied from. */
  open(batch: FlowBatch): void {
    this.batch = batch;
    this.evidenceRow = -1;
  }

  contribute(record: ObservedRecord, contribution: Contribution): void {
    const { matter, port, confidence, why } = contribution;
    const share = this.shareOf(record, matter, port, why);
    const { state } = share;
    const { finding } = state;
    addToShare(share, record);
    finding.confidence = Math.max(finding.confidence, confidence);
    if (record.startMs < finding.firstSeenMs) finding.firstSeenMs = record.startMs;
    if (record.endMs > finding.lastSeenMs) finding.lastSeenMs = record.endMs;
    if (record.sampling > state.sampling) state.sampling = record.sampling;
    if (record.retold) for (const row of this.takenBack ?? []) this.addEvidence(state, row, record.session);
    else this.addRow(state, record, record.session);
    for (const row of contribution.evidence ?? []) this.addEvidence(state, row, record.session);
    this.touch(state);
  }

  measure(record: ObservedRecord, measurement: Measurement): void {
    const { matter, totals } = measurement;
    const state = this.stateOf(record, matter, measurement.peerPort ?? 0, measurement.why, measurement);
    const { finding } = state;
    // Of what was not there nothing came anywhere: the record at hand only tells that its time has passed.
    const level = matter.absence === true ? Level.unknown : (measurement.level ?? record.level);
    if (level > state.levels.findLastIndex((count) => count > 0)) {
      state.levels.fill(0);
      state.levels[level] = 1;
    }
    finding.observed = measurement.observed;
    finding.expected = measurement.expected;
    finding.windowFromMs = measurement.windowFromMs;
    finding.windowToMs = measurement.windowToMs;
    finding.confidence = Math.max(finding.confidence, measurement.confidence);
    finding.firstSeenMs = Math.min(finding.firstSeenMs, totals.firstMs);
    finding.lastSeenMs = Math.max(finding.lastSeenMs, totals.lastMs);
    finding.octetsOut = totals.octetsOut;
    finding.octetsIn = totals.octetsIn;
    finding.packetsOut = totals.packetsOut;
    finding.packetsIn = totals.packetsIn;
    finding.records = totals.records;
    finding.sessions = totals.sessions;
    state.why = measurement.why;
    if (record.sampling > state.sampling) state.sampling = record.sampling;
    for (const row of measurement.evidence ?? []) this.addEvidence(state, row, 0);
    this.addRow(state, record, 0);
    this.touch(state);
  }

  excuse(record: ObservedRecord, claim: number, exception: number): void {
    const { id, exceptions } = this.claims.claims[claim]!;
    this.judgements.count('excused', this.fleetOf(record), id, exceptions[exception]!.id, record);
  }

  undecided(record: ObservedRecord, claim: number, code: UndecidedCode): void {
    const { id } = this.claims.claims[claim]!;
    if (code === 'initiator-tied') this.judgements.countAnew('undecided', this.fleetOf(record), id, code, record);
    else this.judgements.count('undecided', this.fleetOf(record), id, code, record);
  }

  drill(record: ObservedRecord, drill: string): void {
    this.judgements.count('drill', this.fleetOf(record), '', drill, record);
  }

  stretch(note: StretchNote): void {
    const { id, subject } = this.claims.claims[note.claim]!;
    this.judgements.note(this.claims.fleets[subject]!.name, id, note);
  }

  rowOf(record: ObservedRecord): EvidenceRow | undefined {
    return record.row < 0 || this.batch === undefined ? undefined : evidenceOf(this.batch, record.row);
  }

  /** Takes back everything that a session has added, before it is told anew. */
  retract(session: number): void {
    this.takenBack = undefined;
    for (const share of this.kept?.shares.get(session) ?? []) this.takeBack(share, session);
    this.forget(session);
  }

  /** The session cannot change any more. */
  forget(session: number): void {
    this.kept?.shares.delete(session);
  }

  /** All findings that stand. */
  list(into: Finding[]): void {
    for (const state of this.kept?.states.values() ?? []) if (!isWithdrawn(state.finding)) into.push(published(state));
  }

  save(writer: StateWriter): void {
    const kept = this.kept ?? new Kept();
    const states = [...kept.states.values()];
    const indexOf = new Map(states.map((state, index) => [state, index]));
    const shares = [...kept.shares].map(([session, list]) => [
      session,
      list.map((share) => ({ ...share, state: indexOf.get(share.state) })),
    ]);
    writer.text(
      JSON.stringify({
        newestPeriodMs: Number.isFinite(this.newestPeriodMs) ? this.newestPeriodMs : null,
        states: states.map(({ isNew, ...state }) => state),
        counts: [...kept.counts],
        shares,
        judgements: this.judgements.save(),
        changed: states.flatMap(({ isNew }, index) => (isNew ? [index] : [])),
      }),
    );
  }

  load(reader: StateReader): void {
    const saved = JSON.parse(reader.text()) as {
      newestPeriodMs: number | null;
      states: Omit<FindingState, 'isNew'>[];
      counts: [string, number][];
      shares: [number, (Omit<Share, 'state'> & { state: number })[]][];
      judgements: SavedJudgements;
      changed: number[];
    };
    this.newestPeriodMs = saved.newestPeriodMs ?? Number.NEGATIVE_INFINITY;
    const states = saved.states.map((state): FindingState => ({ ...state, isNew: false }));
    if (states.length + saved.counts.length > 0) {
      const kept = this.keep();
      for (const state of states) kept.states.set(state.key, state);
      for (const [key, count] of saved.counts) kept.counts.set(key, count);
      for (const [session, list] of saved.shares) {
        kept.shares.set(
          session,
          list.map((share) => ({ ...share, state: states[share.state]! })),
        );
      }
    }
    this.judgements.load(saved.judgements);
    for (const index of saved.changed) this.changed.add(states[index]!);
  }

  private keep(): Kept {
    this.kept ??= new Kept();
    return this.kept;
  }

  private fleetOf(record: ObservedRecord): string {
    return this.claims.fleets[record.fleet]!.name;
  }

  private shareOf(record: ObservedRecord, matter: Matter, port: number, why: string): Share {
    const { shares } = this.keep();
    let list = shares.get(record.session);
    const known = list?.find(({ state }) => !state.overflow && state.finding.port === port && concerns(state, record, matter));
    if (known !== undefined) return known;
    const state = this.stateOf(record, matter, port, why);
    const inOverflow = list?.find((share) => share.state === state);
    if (inOverflow !== undefined) return inOverflow;
    const share = beginShare(state, record);
    if (list === undefined) {
      list = [];
      shares.set(record.session, list);
    }
    list.push(share);
    return share;
  }

  private stateOf(record: ObservedRecord, matter: Matter, port: number, why: string, measured?: Measurement): FindingState {
    const { periodFromMs, periodToMs } = measured ?? record;
    const kind = `${matter.detection}|${matter.claim}|${matter.part}|${periodFromMs}`;
    const subject = matter.scope === 'fleet' ? -1 : (measured?.subject?.asset ?? record.asset);
    const ofPeer = measured === undefined || measured.peerPort !== undefined;
    const other = ofPeer ? `${formatAddress(record.peerBytes, record.peerOffset)}|${record.protocol}|${port}` : 'measured';
    const key = `${kind}|${subject}|${other}`;
    const { states, counts } = this.keep();
    const known = states.get(key);
    if (known !== undefined) return known;
    if (periodFromMs > this.newestPeriodMs) this.enterPeriod(periodFromMs);
    const count = counts.get(kind) ?? 0;
    const full = count >= matter.most || states.size >= this.limits.findingsPerUnit;
    const overflow = measured === undefined && full ? states.get(`${kind}|overflow`) : undefined;
    if (overflow !== undefined) return overflow;
    const shape = measured !== undefined ? 'measured' : full ? 'overflow' : 'peer';
    if (shape !== 'overflow') counts.set(kind, count + 1);
    const state: FindingState = {
      key: shape === 'overflow' ? `${kind}|overflow` : key,
      matter,
      periodFromMs,
      periodToMs,
      overflow: shape === 'overflow',
      measured: shape === 'measured',
      levels: [0, 0, 0, 0],
      began: [0, 0, 0],
      evidenceSessions: [],
      sampling: 1,
      isNew: false,
      why,
      finding: beginFinding(this.claims, this.unit, { record, matter, shape, port, measured }),
    };
    states.set(state.key, state);
    return state;
  }

  /** A new period begins: findings and counters of periods past the retention are forgotten. */
  private enterPeriod(periodFromMs: number): void {
    this.newestPeriodMs = periodFromMs;
    const horizon = periodFromMs - this.limits.retentionMs;
    const { states, counts, shares } = this.keep();
    let dropped = false;
    for (const [key, state] of states) {
      if (state.periodToMs > horizon) continue;
      states.delete(key);
      dropped = true;
    }
    this.judgements.forgetBefore(horizon);
    for (const key of counts.keys()) if (Number(key.slice(key.lastIndexOf('|') + 1)) < horizon) counts.delete(key);
    if (!dropped) return;
    for (const [session, list] of shares) {
      const left = list.filter(({ state }) => states.get(state.key) === state);
      if (left.length === 0) shares.delete(session);
      else if (left.length < list.length) shares.set(session, left);
    }
  }

  private takeBack(share: Share, session: number): void {
    const { state } = share;
    removeShare(share);
    const { finding, evidenceSessions } = state;
    for (let i = evidenceSessions.length - 1; i >= 0; i--) {
      if (evidenceSessions[i] !== session) continue;
      evidenceSessions.splice(i, 1);
      const [row] = finding.evidence.splice(i, 1);
      // Two detections may hold the same row.
      this.takenBack ??= [];
      if (!this.takenBack.some((held) => held.sequence === row!.sequence && held.record === row!.record)) this.takenBack.unshift(row!);
    }
    this.touch(state);
  }

  private addRow(state: FindingState, record: ObservedRecord, session: number): void {
    if (record.row < 0 || this.batch === undefined || state.finding.evidence.length >= this.limits.evidenceRows) return;
    if (this.evidenceRow !== record.row || this.evidence === undefined) {
      this.evidence = evidenceOf(this.batch, record.row, state.finding.evidence.at(-1));
      this.evidenceRow = record.row;
    }
    this.addEvidence(state, this.evidence, session);
  }

  private addEvidence(state: FindingState, row: EvidenceRow, session: number): void {
    if (state.finding.evidence.length >= this.limits.evidenceRows) return;
    state.finding.evidence.push(row);
    state.evidenceSessions.push(session);
  }

  private touch(state: FindingState): void {
    state.finding.revision += 1;
    this.changed.add(state);
  }
}

function concerns(state: FindingState, record: ObservedRecord, matter: Matter): boolean {
  const own = state.matter;
  return (
    state.periodFromMs === record.periodFromMs &&
    own.detection === matter.detection &&
    own.claim === matter.claim &&
    own.part === matter.part
  );
}
