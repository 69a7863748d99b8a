import { BudgetWindow } from '../../baseline/budget-window.js';
import { ByAsset } from '../../baseline/by-asset.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { CompiledClaims, CompiledRule } from '../../claims/compiled.js';
import type { FindingSink } from '../../findings/finding-sink.js';
import type { UndecidedCode } from '../../findings/judgement.js';
import { formatOctets } from '../../findings/quantity.js';
import type { Detection, Evaluator, ParameterTable, ParameterValues, UnitContext } from '../detection.js';
import { Began, type ObservedRecord } from '../observed-record.js';
import { type ClaimJudgements, type Judgement, judgementsOf } from './claim-judgements.js';
import {
  type Admission,
  breaksForCertain,
  exceptionFor,
  isAdmitted,
  isBroken,
  isInside,
  isWithinAgreedTime,
  type PlanBudget,
} from './claim-plan.js';
import { CLAIM_VIOLATION_EXAMPLES } from './claim-violation-examples.js';
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
    'Exporters that tell neither flags nor direction: the initiator is taken from ports, or is unknown and judged as the worse side. Where both ends keep to one port, as NTP daemons do, and both directions begin in the same millisecond, a claim that asks who began is undecided, not broken.',
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

/** What was counted for one budget: by asset, or by fleet, whose numbers follow those of the assets. */
interface Counted {
  readonly claim: number;
  readonly rule: CompiledRule;
  readonly windows: ByAsset<BudgetWindow>;
}

class ClaimJudge implements Evaluator {
  private readonly claims: CompiledClaims;
  private readonly judgements: ClaimJudgements;
  /** Claims (index) for which the record at hand was counted as undecided. */
  private doubted: number[] | undefined;
  /** Few: sentences of an auditor. */
  private budgets: Counted[] | undefined;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.claims = unit.claims;
    this.judgements = judgementsOf(unit.claims, unit.kinds, ID, parameters.findingsPerPeriod);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.startMs < this.claims.effectiveFromMs || record.startMs >= this.claims.effectiveUntilMs) return;
    const judgement = this.judgements.of(record);
    const { steps, budgets, admission, idle } = judgement;
    if (idle) {
      // Most records.
      record.admitted = admission.always;
      return;
    }
    record.admitted = isAdmitted(admission, record);
    this.doubted = undefined;
    if (steps.length > 0) this.judgeSteps(record, judgement, findings);
    if (budgets.length > 0 && !record.retold) this.judgeBudgets(record, budgets, admission, findings);
  }

  save(writer: StateWriter): void {
    const budgets = this.budgets ?? [];
    writer.u32(budgets.length);
    for (const { claim, rule, windows } of budgets) {
      writer.u32(claim);
      writer.u32(rule.index);
      writer.byAsset(windows, (window) => window.save(writer));
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const claim = reader.u32();
      const rule = this.claims.claims[claim]!.rules[reader.u32()]!;
      for (let windows = reader.u32(); windows > 0; windows--) this.windowOf(claim, rule, reader.u32()).load(reader);
    }
  }

  private judgeSteps(record: ObservedRecord, { steps, admission, readings }: Judgement, findings: FindingSink): void {
    let reported = -1;
    for (const step of steps) {
      if (isWithinAgreedTime(step, record)) record.agreed = true;
      if (step.claim === reported || !isBroken(step, record)) continue;
      const excuse = step.exceptions.length === 0 ? undefined : exceptionFor(step.exceptions, record);
      if (excuse !== undefined && excuse.undecided === undefined) {
        findings.excuse(record, step.claim, excuse.index);
        continue;
      }
      const isTied =
        record.isTied &&
        readings?.every(({ steps }) => steps.some((one) => one.claim === step.claim && breaksForCertain(one, record))) === false;
      const undecided = step.undecided ?? excuse?.undecided ?? (isTied ? 'initiator-tied' : undefined);
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
    if (this.doubted?.includes(claim) || isAdmitted(admission, record)) return;
    this.doubted ??= [];
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
      const window = this.windowOf(claim, rule, fleetWide ? this.claims.assets.length + record.fleet : record.asset);
      if (window.add(record)) this.reportBudget(record, claim, rule, window, findings);
    }
  }

  private reportBudget(record: ObservedRecord, claim: number, rule: CompiledRule, window: BudgetWindow, findings: FindingSink): void {
    const budget = rule.budget!;
    const { id } = this.claims.claims[claim]!;
    for (const { fromMs, toMs, octets, level, totals } of window.over()) {
      const byOctets = octets > budget.octets;
      const observed = byOctets ? octets : totals.sessions;
      const expected = byOctets ? budget.octets : budget.flows;
      const amounts = byOctets ? `${formatOctets(observed)} where ${formatOctets(expected)}` : `${observed} connections where ${expected}`;
      const way = budget.direction === 'both' ? 'in both directions' : budget.direction;
      const period = this.claims.periodOf(toMs - 1);
      findings.measure(record, {
        matter: this.judgements.matterOf(claim, `budget ${rule.index}`, budget.scope, rule.text),
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
        level,
      });
    }
  }

  private windowOf(claim: number, rule: CompiledRule, subject: number): BudgetWindow {
    const windows = this.countedFor(claim, rule);
    let window = windows.get(subject);
    if (window === undefined) {
      window = new BudgetWindow(rule.budget!, this.claims);
      windows.set(subject, window);
    }
    return window;
  }
  private countedFor(claim: number, rule: CompiledRule): ByAsset<BudgetWindow> {
    this.budgets ??= [];
    for (const counted of this.budgets) if (counted.rule === rule) return counted.windows;
    const windows = new ByAsset<BudgetWindow>();
    this.budgets.push({ claim, rule, windows });
    return windows;
  }
}
