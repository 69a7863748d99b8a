import type { CompiledClaims, CompiledWindow } from '../../claims/compiled.js';
import { isInside, matchesShape, planFor } from '../claims/claim-plan.js';
import { Began, type ObservedRecord } from '../observed-record.js';

/** The times at which claims allow what the record's peer does, and no other times; none where no claim binds it to times. */
export function windowsOf(claims: CompiledClaims, record: ObservedRecord): readonly CompiledWindow[] {
  const peer = { atom: claims.atomOf(record.peerBytes, record.peerOffset), facts: record.peerFacts };
  const { steps, admission } = planFor(claims, record.fleet, peer, record.protocol, record.assetPort, Began.peer);
  if (admission.always) return [];
  return steps.flatMap((step) => (step.onlyInside || step.undecided !== undefined ? [] : step.windows));
}

/** Whether a claim of the asset's fleet says anything of times at which a peer may come to this port; what it says of which peer is left open. */
export function mayHaveWindows(claims: CompiledClaims, { fleet, protocol, assetPort }: ObservedRecord): boolean {
  return claims.fleets[fleet]!.claims.some((index) =>
    claims.claims[index]!.rules.some((rule) => rule.during !== undefined && matchesShape(rule, protocol, assetPort, Began.peer)),
  );
}

/** When the agreed time ends, its own overrun included, in which a session began; undefined where it began in none. Found to the millisecond, at most `untilMs`. */
export function agreedUntil(windows: readonly CompiledWindow[], startMs: number, untilMs: number): number | undefined {
  let latest: number | undefined;
  for (const window of windows) {
    if (!window.contains(startMs, startMs)) continue;
    let low = startMs;
    let high = untilMs;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (window.contains(startMs, middle)) low = middle;
      else high = middle - 1;
    }
    latest = Math.max(latest ?? low, low);
  }
  return latest;
}

/** True where a claim of the asset's fleet agrees on a time for this port, and the record lies in it. */
export function isWindowOpen(claims: CompiledClaims, record: ObservedRecord): boolean {
  return claims.fleets[record.fleet]!.claims.some((index) => {
    const { kind, rules } = claims.claims[index]!;
    if (kind !== 'only' && kind !== 'authorised') return false;
    return rules.some(
      (rule) =>
        rule.during !== undefined &&
        rule.initiator !== 'subject' &&
        rule.matchesPort(record.protocol, record.assetPort) &&
        rule.during.some((window) => isInside(window, record)),
    );
  });
}
