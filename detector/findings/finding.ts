import type { ColumnTable } from '../../flow/column-kinds.js';
import { COMPLETION } from '../../flow/columns.js';
import { SEVERITIES, type Severity } from '../claims/compiled.js';

export type { Severity };

/** Who began the exchange, seen from the asset. `unknown` is judged as the worse side and shown as such. */
export const FINDING_INITIATOR = ['unknown', 'asset', 'peer'] as const;

/**
 * One thing that an analyst should look at. A finding gathers everything of one kind in one period: the same claim, asset, peer, protocol and
 * port on one calendar period is one finding that grows, never a list of a thousand. Its id is derived from exactly those words
 * (finding-id.ts), so any replay of the same input by any format gives the same id; `revision` grows with every record added,
 * and the highest revision is the finding.
 */
export interface Finding {
  readonly id: string;
  revision: number;
  readonly detection: string;
  /** Claim id; '' for learned detections. */
  readonly claim: string;
  severity: Severity;
  /** 0–100: how sure that it is what it says; severity says how bad it would be. */
  confidence: number;
  readonly fleet: string;
  readonly asset: string;
  /** Text addresses; '::' where the finding is about no single peer (a budget over many). */
  readonly assetAddress: string;
  readonly peerAddress: string;
  /** Name of the declared set of the peer, or ''. */
  readonly peerName: string;
  readonly peerAsn: number;
  readonly peerCountry: string;
  readonly protocol: number;
  /** Responder's port; 0 for protocols without ports and findings about no single port. */
  readonly port: number;
  initiator: (typeof FINDING_INITIATOR)[number];
  completion: (typeof COMPLETION)[number];
  firstSeenMs: number;
  lastSeenMs: number;
  observed: number;
  expected: number;
  /** Unit of observed and expected: 'octets', 'flows', … */
  readonly unit: string;
  windowFromMs: number;
  windowToMs: number;
  sessions: number;
  records: number;
  octetsOut: number;
  octetsIn: number;
  packetsOut: number;
  packetsIn: number;
  /** The rule that decided, for people. */
  readonly rule: string;
  /** One sentence that says why, with its numbers. */
  sentence: string;
  /** The first rows that made it (bounded), enough to find them again in the telemetry. */
  readonly evidence: EvidenceRow[];
  readonly claimsHash: string;
}

/** Points at one flow record: which sensor, which message, which record in it. */
export interface EvidenceRow {
  readonly sensor: string;
  readonly exporter: string;
  readonly domain: number;
  readonly sequence: number;
  readonly record: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  readonly octets: number;
  readonly reverseOctets: number;
  readonly samplingInterval: number;
}

/** How findings travel and are stored. `evidence` is JSON text. */
export const FINDING_COLUMNS = {
  id: { kind: 'text', meaning: '32 hex digits derived from detection, claim, asset, peer, protocol, port and period' },
  revision: { kind: 'u64', meaning: 'grows with the finding; the highest is the finding' },
  detection: { kind: 'symbol', meaning: 'detection id' },
  claim: { kind: 'symbol', meaning: 'claim id, empty for learned detections' },
  severity: { kind: 'enum', values: SEVERITIES, meaning: 'how bad it would be' },
  confidence: { kind: 'u8', meaning: 'how sure that it is what it says', unit: '%' },
  fleet: { kind: 'symbol', meaning: 'fleet of the asset' },
  asset: { kind: 'symbol', meaning: 'the asset' },
  assetAddress: { kind: 'address', meaning: 'address of the asset in the first row' },
  peerAddress: { kind: 'address', meaning: 'the other end; :: where there is no single one' },
  peerName: { kind: 'symbol', meaning: 'declared set that the peer lies in' },
  peerAsn: { kind: 'u32', meaning: 'AS of the peer, 0 not known' },
  peerCountry: { kind: 'symbol', meaning: 'country of the peer, empty when not known' },
  protocol: { kind: 'u8', meaning: 'IP protocol number' },
  port: { kind: 'u16', meaning: "responder's port" },
  initiator: { kind: 'enum', values: FINDING_INITIATOR, meaning: 'who began' },
  completion: { kind: 'enum', values: COMPLETION, meaning: 'the furthest any of its exchanges came' },
  firstSeen: { kind: 'time', meaning: 'start of the earliest record' },
  lastSeen: { kind: 'time', meaning: 'end of the latest record' },
  observed: { kind: 'f64', meaning: 'what was measured' },
  expected: { kind: 'f64', meaning: 'what was allowed or usual' },
  unit: { kind: 'symbol', meaning: 'unit of observed and expected' },
  windowFrom: { kind: 'time', meaning: 'start of the window that observed was measured over' },
  windowTo: { kind: 'time', meaning: 'end of that window' },
  sessions: { kind: 'u64', meaning: 'connections, as far as they can be told apart' },
  records: { kind: 'u64', meaning: 'flow records' },
  octetsOut: { kind: 'u64', meaning: 'octets asset to peer, as counted', unit: 'octets' },
  octetsIn: { kind: 'u64', meaning: 'octets peer to asset, as counted', unit: 'octets' },
  packetsOut: { kind: 'u64', meaning: 'packets asset to peer', unit: 'packets' },
  packetsIn: { kind: 'u64', meaning: 'packets peer to asset', unit: 'packets' },
  rule: { kind: 'text', meaning: 'the rule that decided' },
  sentence: { kind: 'text', meaning: 'why, with its numbers' },
  evidence: { kind: 'text', meaning: 'JSON list of the first rows' },
  claimsHash: { kind: 'symbol', meaning: 'sha256 of the claim file' },
} as const satisfies ColumnTable;
