import { formatDuration, MINUTE_MS } from '../../flow/time.js';
import type { ClaimSet } from './claim-set.js';
import type { Warn } from './lint-peers.js';
import { durationMs } from './units.js';

/** Drills come by timers: demanded as often as they are sent, they come just in time with this (subject-facts.ts grants it too). */
const SLACK_MS = MINUTE_MS;

/** Claims that no drill can satisfy, and drills that nobody can tell from other traffic. */
export function lintDrills({ claims, drills }: ClaimSet, hasKey: boolean, warn: Warn): void {
  for (const at of claims) {
    const { subject, coverage } = at.value;
    if (coverage.canary === undefined) continue;
    const place = ['coverage', 'canary'];
    const ofFleet = [...drills.values()].filter(({ value }) => value.fleet === subject);
    const often = Math.min(...ofFleet.map(({ value }) => durationMs(value.every, 0)));
    if (ofFleet.length === 0)
      warn(
        at,
        place,
        'canary-without-drill',
        `the claim wants to see a drill of '${subject}' every ${coverage.canary}, and none is declared: it is never VERIFIED; ` +
          `declare one, such as drills: { ${subject}: { fleet: ${subject}, probe: ADDRESS, sink: "192.0.2.10", every: ${coverage.canary} } }, or leave out canary`,
      );
    else if (often > durationMs(coverage.canary, 0) + SLACK_MS)
      warn(
        at,
        place,
        'canary-without-drill',
        `the claim wants to see a drill of '${subject}' every ${coverage.canary}, and they come every ${formatDuration(often)} at most: it is never VERIFIED; ` +
          `write every: ${coverage.canary} at the drill, or a longer canary`,
      );
  }
  const [first] = drills.values();
  if (first !== undefined && !hasKey)
    warn(
      first,
      [],
      'drill-without-key',
      'no key of the drills is given: none is recognised, what is sent to the sink is judged as what it is, and claims that demand drills are never VERIFIED; ' +
        'write one (openssl rand -hex 32) into a file, name it in cordon.yaml (drills: { keyFile: FILE }), and here with --drill-key',
    );
}
