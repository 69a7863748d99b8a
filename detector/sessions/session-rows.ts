import { isMappedIPv4Words } from '../../flow/address.js';
import type { NumberPool } from '../baseline/number-pool.js';
import { Level } from '../detections/observed-record.js';
import { refusesOnly, TcpFlag } from './orientation.js';

/*
 * What is kept of a session: 152 bytes.
 *   80 bytes  the fields of `Field`, as doubles
 *   72 bytes  asset address 4 words · peer address 4 · asset port <<16 | peer port · protocol · sensor out · sensor in
 *             · flags out <<16 | in · marks · tag, a hash of the key
 *             · octets scaled by sampling, out <<16 | in, each at most MOST_ESTIMATE
 */

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
export const ASSET = NUMBERS * 2;
export const PEER = ASSET + 4;
export const PORTS = PEER + 4;
export const PROTOCOL = PORTS + 1;
const SENSOR_OUT = PROTOCOL + 1;
const SENSOR_IN = SENSOR_OUT + 1;
const FLAGS = SENSOR_IN + 1;
const MARKS = FLAGS + 1;
export const TAG = MARKS + 1;
const ESTIMATES = TAG + 1;
export const WORDS = ESTIMATES + 1;
export const DOUBLES = WORDS / 2;
/** Beyond what any rule asks for (completion.ts: TRANSFERRED_OCTETS). */
const MOST_ESTIMATE = 0xffff;
/** Clocks of two sensors that tell of the same packets may differ by this much. */
const SENSOR_SKEW_MS = 1000;
/** Memory of so many doubles, some sixty rows, comes from the pool; more is an array of its own, of which nothing is left when it is outgrown. */
const MOST_POOLED = 1280;

// Marks: seen initiator (bits 0–1), initiator judged with (2–3: Began.*, or 3 where it is a tie), furthest level told (4–5), biflow (6), class of the peer (8–23),
// who spoke first (24–25: Began.*, or 3 where two began in the same millisecond), by a sensor that saw the packets (26), judged by a learned server (27).
const SEEN_MASK = 0b11;
const JUDGED_SHIFT = 2;
const TOLD_SHIFT = 4;
const BIFLOW_BIT = 1 << 6;
const PEER_SHIFT = 8;
const PEER_MASK = 0xffff;
const FIRST_SHIFT = 24;
/** Both directions began in the same millisecond. */
export const BOTH_FIRST = 3;
const SAW_PACKETS_BIT = 1 << 26;
const BY_SERVER_BIT = 1 << 27;
/** Packets each way of what is no try: a stack sends at most three SYNs to a port that refuses each (Windows), and a look for open ports ends with the answer. */
const EXCHANGE_PACKETS = 4;
/** Octets of a packet that holds headers alone, as a refusal does, however often it is asked for; and one more. */
const BARE_OCTETS = { ipv4: 41, ipv6: 61 } as const;

/** Rows of sessions with their fields. A row is a slot, from 0; who lies in which is the session table's to say. */
export class SessionRows {
  /** The slot's numbers are at `slot * stride + Field.x`. */
  readonly stride = DOUBLES;
  /** Behind the rows lies the session table's index. */
  numbers: Float64Array;
  /** The same memory as `numbers`. */
  protected words: Uint32Array;
  protected readonly pool: NumberPool;

  /** `doubles`: how much memory to begin with. */
  constructor(doubles: number, pool: NumberPool) {
    this.pool = pool;
    this.numbers = pool.doubles(doubles);
    this.words = wordsOf(this.numbers);
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
  /** Began.* of whom the earliest record heard, though the other end may have been heard by nobody; BOTH_FIRST. */
  heardFirst(slot: number): number {
    return (this.words[slot * WORDS + MARKS]! >>> FIRST_SHIFT) & SEEN_MASK;
  }
  /** Takes in that both directions were told of in one record that does not say who spoke first. */
  markBothFirst(slot: number): void {
    const at = slot * WORDS + MARKS;
    if (this.heardFirst(slot) === 0) this.words[at] = (this.words[at]! | (BOTH_FIRST << FIRST_SHIFT)) >>> 0;
  }
  /** True when a sensor that saw the packets one by one says who spoke first, and packets went both ways. */
  sawBothWays(slot: number): boolean {
    const at = slot * DOUBLES;
    const both = this.numbers[at + Field.packetsOut]! > 0 && this.numbers[at + Field.packetsIn]! > 0;
    return both && (this.words[slot * WORDS + MARKS]! & SAW_PACKETS_BIT) !== 0;
  }
  /** True when the two ends of a TCP session have spoken with each other, of which forged packets and refusals are no sign. */
  isExchange(slot: number): boolean {
    const { numbers, words } = this;
    const at = slot * DOUBLES;
    const out = numbers[at + Field.packetsOut]!;
    const back = numbers[at + Field.packetsIn]!;
    if (out < EXCHANGE_PACKETS || back < EXCHANGE_PACKETS) return false;
    const bare = isMappedIPv4Words(words, slot * WORDS + PEER) ? BARE_OCTETS.ipv4 : BARE_OCTETS.ipv6;
    if (numbers[at + Field.octetsOut]! <= bare * out || numbers[at + Field.octetsIn]! <= bare * back) return false;
    return !refusesOnly(this.flagsOut(slot)) && !refusesOnly(this.flagsIn(slot));
  }
  /** True when the begin of both directions was recorded: each sent a SYN. */
  sawHandshake(slot: number): boolean {
    return (this.flagsOut(slot) & this.flagsIn(slot) & TcpFlag.syn) !== 0;
  }
  /** True when `judged` was told by which end is a server. */
  isByServer(slot: number): boolean {
    return (this.words[slot * WORDS + MARKS]! & BY_SERVER_BIT) !== 0;
  }
  markByServer(slot: number): void {
    const at = slot * WORDS + MARKS;
    this.words[at] = this.words[at]! | BY_SERVER_BIT;
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

  /** End of what this sensor has counted of a direction; NaN where another counts it, or nobody does. */
  countedUntil(slot: number, out: boolean, sensor: number): number {
    const holder = this.words[slot * WORDS + (out ? SENSOR_OUT : SENSOR_IN)]!;
    return holder === sensor ? this.numbers[slot * DOUBLES + (out ? Field.sensorOutEnd : Field.sensorInEnd)]! : Number.NaN;
  }

  /** A session without a record: all but its key. */
  protected clearRow(slot: number): void {
    const { numbers, words } = this;
    const at = slot * DOUBLES;
    // Loops: for so few elements `fill` costs more than the rest of the look-up.
    for (let i = 0; i < NUMBERS; i++) numbers[at + i] = 0;
    for (let i = SENSOR_OUT; i < MARKS; i++) words[slot * WORDS + i] = 0;
    words[slot * WORDS + ESTIMATES] = 0;
    words[slot * WORDS + MARKS] = Level.attempt << TOLD_SHIFT;
  }

  /** Takes memory of another size; the first `kept` rows stay. */
  protected resizeTo(doubles: number, kept: number): void {
    const before = this.numbers;
    this.numbers = doubles <= MOST_POOLED ? this.pool.doubles(doubles) : new Float64Array(doubles);
    this.numbers.set(before.subarray(0, kept * DOUBLES));
    this.words = wordsOf(this.numbers);
    this.pool.give(before);
  }
}

function wordsOf(numbers: Float64Array): Uint32Array {
  return new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length * 2);
}
