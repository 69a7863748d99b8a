import type { COMPLETION } from '../../../flow/columns.js';
import { type EvidenceRow, FINDING_COLUMNS, type FINDING_INITIATOR, type Finding, type Severity } from '../../findings/finding.js';
import type { Store } from '../store-types.js';
import { allOf, decodeRow, given, type RowOf, selectList } from './rows.js';

/** Which findings; every part that is left out lets all pass. */
export interface FindingFilter {
  readonly fleet?: string;
  readonly asset?: string;
  readonly claim?: string;
  readonly detection?: string;
  readonly severities?: readonly Severity[];
  /** Seen at or after, in ms. */
  readonly fromMs?: number;
  /** Seen before, in ms. */
  readonly toMs?: number;
  readonly claimsHash?: string;
  readonly limit?: number;
}

export const defaultFindingLimit = 1000;

/** Current findings (highest revision), worst first, then the latest. */
export async function listFindings(store: Store, filter: FindingFilter = {}): Promise<Finding[]> {
  const { fleet, asset, claim, detection, severities, fromMs, toMs, claimsHash } = filter;
  const where = allOf([
    fleet !== undefined && 'f.fleet = {fleet:String}',
    asset !== undefined && 'f.asset = {asset:String}',
    claim !== undefined && 'f.claim = {claim:String}',
    detection !== undefined && 'f.detection = {detection:String}',
    severities !== undefined && 'has({severities:Array(String)}, toString(f.severity))',
    fromMs !== undefined && 'f.lastSeen >= fromUnixTimestamp64Milli({fromMs:Int64})',
    toMs !== undefined && 'f.firstSeen < fromUnixTimestamp64Milli({toMs:Int64})',
    claimsHash !== undefined && 'f.claimsHash = {claimsHash:String}',
  ]);
  const { rows } = await store.query<Record<string, string | number>>(
    `SELECT ${selectList(FINDING_COLUMNS, 'f')} FROM findings_current AS f WHERE ${where} ` +
      'ORDER BY toInt8(f.severity) DESC, f.lastSeen DESC, f.id LIMIT {limit:UInt32}',
    given({ fleet, asset, claim, detection, severities, fromMs, toMs, claimsHash, limit: filter.limit ?? defaultFindingLimit }),
  );
  return rows.map((row) => toFinding(decodeRow(FINDING_COLUMNS, row)));
}

/** The findings whose id begins with `prefix`: one where it is long enough, several where the reader must say more. At most ten. */
export async function findFindings(store: Store, prefix: string): Promise<Finding[]> {
  const { rows } = await store.query<Record<string, string | number>>(
    `SELECT ${selectList(FINDING_COLUMNS, 'f')} FROM findings_current AS f WHERE startsWith(f.id, {prefix:String}) ORDER BY f.id LIMIT 10`,
    { prefix },
  );
  return rows.map((row) => toFinding(decodeRow(FINDING_COLUMNS, row)));
}

export interface RevisionFilter {
  readonly detections: readonly string[];
  readonly claimsHash: string;
  /** Window begins at or after, in ms. */
  readonly windowFromMs: number;
}

/** The last revision of findings, those that were withdrawn included: what a new revision must go beyond. */
export async function findingRevisions(store: Store, { detections, claimsHash, windowFromMs }: RevisionFilter): Promise<Finding[]> {
  const { rows } = await store.query<Record<string, string | number>>(
    `SELECT ${selectList(FINDING_COLUMNS, 'f')} FROM findings AS f FINAL WHERE has({detections:Array(String)}, f.detection) ` +
      'AND f.claimsHash = {claimsHash:String} AND f.windowFrom >= fromUnixTimestamp64Milli({windowFromMs:Int64}) ORDER BY f.id',
    { detections, claimsHash, windowFromMs },
  );
  return rows.map((row) => toFinding(decodeRow(FINDING_COLUMNS, row)));
}

/** A stored row as the finding that it is. */
export function toFinding(row: RowOf<typeof FINDING_COLUMNS>): Finding {
  const { firstSeen, lastSeen, windowFrom, windowTo, evidence, severity, initiator, completion, ...same } = row;
  return {
    ...same,
    severity: severity as Severity,
    initiator: initiator as (typeof FINDING_INITIATOR)[number],
    completion: completion as (typeof COMPLETION)[number],
    firstSeenMs: firstSeen,
    lastSeenMs: lastSeen,
    windowFromMs: windowFrom,
    windowToMs: windowTo,
    evidence: evidence === '' ? [] : (JSON.parse(evidence) as EvidenceRow[]),
  };
}
