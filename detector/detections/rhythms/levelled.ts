import type { CompiledClaims } from '../../claims/compiled.js';
import { sessionLevel } from '../../sessions/completion.js';
import { isAdmitted, planFor } from '../claims/claim-plan.js';
import type { FindingFlow } from '../detection.js';
import { Began, type ObservedRecord } from '../observed-record.js';
import { recordsOf } from '../recompute.js';

/** For sums anew: stored rows as records, in the order of time, with how far their session had come by then and whether anybody had answered. */
export function levelled(rows: readonly FindingFlow[], claims: CompiledClaims): ObservedRecord[] {
  const sorted = [...rows].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const flags = new Map<number, { out: number; in: number; packetsOut: number; packetsIn: number }>();
  return recordsOf(sorted, claims).map((record, index) => {
    const row = sorted[index]!;
    const before = flags.get(record.session) ?? { out: 0, in: 0, packetsOut: 0, packetsIn: 0 };
    const session = {
      out: before.out | row.flagsOut,
      in: before.in | row.flagsIn,
      packetsOut: before.packetsOut + row.packetsOut,
      packetsIn: before.packetsIn + row.packetsIn,
    };
    flags.set(record.session, session);
    const counts = {
      protocol: row.protocol,
      flagsOut: session.out,
      flagsIn: session.in,
      packetsOut: session.packetsOut,
      packetsIn: session.packetsIn,
      estimateOut: 0,
      estimateIn: 0,
      // What is exported one way is never counted as unanswered: a row that made the finding measured both.
      biflow: true,
      told: 0,
    };
    record.level = sessionLevel(counts, record.initiator);
    record.unanswered = row.biflow && (record.initiator === Began.peer ? session.packetsOut : session.packetsIn) === 0;
    return record;
  });
}

/** By the claims alone, whoever else has a word. */
export function isAdmittedAnyhow(record: ObservedRecord, claims: CompiledClaims): boolean {
  const peer = { atom: claims.atomOf(record.peerBytes, record.peerOffset), facts: record.peerFacts };
  const { admission } = planFor(claims, record.fleet, peer, record.protocol, record.peerPort, Began.asset);
  return isAdmitted(admission, record);
}
