import type { ObservedRecord } from '../detections/observed-record.js';
import type { Judgement, JudgementKind, StretchNote } from './judgement.js';

/** Keys of one unit; what comes beyond is counted under no key of its own, so that names in hostile input cannot fill the memory. */
const MAX_KEYS = 65_536;

/** Counts, for one unit, of what a verdict needs beside findings. */
export class JudgementBook {
  private readonly claimsHash: string;
  private readonly unit: string;
  private readonly all = new Map<string, Judgement>();
  private readonly changed = new Set<Judgement>();

  constructor(claimsHash: string, unit: string) {
    this.claimsHash = claimsHash;
    this.unit = unit;
  }

  /** Adds a record to the counts of its period. */
  count(kind: JudgementKind, fleet: string, claim: string, about: string, record: ObservedRecord): void {
    const judgement = this.of(kind, fleet, claim, about, record);
    if (judgement !== undefined) this.add(judgement, record);
  }

  /** Adds a record to counts found before. A session told anew has been counted already: what counts rest on is peers and ports, rarely who began. */
  add(judgement: Judgement, record: ObservedRecord): void {
    if (record.retold) return;
    if (record.startMs < judgement.firstMs) judgement.firstMs = record.startMs;
    if (record.endMs > judgement.lastMs) judgement.lastMs = record.endMs;
    if (record.sessionStarts) judgement.flows += 1;
    judgement.records += 1;
    judgement.octets += (record.octetsOut + record.octetsIn) * record.sampling;
    this.changed.add(judgement);
  }

  /** Adds to what is known of a claim's stretches; `records` counts the notes, so that a later state has more of them. */
  note(fleet: string, claim: string, { about, periodFromMs, fromMs, toMs, flows, octets }: StretchNote): void {
    const judgement = this.of('judged', fleet, claim, about, { periodFromMs, startMs: fromMs, endMs: toMs });
    if (judgement === undefined) return;
    judgement.firstMs = Math.min(judgement.firstMs, fromMs);
    judgement.lastMs = Math.max(judgement.lastMs, toMs);
    judgement.flows += flows;
    judgement.records += 1;
    judgement.octets += octets;
    this.changed.add(judgement);
  }

  /** Those that grew since the last call. */
  takeChanged(into: Judgement[]): void {
    for (const judgement of this.changed) into.push({ ...judgement });
    this.changed.clear();
  }

  list(into: Judgement[]): void {
    for (const judgement of this.all.values()) into.push({ ...judgement });
  }

  /** Forgets periods that began before `horizonMs`. */
  forgetBefore(horizonMs: number): void {
    for (const [key, judgement] of this.all) {
      if (judgement.periodFromMs >= horizonMs) continue;
      this.all.delete(key);
      this.changed.delete(judgement);
    }
  }

  /** For snapshots: plain values. */
  save(): SavedJudgements {
    const all = [...this.all];
    return { all, changed: all.flatMap(([, judgement], index) => (this.changed.has(judgement) ? [index] : [])) };
  }

  load(saved: SavedJudgements): void {
    for (const [key, judgement] of saved.all) this.all.set(key, judgement);
    for (const index of saved.changed) this.changed.add(saved.all[index]![1]);
  }

  /** The counts of the record's period, made if they are new; undefined beyond MAX_KEYS. */
  of(
    kind: JudgementKind,
    fleet: string,
    claim: string,
    about: string,
    record: Pick<ObservedRecord, 'periodFromMs' | 'startMs' | 'endMs'>,
  ): Judgement | undefined {
    const key = `${record.periodFromMs}|${kind}|${claim}|${about}`;
    let judgement = this.all.get(key);
    if (judgement !== undefined || this.all.size >= MAX_KEYS) return judgement;
    judgement = {
      claimsHash: this.claimsHash,
      unit: this.unit,
      fleet,
      kind,
      claim,
      about,
      periodFromMs: record.periodFromMs,
      firstMs: record.startMs,
      lastMs: record.endMs,
      flows: 0,
      records: 0,
      octets: 0,
    };
    this.all.set(key, judgement);
    return judgement;
  }
}

export interface SavedJudgements {
  readonly all: readonly (readonly [string, Judgement])[];
  readonly changed: readonly number[];
}
