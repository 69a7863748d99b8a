import { describe, expect, it } from 'vitest';
import { AssetTimes } from '../../../../detector/baseline/asset-times.js';
import { LocalClock } from '../../../../detector/baseline/local-clock.js';
import { NumberPool } from '../../../../detector/baseline/number-pool.js';
import { VolumeTally } from '../../../../detector/baseline/volume-tally.js';
import type { Evaluator, UnitContext } from '../../../../detector/detections/detection.js';
import { OPEN_CLAIMS } from '../../../../detector/detections/example-claims.js';
import { DETECTIONS, type DetectionId } from '../../../../detector/detections/index.js';
import { ObservedRecord } from '../../../../detector/detections/observed-record.js';
import { effectiveParameters } from '../../../../detector/engine/parameters.js';
import type { FindingSink } from '../../../../detector/findings/finding-sink.js';
import { ExchangeKinds } from '../../../../detector/sessions/exchange-kinds.js';
import { HOUR_MS, MINUTE_MS } from '../../../../flow/time.js';
import { claimsOf } from '../../support/rows.js';

const VOLUMES = ['volume-up', 'volume-down', 'slow-exfiltration', 'volume-over-days', 'asymmetry-flip'] as const satisfies DetectionId[];
/** Documented in detector/baseline and in the detections: bytes of typed arrays of all five, for an asset with four groups of peers, and at most. */
const USUAL_BYTES = 19_700;
const MOST_BYTES = 43_300;
const EMPTY_BYTES = 100;
/** Chunks that numbers are cut from are filled by many assets; what is left of the last is nobody's. */
const ASSETS = 64;

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

/** Those of as many units, each with one asset, of one partition. */
function partition(): { kinds: ExchangeKinds; units: Evaluator[][] } {
  const kinds = new ExchangeKinds(1024);
  const shared = {
    claims,
    clock: new LocalClock(claims.timezone),
    kinds,
    times: new AssetTimes(ASSETS),
    tally: new VolumeTally(claims, kinds),
    pool: new NumberPool(),
  };
  const parameters = effectiveParameters();
  const units = Array.from({ length: ASSETS }, (_, asset) => {
    const unit = { ...shared, assets: [asset] };
    return VOLUMES.map((id) => {
      const evaluator: (unit: UnitContext, values: Readonly<Record<string, number>>) => Evaluator = DETECTIONS[id].evaluator as never;
      return evaluator(unit, parameters[id]);
    });
  });
  return { kinds, units };
}

/** A record of the asset to 100.a.b.c. */
function recordTo(kinds: ExchangeKinds, asset: number, address: number, ms: number, octets: number): ObservedRecord {
  const record = new ObservedRecord();
  const bytes = new Uint8Array(16);
  bytes.set([0xff, 0xff, 100, (address >> 16) & 0xff, (address >> 8) & 0xff, address & 0xff], 10);
  Object.assign(record, {
    asset,
    peerBytes: bytes,
    peerWords: new Uint32Array(bytes.buffer),
    startMs: ms,
    endMs: ms + 1000,
    octetsOut: octets,
    octetsIn: octets / 2,
    packetsOut: 10,
    packetsIn: 10,
    sessionStarts: true,
  });
  kinds.find(record, record.initiator);
  return record;
}

/** Bytes of all typed arrays that hang on the evaluators of a partition's assets, those that views are cut from as a whole; not the table of kinds. */
function bytesOf(units: readonly (readonly Evaluator[])[]): number {
  const seen = new Set<unknown>([claims]);
  const walk = (value: unknown, key: string): number => {
    if (typeof value !== 'object' || value === null || seen.has(value) || SHARED.has(key)) return 0;
    seen.add(value);
    if (ArrayBuffer.isView(value)) return walk(value.buffer, '');
    if (value instanceof ArrayBuffer) return value.byteLength;
    return Object.entries(value).reduce((sum: number, [name, one]) => sum + walk(one, name), 0);
  };
  return walk(units, '') / ASSETS;
}

/** What the partition is made of, and detections without their assets. */
const SHARED = new Set(['unit', 'consumer', 'consumers', 'kinds', 'reader']);

describe('the five detections of volumes', () => {
  it(`need ${USUAL_BYTES} bytes for an asset with four groups of peers, and next to nothing before its first record`, () => {
    const { kinds, units } = partition();
    const empty = bytesOf(units);
    expect(empty).toBeLessThan(EMPTY_BYTES);
    for (let hour = 0; hour < 40; hour++) {
      for (const group of [0, 1, 2, 3]) {
        for (const [asset, list] of units.entries()) {
          const record = recordTo(kinds, asset, group << 8, hour * HOUR_MS + group * MINUTE_MS, 50_000);
          for (const evaluator of list) evaluator.judge(record, silent);
        }
      }
    }
    const bytes = bytesOf(units) - empty;
    expect(bytes).toBeGreaterThan(USUAL_BYTES * 0.6);
    expect(bytes).toBeLessThanOrEqual(USUAL_BYTES);
  });

  it(`stay below ${MOST_BYTES} bytes under a scan of a thousand networks by each asset`, () => {
    const { kinds, units } = partition();
    const empty = bytesOf(units);
    for (let address = 0; address < 1000; address++) {
      for (const [asset, list] of units.entries()) {
        const record = recordTo(kinds, asset, address << 8, address * 10_000, 60);
        for (const evaluator of list) evaluator.judge(record, silent);
      }
    }
    expect(bytesOf(units) - empty).toBeLessThanOrEqual(MOST_BYTES);
  });
});
