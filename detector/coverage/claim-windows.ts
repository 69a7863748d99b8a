import { formatAddress } from '../../flow/address.js';
import type { ColumnTable } from '../../flow/column-kinds.js';
import { addressRanges, bytesOf } from '../claims/address-ranges.js';
import type { Period } from '../claims/calendar.js';
import type { CompiledClaim, CompiledClaims, CompiledException, CompiledRule } from '../claims/compiled.js';
import type { Interval } from '../claims/windows.js';
import { CLAIM_COLUMNS } from './verdict-types.js';

/** What a rule says of the traffic inside its window. */
export const WINDOW_EFFECTS = ['allows', 'forbids', 'limits'] as const;
export type WindowEffect = (typeof WINDOW_EFFECTS)[number];
export const WINDOW_KINDS = ['window', 'exception'] as const;

/** A time at which a rule of a claim, or an exception to it, is in force; with whom and where it is told as text for the screens. */
export interface ClaimWindow {
  readonly claimsId: string;
  readonly claimsHash: string;
  readonly claim: string;
  readonly fleet: string;
  readonly kind: (typeof WINDOW_KINDS)[number];
  /** Name of the window, id of the exception. */
  readonly window: string;
  /** Position of the rule in its claim, of the exception among those of its claim. */
  readonly rule: number;
  readonly effect: WindowEffect;
  /** Begin of the judged period, or of the part of it in which the claims are in force. */
  readonly periodFromMs: number;
  /** Equal where the window did not open in that period. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly ticket: string;
  readonly approvedBy: string;
  readonly peers: string;
  readonly ports: string;
}

export const CLAIM_WINDOW_COLUMNS = {
  ...CLAIM_COLUMNS,
  kind: { kind: 'enum', values: WINDOW_KINDS, meaning: 'window of a rule, or exception to the claim' },
  window: { kind: 'symbol', meaning: 'name of the window, id of the exception' },
  rule: { kind: 'u16', meaning: 'position of the rule in its claim, of the exception among those of its claim' },
  effect: { kind: 'enum', values: WINDOW_EFFECTS, meaning: 'what the rule says of the traffic inside' },
  periodFrom: { kind: 'time', meaning: 'start of the judged period, or of the part of it in which the claims are in force' },
  opens: { kind: 'time', meaning: 'when it opens' },
  closes: { kind: 'time', meaning: 'when it closes, without the overrun; as opens where it did not open in the period' },
  ticket: { kind: 'text', meaning: 'ticket of the approval or of the exception, empty for none' },
  approvedBy: { kind: 'text', meaning: 'who approved, empty where nobody has to' },
  peers: { kind: 'text', meaning: 'JSON list of [first, last] address of the peers that the rule means' },
  ports: { kind: 'text', meaning: 'JSON list of [protocol, first, last] port; empty list: every protocol and port' },
  withdrawn: { kind: 'u8', meaning: '1: the claims in force for the period have no such window' },
  revision: { kind: 'u64', meaning: 'ms since the epoch when it was written; the highest is current' },
} as const satisfies ColumnTable;

/** Windows of the period, and exceptions, in the part of it in which the claims are in force. One that does not open is told once, with no length. */
export function windowsOfPeriod(claims: CompiledClaims, period: Period): ClaimWindow[] {
  const fromMs = Math.max(period.fromMs, claims.effectiveFromMs);
  const toMs = Math.min(period.toMs, claims.effectiveUntilMs);
  if (fromMs >= toMs) return [];
  return claims.claims.flatMap((claim) => windowsOfClaim(claims, claim, { fromMs, toMs }));
}

function windowsOfClaim(claims: CompiledClaims, claim: CompiledClaim, part: Period): ClaimWindow[] {
  const effect: WindowEffect = claim.kind === 'never' ? 'forbids' : claim.kind === 'budget' ? 'limits' : 'allows';
  const common = {
    claimsId: claims.id,
    claimsHash: claims.hash,
    claim: claim.id,
    fleet: claims.fleets[claim.subject]!.name,
    periodFromMs: part.fromMs,
  };
  const row = (
    one: Interval,
    said: Pick<ClaimWindow, 'kind' | 'window' | 'rule' | 'effect' | 'peers' | 'ports'>,
    grant: Interval['grant'],
  ): ClaimWindow => ({
    ...common,
    ...said,
    // Other claims may be in force before and after.
    fromMs: Math.max(one.fromMs, claims.effectiveFromMs),
    toMs: Math.min(one.toMs, claims.effectiveUntilMs),
    ticket: grant?.ticket ?? '',
    approvedBy: grant?.approvedBy ?? '',
  });
  const shut: Interval = { fromMs: part.fromMs, toMs: part.fromMs };
  const ofRules = claim.rules.flatMap((rule) => {
    if (rule.during === undefined) return [];
    const scope = scopeOf(claims, rule);
    return rule.during.flatMap((window) => {
      const opened = window.opened(part.fromMs, part.toMs);
      const said = { kind: 'window', window: window.name, rule: rule.index, effect, ...scope } as const;
      return (opened.length === 0 ? [shut] : opened).map((one) => row(one, said, one.grant));
    });
  });
  const ofExceptions = claim.exceptions.flatMap((exception, position) => {
    const scope = scopeOf(claims, exception.rule);
    const said = { kind: 'exception', window: exception.id, rule: position, effect: 'allows', ...scope } as const;
    return exceptedIn(exception, part).map((one) => row(one, said, exception));
  });
  return [...ofRules, ...ofExceptions];
}

/** When an exception holds: from its begin to its end, inside its windows where it has some. */
function exceptedIn({ fromMs, expiresMs, rule }: CompiledException, part: Period): Interval[] {
  if (fromMs >= part.toMs || expiresMs <= part.fromMs) return [];
  if (rule.during === undefined) return [{ fromMs, toMs: expiresMs }];
  return rule.during
    .flatMap((window) => window.opened(Math.max(part.fromMs, fromMs), Math.min(part.toMs, expiresMs)))
    .map((one) => ({ ...one, fromMs: Math.max(one.fromMs, fromMs), toMs: Math.min(one.toMs, expiresMs) }));
}

interface Scope {
  readonly peers: string;
  readonly ports: string;
}

/** Rules live as long as their claims: a large address space is walked once a rule. */
const scopes = new WeakMap<CompiledRule, Scope>();

function scopeOf(claims: CompiledClaims, rule: CompiledRule): Scope {
  let scope = scopes.get(rule);
  if (scope === undefined) {
    const ranges = addressRanges(claims, (atom) => rule.matchesPeer(atom));
    scope = {
      peers: JSON.stringify(ranges.map(({ first, last }) => [formatAddress(bytesOf(first)), formatAddress(bytesOf(last))])),
      ports: JSON.stringify((rule.ports ?? []).map(({ protocol, from, to }) => [protocol, from, to])),
    };
    scopes.set(rule, scope);
  }
  return scope;
}
