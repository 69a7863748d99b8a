import { createHash } from 'node:crypto';

/** The words that a finding's identity rests on. Same words, same id, in any replay of any format. */
export interface FindingIdentity {
  readonly claimsId: string;
  readonly detection: string;
  readonly claim: string;
  /** Number of the rule, for budgets; '' otherwise. */
  readonly part: string;
  readonly asset: string;
  readonly peerAddress: string;
  readonly protocol: number;
  readonly port: number;
  readonly periodFromMs: number;
}

/** 32 hex digits: the first half of the SHA-256 over the JSON list of the words, so that any program can recompute it. */
export function findingId(identity: FindingIdentity): string {
  const { claimsId, detection, claim, part, asset, peerAddress, protocol, port, periodFromMs } = identity;
  const words = JSON.stringify([claimsId, detection, claim, part, asset, peerAddress, protocol, port, periodFromMs]);
  return createHash('sha256').update(words).digest('hex').slice(0, 32);
}
