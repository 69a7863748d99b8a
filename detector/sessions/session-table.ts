import { finishHash, mixWord } from '../baseline/hash.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import { Level } from '../detections/observed-record.js';
import { ActiveTimeout } from './active-timeout.js';
import { Protocol, TcpFlag } from './orientation.js';

/*
 * Sessions of one unit: flow records of one 5-tuple gathered (detection.md P2). Pairs the two one-way records of NetFlow v5 and v9, joins records
 * that the active timeout cut, and joins what two sensors say of the same packets without adding it twice.
 *
 * Sessions lie in rows 0 … count−1 without gaps; an open-addressed index, twice as long, leads to them. Probing reads the index alone.
 *   index  0: free; else (tag & TAG_MASK) | row + 1
 *   row    80 bytes  the fields of `Field`, as doubles
 *          64 bytes  asset address 4 · peer address 4 · asset port <<16 | peer port · protocol · sensor out · sensor in
 *                    · flags out <<16 | in · marks · tag, a hash of the key
 *                    · octets scaled by sampling, out <<16 | in, each at most MOST_ESTIMATE
 */

/** Most sessions of one unit: 4 096 × 152 bytes = 608 KiB. When full, the quarter that was silent longest is forgotten. */
export const MAX_SESSIONS_PER_UNIT = 4096;
/** Silence after which the same 5-tuple is another session: TCP without FIN or RST; as long as softflowd's own TCP timeout. */
export const TCP_IDLE_MS = 3_605_000;
/** The same for protocols without an end: NetFlow exporters use up to 300 s for UDP. */
export const OTHER_IDLE_MS = 305_000;
/** The same after FIN or RST: the last acknowledgements and the other direction's record may still follow. */
export const CLOSED_IDLE_MS = 5000;
/**
 * Of tries without an answer, from one port: a SYN that comes again later than the ones before it lasted, and this much more, is another try. Stacks wait twice as
 * long each time (RFC 6298 §5.5), from 1 s or 3 s on, at most 64 s (Linux, tcp_syn_retries 6), and send at most eleven (macOS).
 */
export const SYN_WAIT_MS = 4000;
export const SYN_LONGEST_WAIT_MS = 70_000;
export const MOST_SYNS = 11;
/** A session that can no longer continue is kept this much longer at least, for the records of its other direction that are still on their way. */
export const LATE_MS = 120_000;
/** Clocks of two sensors that tell of the same packets may differ by this much. */
const SENSOR_SKEW_MS = 1000;

const INITIAL_ROWS = 8;
/** Rows are counted in the low 13 bits of an index entry, from 1. */
const ROW_MASK = 0x1fff;
const TAG_MASK = ~ROW_MASK;

export const Field = {
  first: 0,
  last: 1,
  octetsOut: 2,
  octetsIn: 3,
  packetsOut: 4,
  packetsIn: 5,
  records: 6,
  /** Serial number, from 1. */
  serial: 7,
  sensorOutEnd: 8,
  sensorInEnd: 9,
} as const;
const NUMBERS = 10;

// Words of a row, counted from its begin: the doubles come first.
const ASSET = NUMBERS * 2;
const PEER = ASSET + 4;
const PORTS = PEER + 4;
const PROTOCOL = PORTS + 1;
const SENSOR_OUT = PROTOCOL + 1;
const SENSOR_IN = SENSOR_OUT + 1;
const FLAGS = SENSOR_IN + 1;
const MARKS = FLAGS + 1;
const TAG = MARKS + 1;
const ESTIMATES = TAG + 1;
const WORDS = ESTIMATES + 1;
const DOUBLES = WORDS / 2;
/** Beyond what any rule asks for (completion.ts: TRANSFERRED_OCTETS). */
const MOST_ESTIMATE = 0xffff;

// Marks: seen initiator (bits 0–1), initiator judged with (2–3), furthest level told (4–5), biflow (6), class of the peer (8–23),
// who spoke first (24–25: Began.*, or 3 where two began in the same millisecond), by a sensor that saw the packets (26).
const SEEN_MASK = 0b11;
const JUDGED_SHIFT = 2;
const TOLD_SHIFT = 4;
const BIFLOW_BIT = 1 << 6;
const PEER_SHIFT = 8;
const PEER_MASK = 0xffff;
const FIRST_SHIFT = 24;
const BOTH_FIRST = 3;
const SAW_PACKETS_BIT = 1 << 26;

export class SessionTable {
  /** The slot's numbers are at `slot * stride + Field.x`. */
  readonly stride = DOUBLES;
  numbers = new Float64Array(INITIAL_ROWS * DOUBLES);
  /** The same memory as `numbers`. */
  private words = new Uint32Array(this.numbers.buffer);
  private index = new Uint32Array(INITIAL_ROWS * 2);
  private readonly maxSessions: number;
  private readonly ended: (serial: number) => void;
  private rows = INITIAL_ROWS;
  private count = 0;
  private serials = 0;
  private readonly activeTimeout = new ActiveTimeout();
  // Times of the record that is looked up: as arguments of functions that V8 does not inline, doubles would become objects.
  private startMs = 0;
  private endMs = 0;
  /** TCP flags of both its directions. */
  private flags = 0;

  /**
   * `ended` is told the serial number of every session that is forgotten or followed by another of the same 5-tuple. `maxSessions` is a power of
   * two, 32 to 4096.
   */
  constructor(ended: (serial: number) => void, maxSessions: number = MAX_SESSIONS_PER_UNIT) {
    this.ended = ended;
    this.maxSessions = maxSessions;
  }

  /**
   * The slot of the session that a record [startMs, endMs] belongs to, begun now if there is none (`records` is then 0). Slots are good until the
   * next `find`. Addresses are given as words (network order bytes in memory) at word offsets; `flags`: TCP flags of the record, both directions.
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
    flags = 0,
  ): number {
    this.flags = flags;
    this.startMs = startMs;
    this.endMs = endMs;
    this.activeTimeout.take(endMs - startMs);
    return this.seek(asset, assetAt, peer, peerAt, ports, protocol);
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
  /** Octets scaled by sampling, as far as MOST_ESTIMATE. */
  estimateOut(slot: number): number {
    return this.words[slot * WORDS + ESTIMATES]! >>> 16;
  }
  estimateIn(slot: number): number {
    return this.words[slot * WORDS + ESTIMATES]! & 0xffff;
  }
  addEstimates(slot: number, out: number, back: number): void {
    const at = slot * WORDS + ESTIMATES;
    const sumOut = Math.min(MOST_ESTIMATE, (this.words[at]! >>> 16) + out);
    const sumIn = Math.min(MOST_ESTIMATE, (this.words[at]! & 0xffff) + back);
    this.words[at] = ((sumOut << 16) | sumIn) >>> 0;
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
  /** What is known of the peer beside its address, from all records so far (PeerClasses). */
  peerClass(slot: number): number {
    return (this.words[slot * WORDS + MARKS]! >>> PEER_SHIFT) & PEER_MASK;
  }
  setPeerClass(slot: number, peerClass: number): void {
    const at = slot * WORDS + MARKS;
    this.words[at] = ((this.words[at]! & ~(PEER_MASK << PEER_SHIFT)) | (peerClass << PEER_SHIFT)) >>> 0;
  }
  /**
   * Takes in that `side` (Began.*) spoke at `startMs`, of a session that had begun at `firstBeforeMs` (NaN: with this record). The earliest stays.
   * `sawPackets`: the sensor says who spoke first, not only in which direction.
   */
  markFirst(slot: number, side: number, startMs: number, firstBeforeMs: number, sawPackets: boolean): void {
    const at = slot * WORDS + MARKS;
    const marks = this.words[at]!;
    const known = (marks >>> FIRST_SHIFT) & SEEN_MASK;
    // Whom the packets' order shows holds against starts of records.
    if ((marks & SAW_PACKETS_BIT) !== 0 && !sawPackets) return;
    let first = known;
    if (known === 0 || startMs < firstBeforeMs || (sawPackets && (marks & SAW_PACKETS_BIT) === 0)) first = side;
    else if (startMs === firstBeforeMs && known !== side) first = BOTH_FIRST;
    this.words[at] = ((marks & ~(SEEN_MASK << FIRST_SHIFT)) | (first << FIRST_SHIFT) | (sawPackets ? SAW_PACKETS_BIT : 0)) >>> 0;
  }
  /** Began.* of who spoke first, as far as that is known: of records of one direction each, both directions are needed. */
  spokeFirst(slot: number): number {
    const marks = this.words[slot * WORDS + MARKS]!;
    const first = (marks >>> FIRST_SHIFT) & SEEN_MASK;
    const at = slot * DOUBLES;
    const both = this.numbers[at + Field.packetsOut]! > 0 && this.numbers[at + Field.packetsIn]! > 0;
    return first !== BOTH_FIRST && (both || (marks & SAW_PACKETS_BIT) !== 0) ? first : 0;
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
    const endAt = slot * DOUBLES + (out ? Field.sensorOutEnd : Field.sensorInEnd);
    const holder = this.words[at]!;
    const heldUntil = this.numbers[endAt]!;
    if (holder !== 0 && holder !== sensor && startMs <= heldUntil + SENSOR_SKEW_MS) return false;
    this.words[at] = sensor;
    if (holder !== sensor || endMs > heldUntil) this.numbers[endAt] = endMs;
    return true;
  }

  save(writer: StateWriter): void {
    writer.u32(this.rows);
    writer.u32(this.count);
    writer.f64(this.serials);
    this.activeTimeout.save(writer);
    writer.numbers(this.words.subarray(0, this.count * WORDS));
  }

  load(reader: StateReader): void {
    this.rows = reader.u32();
    this.count = reader.u32();
    this.serials = reader.f64();
    this.activeTimeout.load(reader);
    this.resize(this.rows, new Uint32Array(0));
    reader.numbers(this.words.subarray(0, this.count * WORDS));
    this.enterAll();
  }

  private seek(asset: Uint32Array, assetAt: number, peer: Uint32Array, peerAt: number, ports: number, protocol: number): number {
    // Of the asset's address, which varies little, the last word is enough for the hash; the key is compared whole.
    let hash = mixWord(mixWord(protocol, asset[assetAt + 3]!), ports);
    hash = mixWord(mixWord(hash, peer[peerAt]!), peer[peerAt + 1]!);
    const tag = finishHash(mixWord(mixWord(hash, peer[peerAt + 2]!), peer[peerAt + 3]!));

    const { index } = this;
    const mask = index.length - 1;
    let place = tag & mask;
    for (;;) {
      const entry = index[place]!;
      if (entry === 0) break;
      if (((entry ^ tag) & TAG_MASK) === 0) {
        const slot = (entry & ROW_MASK) - 1;
        if (this.isOf(slot, asset, assetAt, peer, peerAt, ports, protocol)) {
          if (!this.continues(slot)) {
            this.ended(this.numbers[slot * DOUBLES + Field.serial]!);
            this.begin(slot);
          }
          return slot;
        }
      }
      place = (place + 1) & mask;
    }
    if (this.count === this.rows) {
      this.makeRoom();
      place = this.freePlace(tag);
    }
    return this.add(place, tag, asset, assetAt, peer, peerAt, ports, protocol);
  }

  private isOf(
    slot: number,
    asset: Uint32Array,
    assetAt: number,
    peer: Uint32Array,
    peerAt: number,
    ports: number,
    protocol: number,
  ): boolean {
    const { words } = this;
    const at = slot * WORDS;
    return (
      words[at + PORTS] === ports &&
      words[at + PEER + 3] === peer[peerAt + 3] &&
      words[at + PEER + 2] === peer[peerAt + 2] &&
      words[at + PEER + 1] === peer[peerAt + 1] &&
      words[at + PEER] === peer[peerAt] &&
      words[at + PROTOCOL] === protocol &&
      words[at + ASSET + 3] === asset[assetAt + 3] &&
      words[at + ASSET + 2] === asset[assetAt + 2] &&
      words[at + ASSET + 1] === asset[assetAt + 1] &&
      words[at + ASSET] === asset[assetAt]
    );
  }

  private add(
    place: number,
    tag: number,
    asset: Uint32Array,
    assetAt: number,
    peer: Uint32Array,
    peerAt: number,
    ports: number,
    protocol: number,
  ): number {
    const slot = this.count++;
    const { words } = this;
    const at = slot * WORDS;
    this.index[place] = (tag & TAG_MASK) | (slot + 1);
    // A loop, here and in `begin`: for so few elements `set` and `fill` cost more than the rest of the look-up.
    for (let i = 0; i < 4; i++) {
      words[at + ASSET + i] = asset[assetAt + i]!;
      words[at + PEER + i] = peer[peerAt + i]!;
    }
    words[at + PORTS] = ports;
    words[at + PROTOCOL] = protocol;
    words[at + TAG] = tag;
    this.begin(slot);
    return slot;
  }

  private continues(slot: number): boolean {
    const at = slot * DOUBLES;
    const after = this.startMs - this.numbers[at + Field.last]!;
    if (after >= 0 && this.connectsAnew(slot, after)) return false;
    if (after > CLOSED_IDLE_MS) return after <= this.idleMs(slot);
    // A record from before the session came late: a FIN already seen belongs to the end, it does not part the two.
    const before = this.numbers[at + Field.first]! - this.endMs;
    return before <= (this.words[slot * WORDS + PROTOCOL] === Protocol.tcp ? TCP_IDLE_MS : OTHER_IDLE_MS);
  }

  /** True when the record's SYN begins another connection from the same port: the one before was answered, or no stack repeats its SYN so. */
  private connectsAnew(slot: number, afterMs: number): boolean {
    if ((this.flags & TcpFlag.syn) === 0 || this.words[slot * WORDS + PROTOCOL] !== Protocol.tcp) return false;
    const flags = this.words[slot * WORDS + FLAGS]!;
    if (((flags | (flags >>> 16)) & TcpFlag.ack) !== 0) return afterMs > CLOSED_IDLE_MS;
    const at = slot * DOUBLES;
    const lastedMs = this.numbers[at + Field.last]! - this.numbers[at + Field.first]!;
    const syns = this.numbers[at + Field.packetsOut]! + this.numbers[at + Field.packetsIn]!;
    return afterMs > Math.min(lastedMs + SYN_WAIT_MS, SYN_LONGEST_WAIT_MS) || syns >= MOST_SYNS;
  }

  private idleMs(slot: number): number {
    if (this.words[slot * WORDS + PROTOCOL] !== Protocol.tcp) return OTHER_IDLE_MS;
    const flags = this.words[slot * WORDS + FLAGS]!;
    return ((flags | (flags >>> 16)) & (TcpFlag.fin | TcpFlag.rst)) !== 0 ? CLOSED_IDLE_MS : TCP_IDLE_MS;
  }

  /** How long after its last packet a session may still get a record: one that began within the idle limit is exported an active timeout later. */
  private keepMs(slot: number): number {
    const idleMs = this.idleMs(slot);
    return idleMs + LATE_MS + (idleMs === CLOSED_IDLE_MS ? 0 : this.activeTimeout.learnedMs);
  }

  private begin(slot: number): void {
    const { numbers, words } = this;
    const at = slot * DOUBLES;
    for (let i = 0; i < NUMBERS; i++) numbers[at + i] = 0;
    for (let i = SENSOR_OUT; i < MARKS; i++) words[slot * WORDS + i] = 0;
    words[slot * WORDS + ESTIMATES] = 0;
    words[slot * WORDS + MARKS] = Level.attempt << TOLD_SHIFT;
    this.serials += 1;
    numbers[at + Field.serial] = this.serials;
    numbers[at + Field.first] = this.startMs;
    numbers[at + Field.last] = this.endMs;
  }

  /** Forgets what can no longer continue; where that frees less than a quarter, grows, or, at the limit, forgets the quarter silent longest. */
  private makeRoom(): void {
    const nowMs = this.endMs;
    this.keep((slot) => this.numbers[slot * DOUBLES + Field.last]! + this.keepMs(slot) >= nowMs);
    if (this.count * 4 > this.rows * 3) {
      if (this.rows < this.maxSessions) {
        this.resize(this.rows * 2, this.words);
      } else {
        const lasts = Float64Array.from({ length: this.count }, (_, slot) => this.numbers[slot * DOUBLES + Field.last]!).sort();
        const oldest = lasts[this.count >>> 2]!;
        this.keep((slot) => this.numbers[slot * DOUBLES + Field.last]! > oldest);
      }
    }
    this.enterAll();
  }

  /** Removes all other sessions and closes the gaps, in order. The index is stale until `enterAll`. */
  private keep(stays: (slot: number) => boolean): void {
    let kept = 0;
    for (let slot = 0; slot < this.count; slot++) {
      if (!stays(slot)) {
        this.ended(this.numbers[slot * DOUBLES + Field.serial]!);
        continue;
      }
      if (kept < slot) this.words.copyWithin(kept * WORDS, slot * WORDS, (slot + 1) * WORDS);
      kept += 1;
    }
    this.count = kept;
  }

  private resize(rows: number, words: Uint32Array): void {
    this.rows = rows;
    this.numbers = new Float64Array(rows * DOUBLES);
    this.words = new Uint32Array(this.numbers.buffer);
    this.words.set(words);
    this.index = new Uint32Array(rows * 2);
  }

  /** Makes the index anew. */
  private enterAll(): void {
    this.index.fill(0);
    for (let slot = 0; slot < this.count; slot++) {
      const tag = this.words[slot * WORDS + TAG]!;
      this.index[this.freePlace(tag)] = (tag & TAG_MASK) | (slot + 1);
    }
  }

  /** Where in the index a session of this tag goes. Half of the index is always free. */
  private freePlace(tag: number): number {
    const mask = this.index.length - 1;
    let place = tag & mask;
    while (this.index[place] !== 0) place = (place + 1) & mask;
    return place;
  }
}
