import { createHash } from 'node:crypto';
import { encodeBlock } from '../../../flow/native/block.js';
import { amendmentOf, type StoredVerdict } from '../../coverage/amendment.js';
import { addVerdict, createVerdictBatch } from '../../coverage/verdict-batch.js';
import { type Reason, VERDICT_COLUMNS, type Verdict, type VerdictWord } from '../../coverage/verdict-types.js';
import type { Store } from '../store-types.js';
import { allOf, decodeRow, given, type RowOf, selectList } from './rows.js';

/**
 * Stores verdicts as of `computedMs` (by the clock of whoever computes them): those that say something new. Of one claim and period the latest is current;
 * every final one stays in the history, and what amends it says so (amendment.ts). Returns what was written.
 */
export async function writeVerdicts(store: Store, verdicts: readonly Verdict[], computedMs: number): Promise<Verdict[]> {
  if (verdicts.length === 0) return [];
  const stored = await readVerdicts(store, {
    fromMs: Math.min(...verdicts.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...verdicts.map(({ toMs }) => toMs)),
  });
  const current = new Map(stored.map((verdict) => [keyOf(verdict), verdict]));
  const written = verdicts.flatMap((verdict) => amendmentOf(current.get(keyOf(verdict)), verdict) ?? []);
  if (written.length === 0) return [];
  const batch = createVerdictBatch(written.length);
  for (const verdict of written) addVerdict(batch, verdict, computedMs);
  const block = encodeBlock(batch);
  await store.insertNative('verdicts', [block], `verdicts:${createHash('sha256').update(block).digest('hex')}`);
  return written;
}

function keyOf({ claimsId, claim, fleet, fromMs, toMs }: Verdict): string {
  return `${claimsId} ${claim} ${fleet} ${fromMs} ${toMs}`;
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

/** Current verdicts in the order of period, fleet and claim. */
export function readVerdicts(store: Store, filter: VerdictFilter = {}): Promise<StoredVerdict[]> {
  return select(store, 'verdicts_current AS v', filter);
}

/** Every verdict that was final when it was computed, in the order of period, fleet, claim and computation: the first, and what amended it. */
export function readVerdictHistory(store: Store, filter: VerdictFilter = {}): Promise<StoredVerdict[]> {
  return select(store, 'verdict_history AS v FINAL', filter);
}

async function select(store: Store, from: string, filter: VerdictFilter): Promise<StoredVerdict[]> {
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
    `SELECT ${selectList(VERDICT_COLUMNS, 'v')} FROM ${from} WHERE ${where} ORDER BY v.periodFrom, v.fleet, v.claim, v.revision`,
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
