import { AttemptTable } from '../../baseline/attempt-table.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import { LONG_WINDOW_MS, SHORT_WINDOW_MS } from './scan-recompute.js';

/**
 * Peers of one unit whose attempts are remembered, some KiB each; one more makes the peer forget that was silent longest. Under a flood of forged
 * sources each is seen once or twice, and none is a scan.
 */
export const MOST_SOURCES = 32;
/** Counts of one source that were reported, in one period. */
const MOST_REPORTED = 1024;

/** The attempts of one source, and what of them was reported in the period at hand. */
export class ScanSource {
  readonly table = new AttemptTable(SHORT_WINDOW_MS, LONG_WINDOW_MS);
  periodFromMs = Number.NEGATIVE_INFINITY;
  private readonly reported = new Map<number, number>();

  beginPeriod(fromMs: number): void {
    this.periodFromMs = fromMs;
    this.reported.clear();
  }

  wasReported(code: number, about: number): boolean {
    return this.reported.has(keyOf(code, about));
  }

  /** True when the count is the first, or has doubled since it was reported. */
  report(code: number, about: number, count: number): boolean {
    const key = keyOf(code, about);
    const before = this.reported.get(key);
    if (before !== undefined ? count < 2 * before : this.reported.size >= MOST_REPORTED) return false;
    this.reported.set(key, count);
    return true;
  }

  save(writer: StateWriter): void {
    this.table.save(writer);
    writer.f64(this.periodFromMs);
    writer.u32(this.reported.size);
    for (const [key, count] of this.reported) {
      writer.f64(key);
      writer.u32(count);
    }
  }

  load(reader: StateReader): void {
    this.table.load(reader);
    this.periodFromMs = reader.f64();
    for (let left = reader.u32(); left > 0; left--) this.reported.set(reader.f64(), reader.u32());
  }
}

function keyOf(code: number, about: number): number {
  return code * 2 ** 32 + about;
}

interface PeerSource {
  readonly a: number;
  readonly b: number;
  lastMs: number;
  readonly source: ScanSource;
}

/** Who tries: the assets of a unit, each when it first does, and peers, as many as are remembered. */
export class ScanSources {
  private readonly assets = new Map<number, ScanSource>();
  private readonly peers: PeerSource[] = [];

  ofAsset(asset: number): ScanSource {
    let source = this.assets.get(asset);
    if (source === undefined) {
      source = new ScanSource();
      this.assets.set(asset, source);
    }
    return source;
  }

  /** By two hashes of the peer's address. */
  ofPeer(a: number, b: number, ms: number): ScanSource {
    let oldest = 0;
    for (let i = 0; i < this.peers.length; i++) {
      const peer = this.peers[i]!;
      if (peer.a === a && peer.b === b) {
        peer.lastMs = Math.max(peer.lastMs, ms);
        return peer.source;
      }
      if (peer.lastMs < this.peers[oldest]!.lastMs) oldest = i;
    }
    if (this.peers.length >= MOST_SOURCES) this.peers.splice(oldest, 1);
    const source = new ScanSource();
    this.peers.push({ a, b, lastMs: ms, source });
    return source;
  }

  save(writer: StateWriter): void {
    writer.u32(this.assets.size);
    for (const [asset, source] of this.assets) {
      writer.u32(asset);
      source.save(writer);
    }
    writer.u32(this.peers.length);
    for (const { a, b, lastMs, source } of this.peers) {
      writer.u32(a);
      writer.u32(b);
      writer.f64(lastMs);
      source.save(writer);
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) this.ofAsset(reader.u32()).load(reader);
    for (let left = reader.u32(); left > 0; left--) {
      const peer = { a: reader.u32(), b: reader.u32(), lastMs: reader.f64(), source: new ScanSource() };
      peer.source.load(reader);
      this.peers.push(peer);
    }
  }
}
