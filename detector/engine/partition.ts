import { AssetTimes } from '../baseline/asset-times.js';
import { LocalClock } from '../baseline/local-clock.js';
import { NumberPool } from '../baseline/number-pool.js';
import { VolumeTally } from '../baseline/volume-tally.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { Detection, Evaluator, UnitContext } from '../detections/detection.js';
import { DETECTION_IDS, DETECTIONS, type DetectionId } from '../detections/index.js';
import { changedJudgements } from '../findings/judgement-book.js';
import { changedFindings } from '../findings/published.js';
import { ExchangeKinds, kindsOf } from '../sessions/exchange-kinds.js';
import { AttentionTable } from './attention.js';
import type { EffectiveParameters } from './parameters.js';

/** What the units of one partition share: nothing that a unit's results could depend on. Caches, tables by asset, and which detections judge with what parameters. */
export class Partition {
  readonly claims: CompiledClaims;
  readonly parameters: EffectiveParameters;
  /** In the order of judging. */
  readonly ids: readonly DetectionId[];
  readonly detections: readonly Detection[];
  readonly clock: LocalClock;
  readonly kinds: ExchangeKinds;
  readonly times: AssetTimes;
  readonly tally: VolumeTally;
  readonly pool = new NumberPool();
  readonly attention: AttentionTable;
  readonly changed = changedFindings();
  readonly changedJudgements = changedJudgements();
  /** How many batches were begun: the same object may come again with other records in it. */
  batches = 0;
  /** Place of the detection whose word on a record the others hear: whether a claim admits it. −1: it does not judge. */
  readonly first: number;
  private learning: number[] | undefined;

  constructor(claims: CompiledClaims, parameters: EffectiveParameters, ids: readonly DetectionId[], showAll: boolean) {
    this.claims = claims;
    this.parameters = parameters;
    // In the order of judging, whatever the order asked for.
    this.ids = DETECTION_IDS.filter((id) => ids.includes(id));
    this.detections = this.ids.map((id) => DETECTIONS[id]);
    this.clock = new LocalClock(claims.timezone);
    this.kinds = new ExchangeKinds(kindsOf(claims.assets.length));
    this.times = new AssetTimes(claims.assets.length);
    this.tally = new VolumeTally(claims, this.kinds);
    this.attention = new AttentionTable(this.detections, this.kinds, showAll);
    this.first = this.ids.indexOf('claim-violation');
  }

  contextOf(assets: readonly number[]): UnitContext {
    const { claims, clock, kinds, times, tally, pool } = this;
    return { claims, assets, clock, kinds, times, tally, pool };
  }

  evaluator(index: number, context: UnitContext): Evaluator {
    const make = this.detections[index]!.evaluator as (unit: UnitContext, values: Readonly<Record<string, number>>) => Evaluator;
    return make(context, this.parameters[this.ids[index]!]);
  }

  /** Places of the detections that learn. */
  learners(context: UnitContext): readonly number[] {
    this.learning ??= [...this.ids.keys()].filter((index) => this.evaluator(index, context).learningUntil !== undefined);
    return this.learning;
  }
}
