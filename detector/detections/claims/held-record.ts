import type { EvidenceRow } from '../../findings/finding.js';
import { ObservedRecord } from '../observed-record.js';

/** A record kept for a decision that falls later: plain values, for snapshots too. */
export interface HeldRecord {
  readonly asset: number;
  readonly fleet: number;
  readonly assetAddress: readonly number[];
  readonly peerAddress: readonly number[];
  readonly peerAsn: number;
  readonly protocol: number;
  readonly assetPort: number;
  readonly peerPort: number;
  readonly initiator: number;
  readonly initiatorSeen: boolean;
  readonly periodFromMs: number;
  readonly periodToMs: number;
  readonly session: number;
  readonly evidence: EvidenceRow[];
  startMs: number;
  endMs: number;
  octetsOut: number;
  octetsIn: number;
  packetsOut: number;
  packetsIn: number;
  sampling: number;
  level: number;
  records: number;
}

export function holdRecord(record: ObservedRecord, row: EvidenceRow | undefined): HeldRecord {
  const { asset, fleet, peerAsn, protocol, assetPort, peerPort, initiator, initiatorSeen, periodFromMs, periodToMs, session } = record;
  const { startMs, endMs, octetsOut, octetsIn, packetsOut, packetsIn, sampling, level, records } = record;
  return {
    asset,
    fleet,
    assetAddress: [...record.assetBytes.subarray(record.assetOffset, record.assetOffset + 16)],
    peerAddress: [...record.peerBytes.subarray(record.peerOffset, record.peerOffset + 16)],
    peerAsn,
    protocol,
    assetPort,
    peerPort,
    initiator,
    initiatorSeen,
    periodFromMs,
    periodToMs,
    session,
    evidence: row === undefined ? [] : [row],
    startMs,
    endMs,
    octetsOut,
    octetsIn,
    packetsOut,
    packetsIn,
    sampling,
    level,
    records,
  };
}

/** Adds another record of the same session. */
export function addToHeld(held: HeldRecord, record: ObservedRecord, row: EvidenceRow | undefined, mostRows: number): void {
  held.startMs = Math.min(held.startMs, record.startMs);
  held.endMs = Math.max(held.endMs, record.endMs);
  held.octetsOut += record.octetsOut;
  held.octetsIn += record.octetsIn;
  held.packetsOut += record.packetsOut;
  held.packetsIn += record.packetsIn;
  held.sampling = Math.max(held.sampling, record.sampling);
  held.level = record.level;
  held.records += record.records;
  if (row !== undefined && held.evidence.length < mostRows) held.evidence.push(row);
}

/** The record as a detection would have seen it; its row is gone. */
export function releaseRecord(held: HeldRecord): ObservedRecord {
  const { assetAddress, peerAddress, evidence: _, ...values } = held;
  const record = Object.assign(new ObservedRecord(), values);
  record.assetBytes = Uint8Array.from(assetAddress);
  record.peerBytes = Uint8Array.from(peerAddress);
  record.row = -1;
  return record;
}
