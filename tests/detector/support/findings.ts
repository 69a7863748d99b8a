import type { Finding } from '../../../detector/findings/finding.js';

export const SEEN_MS = Date.parse('2026-12-03T11:00:00Z');

/** A finding as the detector would publish it, of a scanner that talks to a peer outside. `id` is padded to the length of a real one. */
export function findingOf({ id = 'a1', ...more }: Partial<Finding> = {}): Finding {
  return {
    id: id.padEnd(32, '0'),
    revision: 3,
    detection: 'new-destination',
    claim: '',
    severity: 'low',
    confidence: 50,
    fleet: 'scanners',
    asset: 'scan-01',
    assetAddress: '10.40.10.11',
    peerAddress: '203.0.113.7',
    peerName: '',
    peerAsn: 0,
    peerCountry: '',
    protocol: 6,
    port: 443,
    initiator: 'asset',
    completion: 'established',
    firstSeenMs: SEEN_MS,
    lastSeenMs: SEEN_MS + 60_000,
    observed: 5000,
    expected: 0,
    unit: 'octets',
    windowFromMs: SEEN_MS,
    windowToMs: SEEN_MS + 86_400_000,
    sessions: 2,
    records: 2,
    octetsOut: 4000,
    octetsIn: 1000,
    packetsOut: 8,
    packetsIn: 6,
    rule: 'peer not met in the 14 d of learning or since',
    sentence: 'scan-01 (10.40.10.11) talked with 203.0.113.7 on tcp/443.',
    evidence: [],
    claimsHash: 'c'.repeat(64),
    ...more,
  };
}
