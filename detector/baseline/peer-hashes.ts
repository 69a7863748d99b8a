import { isMappedIPv4Words, parseAddress } from '../../flow/address.js';
import { finishHash, mixWord } from './hash.js';

const HASH_SEED = 0x9747b28c;

/** A peer's address and its network (/24, /48) as pairs of 32-bit hashes, for sets. One object, filled anew for each peer. */
export class PeerHashes {
  peerA = 0;
  peerB = 0;
  networkA = 0;
  networkB = 0;

  /** Of an address as text. */
  takeText(address: string): this {
    this.take(new Uint32Array(parseAddress(address).slice().buffer), 0);
    return this;
  }

  /** `words`: the address in network order at word offset `at`. */
  take(words: Uint32Array, at: number): void {
    const a = words[at]!;
    const b = words[at + 1]!;
    const c = words[at + 2]!;
    const d = words[at + 3]!;
    this.peerA = finishHash(mixWord(mixWord(mixWord(mixWord(0, a), b), c), d));
    this.peerB = finishHash(mixWord(mixWord(mixWord(mixWord(HASH_SEED, a), b), c), d));
    // Words are read little-endian: the low three bytes of the last word are the first three of an IPv4 address.
    const v4 = isMappedIPv4Words(words, at);
    const high = v4 ? c : a;
    const low = v4 ? d & 0x00ffffff : b & 0xffff;
    this.networkA = finishHash(mixWord(mixWord(1, high), low));
    this.networkB = finishHash(mixWord(mixWord(HASH_SEED ^ 1, high), low));
  }
}

/** Of the record at hand, for all units and detections: whoever judges takes the peer first, and keeps nothing in it. */
export const hashesAtHand = new PeerHashes();
