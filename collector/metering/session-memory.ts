import type { PacketHeaders } from '../packets/packet.js';
import * as Entry from './flow-entry.js';
import { ENTRY_WORDS } from './flow-entry.js';

const SETS = 8192;
const WAYS = 8;
/** TCP sessions remembered at a time: memory bound, 3.7 MB. A full set forgets its oldest session. */
export const MAX_REMEMBERED_SESSIONS = SETS * WAYS;
const WORDS = 12;
const PORTS = 8;
const KIND = 9;
const STATE = 10;
const TUNNEL = 11;

/**
 * Who opened a TCP session that fell silent without being closed, and whether its handshake was seen. An interactive session pauses for
 * longer than the idle timeout; without this its next record would take whoever speaks first for the initiator. A set-associative cache
 * over one Int32Array: constant memory, nothing allocated.
 */
export class SessionMemory {
  /** What the session found by `recall` had shown (Entry.State). */
  state = 0;
  private readonly words = new Int32Array(MAX_REMEMBERED_SESSIONS * WORDS);
  private readonly times = new Float64Array(MAX_REMEMBERED_SESSIONS).fill(Number.NEGATIVE_INFINITY);
  private readonly keepMs: number;

  constructor(keepMs: number) {
    this.keepMs = keepMs;
  }

  /** Notes the session of a table entry whose last packet came at `lastMs`; `tunnel` is the hash of its tunnel's identity, 0 for none. */
  remember(flow: Int32Array, entry: number, tunnel: number, lastMs: number): void {
    const from = entry * ENTRY_WORDS;
    const { words, times } = this;
    const ports = flow[from + Entry.PORTS]!;
    const source3 = flow[from + Entry.SOURCE_3]!;
    const destination3 = flow[from + Entry.DESTINATION_3]!;
    const first = setOf(source3, destination3, ports) * WAYS;
    let place = first;
    for (let way = first; way < first + WAYS; way++) {
      const at = way * WORDS;
      const same = words[at + PORTS] === ports && words[at + 3] === source3 && words[at + 7] === destination3;
      const where = words[at + KIND] === flow[from + Entry.KIND] && words[at + TUNNEL] === tunnel;
      if (same && where && words[at] === flow[from + Entry.SOURCE_0]) {
        place = way;
        break;
      }
      if (times[way]! < times[place]!) place = way;
    }
    const at = place * WORDS;
    for (let word = 0; word < 3; word++) {
      words[at + word] = flow[from + Entry.SOURCE_0 + word]!;
      words[at + 4 + word] = flow[from + Entry.DESTINATION_0 + word]!;
    }
    words[at + 3] = source3;
    words[at + 7] = destination3;
    words[at + PORTS] = ports;
    words[at + KIND] = flow[from + Entry.KIND]!;
    words[at + STATE] = flow[from + Entry.STATE]!;
    words[at + TUNNEL] = tunnel;
    times[place] = lastMs;
  }

  /** 0 when the packet's source opened the session, 1 when its destination did, −1 when nothing is known; `state` is then set. */
  recall(packet: PacketHeaders, ports: number, kind: number, tunnel: number, timeMs: number): number {
    const { words, times } = this;
    const reversePorts = (ports << 16) | (ports >>> 16);
    const first = setOf(packet.source3, packet.destination3, ports) * WAYS;
    for (let way = first; way < first + WAYS; way++) {
      const at = way * WORDS;
      if (words[at + KIND] !== kind || words[at + TUNNEL] !== tunnel || timeMs - times[way]! > this.keepMs) continue;
      const forward = words[at + PORTS] === ports && isSource(words, at, packet) && isDestination(words, at + 4, packet);
      if (!forward && !(words[at + PORTS] === reversePorts && isDestination(words, at, packet) && isSource(words, at + 4, packet)))
        continue;
      this.state = words[at + STATE]!;
      return forward ? 0 : 1;
    }
    return -1;
  }
}

function isSource(words: Int32Array, at: number, packet: PacketHeaders): boolean {
  if (words[at + 3] !== packet.source3 || words[at + 2] !== packet.source2) return false;
  return words[at + 1] === packet.source1 && words[at] === packet.source0;
}

function isDestination(words: Int32Array, at: number, packet: PacketHeaders): boolean {
  if (words[at + 3] !== packet.destination3 || words[at + 2] !== packet.destination2) return false;
  return words[at + 1] === packet.destination1 && words[at] === packet.destination0;
}

/** The same for both directions; fixed, without a secret: what is forgotten must depend on the packets alone. */
function setOf(source3: number, destination3: number, ports: number): number {
  let hash = Math.imul((source3 + destination3) | 0, 0x9e3779b1) ^ Math.imul((ports >>> 16) + (ports & 0xffff), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) & (SETS - 1);
}
