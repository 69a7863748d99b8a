import { randomInt } from 'node:crypto';
import type { FlowBatch } from '../../flow/batch.js';
import type { Faults } from '../contracts.js';
import type { NameSink } from '../names/name-sink.js';
import { type PacketHeaders, Protocol, swapEndpoints, TcpFlag } from '../packets/packet.js';
import type { PacketBatch } from '../packets/packet-batch.js';
import { TunnelTable } from '../packets/tunnel-table.js';
import * as Entry from './flow-entry.js';
import { ENTRY_DOUBLES, ENTRY_WORDS, State } from './flow-entry.js';
import { FlowTable } from './flow-table.js';
import { requestTypeOf } from './icmp.js';
import { EXPIRY_TICK_MS, MAX_FLOWS_LIMIT, MAX_PLAUSIBLE_MS, METER_DEFAULTS } from './limits.js';
import { createMeterCounters, faultsSince, type MeterCounters } from './meter-counters.js';
import { PacketIntake } from './packet-intake.js';
import { EndReason, RecordWriter } from './record-writer.js';
import { SessionMemory } from './session-memory.js';
import { answersSession, opensSession, tcpState } from './tcp-state.js';

export interface MeterOptions {
  /** Name of the sensor, written into every record. */
  readonly sensor: string;
  readonly activeTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly lingerMs?: number;
  readonly sessionMemoryMs?: number;
  readonly maxFlows?: number;
  readonly maxReorderMs?: number;
  readonly transferOctets?: number;
  /** Told the DNS answers among the packets; without it nobody reads them. */
  readonly names?: NameSink;
  /** Scatters hashes; random by default. No result depends on it. */
  readonly hashSeed?: number;
}

export interface Meter {
  readonly counters: Readonly<MeterCounters>;
  /** Flows being measured. */
  readonly flows: number;
  /**
   * Measures the packets of a batch and appends the records that ended to `into`. Clear `into` between calls: one call can end every
   * flow in the table. Time is the packets' own; a batch cut elsewhere gives the same records in the same order.
   */
  packets(batch: PacketBatch, into: FlowBatch, faults: Faults): void;
  /** Ends up to `maxRecords` flows, oldest idle first; true when none is left. For the end of a capture. */
  flush(into: FlowBatch, maxRecords?: number): boolean;
}

/**
 * Packets to bidirectional flow records (RFC 5103): one record for both directions, whose source is the initiator. Keyed by addresses,
 * ports (ICMP: type and code of the request), protocol, VLAN and tunnel: the same addresses in two tunnels are two flows, and traffic seen both mirrored
 * and by itself gives two records that `tunnel` tells apart. Throws RangeError for options that make no sense.
 */
export function createMeter(options: MeterOptions): Meter {
  return new FlowMeter(options);
}

class FlowMeter implements Meter {
  readonly counters = createMeterCounters();
  private readonly activeTimeoutMs: number;
  private readonly idleTimeoutMs: number;
  private readonly lingerMs: number;
  private readonly maxReorderMs: number;
  private readonly table: FlowTable;
  private readonly writer: RecordWriter;
  private readonly intake: PacketIntake;
  private readonly packet: PacketHeaders;
  private readonly tunnels = new TunnelTable();
  private readonly sessions: SessionMemory;
  /** The newest packet time, and when the wheel has to be turned next. */
  private clock = Number.NaN;
  private nextTickMs = 0;

  constructor(options: MeterOptions) {
    const positive = (value: number, name: string, most: number): number => {
      if (!(value > 0 && value <= most)) throw new RangeError(`meter: ${name} is ${value}; give a number above 0, at most ${most}`);
      return value;
    };
    const { activeTimeoutMs, idleTimeoutMs, lingerMs, sessionMemoryMs, maxFlows, maxReorderMs, transferOctets } = {
      ...METER_DEFAULTS,
      ...options,
    };
    const day = 86_400_000;
    this.activeTimeoutMs = positive(activeTimeoutMs, 'activeTimeoutMs', day);
    this.idleTimeoutMs = positive(idleTimeoutMs, 'idleTimeoutMs', day);
    this.lingerMs = positive(lingerMs, 'lingerMs', day);
    this.maxReorderMs = positive(maxReorderMs, 'maxReorderMs', day);
    this.sessions = new SessionMemory(positive(sessionMemoryMs, 'sessionMemoryMs', day));
    const flows = positive(Math.floor(maxFlows), 'maxFlows', MAX_FLOWS_LIMIT);
    this.table = new FlowTable(flows, Math.max(this.idleTimeoutMs, this.lingerMs), options.hashSeed ?? randomInt(2 ** 31));
    this.intake = new PacketIntake(this.counters, this.tunnels, this.table, options.names);
    this.packet = this.intake.packet;
    this.writer = new RecordWriter(options.sensor, positive(transferOctets, 'transferOctets', Number.MAX_SAFE_INTEGER), this.tunnels);
  }

  get flows(): number {
    return this.table.size;
  }

  packets(batch: PacketBatch, into: FlowBatch, faults: Faults): void {
    const { counters } = this;
    const before = { ...counters };
    let implausible = 0;
    this.writer.begin(into);
    for (let i = 0; i < batch.length; i++) {
      const timeMs = batch.times[i]!;
      if (timeMs >= 0 && timeMs <= MAX_PLAUSIBLE_MS) {
        this.turnClock(timeMs);
        this.count(batch, i, timeMs, faults);
      } else {
        // No time recorded, or one that cannot be: the time of the packet before, the epoch when there is none.
        if (!Number.isNaN(timeMs)) implausible++;
        if (Number.isNaN(this.clock)) this.setClock(0);
        this.count(batch, i, this.clock, faults);
      }
    }
    this.writer.end();
    counters.records = this.writer.records;
    faultsSince(before, counters, implausible, faults);
  }

  flush(into: FlowBatch, maxRecords = Number.POSITIVE_INFINITY): boolean {
    this.writer.begin(into);
    for (let count = 0; this.table.size > 0 && count < maxRecords; count++) {
      const entry = this.oldestIdle();
      this.finish(entry, this.isClosed(entry) ? EndReason.end : EndReason.forced);
    }
    this.writer.end();
    this.counters.records = this.writer.records;
    return this.table.size === 0;
  }

  private count(batch: PacketBatch, index: number, timeMs: number, faults: Faults): void {
    if (this.intake.read(batch, index, timeMs, faults)) this.measure(timeMs, batch.numbers[index]!, this.intake.portsKnown);
  }

  /** Adds the parsed packet to its flow. Without `portsKnown` ports, or ICMP type and code, are 0 and mean nothing. */
  private measure(timeMs: number, number: number, portsKnown: boolean): void {
    const { packet, table } = this;
    const { tunnelIdentity } = this.intake;
    const { protocol } = packet;
    const kind = Entry.packKind(protocol, packet.version, packet.vlanId, tunnelIdentity !== 0);
    const icmp = protocol === Protocol.icmp || protocol === Protocol.icmp6;
    if (icmp) {
      const request = portsKnown ? requestTypeOf(protocol, packet.icmpType) : -1;
      if (request >= 0 && this.addAnswer(kind, (request << 8) | packet.icmpCode, timeMs, number)) return;
    }
    let ports = icmp ? (packet.icmpType << 8) | packet.icmpCode : (packet.sourcePort << 16) | packet.destinationPort;
    const hash = table.hash(packet, ports, kind, tunnelIdentity);
    const found = table.find(packet, ports, kind, tunnelIdentity, hash, !icmp);
    let entry = found >> 1;
    let reverse = found & 1;
    if (found >= 0 && this.endsBefore(entry, reverse, timeMs)) entry = -1;
    if (entry < 0) {
      const known = protocol === Protocol.tcp && portsKnown ? this.tcpDirection(ports, kind, timeMs) : -1;
      reverse = Math.max(known, 0);
      if (reverse === 1) {
        swapEndpoints(packet);
        ports = (ports << 16) | (ports >>> 16);
        this.intake.mirror();
      }
      if (table.full) this.evict();
      entry = this.open(ports, kind, hash, timeMs, number);
      if (known >= 0) table.words[entry * ENTRY_WORDS + Entry.STATE] = this.sessions.state;
    } else if (this.isOld(entry, timeMs)) {
      this.continueRecord(entry, timeMs, number);
    }
    this.add(entry, reverse, timeMs);
  }

  /** 0 or 1 when it is known that the sender, or the receiver, of the first segment of a record opened its session; else −1. */
  private tcpDirection(ports: number, kind: number, timeMs: number): number {
    const { tcpFlags } = this.packet;
    if ((tcpFlags & (TcpFlag.syn | TcpFlag.rst)) === 0) {
      return this.sessions.recall(this.packet, ports, kind, this.tunnels.hashOf(this.intake.tunnelIdentity), timeMs);
    }
    this.sessions.state = 0;
    // Who sends SYN with ACK answers, also when the question was not captured.
    return answersSession(tcpFlags) ? 1 : -1;
  }

  /** Adds an ICMP reply to the flow of its request. False when no request was seen: then it is a flow of its own. */
  private addAnswer(kind: number, ports: number, timeMs: number, number: number): boolean {
    const { packet, table } = this;
    swapEndpoints(packet);
    const { tunnelIdentity } = this.intake;
    const hash = table.hash(packet, ports, kind, tunnelIdentity);
    const entry = table.find(packet, ports, kind, tunnelIdentity, hash, false) >> 1;
    if (entry < 0 || timeMs > this.deadline(entry)) {
      swapEndpoints(packet);
      return false;
    }
    if (this.isOld(entry, timeMs)) this.continueRecord(entry, timeMs, number);
    this.add(entry, 1, timeMs);
    return true;
  }

  /** A new entry for the packet, whose endpoints already stand in the flow's direction. */
  private open(ports: number, kind: number, hash: number, timeMs: number, number: number): number {
    const { packet, table } = this;
    const entry = table.add(hash);
    const { words, doubles } = table;
    const at = entry * ENTRY_WORDS;
    words[at + Entry.PORTS] = ports;
    words[at + Entry.KIND] = kind;
    words[at + Entry.SOURCE_3] = packet.source3;
    words[at + Entry.DESTINATION_3] = packet.destination3;
    words[at + Entry.SOURCE_0] = packet.source0;
    words[at + Entry.SOURCE_0 + 1] = packet.source1;
    words[at + Entry.SOURCE_0 + 2] = packet.source2;
    words[at + Entry.DESTINATION_0] = packet.destination0;
    words[at + Entry.DESTINATION_0 + 1] = packet.destination1;
    words[at + Entry.DESTINATION_0 + 2] = packet.destination2;
    words[at + Entry.MAC_HIGH] = (packet.sourceMacHigh << 16) | packet.destinationMacHigh;
    words[at + Entry.SOURCE_MAC_LOW] = packet.sourceMacLow;
    words[at + Entry.DESTINATION_MAC_LOW] = packet.destinationMacLow;
    words[at + Entry.FIRST_PACKET] = number;
    words[at + Entry.TUNNEL] = (this.intake.tunnel << 16) | this.intake.tunnelIdentity;
    words[at + Entry.CLASS_OF_SERVICE] = packet.classOfService;
    doubles[entry * ENTRY_DOUBLES + Entry.START] = timeMs;
    doubles[entry * ENTRY_DOUBLES + Entry.LAST] = timeMs;
    table.schedule(entry, timeMs + this.idleTimeoutMs);
    return entry;
  }

  private add(entry: number, reverse: number, timeMs: number): void {
    const { packet } = this;
    const { words, doubles } = this.table;
    const at = entry * ENTRY_WORDS;
    const double = entry * ENTRY_DOUBLES;
    if (timeMs > doubles[double + Entry.LAST]!) doubles[double + Entry.LAST] = timeMs;
    else if (timeMs < doubles[double + Entry.START]!) doubles[double + Entry.START] = timeMs;
    doubles[double + Entry.OCTETS + reverse] = doubles[double + Entry.OCTETS + reverse]! + packet.octets;
    words[at + Entry.PACKETS + reverse] = words[at + Entry.PACKETS + reverse]! + 1;
    const state = words[at + Entry.STATE]!;
    let next = reverse === 1 ? state | State.answered : state;
    if (packet.protocol === Protocol.tcp) {
      words[at + Entry.TCP_FLAGS] = words[at + Entry.TCP_FLAGS]! | (packet.tcpFlags << (reverse * 16));
      next = tcpState(next, packet.tcpFlags, reverse);
    }
    if (next === state) return;
    words[at + Entry.STATE] = next;
    if (((next ^ state) & State.closed) === 0) return;
    this.table.wheel.remove(words, entry);
    this.table.schedule(entry, this.deadline(entry));
  }

  /** True when the flow found ended before this packet, so that the packet begins another; its record is then written. */
  private endsBefore(entry: number, reverse: number, timeMs: number): boolean {
    const { table, packet } = this;
    if (timeMs > this.deadline(entry)) {
      this.finish(entry, this.isClosed(entry) ? EndReason.end : EndReason.idle);
      return true;
    }
    if (packet.protocol !== Protocol.tcp || !opensSession(packet.tcpFlags)) return false;
    // A SYN without ACK opens a session. It is this one's when it is sent again, or comes after the answer to it in a reordered capture.
    const state = table.words[entry * ENTRY_WORDS + Entry.STATE]!;
    const another =
      (state & State.closed) !== 0 || (state & (State.syn | State.synAck)) === 0 || (reverse === 1 && (state & State.syn) === 0);
    if (another) this.finish(entry, EndReason.end);
    return another;
  }

  /** Writes the record at the active timeout and begins the next of the same session, which keeps its direction and its handshake. */
  private continueRecord(entry: number, timeMs: number, number: number): void {
    const { words, doubles } = this.table;
    const at = entry * ENTRY_WORDS;
    const double = entry * ENTRY_DOUBLES;
    this.writer.write(words, doubles, entry, EndReason.active, this.clock);
    doubles.fill(0, double + Entry.OCTETS, double + Entry.REVERSE_OCTETS + 1);
    doubles[double + Entry.START] = timeMs;
    doubles[double + Entry.LAST] = timeMs;
    words[at + Entry.PACKETS] = 0;
    words[at + Entry.REVERSE_PACKETS] = 0;
    words[at + Entry.TCP_FLAGS] = 0;
    words[at + Entry.FIRST_PACKET] = number;
  }

  private turnClock(timeMs: number): void {
    const { counters } = this;
    if (timeMs > this.clock) {
      this.clock = timeMs;
      counters.lastPacketMs = timeMs;
      if (timeMs >= this.nextTickMs) this.expire();
    } else if (Number.isNaN(this.clock)) {
      this.setClock(timeMs);
      counters.lastPacketMs = timeMs;
    } else if (timeMs < this.clock - this.maxReorderMs) {
      counters.clockResets++;
      while (this.table.size > 0) {
        const entry = this.oldestIdle();
        this.finish(entry, this.isClosed(entry) ? EndReason.end : EndReason.forced);
      }
      this.setClock(timeMs);
    }
    if (Number.isNaN(counters.firstPacketMs)) counters.firstPacketMs = timeMs;
  }

  /** Only with an empty table: entries know buckets, not ticks. */
  private setClock(timeMs: number): void {
    const { wheel } = this.table;
    this.clock = timeMs;
    wheel.cursor = wheel.tickAfter(timeMs);
    this.nextTickMs = wheel.cursor * EXPIRY_TICK_MS;
  }

  /** Ends what has been idle for too long, tick by tick; after a gap one turn of the wheel has seen every entry. */
  private expire(): void {
    const { wheel } = this.table;
    const upTo = wheel.tickAfter(this.clock);
    for (let turn = 0; turn < wheel.turn && wheel.cursor < upTo; turn++) {
      this.expireTick();
      wheel.cursor++;
    }
    wheel.cursor = upTo;
    this.nextTickMs = upTo * EXPIRY_TICK_MS;
  }

  private expireTick(): void {
    const { wheel } = this.table;
    for (let entry = wheel.first(wheel.cursor); entry >= 0; entry = wheel.first(wheel.cursor)) {
      if (this.isDue(entry)) this.finish(entry, this.isClosed(entry) ? EndReason.end : EndReason.idle);
      else this.putBack(entry);
    }
  }

  private evict(): void {
    this.counters.evicted++;
    this.finish(this.oldestIdle(), EndReason.resources);
  }

  /** The entry silent for longest, to one tick. The table is not empty. */
  private oldestIdle(): number {
    const { wheel } = this.table;
    for (let tick = wheel.cursor; ; tick++) {
      for (let entry = wheel.first(tick); entry >= 0; entry = wheel.first(tick)) {
        if (wheel.tickAfter(this.deadline(entry)) <= tick) return entry;
        this.putBack(entry);
      }
    }
  }

  private putBack(entry: number): void {
    this.table.wheel.remove(this.table.words, entry);
    this.table.schedule(entry, this.deadline(entry));
  }

  private finish(entry: number, reason: number): void {
    const { words, doubles } = this.table;
    this.writer.write(words, doubles, entry, reason, this.clock);
    if (reason === EndReason.idle || reason === EndReason.resources) this.rememberSession(entry);
    this.table.remove(entry);
  }

  /** True when the entry's record has reached the active timeout. */
  private isOld(entry: number, timeMs: number): boolean {
    return timeMs - this.table.doubles[entry * ENTRY_DOUBLES + Entry.START]! >= this.activeTimeoutMs;
  }

  /** An open TCP session may go on after its pause; an unanswered attempt has nothing to go on with. */
  private rememberSession(entry: number): void {
    const { words } = this.table;
    const state = words[entry * ENTRY_WORDS + Entry.STATE]!;
    const open = (state & (State.synAck | State.sourceAck | State.destinationAck)) !== 0 && (state & State.closed) === 0;
    const tcp = Entry.protocolOf(words[entry * ENTRY_WORDS + Entry.KIND]!) === Protocol.tcp;
    if (!open || !tcp) return;
    const tunnel = Entry.tunnelIdentityOf(words[entry * ENTRY_WORDS + Entry.TUNNEL]!);
    this.sessions.remember(words, entry, this.tunnels.hashOf(tunnel), this.table.last(entry));
  }

  private isClosed(entry: number): boolean {
    return (this.table.words[entry * ENTRY_WORDS + Entry.STATE]! & State.closed) !== 0;
  }

  private isDue(entry: number): boolean {
    return this.table.wheel.tickAfter(this.deadline(entry)) <= this.table.wheel.cursor;
  }

  private deadline(entry: number): number {
    return this.table.last(entry) + (this.isClosed(entry) ? this.lingerMs : this.idleTimeoutMs);
  }
}
