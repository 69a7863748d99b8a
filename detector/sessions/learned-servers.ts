import { DAY_MS, SECOND_MS } from '../../flow/time.js';
import { Began, type ObservedRecord } from '../detections/observed-record.js';
import { NOTED, NotedRows, STATE, secondsOf } from './noted-rows.js';

/*
 * Ends of connections (address and port) that are servers by what was seen of one unit's sessions, for those whose begin was not seen and whose ports tell nothing
 * (detection.md P1). An end is a server when somebody was seen to call it and spoke with it, or when it was spoken with from several ports, while its own stayed.
 *
 * Rows of ends, which have no owner. One that is no server yet gives way before one that is, and of those the one with fewer ports.
 *   state  SEEN or 0 · the ports of others, as bits
 */

const SEEN = 1;
const PORTS = STATE + 1;
/**
 * Ports of others that make a server. A client that keeps to one port and calls servers with as many ports would be taken for one, as would who looks from one port for open
 * ones, if each exchanged as many packets as `isExchange` (session-rows.ts) asks for: then less would do for nobody and more would take reconnecting clients days.
 */
export const PORTS_OF_A_SERVER = 4;
/** Ports that came later than this after one another are counted anew: systems give a client its port again. */
const LASTING_S = DAY_MS / SECOND_MS;

export class LearnedServers extends NotedRows {
  /** `began` (Began.*) has begun a session with the other end; `seen`: that was seen, not told by ports or order. */
  teach(record: ObservedRecord, began: number, seen: boolean): void {
    const at = this.take(record, began === Began.peer);
    if (seen) this.words[at + STATE] = SEEN;
  }

  /** Takes in a session of which nothing tells who began. Began.* of the end that spoke with the only server of the two. */
  began(record: ObservedRecord): number {
    const asset = this.isServer(this.take(record, true));
    // The second end may have taken the place of the first: what was read of that stays true.
    const peer = this.isServer(this.take(record, false));
    if (asset === peer) return Began.unknown;
    return asset ? Began.peer : Began.asset;
  }

  protected worthOf(row: number): number {
    return this.words[row + STATE] === SEEN ? PORTS_OF_A_SERVER + 1 : Math.min(PORTS_OF_A_SERVER, bitsOf(this.words[row + PORTS]!));
  }

  private isServer(row: number): boolean {
    return this.worthOf(row) >= PORTS_OF_A_SERVER;
  }

  /** The row of one end, with the other's port. */
  private take(record: ObservedRecord, ofAsset: boolean): number {
    const { assetPort, peerPort, protocol, startMs } = record;
    const key = ((ofAsset ? assetPort : peerPort) << 8) | protocol;
    const at = ofAsset
      ? this.placeFor(record.assetWords, record.assetWordsOffset, 0, key)
      : this.placeFor(record.peerWords, record.peerWordsOffset, 0, key);
    const { words } = this;
    const nowS = secondsOf(startMs);
    if (nowS > words[at + NOTED]! + LASTING_S) words[at + PORTS] = 0;
    if (nowS > words[at + NOTED]!) words[at + NOTED] = nowS;
    // Fibonacci hashing: ports that follow one another get bits of their own.
    words[at + PORTS]! |= 1 << (Math.imul(ofAsset ? peerPort : assetPort, 0x9e3779b1) >>> 27);
    return at;
  }
}

function bitsOf(word: number): number {
  let count = 0;
  for (let left = word; left !== 0; left &= left - 1) count += 1;
  return count;
}
