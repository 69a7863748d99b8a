import type { StateReader, StateWriter } from '../baseline/state.js';
import { tallyOf, type VolumeConsumer, type VolumeTally } from '../baseline/volume-tally.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { FindingSink } from '../findings/finding-sink.js';
import type { Evaluator, UnitContext } from './detection.js';
import type { ObservedRecord } from './observed-record.js';

/** A detection of volumes at work on one unit: the first of them feeds the tally that they share, and saves it. */
export class VolumeEvaluator<S extends object> implements Evaluator {
  private readonly unit: UnitContext;
  private readonly tally: VolumeTally;
  private readonly number: number;
  private readonly consumer: VolumeConsumer<S>;
  /** The asset that was last found to be counted: nearly always the record's, and then the first of them does all. */
  private counted = -1;

  constructor(unit: UnitContext, consumer: VolumeConsumer<S>) {
    this.unit = unit;
    this.tally = tallyOf(unit);
    this.consumer = consumer;
    this.number = this.tally.join(consumer as VolumeConsumer<object>);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (this.number === 0) this.tally.judge(record, findings, this.unit);
    else if (record.asset !== this.counted && this.tally.judgeLate(this.number, record, findings, this.unit)) this.counted = record.asset;
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
    if (this.number === 0) this.tally.save(writer, this.unit);
    this.tally.saveStates(this.number, writer, this.unit);
  }

  load(reader: StateReader): void {
    if (this.number === 0) this.tally.load(reader, this.unit);
    this.tally.loadStates(this.number, reader, this.unit);
  }
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
