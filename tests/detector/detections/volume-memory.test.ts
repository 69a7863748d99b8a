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

const VOLUMES = ['volume-up', 'volume-down', 'slow-exfiltration', 'volume-over-days', 'asymmetry-flip'] as const satisfies DetectionId[];
/** Documented in detector/baseline and in the detections: bytes of typed arrays of all five, for an asset with three groups of peers, and at most. */
const USUAL_BYTES = 17_000;
const MOST_BYTES = 38_000;
/** The unit's cache of groups of peers. */
const EMPTY_BYTES = 1000;

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

function evaluators(): Evaluator[] {
  const unit = { claims, assets: [0], clock: new LocalClock(claims.timezone), kinds: new ExchangeKinds(512), times: new AssetTimes(1) };
  return VOLUMES.map((id) => {
    const detection: Detection = DETECTIONS[id];
    return (detection.evaluator as (context: typeof unit, values: Readonly<Record<string, number>>) => Evaluator)(
      unit,
      effectiveParameters()[id],
    );
  });
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

/** Bytes of all typed arrays that hang on the evaluators of an asset; not those that all assets of a partition share. */
function bytesOf(list: readonly Evaluator[]): number {
  const seen = new Set<unknown>([claims]);
  const walk = (value: unknown, key: string): number => {
    if (typeof value !== 'object' || value === null || seen.has(value) || SHARED.has(key)) return 0;
    seen.add(value);
    if (ArrayBuffer.isView(value)) return value.byteLength;
    return Object.entries(value).reduce((sum: number, [name, one]) => sum + walk(one, name), 0);
  };
  return list.reduce((sum, one) => sum + walk(one, ''), 0);
}

/** What the unit is made of, and detections without their assets: one for all assets of a partition. */
const SHARED = new Set(['unit', 'consumer', 'consumers']);

const judge = (list: readonly Evaluator[], record: ObservedRecord): void => {
  for (const evaluator of list) evaluator.judge(record, silent);
};

describe('the five detections of volumes', () => {
  it(`need ${USUAL_BYTES} bytes for an asset with three groups of peers, and next to nothing before its first record`, () => {
    const list = evaluators();
    const empty = bytesOf(list);
    expect(empty).toBeLessThan(EMPTY_BYTES);
    for (let hour = 0; hour < 400; hour++) {
      for (const group of [0, 1, 2]) judge(list, recordTo(group << 8, hour * HOUR_MS + group * MINUTE_MS, group, 50_000));
    }
    const bytes = bytesOf(list) - empty;
    expect(bytes).toBeGreaterThan(USUAL_BYTES * 0.6);
    expect(bytes).toBeLessThanOrEqual(USUAL_BYTES);
  });

  it(`stay below ${MOST_BYTES} bytes under a scan of twenty thousand networks`, () => {
    const list = evaluators();
    const empty = bytesOf(list);
    for (let address = 0; address < 20_000; address++) judge(list, recordTo(address << 8, address * 10_000, address, 60));
    expect(bytesOf(list) - empty).toBeLessThanOrEqual(MOST_BYTES);
  });
});
