import { hasAtom } from './address-space.js';
import { type CompiledBudget, type CompiledRule, type CompiledWindow, Truth } from './compiled.js';
import { type Endpoint, endpointWords } from './endpoints.js';
import type { BudgetText, RuleText } from './file-types.js';
import { createPortMatcher, type PortRange, parsePortRange } from './ports.js';
import { durationMs, formatOctets, isCalendarDuration, parseOctets } from './units.js';

/**
 * What a rule does with a peer of which nobody can say whether it is meant (endpoints.ts). A rule that allows takes it in, a rule that forbids leaves it
 * out, so that what is called a violation is one for certain. Where there is location data the rest is counted as undecided; where there is none the claim as
 * a whole is never verified.
 */
export type RuleSide = 'allows' | 'forbids';

export function compileRule(
  text: RuleText,
  index: number,
  side: RuleSide,
  endpoint: Endpoint,
  windows: readonly CompiledWindow[] | undefined,
): CompiledRule {
  const atoms = side === 'allows' ? endpoint.possible : endpoint.certain;
  const ports = portRanges(text);
  const settled = endpoint.unjudged.length > 0;
  return {
    index,
    text: ruleWords(text),
    matchesPeer: (atom) => hasAtom(atoms, atom),
    peerTruth: (atom, facts) => {
      const truth = endpoint.truth(atom, facts);
      if (!settled || truth !== Truth.unknown) return truth;
      return side === 'allows' ? Truth.yes : Truth.no;
    },
    unknownBy: (atom) => endpoint.unknownBy(atom),
    byName: endpoint.keys.includes('dns'),
    matchesPort: createPortMatcher(ports),
    ports,
    initiator: text.initiator ?? 'any',
    during: windows,
    budget: text.budget === undefined ? undefined : compileBudget(text.budget),
  };
}

export function portRanges(text: RuleText): readonly PortRange[] | undefined {
  return text.ports?.map(parsePortRange).filter((range) => range !== undefined);
}

export function compileBudget(text: BudgetText): CompiledBudget {
  return {
    octets: text.bytes === undefined ? Number.POSITIVE_INFINITY : parseOctets(text.bytes),
    flows: text.flows ?? Number.POSITIVE_INFINITY,
    perMs: durationMs(text.per, 0),
    calendar: isCalendarDuration(text.per),
    direction: text.direction ?? 'out',
    scope: text.scope ?? 'member',
  };
}

/** 'peer image-archive, tcp/445, initiated by subject, during weekly-maint, at most 20 MiB out per P1D and member' */
export function ruleWords(text: RuleText): string {
  const parts = [`peer ${endpointWords(text.peer)}`];
  if (text.ports !== undefined) parts.push(text.ports.join(' or '));
  if (text.initiator !== undefined && text.initiator !== 'any') parts.push(`initiated by ${text.initiator}`);
  if (text.during !== undefined) parts.push(`during ${text.during.join(' or ')}`);
  if (text.budget !== undefined) parts.push(budgetWords(text.budget));
  return parts.join(', ');
}

function budgetWords(text: BudgetText): string {
  const limits = [
    ...(text.bytes === undefined ? [] : [formatOctets(parseOctets(text.bytes))]),
    ...(text.flows === undefined ? [] : [`${text.flows} flows`]),
  ];
  const direction = text.direction === 'both' ? 'in both directions' : (text.direction ?? 'out');
  return `at most ${limits.join(' and ')} ${direction} per ${text.per} and ${text.scope ?? 'member'}`;
}
