import { finishHash, mixWord } from '../baseline/hash.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import { Level } from '../detections/observed-record.js';
import { Protocol, TcpFlag } from './orientation.js';

/*
 * Sessions of one unit: flow records of one 5-tuple gathered (detection.md P2). Pairs the two one-way records of NetFlow v5 and v9, joins records
 * that the active timeout cut, and joins what two sensors say of the same packets without adding it twice.
 *
 * Open addressing over three arrays, one row per slot:
 *   tags     hash of the key with its lowest bit set; 0 marks a free slot. Probing reads these alone: sixteen to a cache line
 *   words    asset address 4 · peer address 4 · asset port <<16 | peer port · protocol · sensor out · sensor in · flags out <<16 | in · marks
 *   numbers  the fields of `Field`
 */

/** Most sessions of one unit: 4 096 × 2 slots × 156 bytes = 1.2 MiB. When full, the quarter that was silent longest is forgotten. */
export const MAX_SESSIONS_PER_UNIT = 4096;
/** Silence after which the same 5-tuple is another session: TCP without FIN or RST; as long as softflowd's own TCP timeout. */
export const TCP_IDLE_MS = 3_605_000;
/** The same for protocols without an end: NetFlow exporters use up to 300 s for UDP. */
export const OTHER_IDLE_MS = 305_000;
/** The same after FIN or RST: the last acknowledgements and the other direction's record may still follow. */
export const CLOSED_IDLE_MS = 5000;
/** A session that can no longer continue is kept this much longer at least, for the records of its other direction that are still on their way. */
export const LATE_MS = 120_000;
/** Clocks of two sensors that tell of the same packets may differ by this much. */
const SENSOR_SKEW_MS = 1000;

const INITIAL_SLOTS = 64;
const KEY_WORDS = 10;
const WORDS = 14;
const PORTS = 8;
const PROTOCOL = 9;
const SENSOR_OUT = 10;
const SENSOR_IN = 11;
const FLAGS = 12;
const MARKS = 13;

export const Field = {
  first: 0,
  last: 1,
  octetsOut: 2,
  octetsIn: 3,
  packetsOut: 4,
  packetsIn: 5,
  estimateOut: 6,
  estimateIn: 7,
  records: 8,
  /** Serial number, from 1. */
  serial: 9,
  sensorOutEnd: 10,
  sensorInEnd: 11,
} as const;
const NUMBERS = 12;

// Marks: seen initiator (bits 0–1), initiator judged with (2–3), furthest level told (4–5), biflow (6).
const SEEN_MASK = 0b11;
const JUDGED_SHIFT = 2;
const TOLD_SHIFT = 4;
const BIFLOW_BIT = 1 << 6;

export class SessionTable {
  /** The slot's numbers are at `slot * stride + Field.x`. */
  readonly stride = NUMBERS;
  numbers = new Float64Array(INITIAL_SLOTS * NUMBERS);
  private tags = new Uint32Array(INITIAL_SLOTS);
  private words = new Uint32Array(INITIAL_SLOTS * WORDS);
  private readonly key = new Uint32Array(KEY_WORDS);
  private readonly maxSessions: number;
  private readonly ended: (serial: number) => void;
  private slots = INITIAL_SLOTS;
  private count = 0;
  private serials = 0;

  /** `ended` is told the serial number of every session that is forgotten or followed by another of the same 5-tuple. */
  constructor(ended: (serial: number) => void, maxSessions: number = MAX_SESSIONS_PER_UNIT) {
    this.ended = ended;
    this.maxSessions = maxSessions;
  }

  /**
   * The slot of the session that a record [startMs, endMs] belongs to, begun now if there is none (`records` is then 0).
   * Addresses are given as words (network order bytes in memory) at word offsets.
   */
  find(
    asset: Uint32Array,
    assetAt: number,
    peer: Uint32Array,
    peerAt: number,
    ports: number,
    protocol: number,
    startMs: number,
    endMs: number,
  ): number {
    const key = this.key;
    let hash = 0;
    for (let i = 0; i < 4; i++) {
      const a = asset[assetAt + i]!;
      const p = peer[peerAt + i]!;
      key[i] = a;
      key[4 + i] = p;
      hash = mixWord(mixWord(hash, a), p);
    }
    key[PORTS] = ports;
    key[PROTOCOL] = protocol;
    const tag = (finishHash(mixWord(mixWord(hash, ports), protocol)) | 1) >>> 0;

    let slot = this.probe(key, tag);
    if (this.tags[slot] !== 0) {
      if (this.continues(slot, startMs, endMs)) return slot;
      this.ended(this.numbers[slot * NUMBERS + Field.serial]!);
      this.begin(slot, startMs, endMs);
      return slot;
    }
    if ((this.count + 1) * 2 > this.slots) {
      this.makeRoom(endMs);
      slot = this.probe(key, tag);
    }
    // A loop, here and in `begin`: for so few elements `set` and `fill` cost more than the rest of the look-up.
    for (let i = 0; i < KEY_WORDS; i++) this.words[slot * WORDS + i] = key[i]!;
    this.tags[slot] = tag;
    this.count += 1;
    this.begin(slot, startMs, endMs);
    return slot;
  }

  flagsOut(slot: number): number {
    return this.words[slot * WORDS + FLAGS]! >>> 16;
  }
  flagsIn(slot: number): number {
    return this.words[slot * WORDS + FLAGS]! & 0xffff;
  }
  addFlags(slot: number, out: number, back: number): void {
    const at = slot * WORDS + FLAGS;
    this.words[at] = (this.words[at]! | ((out << 16) | back)) >>> 0;
  }
  /** Began.* that was seen, sticking: the first sighting stays. */
  seen(slot: number): number {
    return this.words[slot * WORDS + MARKS]! & SEEN_MASK;
  }
  markSeen(slot: number, began: number): void {
    const at = slot * WORDS + MARKS;
    if ((this.words[at]! & SEEN_MASK) === 0) this.words[at] = this.words[at]! | began;
  }
  /** Began.* that the session was last judged with. */
  judged(slot: number): number {
    return (this.words[slot * WORDS + MARKS]! >>> JUDGED_SHIFT) & SEEN_MASK;
  }
  markJudged(slot: number, began: number): void {
    const at = slot * WORDS + MARKS;
    this.words[at] = (this.words[at]! & ~(SEEN_MASK << JUDGED_SHIFT)) | (began << JUDGED_SHIFT);
  }
  told(slot: number): number {
    return (this.words[slot * WORDS + MARKS]! >>> TOLD_SHIFT) & 0b11;
  }
  biflow(slot: number): boolean {
    return (this.words[slot * WORDS + MARKS]! & BIFLOW_BIT) !== 0;
  }
  /** Takes in what a record's own columns say of its completion, and whether it measured both directions. */
  markTold(slot: number, level: number, biflow: boolean): void {
    const at = slot * WORDS + MARKS;
    let marks = this.words[at]!;
    if (level > ((marks >>> TOLD_SHIFT) & 0b11)) marks = (marks & ~(0b11 << TOLD_SHIFT)) | (level << TOLD_SHIFT);
    this.words[at] = biflow ? marks | BIFLOW_BIT : marks;
  }

  /**
   * True when this sensor's counts of one direction are to be added: it is the one that told of the direction first, or the other has
   * fallen behind. Each stretch of time is thus counted from one sensor, whichever came first.
   */
  counts(slot: number, out: boolean, sensor: number, startMs: number, endMs: number): boolean {
    const at = slot * WORDS + (out ? SENSOR_OUT : SENSOR_IN);
    const endAt = slot * NUMBERS + (out ? Field.sensorOutEnd : Field.sensorInEnd);
    const holder = this.words[at]!;
    const heldUntil = this.numbers[endAt]!;
    if (holder !== 0 && holder !== sensor && startMs <= heldUntil + SENSOR_SKEW_MS) return false;
    this.words[at] = sensor;
    if (holder !== sensor || endMs > heldUntil) this.numbers[endAt] = endMs;
    return true;
  }

  save(writer: StateWriter): void {
    writer.u32(this.slots);
    writer.u32(this.count);
    writer.f64(this.serials);
    writer.numbers(this.tags);
    writer.numbers(this.words);
    writer.numbers(this.numbers);
  }

  load(reader: StateReader): void {
    this.slots = reader.u32();
    this.count = reader.u32();
    this.serials = reader.f64();
    this.tags = new Uint32Array(this.slots);
    this.words = new Uint32Array(this.slots * WORDS);
    this.numbers = new Float64Array(this.slots * NUMBERS);
    reader.numbers(this.tags);
    reader.numbers(this.words);
    reader.numbers(this.numbers);
  }

  /** The slot that holds the key, or the free one where it would go. Half of the slots are always free. */
  private probe(key: Uint32Array, tag: number): number {
    const { tags, words } = this;
    const mask = this.slots - 1;
    let slot = (tag >>> 1) & mask;
    for (;;) {
      const found = tags[slot]!;
      if (found === 0) return slot;
      if (found === tag) {
        const base = slot * WORDS;
        let i = KEY_WORDS - 1;
        while (i >= 0 && words[base + i] === key[i]) i--;
        if (i < 0) return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  private continues(slot: number, startMs: number, endMs: number): boolean {
    const at = slot * NUMBERS;
    const after = startMs - this.numbers[at + Field.last]!;
    if (after > CLOSED_IDLE_MS) return after <= this.idleMs(slot);
    // A record from before the session came late: a FIN already seen belongs to the end, it does not part the two.
    const before = this.numbers[at + Field.first]! - endMs;
    return before <= (this.words[slot * WORDS + PROTOCOL] === Protocol.tcp ? TCP_IDLE_MS : OTHER_IDLE_MS);
  }

  private idleMs(slot: number): number {
    if (this.words[slot * WORDS + PROTOCOL] !== Protocol.tcp) return OTHER_IDLE_MS;
    const flags = this.words[slot * WORDS + FLAGS]!;
    return ((flags | (flags >>> 16)) & (TcpFlag.fin | TcpFlag.rst)) !== 0 ? CLOSED_IDLE_MS : TCP_IDLE_MS;
  }

  private begin(slot: number, startMs: number, endMs: number): void {
    const at = slot * NUMBERS;
    for (let i = 0; i < NUMBERS; i++) this.numbers[at + i] = 0;
    for (let i = KEY_WORDS; i < WORDS; i++) this.words[slot * WORDS + i] = 0;
    this.words[slot * WORDS + MARKS] = Level.attempt << TOLD_SHIFT;
    this.serials += 1;
    this.numbers[at + Field.serial] = this.serials;
    this.numbers[at + Field.first] = startMs;
    this.numbers[at + Field.last] = endMs;
  }

  /** Forgets what can no longer continue; where that frees less than a quarter, grows, or, at the limit, forgets the quarter silent longest. */
  private makeRoom(nowMs: number): void {
    this.sweep((slot) => this.numbers[slot * NUMBERS + Field.last]! + this.idleMs(slot) + LATE_MS < nowMs);
    if (this.count * 8 <= this.slots * 3) return;
    if (this.slots < this.maxSessions * 2) {
      this.grow();
      return;
    }

    const lasts = new Float64Array(this.count);
    let found = 0;
    for (let slot = 0; slot < this.slots; slot++) {
      if (this.tags[slot] !== 0) lasts[found++] = this.numbers[slot * NUMBERS + Field.last]!;
    }
    lasts.sort();
    const oldest = lasts[found >>> 2]!;
    this.sweep((slot) => this.numbers[slot * NUMBERS + Field.last]! <= oldest);
  }

  /** Removes the sessions that `goes` points out, in place. */
  private sweep(goes: (slot: number) => boolean): void {
    for (let slot = 0; slot < this.slots; slot++) {
      // Removing moves a later session into the slot: look again.
      while (this.tags[slot] !== 0 && goes(slot)) this.remove(slot);
    }
  }

  /** Frees a slot and closes the gap: every session behind it that could stand nearer to its own place moves up (Knuth 6.4, algorithm R). */
  private remove(slot: number): void {
    this.ended(this.numbers[slot * NUMBERS + Field.serial]!);
    this.count -= 1;
    const mask = this.slots - 1;
    let free = slot;
    for (let next = (slot + 1) & mask; this.tags[next] !== 0; next = (next + 1) & mask) {
      const home = (this.tags[next]! >>> 1) & mask;
      if (((next - home) & mask) < ((next - free) & mask)) continue;
      this.tags[free] = this.tags[next]!;
      this.words.copyWithin(free * WORDS, next * WORDS, (next + 1) * WORDS);
      this.numbers.copyWithin(free * NUMBERS, next * NUMBERS, (next + 1) * NUMBERS);
      free = next;
    }
    this.tags[free] = 0;
  }

  private grow(): void {
    const { tags, words, numbers } = this;
    this.slots = tags.length * 2;
    this.tags = new Uint32Array(this.slots);
    this.words = new Uint32Array(this.slots * WORDS);
    this.numbers = new Float64Array(this.slots * NUMBERS);
    const mask = this.slots - 1;
    for (let old = 0; old < tags.length; old++) {
      const tag = tags[old]!;
      if (tag === 0) continue;
      let slot = (tag >>> 1) & mask;
      while (this.tags[slot] !== 0) slot = (slot + 1) & mask;
      this.tags[slot] = tag;
      this.words.set(words.subarray(old * WORDS, (old + 1) * WORDS), slot * WORDS);
      this.numbers.set(numbers.subarray(old * NUMBERS, (old + 1) * NUMBERS), slot * NUMBERS);
    }
  }
}
