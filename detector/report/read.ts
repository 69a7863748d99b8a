import { programVersion } from '../../flow/service/paths.js';
import { formatTime } from '../../flow/time.js';
import type { ClaimVersion } from '../engine/claim-version.js';
import { readDecisions } from '../store/queries/decisions.js';
import { type ReportScope, storedSpan, sumJudgements } from '../store/queries/report.js';
import type { Store } from '../store/store-types.js';
import { type ClaimFileFigures, REPORT_LIMITS, type ReportFigures, type ReportQuestion } from './figures.js';
import { stretchOf } from './period.js';
import { type ClaimGroup, claimFigures, readClaims } from './read-claims.js';
import { readFindings, trailFigures } from './read-findings.js';
import { readTelemetry } from './read-telemetry.js';
import { ReportError } from './report-error.js';

/** A version of a claim file whose text is at hand, and the files that it was compiled from. */
export interface KnownVersion {
  readonly version: ClaimVersion;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}

/**
 * Reads what a report says. The same store, question and claim files give the same figures, value for value: no clock is read. Throws ReportError where nothing
 * is stored, or where nothing goes by the fleet or claim that was asked for; StoreError for what the database refuses.
 */
export async function readReport(store: Store, question: ReportQuestion, known: readonly KnownVersion[]): Promise<ReportFigures> {
  const span = await storedSpan(store);
  if (span === undefined) throw new ReportError('nothing is stored there: a report needs telemetry that run, replay or detect has judged');
  const timezone = known[0]?.version.claims.timezone ?? 'UTC';
  const { fromMs, toMs } = periodOf(question, timezone, span);
  const { fleet, claim } = question;
  const scope: ReportScope = { fromMs, toMs, ...(fleet === undefined ? {} : { fleet }), ...(claim === undefined ? {} : { claim }) };
  const asOfMs = question.asOfMs ?? Math.max(span.lastMs, span.toMs);
  const decisions = (await readDecisions(store)).filter(({ atMs }) => atMs <= asOfMs);

  const { groups, recomputed } = await readClaims({ store, versions: known.map(({ version }) => version), ...scope });
  refuseUnknown(groups, known, scope);
  const sums = await sumJudgements(store, scope);
  const perClaim = (most: number, all: number, least: number): number =>
    Math.min(most, Math.max(least, Math.floor(all / Math.max(1, groups.length))));
  const mostFindings = perClaim(REPORT_LIMITS.findingsOfClaim, REPORT_LIMITS.findings, 5);
  const mostVerdicts = perClaim(REPORT_LIMITS.verdictsOfClaim, REPORT_LIMITS.verdicts, 10);
  const findings = await readFindings(store, scope, decisions, asOfMs, mostFindings);

  const claims = groups.map((group) => {
    const { claim: id, fleet: of } = group.verdicts.at(-1)!.stored;
    return claimFigures(group, sums, findings.of(id, of), mostVerdicts);
  });
  const unjudged = findings.beside(claims);
  const lists = [...claims.map(({ violations }) => violations), unjudged, findings.beyond];
  const shown = new Set(lists.flatMap(({ listed }) => listed.map(({ id }) => id)));

  return {
    format: 'cordon-report/1',
    version: programVersion(),
    period: { fromMs, toMs, timezone, asked: question.period ?? '' },
    asOf: { ms: asOfMs, by: question.asOfMs === undefined ? 'store' : 'argument' },
    fleet: fleet ?? '',
    claim: claim ?? '',
    claimFiles: claimFiles(groups, known),
    claims,
    unjudged,
    recomputed,
    telemetry: await readTelemetry(store, scope),
    beyond: findings.beyond,
    trail: trailFigures(decisions, shown, fromMs, asOfMs),
    limits: REPORT_LIMITS,
  };
}

function periodOf(
  { period, fromMs, toMs }: ReportQuestion,
  timezone: string,
  span: { fromMs: number; toMs: number },
): { fromMs: number; toMs: number } {
  if (period !== undefined) return stretchOf(period, timezone, span.toMs);
  const range = { fromMs: fromMs ?? span.fromMs, toMs: toMs ?? span.toMs };
  if (range.fromMs < range.toMs) return range;
  throw new ReportError(
    `nothing is stored then: the store tells of ${formatTime(span.fromMs)} to ${formatTime(span.toMs)}; change --from or --until`,
  );
}

/** A name typed wrongly would make an empty report, which looks like good news. */
function refuseUnknown(groups: readonly ClaimGroup[], known: readonly KnownVersion[], { fleet, claim }: ReportScope): void {
  if (groups.length > 0 || (fleet === undefined && claim === undefined)) return;
  const fleets = new Set(known.flatMap(({ version }) => version.claims.fleets.map(({ name }) => name)));
  const claims = new Set(known.flatMap(({ version }) => version.claims.claims.map(({ id }) => id)));
  if ((fleet === undefined || fleets.has(fleet)) && (claim === undefined || claims.has(claim))) return;
  const asked = [fleet === undefined ? '' : `fleet '${fleet}'`, claim === undefined ? '' : `claim '${claim}'`]
    .filter((part) => part !== '')
    .join(' and ');
  const list = (names: ReadonlySet<string>): string => [...names].slice(0, 20).join(', ') || 'none that is known here';
  throw new ReportError(
    `no verdict of that period is about ${asked}; there are the fleets ${list(fleets)}, and the claims ${list(claims)}`,
  );
}

/** Versions of claim files that the verdicts rest on, in the order of their use. */
function claimFiles(groups: readonly ClaimGroup[], known: readonly KnownVersion[]): ClaimFileFigures[] {
  const verdicts = groups.flatMap((group) => group.verdicts.map(({ stored }) => stored));
  const hashes = new Map<string, typeof verdicts>();
  for (const verdict of verdicts) {
    const list = hashes.get(verdict.claimsHash);
    if (list === undefined) hashes.set(verdict.claimsHash, [verdict]);
    else list.push(verdict);
  }
  return [...hashes]
    .map(([hash, list]): ClaimFileFigures => {
      const version = known.find((one) => one.version.claims.hash === hash);
      return {
        id: list[0]!.claimsId,
        hash,
        owner: version?.version.claims.owner ?? '',
        timezone: version?.version.claims.timezone ?? '',
        files: version?.files ?? [],
        locations: (version?.version.claims.locations ?? []).map(({ name, date, sha256 }) => ({ name, date, sha256 })),
        judgedFromMs: list.reduce((least, { fromMs }) => Math.min(least, fromMs), Number.POSITIVE_INFINITY),
        judgedToMs: list.reduce((most, { toMs }) => Math.max(most, toMs), Number.NEGATIVE_INFINITY),
        claims: new Set(list.map(({ claim, fleet }) => `${claim} ${fleet}`)).size,
      };
    })
    .sort((a, b) => a.judgedFromMs - b.judgedFromMs || (a.id < b.id ? -1 : 1));
}
