import { formatDuration } from '../../flow/time.js';
import type { CompiledClaim } from '../claims/compiled.js';
import { isFinal, type StoredVerdict } from '../coverage/amendment.js';
import { type Interval, totalMs } from '../coverage/intervals.js';
import type { VerdictWord } from '../coverage/verdict-types.js';
import type { ClaimVersion } from '../engine/claim-version.js';
import type { JudgementSum } from '../store/queries/report.js';
import { readVerdictHistory, readVerdicts } from '../store/queries/verdicts.js';
import type { Store } from '../store/store-types.js';
import type { ClaimFigures, CountedFigures, DeclaredClaim, FindingList, Recomputed, SeenFigures, VerdictFigures } from './figures.js';
import { REPORT_LIMITS } from './figures.js';
import { type Anew, computeAnew, isSame } from './recompute.js';

/** Where the verdicts of a report come from. */
export interface ClaimSources {
  readonly store: Store;
  /** Every version of every claim file whose text is at hand. */
  readonly versions: readonly ClaimVersion[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly fleet?: string;
  readonly claim?: string;
}

export interface ReadClaims {
  /** In the order of claim file, and of the claims in it. */
  readonly groups: readonly ClaimGroup[];
  readonly recomputed: Recomputed;
}

/** Everything that is stored about one claim and fleet in the period. */
export interface ClaimGroup {
  readonly verdicts: readonly VerdictOf[];
  /** Periods before the claim came into force or after it ended. */
  readonly notInForce: number;
  readonly history: readonly StoredVerdict[];
  readonly compiled: CompiledClaim | undefined;
  readonly version: ClaimVersion | undefined;
  /** Undefined where the claim file is not at hand for one of its verdicts at least. */
  readonly blind: readonly Interval[] | undefined;
}

interface VerdictOf {
  readonly stored: StoredVerdict;
  readonly anew: VerdictFigures['anew'];
}

/** Reads the verdicts of the period, and computes them anew where their claim file is at hand. */
export async function readClaims({ store, versions, ...scope }: ClaimSources): Promise<ReadClaims> {
  const all = await readVerdicts(store, scope);
  const stored = all.filter(isInForce);
  const outside = new Map<string, number>();
  for (const verdict of all) if (!isInForce(verdict)) outside.set(keyOf(verdict), (outside.get(keyOf(verdict)) ?? 0) + 1);
  const history = await readVerdictHistory(store, scope);
  const computed = new Map<string, Anew | undefined>();
  const differences: Recomputed['differences'][number][] = [];
  const groups = new Map<string, { verdicts: VerdictOf[]; blind: Interval[]; blindKnown: boolean }>();
  const counts = { computed: 0, same: 0, notComputed: 0 };
  for (const verdict of stored) {
    const version = versionOf(versions, verdict);
    const key = `${verdict.claimsHash} ${verdict.fromMs}`;
    if (version !== undefined && !computed.has(key) && computed.size < REPORT_LIMITS.recomputed)
      computed.set(key, await computeAnew(store, version, verdict.fromMs));
    const period = computed.get(key);
    const fresh = period?.verdicts.find(
      ({ claim, fleet, fromMs, toMs }) =>
        claim === verdict.claim && fleet === verdict.fleet && fromMs === verdict.fromMs && toMs === verdict.toMs,
    );
    const comparable = fresh !== undefined && isFinal(verdict);
    const anew = !comparable ? 'not computed' : isSame(verdict, fresh) ? 'same' : 'different';
    counts.computed += comparable ? 1 : 0;
    counts.notComputed += comparable ? 0 : 1;
    counts.same += anew === 'same' ? 1 : 0;
    if (anew === 'different')
      differences.push({
        claim: verdict.claim,
        fleet: verdict.fleet,
        fromMs: verdict.fromMs,
        stored: verdict.verdict,
        anew: fresh!.verdict,
      });
    const group = groups.get(keyOf(verdict)) ?? { verdicts: [], blind: [], blindKnown: true };
    groups.set(keyOf(verdict), group);
    group.verdicts.push({ stored: verdict, anew });
    const blind = period?.blind.get(verdict.claim);
    if (blind === undefined) group.blindKnown = false;
    else group.blind.push(...blind);
  }
  const past = new Map<string, StoredVerdict[]>();
  for (const verdict of history) past.set(keyOf(verdict), [...(past.get(keyOf(verdict)) ?? []), verdict]);
  const list = [...groups].map(([key, { verdicts, blind, blindKnown }]): ClaimGroup => {
    const last = verdicts.at(-1)!.stored;
    const version = versionOf(versions, last);
    const compiled = version?.claims.claims.find(
      ({ id, subject }) => id === last.claim && version.claims.fleets[subject]!.name === last.fleet,
    );
    return {
      verdicts,
      notInForce: outside.get(key) ?? 0,
      history: past.get(key) ?? [],
      compiled,
      version,
      blind: blindKnown ? blind : undefined,
    };
  });
  return { groups: list.sort(compareGroups), recomputed: { ...counts, differences: differences.slice(0, REPORT_LIMITS.findingsOfClaim) } };
}

/** A period in which the claim did not apply says nothing about it: it is told, and counts for nothing. */
function isInForce({ reasons }: StoredVerdict): boolean {
  return !reasons.some(({ code }) => code === 'outside-effective-period');
}

function versionOf(versions: readonly ClaimVersion[], { claimsHash, fromMs, toMs }: StoredVerdict): ClaimVersion | undefined {
  return versions.find((version) => version.claims.hash === claimsHash && version.fromMs < toMs && version.untilMs > fromMs);
}

function keyOf({ claimsId, claim, fleet }: StoredVerdict): string {
  return `${claimsId}\u0000${claim}\u0000${fleet}`;
}

/** By claim file, then as the file has them, then by name. */
function compareGroups(a: ClaimGroup, b: ClaimGroup): number {
  const [x, y] = [a.verdicts.at(-1)!.stored, b.verdicts.at(-1)!.stored];
  const place = (group: ClaimGroup): number => group.compiled?.index ?? Number.MAX_SAFE_INTEGER;
  return compareText(x.claimsId, y.claimsId) || place(a) - place(b) || compareText(x.claim, y.claim) || compareText(x.fleet, y.fleet);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One claim as the report tells it. `verdictsListed`: how many of its verdicts at most. */
export function claimFigures(
  group: ClaimGroup,
  sums: readonly JudgementSum[],
  violations: FindingList,
  verdictsListed: number,
): ClaimFigures {
  const all = group.verdicts.map(({ stored }) => stored);
  const last = all.at(-1)!;
  const counts: Record<VerdictWord, number> = { NOT_PROVEN: 0, VERIFIED: 0, VIOLATED: 0 };
  for (const { verdict } of all) counts[verdict]++;
  const ofKind = (kind: JudgementSum['kind']): CountedFigures[] =>
    sums
      .filter(
        (sum) => sum.kind === kind && sum.fleet === last.fleet && (sum.claim === last.claim || (kind === 'drill' && sum.claim === '')),
      )
      .map(({ about, firstMs, lastMs, flows, records, octets }) => ({ about, firstMs, lastMs, flows, records, octets }));
  return {
    claimsId: last.claimsId,
    claim: last.claim,
    fleet: last.fleet,
    severity: last.severity,
    text: last.text,
    timezone: group.version?.claims.timezone ?? 'UTC',
    declared: group.compiled === undefined ? null : declaredOf(group.version!, group.compiled),
    last: last.verdict,
    counts,
    states: statesOf(all),
    verdicts: listedVerdicts(group, verdictsListed),
    notInForce: group.notInForce,
    verdictsLeftOut: Math.max(0, all.length - verdictsListed),
    seen: seenOf(all, group.blind),
    residual: [...new Set(all.flatMap(({ residual }) => residual))],
    exceptions: ofKind('excused'),
    undecided: ofKind('undecided'),
    drills: ofKind('drill'),
    violations,
    amendments: group.history
      .filter(({ reasons }) => reasons.some(({ code }) => code === 'late-data'))
      .map(({ fromMs, computedMs, verdict, sentence }) => ({ fromMs, computedMs, verdict, sentence })),
  };
}

function declaredOf({ claims }: ClaimVersion, claim: CompiledClaim): DeclaredClaim {
  const { coverage } = claim;
  const demanded = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    kind: claim.kind,
    rules: ruleTexts(claim),
    source: claim.source ?? null,
    supports: claim.supports,
    sensors: coverage.sensors.map((index) => claims.sensors[index]!.name),
    mode: coverage.mode,
    demands: {
      time: demanded(coverage.time),
      maxGapMs: demanded(coverage.maxGapMs),
      maxLost: demanded(coverage.maxLost),
      detectOctets: demanded(coverage.detectOctets),
      detectConfidence: demanded(coverage.detectConfidence),
      canaryMs: demanded(coverage.canaryMs),
      reconcile: demanded(coverage.reconcile),
      maxSkewMs: demanded(coverage.maxSkewMs),
    },
    assets: claims.fleets[claim.subject]!.members.length,
    exceptions: claim.exceptions.map(({ id, rule, reason, ticket, fromMs, expiresMs }) => ({
      id,
      rule: rule.text,
      reason,
      ticket,
      fromMs,
      expiresMs,
    })),
  };
}

/** The rules in words, also of the kinds that have none of their own: works_without and via. */
function ruleTexts({ rules, island, via }: CompiledClaim): string[] {
  if (island !== undefined) return [`${formatDuration(island.forMs)} without ${island.contact.text}`, `alive by ${island.alive.text}`];
  if (via !== undefined) return [`from ${via.from.text}`, `by ${via.jump.text}`, `to ${via.to.text}`];
  return rules.map(({ text }) => text);
}

function statesOf(verdicts: readonly StoredVerdict[]): ClaimFigures['states'] {
  const states: { fromMs: number; toMs: number; verdict: VerdictWord }[] = [];
  for (const { fromMs, toMs, verdict } of verdicts) {
    const before = states.at(-1);
    if (before?.verdict === verdict && before.toMs === fromMs) before.toMs = toMs;
    else states.push({ fromMs, toMs, verdict });
  }
  return states;
}

/** Bad news must never be what is left out. */
const RANK: Readonly<Record<VerdictWord, number>> = { VIOLATED: 0, NOT_PROVEN: 1, VERIFIED: 2 };

function listedVerdicts({ verdicts }: ClaimGroup, most: number): VerdictFigures[] {
  return [...verdicts]
    .sort((a, b) => RANK[a.stored.verdict] - RANK[b.stored.verdict] || a.stored.fromMs - b.stored.fromMs)
    .slice(0, most)
    .sort((a, b) => a.stored.fromMs - b.stored.fromMs || a.stored.toMs - b.stored.toMs)
    .map(({ stored: { fromMs, toMs, verdict, sentence, reasons, numbers, computedMs, claimsHash }, anew }) => ({
      ...{ fromMs, toMs, verdict, sentence, reasons, numbers, computedMs },
      ...{ hash: claimsHash, anew },
    }));
}

function seenOf(verdicts: readonly StoredVerdict[], blind: readonly Interval[] | undefined): SeenFigures {
  const numbers = verdicts.map((verdict) => verdict.numbers);
  const sum = (name: string): number => numbers.reduce((total, one) => total + (one[name] ?? 0), 0);
  const most = (name: string): number => numbers.reduce((largest, one) => Math.max(largest, one[name] ?? 0), 0);
  const length = ({ fromMs, toMs }: Interval): number => toMs - fromMs;
  const assetMinutes = sum('assetMinutes');
  const observed = numbers.reduce((total, one) => total + (one.assetMinutes ?? 0) * (one.observedShare ?? 0), 0);
  return {
    assetMinutes,
    assetMinutesObserved: sum('assetMinutesObserved'),
    observedShare: assetMinutes === 0 ? 0 : observed / assetMinutes,
    recordsSent: sum('recordsSent'),
    recordsLost: sum('recordsLost'),
    recordsUnread: sum('recordsUnread'),
    flowsJudged: sum('flowsJudged'),
    recordsJudged: sum('recordsJudged'),
    longestBlindMs: most('longestBlindMs'),
    hideableOctets: numbers.some((one) => one.hideableOctets === undefined) ? null : most('hideableOctets'),
    blind:
      blind === undefined
        ? null
        : [...blind]
            .sort((a, b) => length(b) - length(a) || a.fromMs - b.fromMs)
            .slice(0, REPORT_LIMITS.blind)
            .sort((a, b) => a.fromMs - b.fromMs),
    blindCount: blind?.length ?? 0,
    blindMs: totalMs(blind ?? []),
  };
}
