import { formatAddress, isMappedIPv4Words, parsePrefix } from '../../flow/address.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import { type ExchangeKinds, KindWord } from '../sessions/exchange-kinds.js';
import { finishHash, hashText, mixWord } from './hash.js';
import { NumberPool, type Piece } from './number-pool.js';
import type { StateReader, StateWriter } from './state.js';

/*
 * Peers by group (detection.md P7), because a service behind many addresses is one: the declared set or fleet that the address lies in, else its AS, else its /24
 * or /48.
 */

/** Groups of one asset that are kept apart. Beyond, the one with the least volume gives way: a scan of many addresses turns over the smallest only. */
export const MOST_PEER_GROUPS = 16;
const FIRST_PEER_GROUPS = 4;

// What is kept with a kind of exchange: that its group was looked up, and that claims name it.
const LOOKED_UP = 1;
const NAMED = 2;

/** Tells the group of a record's peer. One for all units of a partition; keys are kept with the kinds of exchange: a cache. */
export class PeerGroupReader {
  private readonly claims: CompiledClaims;
  private readonly kinds: ExchangeKinds;

  constructor(claims: CompiledClaims, kinds: ExchangeKinds) {
    this.claims = claims;
    this.kinds = kinds;
  }

  /** A number for the group; equal groups, equal numbers, two groups share one once in 2^32. */
  keyOf(record: ObservedRecord): number {
    const facts = this.kinds.word(record, KindWord.groupFacts) || this.lookUp(record);
    // Not part of what a kind is: exporters of one network tell it differently.
    if (record.peerAsn === 0 || (facts & NAMED) !== 0) return this.kinds.word(record, KindWord.group);
    return finishHash(mixWord(1, record.peerAsn));
  }

  private lookUp(record: ObservedRecord): number {
    const { peerWords: words, peerWordsOffset: offset } = record;
    const name = this.claims.nameOf(record.peerBytes, record.peerOffset);
    // Words are read little-endian: the low three bytes of the last word are the first three of an IPv4 address.
    const v4 = isMappedIPv4Words(words, offset);
    const network = v4 ? mixWord(2, words[offset + 3]! & 0x00ffffff) : mixWord(mixWord(3, words[offset]!), words[offset + 1]! & 0xffff);
    const facts = name === '' ? LOOKED_UP : LOOKED_UP | NAMED;
    this.kinds.keep(record, KindWord.group, name === '' ? finishHash(network) : hashText(name));
    this.kinds.keep(record, KindWord.groupFacts, facts);
    return facts;
  }
}

/** The group in words: 'archive', 'AS64500', '203.0.113.0/24', '2001:db8:1::/48'. */
export function peerGroupName(record: Pick<ObservedRecord, 'peerBytes' | 'peerOffset' | 'peerAsn'>, claims: CompiledClaims): string {
  const { peerBytes, peerOffset, peerAsn } = record;
  const name = claims.nameOf(peerBytes, peerOffset);
  if (name !== '') return name;
  if (peerAsn !== 0) return `AS${peerAsn}`;
  const network = peerBytes.slice(peerOffset, peerOffset + 16);
  const v4 = network[10] === 0xff && network[11] === 0xff && network.subarray(0, 10).every((byte) => byte === 0);
  network.fill(0, v4 ? 15 : 6);
  return `${formatAddress(network)}/${v4 ? 24 : 48}`;
}

/** What `peerGroupName` calls the group of an address or a prefix whose AS is not told. */
export function groupNameOf(peer: string, claims: CompiledClaims): string {
  return peerGroupName({ peerBytes: parsePrefix(peer).bytes, peerOffset: 0, peerAsn: 0 }, claims);
}

/** The peer groups of one asset, in places from 0 on; which group has which place its owner knows by their keys. */
export class PeerGroups {
  names: readonly string[] = [];
  /** How often a group gave way: once one has, a group that enters may have been here before. */
  evictions = 0;
  /** Octets of each, which decide who gives way; the owner adds and halves them. */
  private piece: Piece;
  private readonly pool: NumberPool;

  constructor(pool = new NumberPool()) {
    this.pool = pool;
    this.piece = pool.piece(FIRST_PEER_GROUPS * 8);
  }

  get size(): number {
    return this.names.length;
  }

  /** The next group that enters takes the place of another. */
  get isFull(): boolean {
    return this.names.length === MOST_PEER_GROUPS;
  }

  /** A place for a group that has none: the next, or that of the smallest group. What the owner keeps there is to be cleared. */
  enter(name: string): number {
    let place = this.names.length;
    if (place === MOST_PEER_GROUPS) {
      const { volumes } = this;
      place = volumes.indexOf(Math.min(...volumes));
      this.evictions += 1;
    } else if (place === this.volumes.length) this.resize(Math.min(MOST_PEER_GROUPS, 2 * place));
    // A copy: pushed to, it would have room for seventeen.
    this.names = place < this.names.length ? this.names.with(place, name) : this.names.concat(name);
    this.volumes[place] = 0;
    return place;
  }

  /** Places that a decision on `peer` is about: that of its group, or all where it names none. */
  placesOf(peer: string, claims: CompiledClaims): number[] {
    const name = peer === '' ? undefined : groupNameOf(peer, claims);
    return this.names.flatMap((one, place) => (name === undefined || one === name ? [place] : []));
  }

  /** The group at `place` has exchanged so much more. */
  add(place: number, octets: number): void {
    this.piece.chunk.doubles[this.piece.from / 8 + place]! += octets;
  }

  halve(): void {
    const { volumes } = this;
    for (let place = 0; place < this.names.length; place++) volumes[place]! /= 2;
  }

  save(writer: StateWriter): void {
    writer.text(JSON.stringify(this.names));
    writer.f64(this.evictions);
    writer.u32(this.volumes.length);
    writer.numbers(this.volumes);
  }

  load(reader: StateReader): void {
    this.names = JSON.parse(reader.text()) as string[];
    this.evictions = reader.f64();
    this.resize(reader.u32());
    reader.numbers(this.volumes);
  }

  private get volumes(): Float64Array {
    const { chunk, from, bytes } = this.piece;
    return chunk.doubles.subarray(from / 8, (from + bytes) / 8);
  }

  private resize(places: number): void {
    const { piece, volumes } = this;
    if (places === volumes.length) return;
    this.piece = this.pool.piece(places * 8);
    this.volumes.set(volumes.subarray(0, places));
    this.pool.release(piece);
  }
}
