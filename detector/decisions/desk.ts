import { formatTime, HOUR_MS, MINUTE_MS, minuteOf } from '../../flow/time.js';
import { type CompiledClaims, SEVERITIES, type Severity } from '../claims/compiled.js';
import { newDestination } from '../detections/contacts/new-destination.js';
import type { Finding } from '../findings/finding.js';
import { type Incident, incidentsOf } from '../incidents/incident.js';
import { type CoverageMinute, coverageMinutes } from '../store/queries/coverage.js';
import { readDecisions, writeDecisions } from '../store/queries/decisions.js';
import { type FindingFilter, findFindings, listFindings } from '../store/queries/findings.js';
import { newestStoredMs } from '../store/queries/newest.js';
import type { Store } from '../store/store-types.js';
import { CLOSING_WORDS, type ClosingWord, type Decision } from './decision.js';
import { acknowledge, approve, close, type Deciding, DecisionError, reopen, revoke, type Widening } from './request.js';
import { type AssetReview, reviewsOf } from './review.js';
import { DecisionIndex, type FindingStateName, type Standing } from './standing.js';

/** Findings that one question reads; far above what the detector's own limits let arise. */
const MAX_FINDINGS = 1_000_000;

export interface StandingFinding {
  readonly finding: Finding;
  readonly standing: Standing;
}

/** Which findings; parts that are left out let all pass. */
export interface FindingQuestion extends Pick<FindingFilter, 'fleet' | 'asset' | 'claim' | 'detection' | 'fromMs' | 'toMs'> {
  readonly states?: readonly FindingStateName[];
  readonly leastSeverity?: Severity;
}

/** What one sensor told in the hours of a finding. */
export interface SensorCoverage {
  readonly sensor: string;
  /** Minutes of `ofMinutes` with messages. */
  readonly minutes: number;
  readonly ofMinutes: number;
  readonly recordsReceived: number;
  readonly recordsLost: number;
  readonly recordsUnread: number;
  /** Largest of 1 in N, 0 not told. */
  readonly samplingInterval: number;
}

/** Everything that is known of one finding. */
export interface FindingFile extends StandingFinding {
  /** What was decided of it, oldest first, with what was taken back. */
  readonly decisions: readonly Decision[];
  /** Of the hours that it was seen in, by the sensors of its evidence. */
  readonly coverage: readonly SensorCoverage[];
}

export interface ListedMute {
  readonly mute: Decision;
  readonly active: boolean;
}

/** What somebody wants to be decided. `target`: the beginning of a finding's id; of a decision's for `revoke`; the asset for `approve`. */
export interface DecisionRequest {
  readonly verb: Decision['verb'];
  readonly target: string;
  readonly author: string;
  readonly reason: string;
  readonly untilMs?: number;
  readonly widening?: Widening;
  readonly accepted?: readonly string[];
}

/**
 * Where findings are looked at and decided: for the command line, for whoever asks a running process, for screens. Questions and answers are plain values, so
 * that they can travel. Throws DecisionError for what cannot be decided, StoreError for what the database refuses.
 */
export interface FindingsDesk {
  list(question: FindingQuestion): Promise<StandingFinding[]>;
  /** The one whose id begins so. Throws DecisionError when none or several do. */
  show(prefix: string): Promise<FindingFile>;
  incidents(question: FindingQuestion): Promise<Incident[]>;
  mutes(expired: boolean): Promise<ListedMute[]>;
  /** Every decision ever taken, oldest first. */
  trail(): Promise<Decision[]>;
  decide(request: DecisionRequest): Promise<Decision>;
  /** What assets have learned; of one asset where it is named. Throws DecisionError where no claims are known. */
  reviews(asset?: string): Promise<AssetReview[]>;
}

export interface DeskOptions {
  readonly store: Store;
  readonly now: () => number;
  /** Start of the newest record that anybody has taken in, beyond what is stored; −Infinity when nothing is known. */
  readonly newestStartMs?: () => number;
  /** So much later than the newest record the detector follows a decision: other processes must hear of it first. */
  readonly leadMs?: number;
  /** The claims in force: which peers they admit decides what an asset has learned beyond them. */
  readonly claims?: () => readonly CompiledClaims[];
  /** How long an asset learns (parameter warmUpHours of new-destination). */
  readonly warmUpMs?: number;
  /** Told every decision once it is stored. */
  readonly onDecision?: (decision: Decision) => void;
}

const DEFAULT_WARM_UP_MS = newDestination.parameters.warmUpHours.default * HOUR_MS;
/** A record that begins this far ahead of our clock comes from a clock that is wrong: it must not put a decision off. */
const AHEAD_MS = MINUTE_MS;

export function createDesk(options: DeskOptions): FindingsDesk {
  const { store, now } = options;

  const effectiveMs = async (): Promise<number> => {
    const stored = await newestStoredMs(store);
    const newest = Math.max(stored, options.newestStartMs?.() ?? Number.NEGATIVE_INFINITY);
    const known = newest === Number.NEGATIVE_INFINITY ? now() : Math.min(newest, now() + AHEAD_MS);
    return minuteOf(known) + MINUTE_MS + (options.leadMs ?? 0);
  };

  const one = async (prefix: string): Promise<Finding> => {
    const found = /^[0-9a-f]+$/.test(prefix) ? await findFindings(store, prefix) : [];
    if (found.length === 0) throw new DecisionError(`no finding begins with '${prefix}'; cordon findings list shows them`, 'unknown');
    if (found.length > 1) throw new DecisionError(`several findings begin with '${prefix}'; give more of the id`, 'ambiguous');
    return found[0]!;
  };

  const muteOf = async (prefix: string): Promise<Decision> => {
    const found = new DecisionIndex(await readDecisions(store)).mutes(now(), true).filter(({ id }) => id.startsWith(prefix));
    if (found.length !== 1)
      throw new DecisionError(
        `${found.length === 0 ? 'no mute begins' : 'several mutes begin'} with '${prefix}'; cordon findings mutes --all shows them`,
      );
    return found[0]!;
  };

  const reviews = async (asset?: string): Promise<AssetReview[]> => {
    const sets = options.claims?.() ?? [];
    if (sets.length === 0) throw new DecisionError('which peers are claimed is known from the claim files; name them with --claims');
    return reviewsOf(store, sets, await readDecisions(store), options.warmUpMs ?? DEFAULT_WARM_UP_MS, asset);
  };

  /** The fleet of an asset that has learned. Throws DecisionError. */
  const learned = async (asset: string): Promise<string> => {
    const [review] = await reviews(asset);
    if (review === undefined) throw new DecisionError(`no asset '${asset}' with records is known; cordon baseline list shows them`);
    if (review.state === 'LEARN')
      throw new DecisionError(
        `${asset} learns until ${formatTime(review.learnedMs)}; what it has learned can be approved then, and claims are judged meanwhile`,
      );
    return review.fleet;
  };

  const take = async (request: DecisionRequest): Promise<Decision> => {
    const { verb, target, untilMs, widening } = request;
    // Decisions have an order, also those of one millisecond and of a clock that was set back.
    const lastMs = (await readDecisions(store)).at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    const by: Deciding = {
      author: request.author,
      reason: request.reason,
      atMs: Math.max(now(), lastMs + 1),
      effectiveMs: await effectiveMs(),
    };
    if (isClosingWord(verb)) return close(await one(target), verb, by, untilMs, widening);
    switch (verb) {
      case 'acknowledge':
        return acknowledge(await one(target), by);
      case 'reopen':
        return reopen(await one(target), by);
      case 'revoke':
        return revoke(await muteOf(target), by);
      default:
        return approve(target, await learned(target), request.accepted ?? [], by);
    }
  };

  const standings = async (question: FindingQuestion): Promise<StandingFinding[]> => {
    const { states, leastSeverity, ...filter } = question;
    const index = new DecisionIndex(await readDecisions(store));
    const least = leastSeverity === undefined ? 0 : SEVERITIES.indexOf(leastSeverity);
    const nowMs = now();
    return (await listFindings(store, { ...filter, severities: SEVERITIES.slice(least), limit: MAX_FINDINGS }))
      .map((finding) => ({ finding, standing: index.standing(finding, nowMs) }))
      .filter(({ standing }) => states === undefined || states.includes(standing.state));
  };

  return {
    list: standings,
    async show(prefix) {
      const finding = await one(prefix);
      const index = new DecisionIndex(await readDecisions(store));
      return {
        finding,
        standing: index.standing(finding, now()),
        decisions: index.all.filter((decision) => decision.finding === finding.id),
        coverage: await coverageOf(store, finding),
      };
    },
    incidents: async (question) => incidentsOf((await standings(question)).map(({ finding }) => finding)),
    async mutes(expired) {
      const nowMs = now();
      const mutes = new DecisionIndex(await readDecisions(store)).mutes(nowMs, expired);
      return mutes.map((mute) => ({ mute, active: mute.untilMs > nowMs }));
    },
    trail: () => readDecisions(store),
    reviews,
    async decide(request) {
      const decision = await take(request);
      await writeDecisions(store, [decision]);
      options.onDecision?.(decision);
      return decision;
    },
  };
}

function isClosingWord(verb: string): verb is ClosingWord {
  return CLOSING_WORDS.some((word) => word === verb);
}

/** The ledger of the hours that the finding was seen in. A day at most: its first hours tell enough, and a finding may be a day long. */
async function coverageOf(store: Store, finding: Finding): Promise<SensorCoverage[]> {
  const fromMs = Math.floor(finding.firstSeenMs / HOUR_MS) * HOUR_MS;
  const toMs = Math.min(Math.ceil((finding.lastSeenMs + 1) / HOUR_MS) * HOUR_MS, fromMs + 24 * HOUR_MS);
  const sensors = [...new Set(finding.evidence.map(({ sensor }) => sensor))].sort();
  const minutes = await coverageMinutes(store, { fromMs, toMs, ...(sensors.length === 0 ? {} : { sensors }) });
  const bySensor = new Map<string, CoverageMinute[]>(sensors.map((sensor) => [sensor, []]));
  for (const minute of minutes) bySensor.set(minute.sensor, [...(bySensor.get(minute.sensor) ?? []), minute]);
  return [...bySensor].map(([sensor, rows]) => {
    const sum = (of: (row: CoverageMinute) => number): number => rows.reduce((total, row) => total + of(row), 0);
    return {
      sensor,
      minutes: new Set(rows.filter((row) => row.messagesReceived > 0).map((row) => row.minute)).size,
      ofMinutes: Math.round((toMs - fromMs) / MINUTE_MS),
      recordsReceived: sum((row) => row.recordsReceived),
      recordsLost: sum((row) => row.recordsLost),
      recordsUnread: sum((row) => row.recordsUndecodable + row.recordsMalformed),
      samplingInterval: rows.reduce((most, row) => Math.max(most, row.samplingInterval), 0),
    };
  });
}
