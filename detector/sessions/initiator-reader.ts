import type { FlowBatch } from '../../flow/batch.js';
import { Initiator } from '../../flow/columns.js';
import type { CompiledClaims } from '../claims/compiled.js';
import { Began, type ObservedRecord } from '../detections/observed-record.js';
import { asksOnly, icmpInitiator, initiatorByPorts, SEEN_CONFIDENCE } from './orientation.js';
import type { SessionTable } from './session-table.js';

/** Formats whose sensor sees packets one by one: its word on who spoke first holds where nothing better is known. */
const SEES_PACKETS = new Set(['pcap', 'zeek', 'suricata']);

/** Who began the session of a row (orientation.ts), from the row and from what the session has kept of those before it. */
export class InitiatorReader {
  private readonly claims: CompiledClaims;
  private columns: FlowBatch['columns'];
  private seesPacketsOfCode = new Uint8Array(0);

  constructor(claims: CompiledClaims, empty: FlowBatch) {
    this.claims = claims;
    this.columns = empty.columns;
  }

  /** Takes the batch whose rows are read next. */
  open(batch: FlowBatch): void {
    this.columns = batch.columns;
    this.seesPacketsOfCode = Uint8Array.from(batch.columns.exportProtocol.dictionary.names, (name) => (SEES_PACKETS.has(name) ? 1 : 0));
  }

  /** Began.* by rules 1 to 6. What is seen sticks to the session. `into`: the row's protocol and ports. */
  seenOrByPorts(row: number, sessions: SessionTable, slot: number, fromAsset: boolean, into: ObservedRecord): number {
    const seen = sessions.seen(slot);
    if (seen !== Began.unknown) return seen;
    const { protocol, assetPort, peerPort } = into;
    const now = this.seenInRow(row, fromAsset, protocol);
    if (now !== Began.unknown) {
      sessions.markSeen(slot, now);
      return now;
    }
    return initiatorByPorts(this.claims, protocol, assetPort, peerPort, sessions.flagsOut(slot), sessions.flagsIn(slot));
  }

  /** Began.* by rule 7. `firstBeforeMs`: when the session had begun before this row; NaN: it begins with it. */
  bySpeakingFirst(row: number, sessions: SessionTable, slot: number, fromAsset: boolean, startMs: number, firstBeforeMs: number): number {
    const { initiator, exportProtocol, reversePacketDeltaCount, biflow } = this.columns;
    const known = initiator[row]!;
    if (this.seesPacketsOfCode[exportProtocol.codes[row]!] === 1 && known !== Initiator.unknown) {
      const began = (known === Initiator.source) === fromAsset ? Began.asset : Began.peer;
      sessions.markFirst(slot, began, startMs, firstBeforeMs, true);
    } else if (biflow[row] === 0 && reversePacketDeltaCount[row] === 0) {
      sessions.markFirst(slot, fromAsset ? Began.asset : Began.peer, startMs, firstBeforeMs, false);
    }
    return sessions.spokeFirst(slot);
  }

  private seenInRow(row: number, fromAsset: boolean, protocol: number): number {
    const { columns } = this;
    const source = fromAsset ? Began.asset : Began.peer;
    const destination = fromAsset ? Began.peer : Began.asset;
    if (columns.initiatorConfidence[row]! >= SEEN_CONFIDENCE) {
      const initiator = columns.initiator[row]!;
      if (initiator === Initiator.source) return source;
      if (initiator === Initiator.destination) return destination;
    }
    if (asksOnly(columns.tcpControlBits[row]!)) return source;
    if (asksOnly(columns.reverseTcpControlBits[row]!)) return destination;
    return icmpInitiator(protocol, columns.icmpTypeCode[row]!, fromAsset);
  }
}
