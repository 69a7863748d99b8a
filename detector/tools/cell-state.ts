import { DAY_MS, formatTime } from '../../flow/time.js';
import { type CompiledException, type CompiledWindow, Truth } from '../claims/compiled.js';
import { ruleWords } from '../claims/rules.js';
import { durationMs } from '../claims/units.js';
import { matchesShape, planFor } from '../detections/claims/claim-plan.js';
import { type CellState, type Exchange, type Named, SILENT, UNNAMED } from './exchange-state.js';
import type { PlacedClaims } from './placed-claims.js';
import { islandState, type PeersWhere, viaState } from './session-states.js';

/** How far ahead the occurrences of windows are compared. */
const HORIZON_MS = 730 * DAY_MS;

/** The state of a claim, silent where the file has no such claim for the fleet. */
export function cellState(states: ReadonlyMap<string, CellState>, claim: string): CellState {
  return states.get(claim) ?? SILENT;
}

/** States of all claims of a fleet that have something to say of a kind of exchange, by claim id. */
export interface States {
  /** Claims that look at the exchange alone. */
  ofExchange(exchange: Exchange): ReadonlyMap<string, CellState>;
  /** Claims about sessions that come to an address of the fleet, given by its atom. */
  ofArrival(subject: number, exchange: Exchange): ReadonlyMap<string, CellState>;
}

export function createStates({ claims, set, compilation }: PlacedClaims, fleet: string, peersWhere: PeersWhere): States {
  const index = claims.fleets.findIndex(({ name }) => name === fleet);
  const fromMs = Number.isFinite(claims.effectiveFromMs) ? claims.effectiveFromMs : 0;
  const untilMs = Math.min(claims.effectiveUntilMs, latestStart(set.windows.values(), fromMs) + HORIZON_MS);
  const signatures = new Map<string, string>();
  const windowSignature = (name: string): string => {
    let signature = signatures.get(name);
    if (signature === undefined) {
      const times = compilation.windowOf(name, fleet).occurrences(untilMs);
      signature = `${durationMs(set.windows.get(name)?.value.overrun, 0)}:${times.map((time) => `${time.fromMs}-${time.toMs}`).join()}`;
      signatures.set(name, signature);
    }
    return signature;
  };
  const windowsOf = (windows: readonly CompiledWindow[]): Named[] =>
    [...new Set(windows.map(({ name }) => name))].map((name) => ({ name, signature: windowSignature(name) }));
  const exceptionOf = (exception: CompiledException): Named => {
    const { id, fromMs: begin, expiresMs, rule } = exception;
    const during = rule.during === undefined ? 'always' : windowsOf(rule.during).map(({ signature }) => signature);
    return {
      name: `${id} (${formatTime(begin).slice(0, 10)} to ${formatTime(expiresMs).slice(0, 10)})`,
      signature: JSON.stringify([begin, expiresMs, during]),
    };
  };
  if (index < 0) return { ofExchange: () => new Map(), ofArrival: () => new Map() };
  const own = claims.fleets[index]!.claims.map((claim) => claims.claims[claim]!);
  const ofExchange: States['ofExchange'] = (exchange) => {
    const { atom, protocol, port, began } = exchange;
    const states = new Map<string, CellState>();
    const { steps, budgets } = planFor(claims, index, { atom, facts: UNNAMED }, protocol, port, began);
    for (const step of steps) {
      const { id } = claims.claims[step.claim]!;
      const before = states.get(id) ?? SILENT;
      if (step.undecided !== undefined) {
        states.set(id, { ...before, undecided: [...new Set([...before.undecided, step.undecided])].sort() });
        continue;
      }
      const broken = step.windows.length === 0 ? (step.onlyInside ? 'never' : 'always') : step.onlyInside ? 'inside' : 'outside';
      states.set(id, {
        ...before,
        broken,
        windows: windowsOf(step.windows),
        exceptions: step.exceptions.map(({ exception }) => exceptionOf(exception)),
      });
    }
    for (const { claim, rule, exceptions } of budgets) {
      const { id, kind } = claims.claims[claim]!;
      const before = states.get(id) ?? SILENT;
      const text = set.claims[claim]!.value.assert[kind === 'budget' ? 'budget' : 'only']?.[rule.index];
      const words = text === undefined ? rule.text : ruleWords({ peer: { any: true }, budget: text.budget! }).replace('peer any, ', '');
      const during = rule.during === undefined ? '' : ` during ${rule.during.map(({ name }) => name).join(' or ')}`;
      states.set(id, {
        ...before,
        budgets: [...before.budgets, words + during].sort(),
        exceptions: before.exceptions.length > 0 ? before.exceptions : exceptions.map(({ exception }) => exceptionOf(exception)),
      });
    }
    for (const claim of own) {
      const state = islandState(claim, exchange);
      if (state !== undefined) states.set(claim.id, state);
    }
    return states;
  };
  const ofArrival: States['ofArrival'] = (subject, exchange) => {
    const states = new Map<string, CellState>();
    const { atom, protocol, port, began } = exchange;
    for (const { id, via, exceptions } of own) {
      if (via === undefined) continue;
      const matching = exceptions.filter(
        ({ rule }) => matchesShape(rule, protocol, port, began) && rule.peerTruth(atom, UNNAMED) !== Truth.no,
      );
      const state = viaState(via, subject, exchange, matching.map(exceptionOf), peersWhere);
      if (state !== undefined) states.set(id, state);
    }
    return states;
  };
  return { ofExchange, ofArrival };
}

function latestStart(windows: Iterable<{ readonly value: { readonly start?: string } }>, fromMs: number): number {
  let latest = fromMs;
  for (const { value } of windows) latest = Math.max(latest, Date.parse(`${value.start ?? ''}Z`) || 0);
  return latest;
}

/** True where the two mean the same. */
export function sameState(one: CellState, other: CellState): boolean {
  return meaning(one) === meaning(other);
}

function meaning({ broken, windows, budgets, exceptions, undecided, counts = [] }: CellState): string {
  const of = (list: readonly Named[]): string[] => [...new Set(list.map(({ signature }) => signature))].sort();
  return JSON.stringify([broken, of(windows), budgets, of(exceptions), undecided, counts]);
}

/** 'forbidden', 'allowed inside weekly-maint only', 'allowed, at most 20 MiB out per P1D and member', '… excepted by ex-1 (…)' */
export function stateWords({ broken, windows, budgets, exceptions, undecided, counts }: CellState): string {
  const doubt = undecided.length === 0 ? '' : `, or undecided (${undecided.join(', ')})`;
  if (counts !== undefined) return `counts as ${counts.length === 0 ? 'nothing' : counts.join(' and ')}${doubt}`;
  const names = windows.map(({ name }) => name).join(' or ');
  const words = {
    never: 'allowed',
    always: 'forbidden',
    inside: `forbidden inside ${names}`,
    outside: `allowed inside ${names} only`,
    unaccompanied: `allowed beside ${names} only`,
  }[broken];
  const limits = budgets.length === 0 ? '' : `, ${budgets.join(', ')}`;
  return `${words}${doubt}${limits}${exceptions.length === 0 ? '' : `, excepted by ${exceptions.map(({ name }) => name).join(', ')}`}`;
}
