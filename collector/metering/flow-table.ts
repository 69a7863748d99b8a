import type { PacketHeaders } from '../packets/packet.js';
import { ExpiryWheel } from './expiry-wheel.js';
import * as Entry from './flow-entry.js';
import { ENTRY_DOUBLES, ENTRY_WORDS } from './flow-entry.js';
import { FlowIndex } from './flow-index.js';

const FIRST_CAPACITY = 1024;

/** The flows being measured: entries in one buffer, the index that finds them, the wheel that expires them. Grows by doubling to `maxFlows`. */
export class FlowTable {
  words: Int32Array;
  doubles: Float64Array;
  size = 0;
  readonly wheel: ExpiryWheel;
  private readonly index: FlowIndex;
  private readonly maxFlows: number;
  private readonly seed: number;
  private capacity: number;
  /** Entries given back, linked through NEXT. */
  private free = -1;
  private used = 0;

  /** `seed` scatters hashes, so that nobody can choose addresses that collide; no result depends on it. */
  constructor(maxFlows: number, longestTimeoutMs: number, seed: number) {
    this.maxFlows = maxFlows;
    this.seed = seed;
    this.capacity = Math.min(FIRST_CAPACITY, maxFlows);
    const buffer = new ArrayBuffer(this.capacity * ENTRY_WORDS * 4);
    this.words = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.index = new FlowIndex(FIRST_CAPACITY);
    this.wheel = new ExpiryWheel(longestTimeoutMs);
  }

  get full(): boolean {
    return this.size >= this.maxFlows;
  }

  /** Equal for both directions of a flow: the endpoints' hashes are added. `tunnel` is the tunnel's identity. */
  hash(packet: PacketHeaders, ports: number, kind: number, tunnel: number): number {
    const { seed } = this;
    const source = endpointHash(seed, packet.source0, packet.source1, packet.source2, packet.source3, packet.sourcePort);
    const { destination0, destination1, destination2, destination3 } = packet;
    const destination = endpointHash(seed, destination0, destination1, destination2, destination3, packet.destinationPort);
    // Where there are no ports (ICMP type and code), `ports` is the same both ways and tells flows apart.
    const where = Math.imul(kind, 31) ^ Math.imul(tunnel, 0x2c1b3c6d);
    const rest = packet.sourcePort === 0 && packet.destinationPort === 0 ? where ^ ports : where;
    let hash = Math.imul((source + destination) ^ rest, 0xc2b2ae35);
    hash ^= hash >>> 16;
    return hash;
  }

  /**
   * The entry whose source is the packet's source, as entry * 2; or, where `bothWays`, the one whose destination is, as entry * 2 + 1;
   * −1 when there is none.
   */
  find(packet: PacketHeaders, ports: number, kind: number, tunnel: number, hash: number, bothWays: boolean): number {
    const { slots, mask } = this.index;
    const { words } = this;
    const reversePorts = (ports << 16) | (ports >>> 16);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot * 2 + 1]! - 1;
      if (entry < 0) return -1;
      if (slots[slot * 2] !== hash) continue;
      const at = entry * ENTRY_WORDS;
      if (words[at + Entry.KIND] !== kind) continue;
      if (tunnel !== 0 && Entry.tunnelIdentityOf(words[at + Entry.TUNNEL]!) !== tunnel) continue;
      const source3 = words[at + Entry.SOURCE_3]!;
      const destination3 = words[at + Entry.DESTINATION_3]!;
      if (words[at + Entry.PORTS] === ports && source3 === packet.source3 && destination3 === packet.destination3) {
        if (packet.version === 4 || sameHighWords(words, at, packet)) return entry * 2;
      }
      if (bothWays && words[at + Entry.PORTS] === reversePorts && source3 === packet.destination3 && destination3 === packet.source3) {
        if (packet.version === 4 || oppositeHighWords(words, at, packet)) return entry * 2 + 1;
      }
    }
  }

  /** A new entry with everything but its key, hash and place in index zero. The table must not be full. */
  add(hash: number): number {
    let entry = this.free;
    if (entry >= 0) this.free = this.words[entry * ENTRY_WORDS + Entry.NEXT]!;
    else {
      if (this.used === this.capacity) this.grow();
      entry = this.used++;
    }
    this.words.fill(0, entry * ENTRY_WORDS, (entry + 1) * ENTRY_WORDS);
    this.words[entry * ENTRY_WORDS + Entry.HASH] = hash;
    this.index.insert(hash, entry);
    this.size++;
    return entry;
  }

  remove(entry: number): void {
    const at = entry * ENTRY_WORDS;
    this.wheel.remove(this.words, entry);
    this.index.remove(this.words[at + Entry.HASH]!, entry);
    this.words[at + Entry.NEXT] = this.free;
    this.free = entry;
    this.size--;
  }

  /** Puts the entry into the bucket of its deadline. */
  schedule(entry: number, deadlineMs: number): void {
    this.wheel.add(this.words, entry, this.wheel.tickAfter(deadlineMs));
  }

  /** Marks the tunnels of all flows in `used`. */
  markTunnels(used: Uint8Array): void {
    const { slots } = this.index;
    for (let at = 1; at < slots.length; at += 2) {
      if (slots[at] === 0) continue;
      const tunnel = this.words[(slots[at]! - 1) * ENTRY_WORDS + Entry.TUNNEL]!;
      used[Entry.tunnelOf(tunnel)] = 1;
      used[Entry.tunnelIdentityOf(tunnel)] = 1;
    }
  }

  last(entry: number): number {
    return this.doubles[entry * ENTRY_DOUBLES + Entry.LAST]!;
  }

  private grow(): void {
    this.capacity = Math.min(this.capacity * 2, this.maxFlows);
    const buffer = new ArrayBuffer(this.capacity * ENTRY_WORDS * 4);
    const words = new Int32Array(buffer);
    words.set(this.words);
    this.words = words;
    this.doubles = new Float64Array(buffer);
    this.index.grow();
  }
}

function endpointHash(seed: number, a: number, b: number, c: number, d: number, port: number): number {
  let hash = Math.imul(d ^ seed, 0x9e3779b1);
  hash = Math.imul((hash ^ (hash >>> 15)) + port, 0x85ebca6b);
  // Zero for IPv4: its high words are the same for all.
  if (c !== 0xffff || a !== 0) {
    hash = Math.imul((hash ^ (hash >>> 13)) + c, 0x2c1b3c6d);
    hash = Math.imul((hash ^ (hash >>> 12)) + b, 0x297a2d39);
    hash = Math.imul((hash ^ (hash >>> 15)) + a, 0x9e3779b1);
  }
  return hash ^ (hash >>> 16);
}

function sameHighWords(words: Int32Array, at: number, packet: PacketHeaders): boolean {
  return (
    words[at + Entry.SOURCE_0] === packet.source0 &&
    words[at + Entry.SOURCE_0 + 1] === packet.source1 &&
    words[at + Entry.SOURCE_0 + 2] === packet.source2 &&
    words[at + Entry.DESTINATION_0] === packet.destination0 &&
    words[at + Entry.DESTINATION_0 + 1] === packet.destination1 &&
    words[at + Entry.DESTINATION_0 + 2] === packet.destination2
  );
}

function oppositeHighWords(words: Int32Array, at: number, packet: PacketHeaders): boolean {
  return (
    words[at + Entry.SOURCE_0] === packet.destination0 &&
    words[at + Entry.SOURCE_0 + 1] === packet.destination1 &&
    words[at + Entry.SOURCE_0 + 2] === packet.destination2 &&
    words[at + Entry.DESTINATION_0] === packet.source0 &&
    words[at + Entry.DESTINATION_0 + 1] === packet.source1 &&
    words[at + Entry.DESTINATION_0 + 2] === packet.source2
  );
}
