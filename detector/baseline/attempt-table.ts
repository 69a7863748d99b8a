import type { StateReader, StateWriter } from './state.js';

/** Most targets of one source that are remembered, at 32 bytes each; beyond, the one tried longest ago makes room, and counts stop here. */
export const MOST_TARGETS = 256;
const INITIAL_TARGETS = 16;
/** Octets and packets out and in, and records. */
const SUMS = 5;
/** In the port of a target: it counts over the long window. */
const COUNTS_LONG = 0x8000_0000;

/** What was tried and how often, of the targets that a count took in. */
export interface AttemptTotals {
  firstMs: number;
  lastMs: number;
  octetsOut: number;
  octetsIn: number;
  packetsOut: number;
  packetsIn: number;
  records: number;
  sessions: number;
}

/** One attempt: host as a hash, protocol <<16 | port, and what its record counted. */
export interface Attempt {
  readonly host: number;
  readonly port: number;
  readonly ms: number;
  /** Whether it counts over the long window too. */
  readonly countsLong: boolean;
  readonly octetsOut: number;
  readonly octetsIn: number;
  readonly packetsOut: number;
  readonly packetsIn: number;
}

/**
 * Which (host, port) one source has tried in vain, exactly and in sliding windows: small numbers decide (ten hosts in five minutes), where an estimate of distinct
 * values errs by a tenth. Two hosts of equal 32-bit hash count as one.
 */
export class AttemptTable {
  /** After `add`: distinct targets in the short window with the attempt's port, with its host, in all; in the long window with its port, with its host. */
  samePort = 0;
  sameHost = 0;
  all = 0;
  samePortLong = 0;
  sameHostLong = 0;
  newestMs = Number.NEGATIVE_INFINITY;
  private hosts = new Uint32Array(INITIAL_TARGETS);
  private ports = new Uint32Array(INITIAL_TARGETS);
  private lastMs = new Float64Array(INITIAL_TARGETS);
  private sums = new Float32Array(INITIAL_TARGETS * SUMS);
  private count = 0;
  private readonly shortMs: number;
  private readonly longMs: number;

  constructor(shortMs: number, longMs: number) {
    this.shortMs = shortMs;
    this.longMs = longMs;
  }

  /** Takes the attempt in and counts. True when its target had not been tried within the short window. */
  add(attempt: Attempt): boolean {
    const { host, ms } = attempt;
    const port = (attempt.port | (attempt.countsLong ? COUNTS_LONG : 0)) >>> 0;
    this.newestMs = Math.max(this.newestMs, ms);
    const shortFromMs = this.newestMs - this.shortMs;
    this.samePort = 0;
    this.sameHost = 0;
    this.all = 0;
    this.samePortLong = 0;
    this.sameHostLong = 0;
    let at = -1;
    let oldest = 0;
    for (let i = 0; i < this.count; i++) {
      if (this.lastMs[i]! < this.newestMs - this.longMs) {
        this.move(--this.count, i--);
        continue;
      }
      if (this.lastMs[i]! < this.lastMs[oldest]!) oldest = i;
      if (this.hosts[i] === host && this.ports[i] === port) at = i;
      else this.countTarget(i, host, port, shortFromMs);
    }
    const isNew = at < 0 || this.lastMs[at]! < shortFromMs;
    if (at < 0) at = this.place(host, port, oldest, shortFromMs);
    this.lastMs[at] = Math.max(this.lastMs[at]!, ms);
    this.countTarget(at, host, port, shortFromMs);
    const sums = at * SUMS;
    this.sums[sums]! += attempt.octetsOut;
    this.sums[sums + 1]! += attempt.octetsIn;
    this.sums[sums + 2]! += attempt.packetsOut;
    this.sums[sums + 3]! += attempt.packetsIn;
    this.sums[sums + 4]! += 1;
    return isNew;
  }

  /** Of the targets since `fromMs`, those with this port (−1: any) and this host (−1: any). */
  totals(fromMs: number, port: number, host: number, long: boolean): AttemptTotals {
    const totals = {
      firstMs: Number.POSITIVE_INFINITY,
      lastMs: fromMs,
      octetsOut: 0,
      octetsIn: 0,
      packetsOut: 0,
      packetsIn: 0,
      records: 0,
      sessions: 0,
    };
    for (let i = 0; i < this.count; i++) {
      const last = this.lastMs[i]!;
      if (last < fromMs || (long && this.ports[i]! < COUNTS_LONG)) continue;
      if ((port >= 0 && (this.ports[i]! & ~COUNTS_LONG) !== port) || (host >= 0 && this.hosts[i] !== host)) continue;
      totals.firstMs = Math.min(totals.firstMs, last);
      totals.lastMs = Math.max(totals.lastMs, last);
      totals.octetsOut += this.sums[i * SUMS]!;
      totals.octetsIn += this.sums[i * SUMS + 1]!;
      totals.packetsOut += this.sums[i * SUMS + 2]!;
      totals.packetsIn += this.sums[i * SUMS + 3]!;
      totals.records += this.sums[i * SUMS + 4]!;
      totals.sessions += 1;
    }
    return totals;
  }

  save(writer: StateWriter): void {
    writer.f64(this.newestMs);
    writer.u32(this.hosts.length);
    writer.u32(this.count);
    for (const values of [this.hosts, this.ports, this.lastMs, this.sums]) writer.numbers(values);
  }

  load(reader: StateReader): void {
    this.newestMs = reader.f64();
    const length = reader.u32();
    this.count = reader.u32();
    this.hosts = new Uint32Array(length);
    this.ports = new Uint32Array(length);
    this.lastMs = new Float64Array(length);
    this.sums = new Float32Array(length * SUMS);
    for (const values of [this.hosts, this.ports, this.lastMs, this.sums]) reader.numbers(values);
  }

  private countTarget(i: number, host: number, port: number, shortFromMs: number): void {
    const samePort = ((this.ports[i]! ^ port) & ~COUNTS_LONG) === 0;
    // Ports of one host are counted by protocol.
    const sameHost = this.hosts[i] === host && ((this.ports[i]! ^ port) & 0xff_0000) === 0;
    if (this.ports[i]! >= COUNTS_LONG) {
      if (samePort) this.samePortLong += 1;
      if (sameHost) this.sameHostLong += 1;
    }
    if (this.lastMs[i]! < shortFromMs) return;
    this.all += 1;
    if (samePort) this.samePort += 1;
    if (sameHost) this.sameHost += 1;
  }

  /** A place for a new target; where all are taken, that of the oldest, which was counted already. */
  private place(host: number, port: number, oldest: number, shortFromMs: number): number {
    let at = this.count;
    if (this.count < MOST_TARGETS) {
      if (this.count === this.hosts.length) this.grow();
      this.count += 1;
    } else {
      at = oldest;
      this.discount(at, host, port, shortFromMs);
    }
    this.hosts[at] = host;
    this.ports[at] = port;
    this.lastMs[at] = Number.NEGATIVE_INFINITY;
    this.sums.fill(0, at * SUMS, (at + 1) * SUMS);
    return at;
  }

  private discount(i: number, host: number, port: number, shortFromMs: number): void {
    const { samePort, sameHost, all, samePortLong, sameHostLong } = this;
    this.countTarget(i, host, port, shortFromMs);
    this.samePort = 2 * samePort - this.samePort;
    this.sameHost = 2 * sameHost - this.sameHost;
    this.all = 2 * all - this.all;
    this.samePortLong = 2 * samePortLong - this.samePortLong;
    this.sameHostLong = 2 * sameHostLong - this.sameHostLong;
  }

  private move(from: number, to: number): void {
    this.hosts[to] = this.hosts[from]!;
    this.ports[to] = this.ports[from]!;
    this.lastMs[to] = this.lastMs[from]!;
    this.sums.copyWithin(to * SUMS, from * SUMS, (from + 1) * SUMS);
  }

  private grow(): void {
    const length = this.hosts.length * 2;
    const [hosts, ports, lastMs, sums] = [this.hosts, this.ports, this.lastMs, this.sums];
    this.hosts = new Uint32Array(length);
    this.ports = new Uint32Array(length);
    this.lastMs = new Float64Array(length);
    this.sums = new Float32Array(length * SUMS);
    this.hosts.set(hosts);
    this.ports.set(ports);
    this.lastMs.set(lastMs);
    this.sums.set(sums);
  }
}
