import type { AssetTimes } from '../../baseline/asset-times.js';
import type { AssetVolumes } from '../../baseline/asset-volumes.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { VolumeConsumer } from '../../baseline/volume-consumer.js';
import type { VolumeTally } from '../../baseline/volume-tally.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { FindingSink } from '../../findings/finding-sink.js';
import { Attention, type Evaluator, type UnitContext } from '../detection.js';
import type { ObservedRecord } from '../observed-record.js';

/** A detection of volumes at work on one unit: the first of them feeds the tally that they share, and saves it. */
export class VolumeEvaluator<S extends object> implements Evaluator {
  readonly outlastsClocks = true;
  private readonly unit: UnitContext;
  private readonly tally: VolumeTally;
  /** Of all units: what only this one has would be fetched from memory with every record. */
  private readonly times: AssetTimes;
  private readonly feeds: boolean;
  private readonly number: number;
  private readonly consumer: VolumeConsumer<S>;
  /** The asset that was judged last, nearly always the record's, and what is kept of it. */
  private asset = -1;
  private volumes: AssetVolumes | undefined;

  constructor(unit: UnitContext, id: string, consumer: VolumeConsumer<S>) {
    this.unit = unit;
    this.tally = unit.tally;
    this.times = unit.times;
    this.consumer = consumer;
    this.feeds = this.tally.isFedBy(id);
    this.number = this.tally.join(consumer as VolumeConsumer<object>);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    const { interrupted } = this.times;
    if (record.asset !== this.asset || this.volumes === undefined || interrupted) {
      this.asset = record.asset;
      this.volumes = interrupted && this.feeds ? this.tally.reopen(record.asset, this.unit) : this.tally.open(record.asset, this.unit);
    }
    if (this.feeds) this.tally.judge(record, this.volumes, findings);
    else this.tally.judgeLate(this.number, record, this.volumes, findings);
  }

  decided(asset: number, decision: FollowedDecision): void {
    const volumes = this.tally.volumesOf(asset, this.unit);
    const state = volumes?.states[this.number];
    if (volumes !== undefined && state !== undefined) this.consumer.decided?.(state as S, volumes, decision);
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    const state = this.tally.volumesOf(asset, this.unit)?.states[this.number];
    if (state === undefined) return undefined;
    const until = this.consumer.learnedMs(state as S);
    return nowMs < until ? until : undefined;
  }

  save(writer: StateWriter): void {
    if (this.feeds) this.tally.save(writer, this.unit);
    this.tally.saveStates(this.number, writer, this.unit);
  }

  load(reader: StateReader): void {
    if (this.feeds) this.tally.load(reader, this.unit);
    this.tally.loadStates(this.number, reader, this.unit);
  }
}

/** What a detection of volumes wants to see (Detection.attends): all is counted by the first of them, which has to see it. */
export function attendsVolumes(id: string): (record: ObservedRecord, unit: UnitContext) => number {
  return (_record, { tally }) => (tally.isFedBy(id) ? Attention.always : Attention.due);
}

/** What is the same for all units of an engine is made once: there may be ten thousand. Kept by the parameters, which an engine has for itself. */
export class PerEngine<C extends { readonly unit: UnitContext }> {
  private readonly made = new WeakMap<object, C>();

  of(unit: UnitContext, parameters: object, make: () => C): C {
    const known = this.made.get(parameters);
    if (known !== undefined && known.unit.claims === unit.claims && known.unit.kinds === unit.kinds) return known;
    const one = make();
    this.made.set(parameters, one);
    return one;
  }
}
