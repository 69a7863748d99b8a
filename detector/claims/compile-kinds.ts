import { MINUTE_MS } from '../../flow/time.js';
import { type AtomSet, hasAtom } from './address-space.js';
import type { ClaimSet } from './claim-set.js';
import type { CompiledIsland, CompiledVia } from './compiled.js';
import type { Endpoint } from './endpoints.js';
import type { ClaimText, EndpointText, RuleText } from './file-types.js';
import { compileRule, type RuleSide } from './rules.js';
import { durationMs, parseOctets } from './units.js';

/** Of sensors that declare no active timeout: the longest that routers come with. */
const DEFAULT_ACTIVE_TIMEOUT_MS = 30 * MINUTE_MS;
/** Transport and queues: what a verdict waits for as well (coverage/verdict.ts, LATENESS_MS). */
const LATENESS_MS = 5 * MINUTE_MS;

type EndpointOf = (text: EndpointText) => Endpoint;

/**
 * Both ends take in what they may mean: contact that may be one ends a stretch, traffic that may be alive counts. What then is a violation is one for certain.
 * `at_least` alone: one flow in each stretch, of the fleet as a whole.
 */
export function compileIsland(set: ClaimSet, { assert, coverage }: ClaimText, endpointOf: EndpointOf): CompiledIsland | undefined {
  const text = assert.works_without;
  if (text === undefined) return undefined;
  const forMs = Math.max(MINUTE_MS, durationMs(text.for, 0));
  const budget = text.at_least;
  const perFor = budget === undefined ? 1 : forMs / Math.max(1, durationMs(budget.per, 0));
  return {
    forMs,
    contact: ruleOf({ peer: text.peer }, 0, 'allows', endpointOf),
    alive: ruleOf(text.alive, 1, 'allows', endpointOf),
    least: {
      octets: budget?.bytes === undefined ? 0 : parseOctets(budget.bytes) * perFor,
      flows: budget === undefined ? 1 : (budget.flows ?? 0) * perFor,
      direction: budget?.direction ?? (budget === undefined ? 'both' : 'out'),
      scope: budget === undefined ? 'fleet' : (budget.scope ?? 'member'),
    },
    settleMs: settleMs(set, coverage.sensors),
  };
}

export function compileVia(
  set: ClaimSet,
  { assert, coverage }: ClaimText,
  endpointOf: EndpointOf,
  specialPurpose: AtomSet,
  atomCount: number,
): CompiledVia | undefined {
  const text = assert.via;
  if (text === undefined) return undefined;
  return {
    from: ruleOf({ peer: text.from }, 0, 'forbids', endpointOf),
    entry: ruleOf({ peer: text.from }, 1, 'allows', endpointOf),
    jump: ruleOf({ peer: text.jump }, 2, 'forbids', endpointOf),
    to: ruleOf(text.to, 3, 'forbids', endpointOf),
    skewMs: durationMs(text.skew, 0),
    settleMs: settleMs(set, coverage.sensors),
    inboundSeen: seesInbound(set, coverage.sensors, endpointOf(text.from).certain, specialPurpose, atomCount),
  };
}

/** Sessions that come from public addresses cross the border: some sensor of the claim must look there. Between private addresses any place may do. */
function seesInbound(set: ClaimSet, sensors: readonly string[], from: AtomSet, specialPurpose: AtomSet, atomCount: number): boolean {
  let fromOutside = false;
  for (let atom = 0; atom < atomCount && !fromOutside; atom++) fromOutside = hasAtom(from, atom) && !hasAtom(specialPurpose, atom);
  return !fromOutside || sensors.some((name) => set.sensors.get(name)!.value.sees.includes('north-south'));
}

function ruleOf(text: RuleText, index: number, side: RuleSide, endpointOf: EndpointOf) {
  return compileRule(text, index, side, endpointOf(text.peer), undefined);
}

function settleMs(set: ClaimSet, sensors: readonly string[]): number {
  const timeouts = sensors.map((name) => durationMs(set.sensors.get(name)!.value.active_timeout, DEFAULT_ACTIVE_TIMEOUT_MS));
  return Math.max(...timeouts) + LATENESS_MS;
}

/** Why a claim of these kinds cannot be judged as a whole, apart from peers that nobody can decide; undefined where it can. */
export function unjudgedKind(claim: ClaimText, via: CompiledVia | undefined, jumpIsListed: boolean): string | undefined {
  if (via === undefined) return undefined;
  if (!jumpIsListed)
    return `The jump hosts of claim '${claim.id}' are not named by addresses alone, so sessions on them cannot be watched; only direct sessions are judged.`;
  if (!via.inboundSeen)
    return `No sensor of claim '${claim.id}' sees north-south traffic, so sessions that come to the jump hosts cannot be seen; only direct sessions are judged.`;
  return undefined;
}
