import type { FlowBatch } from '../../flow/batch.js';
import { Initiator } from '../../flow/columns.js';
import type { CompiledClaims } from '../claims/compiled.js';
import { Began, type ObservedRecord } from '../detections/observed-record.js';
import {
  asksOnly,
  FIRST_USER_PORT,
  hasPorts,
  icmpInitiator,
  initiatorByPorts,
  Protocol,
  SEEN_CONFIDENCE,
  sharesServicePort,
} from './orientation.js';
import type { ReadColumns } from './read-columns.js';
import { isServicePort } from './service-ports.js';
import { BOTH_FIRST } from './session-rows.js';
import { OTHER_IDLE_MS, type SessionTable } from './session-table.js';

/** Formats whose sensor sees packets one by one: its word on who spoke first holds where nothing better is known. */
const SEES_PACKETS = new Set(['pcap', 'zeek', 'suricata']);

/** Beside Began.*: two ends that share a service's port began in the same millisecond, and nothing else tells which of them did. */
export const TIED = 3;
/** Records of one exchange of question and answer begin within so long of each other. */
const EXCHANGE_MS = 1000;
/** What goes on teaches anew now and then that its server is one: within a day, even by a record each hour and direction. */
const RECORDS_PER_LESSON = 16;

/** Who began the session of a row (orientation.ts), from the row and from what the session has kept of those before it. */
export class InitiatorReader {
  private readonly claims: CompiledClaims;
  private columns: ReadColumns;
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

  /** Rows are places of these columns from now on, with the dictionaries of the batch. */
  turnTo(columns: ReadColumns): void {
    this.columns = columns;
  }

  /** Began.* or TIED. `known`: records of the session before this one; `firstBeforeMs`: when it had begun before. `into`: the row's ends and times. */
  read(
    row: number,
    sessions: SessionTable,
    slot: number,
    fromAsset: boolean,
    known: number,
    firstBeforeMs: number,
    into: ObservedRecord,
  ): number {
    const { protocol } = into;
    const began = this.seenOrByPorts(row, sessions, slot, fromAsset, into);
    if (protocol === Protocol.tcp ? began !== Began.unknown : !hasPorts(protocol) || sessions.seen(slot) !== Began.unknown) {
      if (known < 2 && protocol === Protocol.tcp) this.teach(began, sessions, slot, into);
      return began;
    }
    // What the ports say of a session stays as it was judged with its first two records, of which there is one for each direction.
    if (began !== Began.unknown && known > 1) return sessions.judged(slot);
    const first = this.bySpeakingFirst(row, sessions, slot, fromAsset, into.startMs, known === 0 ? Number.NaN : firstBeforeMs);
    if (protocol === Protocol.tcp) return this.byServersOrOrder(first, sessions, slot, known, into);
    if (began !== Began.unknown) return this.byOrderOrPorts(began, first, sessions, slot, known, into);
    if (first === Began.unknown) return this.ofTie(sessions, slot, fromAsset, into);
    if (known < 2) sessions.precedents.note(into, responderPort(first, into), first, true);
    return first;
  }

  /** Began.* by rules 1 to 6. What is seen sticks to the session. */
  private seenOrByPorts(row: number, sessions: SessionTable, slot: number, fromAsset: boolean, into: ObservedRecord): number {
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

  /** Began.* by rule 8. */
  private bySpeakingFirst(
    row: number,
    sessions: SessionTable,
    slot: number,
    fromAsset: boolean,
    startMs: number,
    firstBeforeMs: number,
  ): number {
    const { initiator, exportProtocol, reversePacketDeltaCount, biflow } = this.columns;
    const known = initiator[row]!;
    if (this.seesPacketsOfCode[exportProtocol.codes[row]!] === 1 && known !== Initiator.unknown) {
      const began = (known === Initiator.source) === fromAsset ? Began.asset : Began.peer;
      sessions.markFirst(slot, began, startMs, firstBeforeMs, true);
    } else if (biflow[row] === 0 && reversePacketDeltaCount[row] === 0) {
      sessions.markFirst(slot, fromAsset ? Began.asset : Began.peer, startMs, firstBeforeMs, false);
    } else {
      sessions.markBothFirst(slot);
    }
    return sessions.spokeFirst(slot);
  }

  /** Takes in whose port is a server's, where the port itself does not say so. `began`: Began.* of the other end. */
  private teach(began: number, sessions: SessionTable, slot: number, into: ObservedRecord): void {
    const port = responderPort(began, into);
    if (port < FIRST_USER_PORT || isServicePort(port) || !sessions.isExchange(slot) || this.claims.isClaimedPort(into.protocol, port))
      return;
    sessions.servers.teach(into, began, sessions.seen(slot) !== Began.unknown);
  }

  /** Began.* by rule 7, or by rule 8 (`first`). */
  private byServersOrOrder(first: number, sessions: SessionTable, slot: number, known: number, into: ObservedRecord): number {
    if (!sessions.isExchange(slot)) return first;
    if (first !== Began.unknown && sessions.sawHandshake(slot)) {
      if (known < 2) this.teach(first, sessions, slot, into);
      return first;
    }
    // What it was judged by may be forgotten while it goes on for weeks.
    if (sessions.isByServer(slot)) {
      const began = sessions.judged(slot);
      if (known % RECORDS_PER_LESSON === 0) this.teach(began, sessions, slot, into);
      return began;
    }
    const began = sessions.servers.began(into);
    if (began === Began.unknown) return first;
    sessions.markByServer(slot);
    return began;
  }

  /** Where rules 2 to 5 and who was heard first differ: `byPorts`, or the other one by rules a and b. `first`: who spoke first, where both were heard. */
  private byOrderOrPorts(
    byPorts: number,
    first: number,
    sessions: SessionTable,
    slot: number,
    known: number,
    into: ObservedRecord,
  ): number {
    const { precedents } = sessions;
    const heard = sessions.heardFirst(slot);
    if (into.sampling > 1 || heard === Began.unknown || heard === BOTH_FIRST || heard === byPorts) {
      if (known === 0 || first !== Began.unknown)
        precedents.note(into, responderPort(byPorts, into), byPorts, first === byPorts && into.sampling === 1);
      return byPorts;
    }
    if (known === 0) precedents.suspect(into, heard);
    if (precedents.isCaller(into, responderPort(byPorts, into), byPorts)) return byPorts;
    if (precedents.isCaller(into, responderPort(heard, into), heard)) return heard;
    return sessions.sawBothWays(slot) && into.startMs >= precedents.sinceMs + OTHER_IDLE_MS ? heard : byPorts;
  }

  /** Began.* by rule 9, TIED, or unknown. */
  private ofTie(sessions: SessionTable, slot: number, fromAsset: boolean, into: ObservedRecord): number {
    if (!sharesServicePort(this.claims, into)) return this.byOnlyCaller(sessions, slot, into);
    const { precedents } = sessions;
    const { startMs, endMs, peerPort, sensor } = into;
    // The session may go on for days: a later question and its answer tell who asks.
    const afterMs = startMs - sessions.countedUntil(slot, !fromAsset, sensor);
    if (startMs === endMs && afterMs !== 0 && Math.abs(afterMs) <= EXCHANGE_MS)
      precedents.note(into, peerPort, fromAsset === afterMs < 0 ? Began.asset : Began.peer, true);
    const caller = precedents.onlyCaller(into, peerPort);
    if (caller !== Began.unknown) return caller;
    return sessions.heardFirst(slot) === BOTH_FIRST ? TIED : Began.unknown;
  }

  /** Began.* of who alone was seen to begin such exchanges before, on one of the two ports; unknown where only one direction was heard. */
  private byOnlyCaller(sessions: SessionTable, slot: number, into: ObservedRecord): number {
    if (sessions.heardFirst(slot) !== BOTH_FIRST) return Began.unknown;
    const { precedents } = sessions;
    const asset = precedents.onlyCaller(into, into.peerPort) === Began.asset;
    const peer = precedents.onlyCaller(into, into.assetPort) === Began.peer;
    if (asset === peer) return Began.unknown;
    return asset ? Began.asset : Began.peer;
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

/** The port of the end that did not begin. */
function responderPort(began: number, { assetPort, peerPort }: ObservedRecord): number {
  return began === Began.asset ? peerPort : assetPort;
}
