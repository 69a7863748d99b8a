import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import type { CoverageMinute } from '../../../detector/coverage/observed-time.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { Activity } from '../../../detector/watches/activity.js';
import { watches } from '../../../detector/watches/evaluate.js';
import { ledgerOf } from '../../../fixtures/generator/weeks/ledger.js';
import type { World } from '../../../fixtures/generator/weeks/world.js';
import type { FlowBatch } from '../../../flow/batch.js';
import { DAY_MS, HOUR_MS } from '../../../flow/time.js';

/** A watch looks at what began in the last so much. */
const LOOK_BACK_MS = 2 * DAY_MS;
/** After the begin of something that watches should find, they look with every step for so long; otherwise once a day. */
const EAGER_MS = 3 * HOUR_MS;
const WATCHED = new Set([
  'device-silence',
  'control-then-silence',
  'fleet-control-then-silence',
  'fleet-silence',
  'exporter-gap',
  'fleet-wake-up',
]);

/** The watches over what is not there and what happens to several, beside the engine: the same pure functions as in operation, over activity in memory and the made-up ledger. */
export class Watching {
  readonly activity: Activity;
  private readonly claims: CompiledClaims;
  private readonly ledger: readonly CoverageMinute[];
  private readonly eager: readonly number[];
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(world: World, claims: CompiledClaims) {
    this.claims = claims;
    this.activity = new Activity(claims);
    this.ledger = ledgerOf(world).sort((a, b) => a.minute - b.minute);
    this.eager = world.truth.incidents.filter(({ kind }) => WATCHED.has(kind)).map(({ from }) => Date.parse(from));
  }

  take(batch: FlowBatch): void {
    this.activity.add(batch);
  }

  /** What the watches say when all that ended before `untilMs` has come; undefined where it is no time to look. */
  look(untilMs: number): Finding[] | undefined {
    const isEager = this.eager.some((fromMs) => untilMs > fromMs && untilMs <= fromMs + EAGER_MS);
    if (!isEager && untilMs - this.lastMs < DAY_MS) return undefined;
    this.lastMs = untilMs;
    const known = this.ledger.slice(0, this.rowsBefore(untilMs));
    return watches(this.activity, known, this.claims, untilMs, { fromMs: untilMs - LOOK_BACK_MS });
  }

  private rowsBefore(ms: number): number {
    let [low, high] = [0, this.ledger.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ledger[middle]!.minute < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
