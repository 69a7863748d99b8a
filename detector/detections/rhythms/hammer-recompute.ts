import { formatAddress } from '../../../flow/address.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import { sessionLevel } from '../../sessions/completion.js';
import { isAdmitted, planFor } from '../claims/claim-plan.js';
import type { FindingFlow } from '../detection.js';
import { Began, exchangeStarts, Level, type ObservedRecord } from '../observed-record.js';
import { recordsOf } from '../recompute.js';
import { isBackground, isOneWay } from './background-services.js';
import { isFlood } from './flood-table.js';
import { triesOf } from './hammer-keys.js';
import { MOST_PEERS } from './tried-peers.js';

/** Attempts in the finding's window that nobody answered; octets of the large ones, where it is about a flood; where it names no peer, the peers that were tried in vain. */
export function recomputeHammer(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const tries = new Map<string, number>();
  const aboutPeer = finding.peerAddress !== '::';
  let flood = 0;
  for (const { record, level } of levelled(rows, claims)) {
    if (record.initiator !== Began.asset || record.sampling > 1 || isAdmittedAnyhow(record, claims)) continue;
    const peer = aboutPeer ? '' : formatAddress(record.peerBytes, record.peerOffset);
    const inWindow = record.startMs >= finding.windowFromMs && record.startMs < finding.windowToMs;
    if (level >= Level.established) tries.delete(peer);
    if (level !== Level.attempt || !inWindow || isBackground(record) || isOneWay(record)) continue;
    if (isFlood(record)) {
      flood += record.octetsOut;
      continue;
    }
    if (!exchangeStarts(record)) continue;
    tries.set(peer, (tries.get(peer) ?? 0) + triesOf(record));
  }
  if (finding.unit === 'octets') return flood;
  return aboutPeer ? (tries.get('') ?? 0) : Math.min(MOST_PEERS, tries.size);
}

/** Records with how far their session had come by then. */
function levelled(rows: readonly FindingFlow[], claims: CompiledClaims): { record: ObservedRecord; level: number }[] {
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
    return { record, level: sessionLevel(counts, record.initiator) };
  });
}

function isAdmittedAnyhow(record: ObservedRecord, claims: CompiledClaims): boolean {
  const peer = { atom: claims.atomOf(record.peerBytes, record.peerOffset), facts: record.peerFacts };
  const { admission } = planFor(claims, record.fleet, peer, record.protocol, record.peerPort, Began.asset);
  return isAdmitted(admission, record);
}
