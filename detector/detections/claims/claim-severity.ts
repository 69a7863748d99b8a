import { SEVERITIES, type Severity } from '../../claims/compiled.js';

/**
 * Severity of a broken claim by how far the exchange came, with the claim's own severity as the measure:
 *   attempt      one step below the claim's, medium at most: nobody answered, the isolation held
 *   unknown      the claim's: an answer cannot be ruled out
 *   established  the claim's
 *   transferred  one step above the claim's
 * For a claim of severity high that is detection.md D01's ladder: medium, high, critical. A claim of severity medium ("batch only at night")
 * does not become critical because a batch ran by day.
 */
export function severitiesOf(claim: Severity): readonly [Severity, Severity, Severity, Severity] {
  const own = SEVERITIES.indexOf(claim);
  const step = (index: number): Severity => SEVERITIES[Math.max(0, Math.min(SEVERITIES.length - 1, index))]!;
  return [step(Math.min(own - 1, SEVERITIES.indexOf('medium'))), claim, claim, step(own + 1)];
}
