import { describe, expect, it } from 'vitest';
import { AssetTimes } from '../../../detector/baseline/asset-times.js';
import { LocalClock } from '../../../detector/baseline/local-clock.js';
import type { Detection, Evaluator } from '../../../detector/detections/detection.js';
import { OPEN_CLAIMS } from '../../../detector/detections/example-claims.js';
import { DETECTIONS, type DetectionId } from '../../../detector/detections/index.js';
import { ObservedRecord } from '../../../detector/detections/observed-record.js';
import { effectiveParameters } from '../../../detector/engine/parameters.js';
import type { FindingSink } from '../../../detector/findings/finding-sink.js';
import { ExchangeKinds } from '../../../detector/sessions/exchange-kinds.js';
import { HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import { claimsOf } from '../support/rows.js';

/** Documented in the detections: bytes of typed arrays for an asset with three groups of peers, and at most. */
const DOCUMENTED = {
  'volume-up': { usual: 10_000, most: 10_000 },
  'volume-down': { usual: 3200, most: 3200 },
  'slow-exfiltration': { usual: 2800, most: 8200 },
  'volume-over-days': { usual: 5100, most: 18_500 },
  'asymmetry-flip': { usual: 800, most: 3500 },
} as const satisfies Partial<Record<DetectionId, { usual: number; most: number }>>;

const claims = claimsOf(OPEN_CLAIMS);
const silent: FindingSink = {
  contribute: () => {},
  measure: () => {},
  excuse: () => {},
  undecided: () => {},
  drill: () => {},
  stretch: () => {},
  rowOf: () => undefined,
};

const unit = { claims, assets: [0], clock: new LocalClock(claims.timezone), kinds: new ExchangeKinds(512), times: new AssetTimes(1) };

function evaluatorOf(id: DetectionId): Evaluator {
  const detection: Detection = DETECTIONS[id];
  return (detection.evaluator as (context: typeof unit, values: Readonly<Record<string, number>>) => Evaluator)(
    unit,
    effectiveParameters()[id],
  );
}

/** A record to 10.a.b.c; each kind a new one. */
function recordTo(address: number, ms: number, kind: number, octets: number): ObservedRecord {
  const record = new ObservedRecord();
  const bytes = new Uint8Array(16);
  bytes.set([0xff, 0xff, 100, (address >> 16) & 0xff, (address >> 8) & 0xff, address & 0xff], 10);
  return Object.assign(record, {
    peerBytes: bytes,
    peerWords: new Uint32Array(bytes.buffer),
    kind: kind % 512,
    kindSerial: kind + 1,
    startMs: ms,
    endMs: ms + 1000,
    octetsOut: octets,
    octetsIn: octets / 2,
    packetsOut: 10,
    packetsIn: 10,
    sessionStarts: true,
  });
}

/** Bytes of all typed arrays that hang on an evaluator; not those of the claims, the clock and the partition's tables, which all share. */
function bytesOf(root: object): number {
  const seen = new Set<unknown>([claims, unit.kinds, unit.times]);
  const walk = (value: unknown): number => {
    if (typeof value !== 'object' || value === null || seen.has(value) || value instanceof LocalClock) return 0;
    seen.add(value);
    if (ArrayBuffer.isView(value)) return value.byteLength;
    return Object.values(value).reduce((sum: number, one) => sum + walk(one), 0);
  };
  return walk(root);
}

describe.each(Object.entries(DOCUMENTED))('%s', (id, { usual, most }) => {
  it(`needs ${usual} bytes for an asset with three groups of peers, and none before its first record`, () => {
    const evaluator = evaluatorOf(id as DetectionId);
    const empty = bytesOf(evaluator);
    expect(empty).toBeLessThan(700);
    for (let hour = 0; hour < 400; hour++) {
      for (const group of [0, 1, 2]) evaluator.judge(recordTo(group << 8, hour * HOUR_MS + group * MINUTE_MS, group, 50_000), silent);
    }
    const bytes = bytesOf(evaluator) - empty;
    expect(bytes).toBeGreaterThan(usual * 0.6);
    expect(bytes).toBeLessThanOrEqual(usual);
  });

  it(`stays below ${most} bytes under a scan of twenty thousand networks`, () => {
    const evaluator = evaluatorOf(id as DetectionId);
    const empty = bytesOf(evaluator);
    for (let address = 0; address < 20_000; address++) evaluator.judge(recordTo(address << 8, address * 10_000, address, 60), silent);
    expect(bytesOf(evaluator) - empty).toBeLessThanOrEqual(most);
  });
});
