import { BudgetWindow } from '../baseline/budget-window.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims, CompiledRule } from '../claims/compiled.js';
import type { FindingSink, Matter } from '../findings/finding-sink.js';
import type { UndecidedCode } from '../findings/judgement.js';
import { formatOctets } from '../findings/quantity.js';
import {
  type Admission,
  exceptionFor,
  isAdmitted,
  isBroken,
  isInside,
  isWithinAgreedTime,
  type Plan,
  type PlanBudget,
  type PlanStep,
  planFor,
} from './claim-plan.js';
import { severitiesOf } from './claim-severity.js';
import { CLAIM_VIOLATION_EXAMPLES } from './claim-violation-examples.js';
import type { Detection, Evaluator, ParameterTable, ParameterValues, UnitContext } from './detection.js';
import { Began, type ObservedRecord } from './observed-record.js';
import { recomputeViolation } from './recompute-claims.js';

const ID = 'claim-violation';

const PARAMETERS = {
  findingsPerPeriod: {
    default: 1000,
    least: 1,
    most: 100_000,
    unit: 'findings per unit, claim and period',
    reason: 'A scan by or of an asset breaks a claim towards every address it touches; beyond a thousand the list tells nobody more.',
  },
} as const satisfies ParameterTable;

/** Confidence by how the initiator is known: seen, from ports, unknown. */
const CONFIDENCE = { seen: 95, ports: 85, unknown: 60 } as const;

export const claimViolation: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Claim broken',
  question: 'Did the equipment do what somebody claimed that it does not do?',
  claimKinds: ['only', 'never', 'authorised', 'budget'],
  attack: [
    { id: 'T1041', matrix: 'enterprise', version: '18.0' },
    { id: 'T1048', matrix: 'enterprise', version: '18.0' },
    { id: 'T1071', matrix: 'enterprise', version: '18.0' },
    { id: 'T1133', matrix: 'enterprise', version: '18.0' },
    { id: 'T1571', matrix: 'enterprise', version: '18.0' },
    { id: 'T0883', matrix: 'ics', version: '18.0' },
    { id: 'T0885', matrix: 'ics', version: '18.0' },
    { id: 'T0869', matrix: 'ics', version: '18.0' },
    { id: 'T0822', matrix: 'ics', version: '18.0' },
  ],
  severity: 'high',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'tcpControlBits',
    'reverseTcpControlBits',
    'octetDeltaCount',
    'reverseOctetDeltaCount',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    'initiator',
    'samplingInterval',
    'sourceMacAddress',
    'destinationMacAddress',
    'sourceNames',
    'destinationNames',
  ],
  history: 'none',
  falsePositives: [
    'A rule that the claim file lacks: broadcast, multicast, DHCP and IPv6 neighbour discovery count, they must be listed.',
    'Address translation between asset and sensor: the peer is not who it seems.',
    'Exporters that tell neither flags nor direction: the initiator is taken from ports, or is unknown and judged as the worse side.',
    'Clocks: a record that leaves its window by the offset of the exporter’s clock.',
  ],
  runbook: [
    'Read the sentence: which rule, which peer, how far it came. An attempt means that the isolation held; find out why it was tried.',
    'Look up the evidence rows in the flows table by sensor, domain, sequence and record.',
    'Ask the owner of the asset for a ticket that covers the time. If there is one, add a window or an exception; if not, treat it as an incident.',
    'For a transfer to an outside address: keep captures, isolate the asset’s segment, tell the claim’s owner.',
  ],
  references: ['reference/assurance.md §1.5', 'reference/detection.md D01', 'RFC 8520 §5 (default deny of MUD)'],
  examples: CLAIM_VIOLATION_EXAMPLES,
  recompute: recomputeViolation,
  evaluator: (unit, parameters) => new ClaimJudge(unit, parameters),
};

/** Plans by atom, protocol, port and side that are remembered. A cache: beyond it plans are made anew, results do not change. */
const CACHED_PLANS = 65_536;

/** What the judge keeps with a step of a plan: the port to file a finding under. */
interface Step extends PlanStep {
  readonly port: number;
  readonly matter: Matter;
}
interface Judgement {
  readonly steps: readonly Step[];
  readonly budgets: readonly PlanBudget[];
  readonly admission: Admission;
}

const NO_JUDGEMENT: Judgement = { steps: [], budgets: [], admission: { always: false, windows: [] } };

function doubtOf({ undecided }: PlanStep): number {
  return undecided === undefined ? 0 : 1;
}

class ClaimJudge implements Evaluator {
  private readonly claims: CompiledClaims;
  private readonly findingsPerPeriod: number;
  /** By class of the peer, then by everything else. */
  private readonly plans = new Map<number, Map<number, Judgement>>();
  private plansMade = 0;
  /** Claims (index) for which the record at hand was counted as undecided. */
  private readonly doubted: number[] = [];
  private readonly matters = new Map<string, Matter>();
  private readonly budgets = new Map<CompiledRule, Map<number, BudgetWindow>>();
  /** Judgement by kind of exchange, and the kind's serial number. */
  private readonly cached: Judgement[];
  private readonly cachedSerial: Uint32Array;
  /** Serial numbers of kinds that are admitted at any time or of which the claims say nothing, and which of the two it is. */
  private readonly idleSerial: Uint32Array;
  private readonly idleAdmitted: Uint8Array;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.claims = unit.claims;
    this.findingsPerPeriod = parameters.findingsPerPeriod;
    this.cached = new Array<Judgement>(unit.kinds).fill(NO_JUDGEMENT);
    this.cachedSerial = new Uint32Array(unit.kinds);
    this.idleSerial = new Uint32Array(unit.kinds);
    this.idleAdmitted = new Uint8Array(unit.kinds);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.startMs < this.claims.effectiveFromMs || record.startMs >= this.claims.effectiveUntilMs) return;
    // Most records: admitted at any time and counted towards nothing. One look at one array tells.
    if (this.idleSerial[record.kind] === record.kindSerial) {
      record.admitted = this.idleAdmitted[record.kind] === 1;
      return;
    }
    const { steps, budgets, admission } = this.judgementOf(record);
    record.admitted = isAdmitted(admission, record);
    if (this.doubted.length > 0) this.doubted.length = 0;
    if (steps.length > 0) this.judgeSteps(record, steps, admission, findings);
    if (budgets.length > 0 && !record.retold) this.judgeBudgets(record, budgets, admission, findings);
  }

  save(writer: StateWriter): void {
    const all = [...this.budgets].flatMap(([rule, windows]) => [...windows].map(([subject, window]) => ({ rule, subject, window })));
    writer.u32(all.length);
    for (const { rule, subject, window } of all) {
      const claim = this.claims.claims.findIndex((candidate) => candidate.rules.includes(rule));
      writer.u32(claim);
      writer.u32(rule.index);
      writer.f64(subject);
      window.save(writer);
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const rule = this.claims.claims[reader.u32()]!.rules[reader.u32()]!;
      this.windowOf(rule, reader.f64()).load(reader);
    }
  }

  private judgeSteps(record: ObservedRecord, steps: readonly Step[], admission: Admission, findings: FindingSink): void {
    let reported = -1;
    for (const step of steps) {
      if (isWithinAgreedTime(step, record)) record.agreed = true;
      if (step.claim === reported || !isBroken(step, record)) continue;
      const excuse = step.exceptions.length === 0 ? undefined : exceptionFor(step.exceptions, record);
      if (excuse !== undefined && excuse.undecided === undefined) {
        findings.excuse(record, step.claim, excuse.index);
        continue;
      }
      const undecided = step.undecided ?? excuse?.undecided;
      if (undecided !== undefined) {
        this.doubt(record, step.claim, undecided, admission, findings);
        continue;
      }
      reported = step.claim;
      record.breaksClaim = true;
      const confidence = record.initiatorSeen
        ? CONFIDENCE.seen
        : record.initiator === Began.unknown
          ? CONFIDENCE.unknown
          : CONFIDENCE.ports;
      findings.contribute(record, { matter: step.matter, port: step.port, confidence, why: step.why });
    }
  }

  /** Counts, once per record and claim, that nobody can say whether it was broken; not where an `only` rule admits the record for certain. */
  private doubt(record: ObservedRecord, claim: number, code: UndecidedCode, admission: Admission, findings: FindingSink): void {
    if (this.doubted.includes(claim) || isAdmitted(admission, record)) return;
    this.doubted.push(claim);
    findings.undecided(record, claim, code);
  }

  private judgeBudgets(record: ObservedRecord, budgets: readonly PlanBudget[], admission: Admission, findings: FindingSink): void {
    for (const { claim, rule, undecided, exceptions } of budgets) {
      if (rule.during !== undefined && !rule.during.some((window) => isInside(window, record))) continue;
      const excuse = exceptions.length === 0 ? undefined : exceptionFor(exceptions, record);
      const doubtful = undecided ?? excuse?.undecided;
      if (excuse !== undefined && excuse.undecided === undefined) {
        findings.excuse(record, claim, excuse.index);
        continue;
      }
      if (doubtful !== undefined) {
        this.doubt(record, claim, doubtful, admission, findings);
        continue;
      }
      const fleetWide = rule.budget!.scope === 'fleet';
      const window = this.windowOf(rule, fleetWide ? -1 - record.fleet : record.asset);
      if (window.add(record)) this.reportBudget(record, claim, rule, window, findings);
    }
  }

  private reportBudget(record: ObservedRecord, claim: number, rule: CompiledRule, window: BudgetWindow, findings: FindingSink): void {
    const budget = rule.budget!;
    const { id } = this.claims.claims[claim]!;
    for (const { fromMs, toMs, octets, totals } of window.over()) {
      const byOctets = octets > budget.octets;
      const observed = byOctets ? octets : totals.sessions;
      const expected = byOctets ? budget.octets : budget.flows;
      const amounts = byOctets ? `${formatOctets(observed)} where ${formatOctets(expected)}` : `${observed} connections where ${expected}`;
      const way = budget.direction === 'both' ? 'in both directions' : budget.direction;
      const period = this.claims.periodOf(toMs - 1);
      findings.measure(record, {
        matter: this.matterOf(claim, `budget ${rule.index}`, budget.scope, rule.text),
        observed,
        expected,
        unit: byOctets ? 'octets' : 'flows',
        periodFromMs: period.fromMs,
        periodToMs: period.toMs,
        windowFromMs: fromMs,
        windowToMs: toMs,
        confidence: CONFIDENCE.seen,
        why: `${amounts} are allowed ${way} by claim '${id}' (${rule.text})`,
        totals,
      });
    }
  }

  private windowOf(rule: CompiledRule, subject: number): BudgetWindow {
    let windows = this.budgets.get(rule);
    if (windows === undefined) {
      windows = new Map();
      this.budgets.set(rule, windows);
    }
    let window = windows.get(subject);
    if (window === undefined) {
      window = new BudgetWindow(rule.budget!, this.claims);
      windows.set(subject, window);
    }
    return window;
  }

  private judgementOf(record: ObservedRecord): Judgement {
    const { kind, kindSerial } = record;
    if (this.cachedSerial[kind] === kindSerial) return this.cached[kind]!;
    const atom = this.claims.atomOf(record.peerBytes, record.peerOffset);
    const judgement =
      record.initiator === Began.unknown
        ? this.worseOf(this.planOf(record, atom, Began.asset), this.planOf(record, atom, Began.peer))
        : this.planOf(record, atom, record.initiator);
    if (judgement.steps.length === 0 && judgement.budgets.length === 0 && judgement.admission.windows.length === 0) {
      this.idleSerial[kind] = kindSerial;
      this.idleAdmitted[kind] = judgement.admission.always ? 1 : 0;
    }
    this.cachedSerial[kind] = kindSerial;
    this.cached[kind] = judgement;
    return judgement;
  }

  private planOf(record: ObservedRecord, atom: number, began: number): Judgement {
    const port = began === Began.asset ? record.peerPort : record.assetPort;
    let plans = this.plans.get(record.peerClass);
    if (plans === undefined) {
      plans = new Map();
      this.plans.set(record.peerClass, plans);
    }
    const key = (((atom * this.claims.fleets.length + record.fleet) * 2 + (began - 1)) * 256 + record.protocol) * 65_536 + port;
    const known = plans.get(key);
    if (known !== undefined) return known;
    const plan = planFor(this.claims, record.fleet, { atom, facts: record.peerFacts }, record.protocol, port, began);
    const judgement = this.withMatters(plan, port);
    this.plansMade += 1;
    if (this.plansMade >= CACHED_PLANS) {
      this.plans.clear();
      this.plansMade = 0;
    } else plans.set(key, judgement);
    return judgement;
  }

  private withMatters({ steps, budgets, admission }: Plan, port: number): Judgement {
    const filed = steps.map((step) => ({ ...step, port, matter: this.matterOf(step.claim, '', 'member', step.rule) }));
    return { steps: filed, budgets, admission };
  }

  /** Nobody knows who began: a claim that either way breaks is broken; broken both ways, the finding goes under the lower port. */
  private worseOf(a: Judgement, b: Judgement): Judgement {
    const steps = [...a.steps, ...b.steps].sort((x, y) => x.claim - y.claim || doubtOf(x) - doubtOf(y) || x.port - y.port);
    const rules = new Set(a.budgets.map((budget) => budget.rule));
    const budgets = [...a.budgets, ...b.budgets.filter((budget) => !rules.has(budget.rule))];
    // Admitted for certain only if both sides are; where times decide, that is left open.
    return { steps, budgets, admission: { always: a.admission.always && b.admission.always, windows: [] } };
  }

  private matterOf(claim: number, part: string, scope: 'member' | 'fleet', rule: string): Matter {
    const key = `${claim}|${part}|${rule}`;
    let matter = this.matters.get(key);
    if (matter === undefined) {
      const { severity } = this.claims.claims[claim]!;
      // A budget that is passed is passed, whatever its exchanges came to.
      const severities = part === '' ? severitiesOf(severity) : ([severity, severity, severity, severity] as const);
      matter = { detection: ID, claim, part, scope, rule, severities, most: this.findingsPerPeriod };
      this.matters.set(key, matter);
    }
    return matter;
  }
}
