import type { ObservedRecord } from '../detections/observed-record.js';
import { ChangedList } from './changed-list.js';
import type { Judgement, JudgementKind, StretchNote } from './judgement.js';

/** Keys of one unit; what comes beyond is counted under no key of its own, so that names in hostile input cannot fill the memory. */
const MAX_KEYS = 65_536;

/** So many are looked through. */
const FEW = 8;

type JudgementKey = Pick<Judgement, 'periodFromMs' | 'kind' | 'claim' | 'about'>;

/** Counts while they grow. */
export interface JudgementState {
  readonly counts: Judgement;
  /** Waits in the list of what has changed. */
  isNew: boolean;
}

/** The counts of a partition that grew since they were last taken. */
export type ChangedJudgements = ChangedList<JudgementState, Judgement>;

export function changedJudgements(): ChangedJudgements {
  return new ChangedList(({ counts }) => ({ ...counts }));
}

/** Counts, for one unit, of what a verdict needs beside findings. */
export class JudgementBook {
  private readonly claimsHash: string;
  private readonly unit: string;
  /** In the order in which they began. */
  private all: JudgementState[] = [];
  /** The same by key, from the first that is too many to look through: most units have one or two. */
  private byKey: Map<string, JudgementState> | undefined;
  private readonly changed: ChangedJudgements;

  /** `changed`: takes in what grows, of this unit as of others. */
  constructor(claimsHash: string, unit: string, changed: ChangedJudgements) {
    this.claimsHash = claimsHash;
    this.unit = unit;
    this.changed = changed;
  }

  /** Adds a record to the counts of its period. */
  count(kind: JudgementKind, fleet: string, claim: string, about: string, record: ObservedRecord): void {
    if (!record.retold) this.countAnew(kind, fleet, claim, about, record);
  }

  /** The same where it is who began that counts: of a session told anew all that came before has not been counted so. */
  countAnew(kind: JudgementKind, fleet: string, claim: string, about: string, record: ObservedRecord): void {
    const state = this.of(kind, fleet, claim, about, record);
    if (state !== undefined) this.add(state, record);
  }

  /** Adds a record, or a session's until now, to counts found before. */
  add(state: JudgementState, record: ObservedRecord): void {
    const judgement = state.counts;
    if (record.startMs < judgement.firstMs) judgement.firstMs = record.startMs;
    if (record.endMs > judgement.lastMs) judgement.lastMs = record.endMs;
    if (record.sessionStarts) judgement.flows += 1;
    judgement.records += record.records;
    judgement.octets += (record.octetsOut + record.octetsIn) * record.sampling;
    if (!state.isNew) this.changed.add(state);
  }

  /** Adds to what is known of a claim's stretches; `records` counts the notes, so that a later state has more of them. */
  note(fleet: string, claim: string, { about, periodFromMs, fromMs, toMs, flows, octets }: StretchNote): void {
    const state = this.of('judged', fleet, claim, about, { periodFromMs, startMs: fromMs, endMs: toMs });
    if (state === undefined) return;
    const judgement = state.counts;
    judgement.firstMs = Math.min(judgement.firstMs, fromMs);
    judgement.lastMs = Math.max(judgement.lastMs, toMs);
    judgement.flows += flows;
    judgement.records += 1;
    judgement.octets += octets;
    this.changed.add(state);
  }

  list(into: Judgement[]): void {
    for (const { counts } of this.all) into.push({ ...counts });
  }

  /** Forgets periods that began before `horizonMs`. */
  forgetBefore(horizonMs: number): void {
    const kept = this.all.filter(({ counts }) => counts.periodFromMs >= horizonMs);
    if (kept.length === this.all.length) return;
    for (const state of this.all) if (state.counts.periodFromMs < horizonMs) state.isNew = false;
    this.all = kept;
    this.byKey = undefined;
  }

  /** For snapshots: plain values. */
  save(): SavedJudgements {
    return { all: this.all.map(({ counts }) => counts), changed: this.all.flatMap(({ isNew }, index) => (isNew ? [index] : [])) };
  }

  load(saved: SavedJudgements): void {
    this.all = saved.all.map((counts) => ({ counts, isNew: false }));
    this.byKey = undefined;
    for (const index of saved.changed) this.changed.add(this.all[index]!);
  }

  /** The counts of the record's period, made if they are new; undefined beyond MAX_KEYS. */
  of(
    kind: JudgementKind,
    fleet: string,
    claim: string,
    about: string,
    record: Pick<ObservedRecord, 'periodFromMs' | 'startMs' | 'endMs'>,
  ): JudgementState | undefined {
    const { periodFromMs } = record;
    const known = this.find({ periodFromMs, kind, claim, about });
    if (known !== undefined || this.all.length >= MAX_KEYS) return known;
    const counts: Judgement = {
      claimsHash: this.claimsHash,
      unit: this.unit,
      fleet,
      kind,
      claim,
      about,
      periodFromMs,
      firstMs: record.startMs,
      lastMs: record.endMs,
      flows: 0,
      records: 0,
      octets: 0,
    };
    const state = { counts, isNew: false };
    // A copy while they are few: pushed to, each list would have room for seventeen.
    if (this.all.length < FEW) this.all = this.all.concat(state);
    else this.all.push(state);
    this.byKey?.set(keyOf(counts), state);
    return state;
  }

  private find(key: JudgementKey): JudgementState | undefined {
    if (this.all.length <= FEW) return this.all.find(({ counts }) => isOf(counts, key));
    this.byKey ??= new Map(this.all.map((state) => [keyOf(state.counts), state]));
    return this.byKey.get(keyOf(key));
  }
}

function isOf(counts: Judgement, { periodFromMs, kind, claim, about }: JudgementKey): boolean {
  return counts.periodFromMs === periodFromMs && counts.about === about && counts.kind === kind && counts.claim === claim;
}

function keyOf({ periodFromMs, kind, claim, about }: JudgementKey): string {
  return `${periodFromMs}|${kind}|${claim}|${about}`;
}

export interface SavedJudgements {
  readonly all: readonly Judgement[];
  readonly changed: readonly number[];
}
