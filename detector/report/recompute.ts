import type { Period } from '../claims/calendar.js';
import type { CompiledClaim } from '../claims/compiled.js';
import { claimCoverage } from '../coverage/claim-coverage.js';
import type { Interval } from '../coverage/intervals.js';
import { sensorFacts } from '../coverage/sensor-facts.js';
import { judgePeriod } from '../coverage/verdict.js';
import type { Verdict } from '../coverage/verdict-types.js';
import type { ClaimVersion } from '../engine/claim-version.js';
import { readPeriodFacts, type StoredFacts } from '../store/queries/period-facts.js';
import type { Store } from '../store/store-types.js';

/** What one calendar period of one claim file gives when it is computed anew from what is stored. */
export interface Anew {
  readonly verdicts: readonly Verdict[];
  /** When the sensors of a claim (by id) saw nothing of its fleet, together. */
  readonly blind: ReadonlyMap<string, readonly Interval[]>;
}

/** The period of the claim file that began at `fromMs`, computed as if nothing more could come: what was stored before it was over is not compared. */
export async function computeAnew(store: Store, { claims }: ClaimVersion, fromMs: number): Promise<Anew> {
  const facts = await readPeriodFacts(store, claims, claims.periodOf(fromMs));
  const verdicts = judgePeriod({ ...facts, watermarkMs: Number.POSITIVE_INFINITY });
  const part = {
    fromMs: Math.max(facts.period.fromMs, claims.effectiveFromMs),
    toMs: Math.min(facts.period.toMs, claims.effectiveUntilMs),
  };
  return { verdicts, blind: new Map(claims.claims.map((claim) => [claim.id, part.fromMs < part.toMs ? blindOf(facts, claim, part) : []])) };
}

function blindOf({ claims, coverage }: StoredFacts, claim: CompiledClaim, { fromMs, toMs }: Period): readonly Interval[] {
  const sensors = claim.coverage.sensors.map((index) => {
    const sensor = claims.sensors[index]!;
    const rows = coverage.filter((row) => row.sensor === sensor.name);
    return sensorFacts(sensor, rows, claim.coverage, fromMs, toMs, false);
  });
  return claimCoverage(claim, sensors, fromMs, toMs).blind;
}

/** True where word, reasons and numbers are the same; what tells of an amendment is about the store, not about the period. */
export function isSame(stored: Verdict, anew: Verdict): boolean {
  const essence = ({ verdict, reasons, numbers }: Verdict): string =>
    JSON.stringify([
      verdict,
      reasons.filter(({ code }) => code !== 'late-data').map(({ code, about, observed, demanded }) => [code, about, observed, demanded]),
      Object.entries(numbers).sort(([a], [b]) => (a < b ? -1 : 1)),
    ]);
  return essence(stored) === essence(anew);
}
