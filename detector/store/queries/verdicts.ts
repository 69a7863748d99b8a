import { createHash } from 'node:crypto';
import { encodeBlock } from '../../../flow/native/block.js';
import { addVerdict, createVerdictBatch } from '../../coverage/verdict-batch.js';
import { type Reason, VERDICT_COLUMNS, type Verdict, type VerdictWord } from '../../coverage/verdict-types.js';
import type { Store } from '../store-types.js';
import { allOf, decodeRow, given, type RowOf, selectList } from './rows.js';

/**
 * Stores verdicts as of `computedMs` (by the clock of whoever computes them). Writing the same verdicts of the same moment again
 * adds nothing; a later moment replaces them in `verdicts_current`.
 */
export async function writeVerdicts(store: Store, verdicts: readonly Verdict[], computedMs: number): Promise<void> {
  if (verdicts.length === 0) return;
  const batch = createVerdictBatch(verdicts.length);
  for (const verdict of verdicts) addVerdict(batch, verdict, computedMs);
  const block = encodeBlock(batch);
  await store.insertNative('verdicts', [block], `verdicts:${createHash('sha256').update(block).digest('hex')}`);
}

export interface VerdictFilter {
  readonly claimsId?: string;
  readonly claimsHash?: string;
  readonly fleet?: string;
  readonly claim?: string;
  /** Periods that overlap [fromMs, toMs). */
  readonly fromMs?: number;
  readonly toMs?: number;
}

export interface StoredVerdict extends Verdict {
  readonly computedMs: number;
}

/** Current verdicts in the order of period, fleet and claim. */
export async function readVerdicts(store: Store, filter: VerdictFilter = {}): Promise<StoredVerdict[]> {
  const { claimsId, claimsHash, fleet, claim, fromMs, toMs } = filter;
  const where = allOf([
    claimsId !== undefined && 'v.claimsId = {claimsId:String}',
    claimsHash !== undefined && 'v.claimsHash = {claimsHash:String}',
    fleet !== undefined && 'v.fleet = {fleet:String}',
    claim !== undefined && 'v.claim = {claim:String}',
    fromMs !== undefined && 'v.periodTo > fromUnixTimestamp64Milli({fromMs:Int64})',
    toMs !== undefined && 'v.periodFrom < fromUnixTimestamp64Milli({toMs:Int64})',
  ]);
  const { rows } = await store.query<Record<string, string | number>>(
    `SELECT ${selectList(VERDICT_COLUMNS, 'v')} FROM verdicts_current AS v WHERE ${where} ORDER BY v.periodFrom, v.fleet, v.claim`,
    given({ claimsId, claimsHash, fleet, claim, fromMs, toMs }),
  );
  return rows.map((row) => toVerdict(decodeRow(VERDICT_COLUMNS, row)));
}

function toVerdict(row: RowOf<typeof VERDICT_COLUMNS>): StoredVerdict {
  const { periodFrom, periodTo, verdict, reasons, numbers, residual, revision, ...same } = row;
  return {
    ...same,
    fromMs: periodFrom,
    toMs: periodTo,
    verdict: verdict as VerdictWord,
    reasons: JSON.parse(reasons) as Reason[],
    numbers: JSON.parse(numbers) as Record<string, number>,
    residual: JSON.parse(residual) as string[],
    computedMs: revision,
  };
}
