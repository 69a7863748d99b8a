import { finishHash, mixWord } from '../baseline/hash.js';
import { NumberPool } from '../baseline/number-pool.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import { ActiveTimeout } from './active-timeout.js';
import { LearnedServers } from './learned-servers.js';
import { Protocol, TcpFlag } from './orientation.js';
import { Precedents } from './precedents.js';
import { ASSET, DOUBLES, Field, PEER, PORTS, PROTOCOL, SessionRows, TAG, WORDS } from './session-rows.js';

/*
 * Sessions of one unit: flow records of one 5-tuple gathered (detection.md P2). Pairs the two one-way records of NetFlow v5 and v9, joins records
 * that the active timeout cut, and joins what two sensors say of the same packets without adding it twice.
 *
 * Sessions lie in rows 0 … count−1 without gaps; an open-addressed index behind them, two places to a row, leads to them. Probing reads the index alone. Rows and index
 * are one piece of memory: of an asset that comes up a few times a minute everything must be fetched, and what lies together is fetched together.
 *   rows   see session-rows.ts
 *   index  0: free; else (tag & TAG_MASK) | row + 1
 */

/** Most sessions of one unit: 4 096 × 160 bytes = 640 KiB. When full, the quarter that was silent longest is forgotten. */
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
const INITIAL_ROWS = 8;
/** Rows are counted in the low 13 bits of an index entry, from 1. */
const ROW_MASK = 0x1fff;
const TAG_MASK = ~ROW_MASK;

/** Doubles that a row takes with its two places in the index. */
const ROW_DOUBLES = DOUBLES + 1;

/**
 * The record that is looked up, of all tables: as arguments of functions that V8 does not inline times would become objects, and as fields of each table they are
 * objects far from each other. Nothing is kept in it.
 */
const record = { startMs: 0, endMs: 0, flags: 0 };

export class SessionTable extends SessionRows {
  /** Who began sessions before, for those that do not tell. */
  readonly precedents: Precedents;
  private learned: LearnedServers | undefined;
  private readonly maxSessions: number;
  private readonly ended: (serial: number) => void;
  private rows = INITIAL_ROWS;
  private count = 0;
  private serials = 0;
  private readonly activeTimeout = new ActiveTimeout();
  /** Word at which the index begins, and how many places it has less one. */
  private indexAt = INITIAL_ROWS * WORDS;
  private mask = INITIAL_ROWS * 2 - 1;

  /**
   * `ended` is told the serial number of every session that is forgotten or followed by another of the same 5-tuple. `maxSessions` is a power of
   * two, 32 to 4096. `pool`: where the sessions are kept, with those of other units.
   */
  constructor(ended: (serial: number) => void, maxSessions: number = MAX_SESSIONS_PER_UNIT, pool: NumberPool = new NumberPool()) {
    super(INITIAL_ROWS * ROW_DOUBLES, pool);
    this.precedents = new Precedents(pool);
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
    record.flags = flags;
    record.startMs = startMs;
    record.endMs = endMs;
    this.activeTimeout.take(endMs - startMs);
    return this.seek(asset, assetAt, peer, peerAt, ports, protocol);
  }

  /** Which ends are servers, where no rule says so of their ports: made when somebody asks. */
  get servers(): LearnedServers {
    this.learned ??= new LearnedServers(this.pool);
    return this.learned;
  }

  save(writer: StateWriter): void {
    writer.u32(this.rows);
    writer.u32(this.count);
    writer.f64(this.serials);
    this.activeTimeout.save(writer);
    this.precedents.save(writer);
    writer.u32(this.learned === undefined ? 0 : 1);
    this.learned?.save(writer);
    writer.numbers(this.words.subarray(0, this.count * WORDS));
  }

  load(reader: StateReader): void {
    this.rows = reader.u32();
    this.count = reader.u32();
    this.serials = reader.f64();
    this.activeTimeout.load(reader);
    this.precedents.load(reader);
    if (reader.u32() !== 0) this.servers.load(reader);
    this.resize(this.rows, 0);
    reader.numbers(this.words.subarray(0, this.count * WORDS));
    this.enterAll();
  }

  private seek(asset: Uint32Array, assetAt: number, peer: Uint32Array, peerAt: number, ports: number, protocol: number): number {
    // Of the asset's address, which varies little, the last word is enough for the hash; the key is compared whole.
    let hash = mixWord(mixWord(protocol, asset[assetAt + 3]!), ports);
    hash = mixWord(mixWord(hash, peer[peerAt]!), peer[peerAt + 1]!);
    const tag = finishHash(mixWord(mixWord(hash, peer[peerAt + 2]!), peer[peerAt + 3]!));

    const { words, indexAt, mask } = this;
    let place = tag & mask;
    for (;;) {
      const entry = words[indexAt + place]!;
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
    words[this.indexAt + place] = (tag & TAG_MASK) | (slot + 1);
    // A loop: for so few elements `set` costs more than the rest of the look-up.
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
    const after = record.startMs - this.numbers[at + Field.last]!;
    if (after >= 0 && this.connectsAnew(slot, after)) return false;
    if (after > CLOSED_IDLE_MS) return after <= this.idleMs(slot);
    // A record from before the session came late: a FIN already seen belongs to the end, it does not part the two.
    const before = this.numbers[at + Field.first]! - record.endMs;
    return before <= (this.words[slot * WORDS + PROTOCOL] === Protocol.tcp ? TCP_IDLE_MS : OTHER_IDLE_MS);
  }

  /** True when the record's SYN begins another connection from the same port: the one before was answered, or no stack repeats its SYN so. */
  private connectsAnew(slot: number, afterMs: number): boolean {
    if ((record.flags & TcpFlag.syn) === 0 || this.words[slot * WORDS + PROTOCOL] !== Protocol.tcp) return false;
    if (((this.flagsOut(slot) | this.flagsIn(slot)) & TcpFlag.ack) !== 0) return afterMs > CLOSED_IDLE_MS;
    const at = slot * DOUBLES;
    const lastedMs = this.numbers[at + Field.last]! - this.numbers[at + Field.first]!;
    const syns = this.numbers[at + Field.packetsOut]! + this.numbers[at + Field.packetsIn]!;
    return afterMs > Math.min(lastedMs + SYN_WAIT_MS, SYN_LONGEST_WAIT_MS) || syns >= MOST_SYNS;
  }

  private idleMs(slot: number): number {
    if (this.words[slot * WORDS + PROTOCOL] !== Protocol.tcp) return OTHER_IDLE_MS;
    return ((this.flagsOut(slot) | this.flagsIn(slot)) & (TcpFlag.fin | TcpFlag.rst)) !== 0 ? CLOSED_IDLE_MS : TCP_IDLE_MS;
  }

  /** How long after its last packet a session may still get a record: one that began within the idle limit is exported an active timeout later. */
  private keepMs(slot: number): number {
    const idleMs = this.idleMs(slot);
    return idleMs + LATE_MS + (idleMs === CLOSED_IDLE_MS ? 0 : this.activeTimeout.learnedMs);
  }

  private begin(slot: number): void {
    this.clearRow(slot);
    const { numbers } = this;
    const at = slot * DOUBLES;
    this.serials += 1;
    numbers[at + Field.serial] = this.serials;
    numbers[at + Field.first] = record.startMs;
    numbers[at + Field.last] = record.endMs;
  }

  /** Forgets what can no longer continue; where that frees less than a quarter, grows, or, at the limit, forgets the quarter silent longest. */
  private makeRoom(): void {
    const nowMs = record.endMs;
    this.keep((slot) => this.numbers[slot * DOUBLES + Field.last]! + this.keepMs(slot) >= nowMs);
    if (this.count * 4 > this.rows * 3) {
      if (this.rows < this.maxSessions) {
        this.resize(this.rows * 2, this.count);
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

  /** The index is stale until `enterAll`. */
  private resize(rows: number, kept: number): void {
    this.rows = rows;
    this.resizeTo(rows * ROW_DOUBLES, kept);
    this.indexAt = rows * WORDS;
    this.mask = rows * 2 - 1;
  }

  /** Makes the index anew. */
  private enterAll(): void {
    this.words.fill(0, this.indexAt);
    for (let slot = 0; slot < this.count; slot++) {
      const tag = this.words[slot * WORDS + TAG]!;
      this.words[this.indexAt + this.freePlace(tag)] = (tag & TAG_MASK) | (slot + 1);
    }
  }

  /** Where in the index a session of this tag goes. Half of the index is always free. */
  private freePlace(tag: number): number {
    const { words, indexAt, mask } = this;
    let place = tag & mask;
    while (words[indexAt + place] !== 0) place = (place + 1) & mask;
    return place;
  }
}
