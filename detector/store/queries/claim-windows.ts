import { createHash } from 'node:crypto';
import { ColumnBatch } from '../../../flow/batch.js';
import { encodeBlock } from '../../../flow/native/block.js';
import type { Period } from '../../claims/calendar.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import { CLAIM_WINDOW_COLUMNS, type ClaimWindow, WINDOW_EFFECTS, WINDOW_KINDS, windowsOfPeriod } from '../../coverage/claim-windows.js';
import type { Store } from '../store-types.js';
import { decodeRow, type RowOf, selectList } from './rows.js';

/**
 * Stores the windows and exceptions of the claims in a period as of `writtenMs` (by the clock of whoever writes): those that are not stored so, and that
 * those stored for it hold no longer, because other claims are in force now. Returns how many rows were written.
 */
export async function writeClaimWindows(store: Store, claims: CompiledClaims, period: Period, writtenMs: number): Promise<number> {
  const fromMs = Math.max(period.fromMs, claims.effectiveFromMs);
  const toMs = Math.min(period.toMs, claims.effectiveUntilMs);
  if (fromMs >= toMs) return 0;
  const current = new Map(windowsOfPeriod(claims, period).map((one) => [keyOf(one), one]));
  const stored = new Map((await readClaimWindows(store, claims.id, { fromMs, toMs })).map((one) => [keyOf(one), one]));
  const changed = [...current].flatMap(([key, one]) => (sameWindow(stored.get(key), one) ? [] : [{ one, withdrawn: 0 }]));
  const gone = [...stored].flatMap(([key, one]) => (current.has(key) ? [] : [{ one, withdrawn: 1 }]));
  const rows = [...changed, ...gone];
  if (rows.length === 0) return 0;
  const batch = new ColumnBatch(CLAIM_WINDOW_COLUMNS, rows.length);
  for (const { one, withdrawn } of rows) addWindow(batch, one, withdrawn, writtenMs);
  const block = encodeBlock(batch);
  await store.insertNative('claim_windows', [block], `claim_windows:${createHash('sha256').update(block).digest('hex')}`);
  return rows.length;
}

/** Windows and exceptions that are told of periods of a claim file that begin in [fromMs, toMs). */
export async function readClaimWindows(store: Store, claimsId: string, { fromMs, toMs }: Period): Promise<ClaimWindow[]> {
  const { rows } = await store.query<Record<string, string | number>>(
    `SELECT ${selectList(CLAIM_WINDOW_COLUMNS, 'w')} FROM claim_windows_current AS w
     WHERE w.claimsId = {claimsId:String} AND w.periodFrom >= fromUnixTimestamp64Milli({fromMs:Int64})
       AND w.periodFrom < fromUnixTimestamp64Milli({toMs:Int64})
     ORDER BY w.periodFrom, w.claim, w.kind, w.rule, w.window, w.opens, w.ticket`,
    { claimsId, fromMs, toMs },
  );
  return rows.map((row) => toWindow(decodeRow(CLAIM_WINDOW_COLUMNS, row)));
}

/** As the sorting key of the table. */
function keyOf({ claim, kind, window, rule, periodFromMs, fromMs, ticket }: ClaimWindow): string {
  return JSON.stringify([claim, kind, window, rule, periodFromMs, fromMs, ticket]);
}

function sameWindow(stored: ClaimWindow | undefined, current: ClaimWindow): boolean {
  return stored !== undefined && (Object.keys(current) as (keyof ClaimWindow)[]).every((name) => stored[name] === current[name]);
}

function addWindow(batch: ColumnBatch<typeof CLAIM_WINDOW_COLUMNS>, one: ClaimWindow, withdrawn: number, revision: number): void {
  const row = batch.add();
  const columns = batch.columns;
  for (const name of ['claimsId', 'claimsHash', 'claim', 'fleet', 'window'] as const) {
    columns[name].codes[row] = columns[name].dictionary.intern(one[name]);
  }
  for (const name of ['ticket', 'approvedBy', 'peers', 'ports'] as const) columns[name][row] = one[name];
  columns.kind[row] = WINDOW_KINDS.indexOf(one.kind);
  columns.effect[row] = WINDOW_EFFECTS.indexOf(one.effect);
  columns.rule[row] = one.rule;
  columns.periodFrom[row] = one.periodFromMs;
  columns.opens[row] = one.fromMs;
  columns.closes[row] = one.toMs;
  columns.withdrawn[row] = withdrawn;
  columns.revision[row] = revision;
}

function toWindow(row: RowOf<typeof CLAIM_WINDOW_COLUMNS>): ClaimWindow {
  const { periodFrom, opens, closes, kind, effect, withdrawn: _withdrawn, revision: _revision, ...same } = row;
  return {
    ...same,
    kind: kind as ClaimWindow['kind'],
    effect: effect as ClaimWindow['effect'],
    periodFromMs: periodFrom,
    fromMs: opens,
    toMs: closes,
  };
}
