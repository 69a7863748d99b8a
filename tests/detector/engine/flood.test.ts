import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../detector/engine/engine.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../support/rows.js';
import { TRAFFIC_CLAIMS } from '../support/traffic.js';

/*
 * What an asset remembers is bounded, whatever is sent: a scan by it or of it over thousands of addresses, each once, must not make the detector's state
 * grow without end. The snapshot is the measure: it holds all that is kept, but for caches of a fixed size.
 */

const FROM_MS = Date.parse('2026-12-03T10:00:00Z');
const EVERY_MS = 200;
/** What all of it may come to: 4096 sessions are 0.6 MB, a thousand findings of broken claims with their rows the most of the rest. Measured: 2.5 MB. */
const MOST_BYTES = 3_000_000;
const ADDRESSES = 8000;

/** Every record another address and port. */
function flood(from: number, count: number, byAsset: boolean): Row[] {
  return Array.from({ length: count }, (_, index): Row => {
    const n = from + index;
    const stranger = `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 0xff}.${n & 0xff}`;
    const startMs = FROM_MS + n * EVERY_MS;
    return {
      startMs,
      endMs: startMs + 10,
      source: byAsset ? '10.40.10.11' : stranger,
      destination: byAsset ? stranger : '10.40.10.11',
      sourcePort: 30_000 + (n % 20_000),
      destinationPort: 1 + (n % 30_000),
      protocol: 6,
      octets: 60,
      flags: flagsOf('S'),
      sequence: n,
    };
  });
}

describe('a flood of addresses', () => {
  it.each([
    ['by the asset', true],
    ['of the asset', false],
  ])('%s leaves a bounded state, which does not grow with what follows', (_name, byAsset) => {
    const claims = claimsOf(TRAFFIC_CLAIMS);
    const engine = createEngine({ claims });
    engine.ingest(batchOf(claims, flood(0, ADDRESSES, byAsset)));
    const bytes = engine.snapshot().length;
    expect(bytes).toBeLessThan(MOST_BYTES);
    engine.ingest(batchOf(claims, flood(ADDRESSES, ADDRESSES, byAsset)));
    expect(engine.snapshot().length).toBeLessThan(1.1 * bytes);
  });
});
