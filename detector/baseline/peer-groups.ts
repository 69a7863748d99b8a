import { formatAddress, parsePrefix } from '../../flow/address.js';
import type { CompiledClaims } from '../claims/compiled.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import { finishHash, hashText, mixWord } from './hash.js';
import type { StateReader, StateWriter } from './state.js';

/*
 * Peers by group (detection.md P7), because a service behind many addresses is one: the declared set or fleet that the address lies in, else its AS, else its /24
 * or /48.
 */

/** Groups of one asset that are kept apart. Beyond, the one with the least volume gives way: a scan of many addresses turns over the smallest only. */
export const MOST_PEER_GROUPS = 16;
const FIRST_PEER_GROUPS = 4;
const V4_BITS = 0xffff0000;

/** Tells the group of a record's peer. One for each unit. */
export class PeerGroupReader {
  private readonly claims: CompiledClaims;
  private readonly mask: number;
  // A cache by kind of exchange; where the group has its place is a guess, to be looked at.
  private readonly serials: Uint32Array;
  private readonly keys: Uint32Array;
  private readonly named: Uint8Array;
  private readonly places: Uint8Array;

  /** `remembered`: kinds of exchange whose group is remembered, at least; the next power of two is taken. */
  constructor(claims: CompiledClaims, remembered = 64) {
    this.claims = claims;
    const kinds = 2 ** Math.ceil(Math.log2(Math.max(1, remembered)));
    this.mask = kinds - 1;
    this.serials = new Uint32Array(kinds);
    this.keys = new Uint32Array(kinds);
    this.named = new Uint8Array(kinds);
    this.places = new Uint8Array(kinds);
  }

  /** Place of the record's group among `groups`, those of its asset; −1 when it has none. */
  placeOf(record: ObservedRecord, groups: PeerGroups): number {
    const key = this.keyOf(record);
    const at = record.kind & this.mask;
    const place = groups.find(key, this.places[at]!);
    if (place >= 0) this.places[at] = place;
    return place;
  }

  /** A number for the group; equal groups, equal numbers, two groups share one once in 2^32. */
  keyOf(record: ObservedRecord): number {
    const at = record.kind & this.mask;
    if (this.serials[at] !== record.kindSerial) this.lookUp(record, at);
    // Not part of what a kind is: exporters of one network tell it differently.
    return record.peerAsn === 0 || this.named[at] === 1 ? this.keys[at]! : finishHash(mixWord(1, record.peerAsn));
  }

  private lookUp(record: ObservedRecord, at: number): void {
    const { peerWords: words, peerWordsOffset: offset } = record;
    const name = this.claims.nameOf(record.peerBytes, record.peerOffset);
    // Words are read little-endian: the low three bytes of the last word are the first three of an IPv4 address.
    const v4 = words[offset] === 0 && words[offset + 1] === 0 && words[offset + 2] === V4_BITS;
    const network = v4 ? mixWord(2, words[offset + 3]! & 0x00ffffff) : mixWord(mixWord(3, words[offset]!), words[offset + 1]! & 0xffff);
    this.serials[at] = record.kindSerial;
    this.named[at] = name === '' ? 0 : 1;
    this.keys[at] = name === '' ? finishHash(network) : hashText(name);
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

/** The peer groups of one asset, in places from 0 on. */
export class PeerGroups {
  /** Octets of each, which decide who gives way; the owner adds and halves them. */
  volumes = new Float64Array(FIRST_PEER_GROUPS);
  readonly names: string[] = [];
  /** How often a group gave way: once one has, a group that enters may have been here before. */
  evictions = 0;
  private keys = new Uint32Array(FIRST_PEER_GROUPS);

  get size(): number {
    return this.names.length;
  }

  /** The next group that enters takes the place of another. */
  get isFull(): boolean {
    return this.names.length === MOST_PEER_GROUPS;
  }

  /** Bytes of typed arrays. */
  get bytes(): number {
    return this.volumes.byteLength + this.keys.byteLength;
  }

  /** Place of the group; −1 when it has none. `guess` is looked at first. */
  find(key: number, guess = 0): number {
    const { keys } = this;
    const { length } = this.names;
    if (keys[guess] === key && guess < length) return guess;
    for (let place = 0; place < length; place++) if (keys[place] === key) return place;
    return -1;
  }

  /** A place for a group that has none: the next, or that of the smallest group. What the owner keeps there is to be cleared. */
  enter(key: number, name: string): number {
    let place = this.names.length;
    if (place === MOST_PEER_GROUPS) {
      place = this.volumes.indexOf(Math.min(...this.volumes));
      this.evictions += 1;
    } else if (place === this.keys.length) this.resize(Math.min(MOST_PEER_GROUPS, 2 * place));
    this.keys[place] = key;
    this.names[place] = name;
    this.volumes[place] = 0;
    return place;
  }

  /** Places that a decision on `peer` is about: that of its group, or all where it names none. */
  placesOf(peer: string, claims: CompiledClaims): number[] {
    const name = peer === '' ? undefined : groupNameOf(peer, claims);
    return this.names.flatMap((one, place) => (name === undefined || one === name ? [place] : []));
  }

  halve(): void {
    for (let place = 0; place < this.names.length; place++) this.volumes[place]! /= 2;
  }

  save(writer: StateWriter): void {
    writer.text(JSON.stringify(this.names));
    writer.f64(this.evictions);
    writer.u32(this.keys.length);
    writer.numbers(this.keys);
    writer.numbers(this.volumes);
  }

  load(reader: StateReader): void {
    this.names.length = 0;
    this.names.push(...(JSON.parse(reader.text()) as string[]));
    this.evictions = reader.f64();
    this.resize(reader.u32());
    reader.numbers(this.keys);
    reader.numbers(this.volumes);
  }

  private resize(places: number): void {
    const { keys, volumes } = this;
    this.keys = new Uint32Array(places);
    this.keys.set(keys.subarray(0, places));
    this.volumes = new Float64Array(places);
    this.volumes.set(volumes.subarray(0, places));
  }
}
