import type { Severity } from './compiled.js';

/** A claim file as written, after the schema has checked its shape (claims.schema.json). Maps have no prototype. */
export interface ClaimFile {
  readonly version: 1;
  readonly id: string;
  readonly owner?: string;
  readonly timezone?: string;
  readonly period?: string;
  readonly effective?: { readonly from: string; readonly until?: string };
  readonly sets?: Readonly<Record<string, EndpointText>>;
  readonly fleets?: Readonly<Record<string, FleetText>>;
  readonly sensors?: Readonly<Record<string, SensorText>>;
  readonly windows?: Readonly<Record<string, WindowText>>;
  readonly drills?: Readonly<Record<string, DrillText>>;
  readonly claims?: readonly ClaimText[];
  readonly exceptions?: readonly ExceptionText[];
  readonly tests?: readonly TestText[];
}

/** Flows and what the claims must say of them; for `claims test` alone. */
export interface TestText {
  readonly name?: string;
  readonly flows: readonly string[];
  readonly asset?: string;
  readonly expect: Readonly<Record<string, 'violates' | 'allowed' | 'outside' | 'undecided'>>;
}

export interface EndpointText {
  readonly cidr?: readonly string[];
  readonly mac?: readonly string[];
  readonly dns?: readonly string[];
  readonly asn?: readonly number[];
  readonly country?: readonly string[];
  readonly sets?: readonly string[];
  readonly fleets?: readonly string[];
  readonly internet?: true;
  readonly any?: true;
  readonly except?: readonly string[];
  readonly note?: string;
}

export interface FleetText {
  readonly vendor: string;
  readonly site: string;
  readonly zone?: string;
  readonly criticality?: 'low' | 'medium' | 'high' | 'vital';
  readonly members: readonly MemberText[];
  readonly mud?: string;
}

export interface MemberText {
  readonly name: string;
  readonly ip?: readonly string[];
  readonly subnet?: string;
  readonly mac?: string;
  readonly model?: string;
}

export interface SensorText {
  readonly kind: string;
  readonly exporter: string;
  readonly domain?: number;
  readonly sampling?: number;
  readonly active_timeout?: string;
  readonly heartbeat?: string;
  readonly sees: readonly string[];
  readonly nat?: 'inside' | 'outside';
  readonly transport?: string;
}

export interface WindowText {
  readonly timezone?: string;
  readonly start?: string;
  readonly rrule?: string;
  readonly once?: readonly string[];
  readonly duration: string;
  readonly overrun?: string;
  readonly tickets?: 'required';
  readonly max_per_month?: number;
}

export interface DrillText {
  readonly fleet: string;
  readonly probe: string;
  readonly sink: string;
  readonly every: string;
  readonly port?: number;
}

export interface RuleText {
  readonly peer: EndpointText;
  readonly ports?: readonly string[];
  readonly initiator?: 'subject' | 'peer' | 'any';
  readonly during?: readonly string[];
  readonly budget?: BudgetText;
  readonly note?: string;
}

export interface BudgetText {
  readonly bytes?: string;
  readonly flows?: number;
  readonly per: string;
  readonly direction?: 'out' | 'in' | 'both';
  readonly scope?: 'member' | 'fleet';
}

export interface ClaimText {
  readonly id: string;
  readonly text: string;
  readonly subject: string;
  readonly severity: Severity;
  readonly source?: { readonly who: string; readonly quote: string; readonly ref: string; readonly date?: string };
  readonly supports?: readonly string[];
  readonly assert: AssertionText;
  readonly coverage: CoverageText;
  readonly residual?: readonly string[];
}

/** Exactly one of these is present. */
export interface AssertionText {
  readonly only?: readonly RuleText[];
  readonly never?: readonly RuleText[];
  readonly authorised?: readonly RuleText[];
  readonly budget?: readonly RuleText[];
  readonly works_without?: { readonly peer: EndpointText; readonly for: string; readonly alive: RuleText; readonly at_least?: BudgetText };
  readonly via?: { readonly from: EndpointText; readonly jump: EndpointText; readonly to: RuleText; readonly skew?: string };
}

export interface CoverageText {
  readonly sensors: readonly string[];
  readonly mode?: 'all' | 'any';
  readonly time: string;
  readonly max_gap: string;
  readonly max_lost?: string;
  readonly detect?: { readonly bytes: string; readonly confidence: string };
  readonly canary?: string;
  readonly reconcile?: string;
  readonly max_skew?: string;
}

export interface ExceptionText {
  readonly id: string;
  readonly claim: string;
  readonly match: RuleText;
  readonly reason: string;
  readonly owner: string;
  readonly approved_by: string;
  readonly ticket: string;
  readonly from: string;
  readonly expires: string;
}
