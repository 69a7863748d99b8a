import type { StateReader, StateWriter } from '../baseline/state.js';
import { Began, type ObservedRecord } from '../detections/observed-record.js';
import { KEY, NOTED, NotedRows, STATE, secondsOf } from './noted-rows.js';

/*
 * Who has begun exchanges without connections (UDP and the like) between an asset and a peer on a port of the responder, of one unit. Where the records of an exchange do
 * not tell who began, or tell two things, those before it do.
 *
 * Rows of peer, asset (the owner) and port. One that only suspects gives way before one that knows.
 *   state  who began, as sets of Began.*: by ports <<2 | by the order of packets
 *   of a pair of ends (PAIR for the port): two words instead, suspicions of the asset and of the peer, each
 *        highest port that it has spoken from <<16 | how many
 */

/** Of a pair of ends: the word of suspicions is this one and who is suspected (Began.*). */
const SUSPECTED = STATE - Began.asset;

const BOTH = Began.asset | Began.peer;
const BY_PORTS_SHIFT = 2;
/** In the place of a port, and none: what is kept of a pair of ends whatever their ports. */
const PAIR = 1 << 16;
/**
 * An end that has spoken first, from so many ports, each higher than the one before, to an end that the ports say is its client, is no server of so many services: it sends
 * from the ports that its system gives it in turn. Less than what makes a scan (scan.ts: 15 ports).
 */
export const PORTS_OF_A_CALLER = 8;

export class Precedents extends NotedRows {
  /** Start of the unit's earliest record without a connection; +∞ before it. What goes on since before then shows no begin. */
  sinceMs = Number.POSITIVE_INFINITY;

  /** `began` (Began.*) has begun an exchange with the other's `port`: by the order of its packets, or as its ports suggest. */
  note(record: ObservedRecord, port: number, began: number, byOrder: boolean): void {
    const at = this.rowFor(record, port);
    this.words[at + STATE]! |= byOrder ? began : began << BY_PORTS_SHIFT;
  }

  /** `began` was heard first, from a port that says that it only answers. */
  suspect(record: ObservedRecord, began: number): void {
    const at = this.rowFor(record, PAIR) + SUSPECTED + began;
    const ownPort = began === Began.asset ? record.assetPort : record.peerPort;
    const known = this.words[at]!;
    const count = known & 0xffff;
    if (count < PORTS_OF_A_CALLER && ownPort > known >>> 16) this.words[at] = ((ownPort << 16) | (count + 1)) >>> 0;
  }

  /** True when `began` is known to begin exchanges with `port`, in whatever way. */
  isCaller(record: ObservedRecord, port: number, began: number): boolean {
    const at = this.rowOf(record, port);
    const state = at < 0 ? 0 : this.words[at + STATE]!;
    if (((state | (state >>> BY_PORTS_SHIFT)) & began) !== 0) return true;
    const pair = this.rowOf(record, PAIR);
    return pair >= 0 && (this.words[pair + SUSPECTED + began]! & 0xffff) >= PORTS_OF_A_CALLER;
  }

  /** Began.* of the one end that was seen to begin exchanges with `port`, by the order of packets; unknown where neither or both were. */
  onlyCaller(record: ObservedRecord, port: number): number {
    const at = this.rowOf(record, port);
    const seen = at < 0 ? Began.unknown : this.words[at + STATE]! & BOTH;
    return seen === BOTH ? Began.unknown : seen;
  }

  override save(writer: StateWriter): void {
    writer.f64(this.sinceMs);
    super.save(writer);
  }

  override load(reader: StateReader): void {
    this.sinceMs = reader.f64();
    super.load(reader);
  }

  protected worthOf(row: number): number {
    return this.words[row + KEY]! >>> 8 === PAIR ? 0 : 1;
  }

  private rowOf(record: ObservedRecord, port: number): number {
    return this.find(record.peerWords, record.peerWordsOffset, record.asset, keyOf(record, port));
  }

  /** Noted at the record's time. */
  private rowFor(record: ObservedRecord, port: number): number {
    if (record.startMs < this.sinceMs) this.sinceMs = record.startMs;
    const at = this.placeFor(record.peerWords, record.peerWordsOffset, record.asset, keyOf(record, port));
    this.words[at + NOTED] = secondsOf(record.startMs);
    return at;
  }
}

function keyOf({ protocol }: ObservedRecord, port: number): number {
  return (port << 8) | protocol;
}
