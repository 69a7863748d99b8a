import type { CompiledClaim, CompiledClaims, CompiledException, CompiledRule, CompiledWindow } from '../claims/compiled.js';
import { Began } from './observed-record.js';

/*
 * What the claims say of one kind of exchange: a peer's atom, a protocol, the responder's port and who began. Everything that does not depend
 * on the moment is decided here, once per kind; judging a record then looks at windows, exceptions and budgets only.
 */

/** How one claim stands to this kind of exchange. */
export interface PlanStep {
  /** Index into `claims.claims`. */
  readonly claim: number;
  /** Broken at any time, unless inside one of `windows` (each a rule that admits it then). */
  readonly windows: readonly CompiledWindow[];
  /** Broken only inside one of `windows`: a `never` that holds at certain times. */
  readonly onlyInside: boolean;
  readonly rule: string;
  readonly why: string;
  /** Exceptions that match this kind of exchange: index into the claim's list, and its windows. */
  readonly exceptions: readonly PlanException[];
}

export interface PlanException {
  readonly index: number;
  readonly exception: CompiledException;
}

/** A rule with a budget that this kind of exchange counts towards. */
export interface PlanBudget {
  readonly claim: number;
  readonly rule: CompiledRule;
  readonly exceptions: readonly PlanException[];
}

export interface Plan {
  readonly steps: readonly PlanStep[];
  readonly budgets: readonly PlanBudget[];
}

/**
 * Makes the plan for a fleet. Claims that are not judged as a whole (`notJudged`) are judged by the rules that compiled: those that forbid hold only the
 * addresses that are certain, those that allow all possible ones, so what breaks them breaks the claim. `began` is Began.asset or Began.peer; an unknown initiator is
 * judged by both plans, the worse wins.
 */
export function planFor(claims: CompiledClaims, fleet: number, atom: number, protocol: number, port: number, began: number): Plan {
  const steps: PlanStep[] = [];
  const budgets: PlanBudget[] = [];
  for (const index of claims.fleets[fleet]!.claims) {
    const claim = claims.claims[index]!;
    const matches = claim.rules.filter((rule) => matchesExchange(rule, atom, protocol, port, began));
    const exceptions = claim.exceptions.flatMap((exception, at) =>
      matchesExchange(exception.rule, atom, protocol, port, began) ? [{ index: at, exception }] : [],
    );
    for (const rule of matches) if (rule.budget !== undefined) budgets.push({ claim: index, rule, exceptions });
    const step = stepOf(claim, matches, atom, protocol, port);
    if (step !== undefined) steps.push({ claim: index, exceptions, ...step });
  }
  return { steps, budgets };
}

function matchesExchange(rule: CompiledRule, atom: number, protocol: number, port: number, began: number): boolean {
  const initiator = rule.initiator === 'any' || (rule.initiator === 'subject') === (began === Began.asset);
  return initiator && rule.matchesPeer(atom) && rule.matchesPort(protocol, port);
}

type Decision = Omit<PlanStep, 'claim' | 'exceptions'>;

function stepOf(
  claim: CompiledClaim,
  matches: readonly CompiledRule[],
  atom: number,
  protocol: number,
  port: number,
): Decision | undefined {
  switch (claim.kind) {
    case 'only':
      return onlyStep(claim, matches, atom, protocol, port);
    case 'never':
      return neverStep(claim, matches);
    case 'authorised':
      return matches.length === 0 ? undefined : timedStep(claim, matches);
    default:
      return undefined;
  }
}

/** Admitted by a rule without times: nothing to judge. Admitted at times: broken outside them. Otherwise broken, and the nearest rule says why. */
function onlyStep(
  claim: CompiledClaim,
  matches: readonly CompiledRule[],
  atom: number,
  protocol: number,
  port: number,
): Decision | undefined {
  if (matches.length > 0) return timedStep(claim, matches);
  const withPeer = claim.rules.filter((rule) => rule.matchesPeer(atom));
  const withPort = withPeer.find((rule) => rule.matchesPort(protocol, port));
  if (withPort !== undefined) {
    const other = withPort.initiator === 'subject' ? 'the asset' : 'the peer';
    return broken(withPort.text, `${nameOf(claim)} admits this peer and port only when ${other} begins`);
  }
  const nearest = withPeer[0];
  if (nearest !== undefined) return broken(nearest.text, `${nameOf(claim)} admits this peer, but not this port`);
  return broken('no rule admits the peer', `${nameOf(claim)} admits no exchange with this peer`);
}

function neverStep(claim: CompiledClaim, matches: readonly CompiledRule[]): Decision | undefined {
  const always = matches.find((rule) => rule.during === undefined);
  const first = always ?? matches[0];
  if (first === undefined) return undefined;
  const why = `${nameOf(claim)} forbids it`;
  if (always !== undefined) return broken(first.text, why);
  return { windows: matches.flatMap((rule) => rule.during ?? []), onlyInside: true, rule: first.text, why };
}

function timedStep(claim: CompiledClaim, matches: readonly CompiledRule[]): Decision | undefined {
  if (matches.some((rule) => rule.during === undefined)) return undefined;
  const windows = matches.flatMap((rule) => rule.during ?? []);
  const names = [...new Set(windows.map((window) => window.name))].join(', ');
  const why = `${nameOf(claim)} admits it only inside ${names === '' ? 'an approved window' : names}, and it was not entirely inside`;
  return { windows, onlyInside: false, rule: matches[0]!.text, why };
}

function broken(rule: string, why: string): Decision {
  return { windows: [], onlyInside: false, rule, why };
}

function nameOf(claim: CompiledClaim): string {
  return `claim '${claim.id}'`;
}

/** True when the step's claim is broken by a record of these times; exceptions aside. */
export function isBroken(step: PlanStep, startMs: number, endMs: number): boolean {
  for (const window of step.windows) if (window.contains(startMs, endMs)) return step.onlyInside;
  return !step.onlyInside;
}

/** Index of the first exception that covers a record of these times, or −1. It must have begun before the record and not end within it. */
export function exceptionFor(exceptions: readonly PlanException[], startMs: number, endMs: number): number {
  for (const { index, exception } of exceptions) {
    const { during } = exception.rule;
    if (startMs < exception.fromMs || endMs >= exception.expiresMs) continue;
    if (during === undefined || during.some((window) => window.contains(startMs, endMs))) return index;
  }
  return -1;
}
