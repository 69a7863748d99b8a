import {
  type CompiledClaim,
  type CompiledClaims,
  type CompiledException,
  type CompiledRule,
  type CompiledWindow,
  type PeerFacts,
  Truth,
} from '../../claims/compiled.js';
import { PeerFact } from '../../claims/peer-vocabulary.js';
import type { UndecidedCode } from '../../findings/judgement.js';
import { Began, type ObservedRecord } from '../observed-record.js';

/*
 * What the claims say of one kind of exchange: a peer's atom and what else is known of it, a protocol, the responder's port and who began. Everything that
 * does not depend on the moment is decided here, once per kind; judging a record then looks at windows, exceptions and budgets only.
 *
 * Where nobody can say whether the peer is the one that a rule means, a claim has two readings. What breaks it in the reading that favours the asset is a
 * violation; what breaks it in the other reading only is undecided, unless an `only` rule admits the exchange for certain (assurance.md §1.5 d).
 */

/** The peer of a kind of exchange. */
export interface Peer {
  readonly atom: number;
  readonly facts: PeerFacts;
}

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
  /** Set: whether the claim is broken then, nobody can say. Such steps follow the certain ones of their claim. */
  readonly undecided: UndecidedCode | undefined;
  /** Exceptions that match this kind of exchange, certain ones first. */
  readonly exceptions: readonly PlanException[];
}

export interface PlanException {
  /** Index into the claim's list. */
  readonly index: number;
  readonly exception: CompiledException;
  /** Set: whether it matches the peer, nobody can say. */
  readonly undecided: UndecidedCode | undefined;
}

/** A rule with a budget that this kind of exchange counts towards. */
export interface PlanBudget {
  readonly claim: number;
  readonly rule: CompiledRule;
  /** Set: whether it counts, nobody can say. */
  readonly undecided: UndecidedCode | undefined;
  readonly exceptions: readonly PlanException[];
}

/** Rules of `only` claims that admit this kind of exchange for certain: at any time, or inside windows. Then nothing of it is undecided. */
export interface Admission {
  readonly always: boolean;
  readonly windows: readonly CompiledWindow[];
}

export interface Plan {
  readonly steps: readonly PlanStep[];
  readonly budgets: readonly PlanBudget[];
  readonly admission: Admission;
}

/**
 * Makes the plan for a fleet. Claims that are not judged as a whole (`notJudged`) are judged by the rules that compiled: those that forbid hold only the
 * addresses that are certain, those that allow all possible ones, so what breaks them breaks the claim. `began` is Began.asset or Began.peer; an unknown initiator is
 * judged by both plans, the worse wins.
 */
export function planFor(claims: CompiledClaims, fleet: number, peer: Peer, protocol: number, port: number, began: number): Plan {
  const steps: PlanStep[] = [];
  const budgets: PlanBudget[] = [];
  const admitting: CompiledRule[] = [];
  for (const index of claims.fleets[fleet]!.claims) {
    const claim = claims.claims[index]!;
    const shaped = claim.rules.filter((rule) => matchesShape(rule, protocol, port, began));
    const certain = shaped.filter((rule) => rule.peerTruth(peer.atom, peer.facts) === Truth.yes);
    const possible = shaped.filter((rule) => rule.peerTruth(peer.atom, peer.facts) === Truth.unknown);
    const exceptions = exceptionsOf(claim, peer, protocol, port, began);
    for (const rule of [...certain, ...possible]) {
      if (rule.budget === undefined) continue;
      const undecided = certain.includes(rule) ? undefined : rule.unknownBy(peer.atom);
      budgets.push({ claim: index, rule, undecided, exceptions });
    }
    for (const decision of decisionsOf(claim, certain, possible, peer, protocol, port))
      steps.push({ claim: index, exceptions, ...decision });
    if (claim.kind === 'only') admitting.push(...certain);
  }
  const windows = admitting.flatMap((rule) => rule.during ?? []);
  return { steps, budgets, admission: { always: admitting.some((rule) => rule.during === undefined), windows } };
}

/** True when the rule is about this protocol, responder's port and side that began; its peer aside. */
export function matchesShape(rule: CompiledRule, protocol: number, port: number, began: number): boolean {
  const initiator = rule.initiator === 'any' || (rule.initiator === 'subject') === (began === Began.asset);
  return initiator && rule.matchesPort(protocol, port);
}

function exceptionsOf(claim: CompiledClaim, { atom, facts }: Peer, protocol: number, port: number, began: number): PlanException[] {
  const found = claim.exceptions.flatMap((exception, index): PlanException[] => {
    const truth = matchesShape(exception.rule, protocol, port, began) ? exception.rule.peerTruth(atom, facts) : Truth.no;
    if (truth === Truth.no) return [];
    return [{ index, exception, undecided: truth === Truth.yes ? undefined : exception.rule.unknownBy(atom) }];
  });
  return [...found.filter(({ undecided }) => undecided === undefined), ...found.filter(({ undecided }) => undecided !== undefined)];
}

type Decision = Omit<PlanStep, 'claim' | 'exceptions'>;

/** The reading that favours the asset, then, where they differ, those that do not. */
function decisionsOf(
  claim: CompiledClaim,
  certain: readonly CompiledRule[],
  possible: readonly CompiledRule[],
  peer: Peer,
  protocol: number,
  port: number,
): Decision[] {
  const doubt = (decision: Decision | undefined): Decision | undefined =>
    decision === undefined || possible[0] === undefined ? undefined : { ...decision, undecided: possible[0].unknownBy(peer.atom) };
  const all = [...certain, ...possible];
  const readings = ((): (Decision | undefined)[] => {
    switch (claim.kind) {
      case 'only':
        return [onlyStep(claim, all, peer, protocol, port), doubt(onlyStep(claim, certain, peer, protocol, port))];
      case 'never':
        return [neverStep(claim, certain), doubt(neverStep(claim, possible))];
      case 'authorised':
        // A rule that does not match allows nothing: where one matches for certain, further ones only add windows.
        if (certain.length > 0) return [timedStep(claim, all), doubt(timedStep(claim, certain))];
        return possible.map((rule) => doubt(timedStep(claim, [rule])));
      default:
        return [];
    }
  })();
  return readings.filter((decision) => decision !== undefined);
}

/** Admitted by a rule without times: nothing to judge. Admitted at times: broken outside them. Otherwise broken, and the nearest rule says why. */
function onlyStep(
  claim: CompiledClaim,
  matches: readonly CompiledRule[],
  peer: Peer,
  protocol: number,
  port: number,
): Decision | undefined {
  if (matches.length > 0) return timedStep(claim, matches);
  const withPeer = claim.rules.filter((rule) => rule.peerTruth(peer.atom, peer.facts) !== Truth.no);
  const withPort = withPeer.find((rule) => rule.matchesPort(protocol, port));
  if (withPort !== undefined) {
    const other = withPort.initiator === 'subject' ? 'the asset' : 'the peer';
    return broken(withPort.text, `${nameOf(claim)} admits this peer and port only when ${other} begins`);
  }
  const nearest = withPeer[0];
  if (nearest !== undefined) return broken(nearest.text, `${nameOf(claim)} admits this peer, but not this port`);
  const byName = claim.rules.find((rule) => rule.byName && rule.matchesPort(protocol, port));
  if (byName === undefined) return broken('no rule admits the peer', `${nameOf(claim)} admits no exchange with this peer`);
  const told = peer.facts.has(PeerFact.named)
    ? 'the answers that the client was given name this address otherwise'
    : 'no answer that the client was given names this address (dns-unresolved)';
  return broken(byName.text, `${nameOf(claim)} admits the peer by name only, and ${told}`);
}

function neverStep(claim: CompiledClaim, matches: readonly CompiledRule[]): Decision | undefined {
  const always = matches.find((rule) => rule.during === undefined);
  const first = always ?? matches[0];
  if (first === undefined) return undefined;
  const why = `${nameOf(claim)} forbids it`;
  if (always !== undefined) return broken(first.text, why);
  return { windows: matches.flatMap((rule) => rule.during ?? []), onlyInside: true, rule: first.text, why, undecided: undefined };
}

function timedStep(claim: CompiledClaim, matches: readonly CompiledRule[]): Decision | undefined {
  if (matches.some((rule) => rule.during === undefined)) return undefined;
  const windows = matches.flatMap((rule) => rule.during ?? []);
  const names = [...new Set(windows.map((window) => window.name))].join(', ');
  const why = `${nameOf(claim)} admits it only inside ${names === '' ? 'an approved window' : names}, and it was not entirely inside`;
  return { windows, onlyInside: false, rule: matches[0]!.text, why, undecided: undefined };
}

function broken(rule: string, why: string): Decision {
  return { windows: [], onlyInside: false, rule, why, undecided: undefined };
}

function nameOf(claim: CompiledClaim): string {
  return `claim '${claim.id}'`;
}

/** When a record was, and when its session began as far as it is known. */
export type RecordTimes = Pick<ObservedRecord, 'startMs' | 'endMs' | 'sessionStartMs'>;

/**
 * True when a record lies inside the window, or is the rest of a session that as a whole, up to the record's end, does: the active timeout may cut a session
 * within the overrun, and must not change what is judged.
 */
export function isInside(window: CompiledWindow, { startMs, endMs, sessionStartMs }: RecordTimes): boolean {
  return window.contains(startMs, endMs) || (sessionStartMs < startMs && window.contains(sessionStartMs, endMs));
}

/** True when the step's claim is broken by a record of these times; exceptions aside. */
export function isBroken(step: PlanStep, times: RecordTimes): boolean {
  for (const window of step.windows) if (isInside(window, times)) return step.onlyInside;
  return !step.onlyInside;
}

/** True when a record of these times breaks the step's claim for certain, and no exception covers it. */
export function breaksForCertain(step: PlanStep, times: RecordTimes): boolean {
  return step.undecided === undefined && isBroken(step, times) && exceptionFor(step.exceptions, times) === undefined;
}

/** True where the step's claim allows the exchange at agreed times only, and a record of these times lies in one. */
export function isWithinAgreedTime(step: PlanStep, times: RecordTimes): boolean {
  return step.windows.length > 0 && !step.onlyInside && !isBroken(step, times);
}

/** True when an `only` rule admits a record of these times for certain. */
export function isAdmitted({ always, windows }: Admission, times: RecordTimes): boolean {
  if (always) return true;
  for (const window of windows) if (isInside(window, times)) return true;
  return false;
}

/** The first exception that covers a record of these times, certain ones before others. It must have begun before the record and not end within it. */
export function exceptionFor(exceptions: readonly PlanException[], times: RecordTimes): PlanException | undefined {
  for (const candidate of exceptions) {
    const { exception } = candidate;
    const { during } = exception.rule;
    if (times.startMs < exception.fromMs || times.endMs >= exception.expiresMs) continue;
    if (during === undefined || during.some((window) => isInside(window, times))) return candidate;
  }
  return undefined;
}
