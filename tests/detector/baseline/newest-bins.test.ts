import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssetVolumes, At, Bin } from '../../../detector/baseline/asset-volumes.js';
import { NewestBins } from '../../../detector/baseline/newest-bins.js';
import { NumberPool } from '../../../detector/baseline/number-pool.js';
import type { ShortBins } from '../../../detector/baseline/volume-consumer.js';
import { ObservedRecord } from '../../../detector/detections/observed-record.js';
import type { FindingSink } from '../../../detector/findings/finding-sink.js';
import { MINUTE_MS } from '../../../flow/time.js';

const BIN_MS = 5 * MINUTE_MS;
const LIMIT = 1000;
const nobody = {} as FindingSink;

/** Bins that count octets and tell of each record that comes into one over its limit. */
interface Counted {
  /** Out and in. */
  readonly newest: [number, number];
  readonly octets: Map<string, number>;
  readonly told: string[];
}
const counted = (): Counted => ({ newest: [Number.NaN, Number.NaN], octets: new Map(), told: [] });

const wayOf = (inbound: boolean): 0 | 1 => (inbound ? 1 : 0);
const keyOf = (inbound: boolean, bin: number): string => `${inbound ? 'in' : 'out'} ${bin}`;
const bins: ShortBins<Counted> = {
  newestFromMs: ({ newest }, inbound) => newest[wayOf(inbound)] * BIN_MS,
  newestToMs: ({ newest }, inbound) => (newest[wayOf(inbound)] + 1) * BIN_MS,
  take: (state, inbound, sums, at) => add(state, inbound, state.newest[wayOf(inbound)], sums[at + Bin.octets]!),
  each: (state, inbound, record) => {
    const bin = Math.floor(record.endMs / BIN_MS);
    if (!(bin <= state.newest[wayOf(inbound)])) state.newest[wayOf(inbound)] = bin;
    add(state, inbound, bin, inbound ? record.octetsIn : record.octetsOut);
    tell(state, inbound, bin, record);
  },
  room: (state, inbound) => LIMIT - (state.octets.get(keyOf(inbound, state.newest[wayOf(inbound)])) ?? 0),
  check: (state, inbound, record) => tell(state, inbound, state.newest[wayOf(inbound)], record),
};

function add({ octets }: Counted, inbound: boolean, bin: number, more: number): void {
  octets.set(keyOf(inbound, bin), (octets.get(keyOf(inbound, bin)) ?? 0) + more);
}

function tell({ octets, told }: Counted, inbound: boolean, bin: number, { session }: ObservedRecord): void {
  if (octets.get(keyOf(inbound, bin))! >= LIMIT) told.push(`${keyOf(inbound, bin)}: record ${session}`);
}

const records = fc.array(
  fc.record({
    laterMs: fc.integer({ min: -6 * MINUTE_MS, max: 2 * MINUTE_MS }),
    out: fc.constantFrom(0, 1, 90, 400),
    back: fc.constantFrom(0, 70),
  }),
  { maxLength: 60 },
);

describe('collecting for the newest bin', () => {
  it('tells the same, with the same record, as every record taken for itself; late ones included', () => {
    fc.assert(
      fc.property(records, (list) => {
        const volumes = new AssetVolumes({ assets: [0], pool: new NumberPool() }, 1);
        const [collected, alone] = [counted(), counted()];
        volumes.states[0] = collected;
        volumes.sums[At.sampling] = 1;
        const newest = new NewestBins(bins as ShortBins<object>, 0);
        let ms = 100 * BIN_MS;
        for (const [session, { laterMs, out, back }] of list.entries()) {
          ms += laterMs;
          const record = Object.assign(new ObservedRecord(), {
            session,
            startMs: ms,
            endMs: ms,
            octetsOut: out,
            octetsIn: back,
            sampling: 1,
          });
          newest.count(record, volumes, nobody);
          if (out > 0) bins.each(alone, false, record, nobody);
          if (back > 0) bins.each(alone, true, record, nobody);
        }
        newest.flush(volumes);
        expect(collected).toEqual(alone);
      }),
    );
  });
});
