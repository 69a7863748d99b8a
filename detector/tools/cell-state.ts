import { DAY_MS, formatTime } from '../../flow/time.js';
import type { CompiledWindow, PeerFacts } from '../claims/compiled.js';
import { PeerFact } from '../claims/peer-vocabulary.js';
import { ruleWords } from '../claims/rules.js';
import { durationMs } from '../claims/units.js';
import { type PlanException, planFor } from '../detections/claim-plan.js';
import type { PlacedClaims } from './placed-claims.js';

/** A peer of which the MAC address is known, and neither it nor a name is in the claims: differences by those are told as text. */
export const UNNAMED: PeerFacts = new Set([PeerFact.macKnown]);

/** How far ahead the occurrences of windows are compared. */
const HORIZON_MS = 730 * DAY_MS;

/** What one claim says of one kind of exchange, comparable between files: windows by when they occur, not by their names. */
export interface CellState {
  /** When the claim is broken: never, always, inside or outside the windows. */
  readonly broken: 'never' | 'always' | 'inside' | 'outside';
  readonly windows: readonly Named[];
  readonly budgets: readonly string[];
  readonly exceptions: readonly Named[];
  /** What location data would have to know; empty where everything is decided. */
  readonly undecided: readonly string[];
}

interface Named {
  readonly name: string;
  /** Equal where the meaning is. */
  readonly signature: string;
}

const SILENT: CellState = { broken: 'never', windows: [], budgets: [], exceptions: [], undecided: [] };

/** The state of a claim, silent where the file has no such claim for the fleet. */
export function cellState(states: ReadonlyMap<string, CellState>, claim: string): CellState {
  return states.get(claim) ?? SILENT;
}

type States = (atom: number, protocol: number, port: number, began: number) => ReadonlyMap<string, CellState>;

/** States of all claims of a fleet that have something to say of a kind of exchange, by claim id. */
export function createStates({ claims, set, compilation }: PlacedClaims, fleet: string): States {
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
  const exceptionOf = ({ exception }: PlanException): Named => {
    const { id, fromMs: begin, expiresMs, rule } = exception;
    const during = rule.during === undefined ? 'always' : windowsOf(rule.during).map(({ signature }) => signature);
    return {
      name: `${id} (${formatTime(begin).slice(0, 10)} to ${formatTime(expiresMs).slice(0, 10)})`,
      signature: JSON.stringify([begin, expiresMs, during]),
    };
  };
  if (index < 0) return () => new Map();
  return (atom, protocol, port, began) => {
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
      states.set(id, { ...before, broken, windows: windowsOf(step.windows), exceptions: step.exceptions.map(exceptionOf) });
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
        exceptions: before.exceptions.length > 0 ? before.exceptions : exceptions.map(exceptionOf),
      });
    }
    return states;
  };
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

function meaning({ broken, windows, budgets, exceptions, undecided }: CellState): string {
  const of = (list: readonly Named[]): string[] => [...new Set(list.map(({ signature }) => signature))].sort();
  return JSON.stringify([broken, of(windows), budgets, of(exceptions), undecided]);
}

/** 'forbidden', 'allowed inside weekly-maint only', 'allowed, at most 20 MiB out per P1D and member', '… excepted by ex-1 (…)' */
export function stateWords({ broken, windows, budgets, exceptions, undecided }: CellState): string {
  const names = windows.map(({ name }) => name).join(' or ');
  const words = { never: 'allowed', always: 'forbidden', inside: `forbidden inside ${names}`, outside: `allowed inside ${names} only` }[
    broken
  ];
  const limits = budgets.length === 0 ? '' : `, ${budgets.join(', ')}`;
  const doubt = undecided.length === 0 ? '' : `, or undecided (${undecided.join(', ')})`;
  return `${words}${doubt}${limits}${exceptions.length === 0 ? '' : `, excepted by ${exceptions.map(({ name }) => name).join(', ')}`}`;
}
