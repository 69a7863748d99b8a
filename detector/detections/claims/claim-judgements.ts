import type { CompiledClaims } from '../../claims/compiled.js';
import type { Matter } from '../../findings/finding-sink.js';
import { type ExchangeKinds, KindWord } from '../../sessions/exchange-kinds.js';
import { Began, type ObservedRecord } from '../observed-record.js';
import { type Admission, type Plan, type PlanBudget, type PlanStep, planFor } from './claim-plan.js';
import { severitiesOf } from './claim-severity.js';

/** What the judge keeps with a step of a plan: the port to file a finding under. */
export interface Step extends PlanStep {
  readonly port: number;
  readonly matter: Matter;
}
/** What the claims make of a kind of exchange. `idle`: they admit it at any time or say nothing of it, and it counts towards nothing. */
export interface Judgement {
  readonly steps: readonly Step[];
  readonly budgets: readonly PlanBudget[];
  readonly admission: Admission;
  readonly idle: boolean;
  /** Where nobody knows who began: what the claims make of it if the asset did, and if the peer did. */
  readonly readings: readonly [Judgement, Judgement] | undefined;
}

/** Judgements that are remembered. A cache: beyond it they are made anew, results do not change. */
const CACHED_JUDGEMENTS = 65_536;

const readers = new WeakMap<ExchangeKinds, ClaimJudgements>();

/** What the claims make of kinds of exchange, one for all units of a partition; numbers of judgements are kept with the kinds. */
export function judgementsOf(claims: CompiledClaims, kinds: ExchangeKinds, detection: string, findingsPerPeriod: number): ClaimJudgements {
  let judgements = readers.get(kinds);
  if (judgements === undefined) {
    judgements = new ClaimJudgements(claims, kinds, detection, findingsPerPeriod);
    readers.set(kinds, judgements);
  }
  return judgements;
}

export class ClaimJudgements {
  private readonly claims: CompiledClaims;
  private readonly kinds: ExchangeKinds;
  private readonly detection: string;
  private readonly findingsPerPeriod: number;
  /** By class of the peer, then by everything else. */
  private readonly plans = new Map<number, Map<number, Judgement>>();
  private readonly matters = new Map<string, Matter>();
  /** Judgements by number: the first of the list has the number after `forgotten`. */
  private readonly numbered: Judgement[] = [];
  private readonly numbers = new Map<Judgement, number>();
  private forgotten = 0;
  /** What is made of two where nobody knows who began, by the numbers of both. */
  private readonly worse = new Map<number, Judgement>();

  constructor(claims: CompiledClaims, kinds: ExchangeKinds, detection: string, findingsPerPeriod: number) {
    this.claims = claims;
    this.kinds = kinds;
    this.detection = detection;
    this.findingsPerPeriod = findingsPerPeriod;
  }

  of(record: ObservedRecord): Judgement {
    const number = this.kinds.word(record, KindWord.plan);
    return number > this.forgotten ? this.numbered[number - this.forgotten - 1]! : this.make(record);
  }

  matterOf(claim: number, part: string, scope: 'member' | 'fleet', rule: string): Matter {
    const key = `${claim}|${part}|${rule}`;
    let matter = this.matters.get(key);
    if (matter === undefined) {
      const { severity } = this.claims.claims[claim]!;
      // A budget that is passed is passed, whatever its exchanges came to.
      const severities = part === '' ? severitiesOf(severity) : ([severity, severity, severity, severity] as const);
      matter = { detection: this.detection, claim, part, scope, rule, severities, most: this.findingsPerPeriod };
      this.matters.set(key, matter);
    }
    return matter;
  }

  private make(record: ObservedRecord): Judgement {
    if (this.numbered.length >= CACHED_JUDGEMENTS) {
      this.forgotten += this.numbered.length;
      this.numbered.length = 0;
      this.numbers.clear();
      this.plans.clear();
      this.worse.clear();
    }
    const atom = this.claims.atomOf(record.peerBytes, record.peerOffset);
    const judgement =
      record.initiator === Began.unknown
        ? this.worseOf(this.planOf(record, atom, Began.asset), this.planOf(record, atom, Began.peer))
        : this.planOf(record, atom, record.initiator);
    this.kinds.keep(record, KindWord.plan, this.numberOf(judgement));
    return judgement;
  }

  /** Kinds of exchange of which the claims make the same have the same number. */
  private numberOf(judgement: Judgement): number {
    let number = this.numbers.get(judgement);
    if (number === undefined) {
      number = this.forgotten + this.numbered.push(judgement);
      this.numbers.set(judgement, number);
    }
    return number;
  }

  private planOf(record: ObservedRecord, atom: number, began: number): Judgement {
    const port = began === Began.asset ? record.peerPort : record.assetPort;
    let plans = this.plans.get(record.peerClass);
    if (plans === undefined) {
      plans = new Map();
      this.plans.set(record.peerClass, plans);
    }
    const key = (((atom * this.claims.fleets.length + record.fleet) * 2 + (began - 1)) * 256 + record.protocol) * 65_536 + port;
    let judgement = plans.get(key);
    if (judgement === undefined) {
      const plan = planFor(this.claims, record.fleet, { atom, facts: record.peerFacts }, record.protocol, port, began);
      judgement = this.withMatters(plan, port);
      plans.set(key, judgement);
    }
    return judgement;
  }

  private withMatters({ steps, budgets, admission }: Plan, port: number): Judgement {
    const filed = steps.map((step) => ({ ...step, port, matter: this.matterOf(step.claim, '', 'member', step.rule) }));
    return judgementFrom(filed, budgets, admission);
  }

  private worseOf(a: Judgement, b: Judgement): Judgement {
    const pair = (this.numberOf(a) - this.forgotten) * 2 * CACHED_JUDGEMENTS + (this.numberOf(b) - this.forgotten);
    let judgement = this.worse.get(pair);
    if (judgement === undefined) {
      judgement = bothWays(a, b);
      this.worse.set(pair, judgement);
    }
    return judgement;
  }
}

/** Nobody knows who began: a claim that either way breaks is broken; broken both ways, the finding goes under the lower port. */
function bothWays(a: Judgement, b: Judgement): Judgement {
  const steps = [...a.steps, ...b.steps].sort((x, y) => x.claim - y.claim || doubtOf(x) - doubtOf(y) || x.port - y.port);
  const rules = new Set(a.budgets.map((budget) => budget.rule));
  const budgets = [...a.budgets, ...b.budgets.filter((budget) => !rules.has(budget.rule))];
  // Admitted for certain only if both sides are; where times decide, that is left open.
  const admission = { always: a.admission.always && b.admission.always, windows: [] };
  return { ...judgementFrom(steps, budgets, admission), readings: [a, b] };
}

function judgementFrom(steps: readonly Step[], budgets: readonly PlanBudget[], admission: Admission): Judgement {
  const idle = steps.length === 0 && budgets.length === 0 && admission.windows.length === 0;
  return { steps, budgets, admission, idle, readings: undefined };
}

function doubtOf({ undecided }: PlanStep): number {
  return undecided === undefined ? 0 : 1;
}
