import { type CompiledRule, Truth } from '../../claims/compiled.js';
import { Began, type ObservedRecord } from '../observed-record.js';

/**
 * Whether the rule is about this exchange (Truth): its peer, whose atom the caller has looked up, the responder's port and who began. An unknown initiator
 * matches as either; `unknown` is an answer about the peer alone.
 */
export function ruleTruth(rule: CompiledRule, atom: number, record: ObservedRecord): number {
  const { initiator, protocol } = record;
  const byAsset = initiator !== Began.peer && rule.initiator !== 'peer' && rule.matchesPort(protocol, record.peerPort);
  const matches = byAsset || (initiator !== Began.asset && rule.initiator !== 'subject' && rule.matchesPort(protocol, record.assetPort));
  return matches ? rule.peerTruth(atom, record.peerFacts) : Truth.no;
}
