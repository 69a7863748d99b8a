import { MAX_TUNNEL_WORDS, type PacketHeaders } from './packet.js';
import { hasEndpoints, kindOf, layerWords, TunnelKind } from './tunnel-layers.js';
import { tunnelText } from './tunnel-text.js';

/** Distinct tunnels known at a time: memory bound, 6 MB. When it is reached, those no longer in use are forgotten. */
export const MAX_TUNNELS = 16_384;
/** Stands for a tunnel there was no room for: visible in the data, never taken for another. */
export const TOO_MANY_TUNNELS = '(too many tunnels)';
const OVERFLOW = 1;
/** Most tables see a few tunnels or none. */
const FIRST_CAPACITY = 64;

/**
 * Numbers for the headers around packets, so that a tunnel costs a look-up per packet and its text is made once. 0 is no tunnel.
 *
 * A tunnel as seen has an identity, the same for both directions of a flow, by which flows are told apart: endpoints in either order, and without what
 * differs by direction or by path: MPLS labels (RFC 3031 §2.2: labels are downstream-assigned; penultimate hop popping), GTP TEIDs, L2TP sessions and PPTP
 * calls (each end gives its own), Teredo (questions go by servers, answers by relays). A mirror session (ERSPAN, TZSP) sends both directions one
 * way, so its endpoints keep their order.
 */
export class TunnelTable {
  private readonly words: Int32Array[] = [];
  private hashes = new Int32Array(FIRST_CAPACITY);
  private identities = new Int32Array(FIRST_CAPACITY);
  private readonly texts: string[] = [];
  private slots = new Int32Array(FIRST_CAPACITY * 2);
  private readonly free: number[] = [];
  private readonly scratch = new Int32Array(MAX_TUNNEL_WORDS);
  private next = OVERFLOW + 1;

  constructor() {
    this.identities[OVERFLOW] = OVERFLOW;
    this.hashes[OVERFLOW] = OVERFLOW;
    this.texts[OVERFLOW] = TOO_MANY_TUNNELS;
  }

  /** True when the next new tunnel may find no room (with its identity and its mirror image it needs three): call `retain` first. */
  get full(): boolean {
    return this.next > MAX_TUNNELS - 4 && this.free.length < 4;
  }

  /** The number of the tunnel that `packet` came in, 0 for none. */
  resolve(packet: PacketHeaders): number {
    return packet.tunnelLength === 0 ? 0 : this.intern(packet.tunnelWords, packet.tunnelLength);
  }

  /** The number that both directions of a flow in this tunnel share, 0 where the tunnel tells no flows apart. */
  identityOf(tunnel: number): number {
    return this.identities[tunnel]!;
  }

  /** A hash that stays the tunnel's when its number is given to another. */
  hashOf(tunnel: number): number {
    return this.hashes[tunnel]!;
  }

  /** The text of the column `tunnel`. */
  text(tunnel: number): string {
    if (tunnel === 0) return '';
    this.texts[tunnel] ??= tunnelText(this.words[tunnel]!);
    return this.texts[tunnel]!;
  }

  /** The same tunnel for packets the other way. */
  mirrored(tunnel: number): number {
    const words = this.words[tunnel];
    if (words === undefined) return tunnel;
    const { scratch } = this;
    scratch.set(words);
    for (let at = 0; at < words.length; at += layerWords(words[at]!)) if (turnsAround(words[at]!)) swapEnds(scratch, at);
    return this.intern(scratch, words.length);
  }

  /** Forgets all tunnels but those that `used` has 1 for and their identities. */
  retain(used: Uint8Array): void {
    for (let tunnel = OVERFLOW + 1; tunnel < this.next; tunnel++) {
      if (used[tunnel] === 1) used[this.identities[tunnel]!] = 1;
    }
    this.slots.fill(0);
    this.free.length = 0;
    for (let tunnel = OVERFLOW + 1; tunnel < this.next; tunnel++) {
      if (used[tunnel] === 1) this.insert(tunnel);
      else {
        delete this.texts[tunnel];
        this.free.push(tunnel);
      }
    }
  }

  private intern(words: Int32Array, length: number): number {
    const hash = hashOf(words, length);
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const tunnel = this.slots[slot]!;
      if (this.hashes[tunnel] === hash && sameWords(this.words[tunnel]!, words, length)) return tunnel;
    }
    const tunnel = this.free.pop() ?? (this.next < MAX_TUNNELS ? this.next++ : OVERFLOW);
    if (tunnel === OVERFLOW) return OVERFLOW;
    if (tunnel === this.hashes.length) this.grow();
    this.words[tunnel] = words.slice(0, length);
    this.hashes[tunnel] = hash;
    this.insert(tunnel);
    const identity = identityWords(this.words[tunnel]!);
    const itself = identity.length === length && sameWords(this.words[tunnel]!, identity, length);
    this.identities[tunnel] = itself ? tunnel : identity.length === 0 ? 0 : this.intern(identity, identity.length);
    return tunnel;
  }

  private grow(): void {
    const { hashes, identities } = this;
    this.hashes = new Int32Array(hashes.length * 2);
    this.hashes.set(hashes);
    this.identities = new Int32Array(identities.length * 2);
    this.identities.set(identities);
    const known = this.slots.filter((tunnel) => tunnel !== 0);
    this.slots = new Int32Array(this.slots.length * 2);
    for (const tunnel of known) this.insert(tunnel);
  }

  private insert(tunnel: number): void {
    const mask = this.slots.length - 1;
    let slot = this.hashes[tunnel]! & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = tunnel;
  }
}

/** The words that both directions share; made once per tunnel. */
function identityWords(words: Int32Array): Int32Array {
  const out: number[] = [];
  for (let at = 0; at < words.length; at += layerWords(words[at]!)) {
    const layer = words.slice(at, at + layerWords(words[at]!));
    switch (kindOf(layer[0]!)) {
      case TunnelKind.mpls:
      case TunnelKind.teredo:
        continue;
      case TunnelKind.gtpu:
      case TunnelKind.l2tp:
      case TunnelKind.pptp:
        layer[1] = 0;
    }
    if (turnsAround(layer[0]!) && destinationFirst(layer)) swapEnds(layer, 0);
    out.push(...layer);
  }
  return Int32Array.from(out);
}

function turnsAround(word: number): boolean {
  const kind = kindOf(word);
  return hasEndpoints(word) && kind !== TunnelKind.erspan && kind !== TunnelKind.tzsp;
}

function destinationFirst(layer: Int32Array): boolean {
  for (let word = 2; word < 6; word++) if (layer[word] !== layer[word + 4]) return layer[word]! > layer[word + 4]!;
  return false;
}

function swapEnds(words: Int32Array, at: number): void {
  for (let word = at + 2; word < at + 6; word++) {
    const source = words[word]!;
    words[word] = words[word + 4]!;
    words[word + 4] = source;
  }
}

function sameWords(a: Int32Array, b: Int32Array, length: number): boolean {
  if (a.length !== length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Fixed, without a secret: what is forgotten must depend on the packets alone; the table is bounded, so is a probe. */
function hashOf(words: Int32Array, length: number): number {
  let hash = length;
  for (let i = 0; i < length; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
