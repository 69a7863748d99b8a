import { formatAddress } from '../../../flow/address.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingFlow } from '../detection.js';
import { Began, exchangeStarts, Level } from '../observed-record.js';
import { isBackground, isOneWay } from './background-services.js';
import { isLarge } from './flood-traffic.js';
import { triesOf } from './hammer-keys.js';
import { isAdmittedAnyhow, levelled } from './levelled.js';
import { MOST_PEERS } from './tried-peers.js';

/** Attempts in the finding's window that nobody answered; where it names no peer, the peers that were tried in vain. */
export function recomputeHammer(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const tries = new Map<string, number>();
  const aboutPeer = finding.peerAddress !== '::';
  for (const record of levelled(rows, claims)) {
    const { level } = record;
    if (record.initiator !== Began.asset || record.sampling > 1 || isAdmittedAnyhow(record, claims)) continue;
    const peer = aboutPeer ? '' : formatAddress(record.peerBytes, record.peerOffset);
    const inWindow = record.startMs >= finding.windowFromMs && record.startMs < finding.windowToMs;
    if (level >= Level.established) tries.delete(peer);
    if (level !== Level.attempt || !inWindow || isBackground(record) || isOneWay(record)) continue;
    if (isLarge(record) || !exchangeStarts(record)) continue;
    tries.set(peer, (tries.get(peer) ?? 0) + triesOf(record));
  }
  return aboutPeer ? (tries.get('') ?? 0) : Math.min(MOST_PEERS, tries.size);
}
