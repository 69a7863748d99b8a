import type { FollowedDecision } from '../decisions/followed.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import type { FindingSink } from '../findings/finding-sink.js';
import type { AssetVolumes } from './asset-volumes.js';
import type { StateReader, StateWriter } from './state.js';

/** A detection that is fed by the tally. Its state of one asset is an object of its own. */
export interface VolumeConsumer<S extends object> {
  /** The first record of the asset has come. */
  begin(record: ObservedRecord): S;
  /** Until when (ms, after `nowMs`) nothing is to be closed; `advance` is called with the first record that ends then or later. */
  dueMs(state: S, nowMs: number): number;
  advance(state: S, volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void;
  /** Since when (ms) all that is taken counts as of today; left out: of its hour. */
  sinceMs?(state: S): number;
  /** Its bins that are shorter than a slice; of one detection only. */
  readonly bins?: ShortBins<S>;
  /** The record's group of peers has got this place, which may have been another's. */
  enter?(state: S, volumes: AssetVolumes, place: number, record: ObservedRecord): void;
  /** Adds what the slice holds; `total` has the sums of all groups. */
  take(state: S, volumes: AssetVolumes, total: Float64Array): void;
  /** Adds a record that does not lie within the slice, and says what there is to say. */
  add(state: S, volumes: AssetVolumes, place: number, record: ObservedRecord, findings: FindingSink): void;
  /** Octets (scaled by sampling) that may come in one direction before `dueMs` until `check` has anything to say. Left out: it never has. */
  room?(state: S, inbound: boolean, nowMs: number): number;
  /** The record has come, and was taken. */
  check?(state: S, volumes: AssetVolumes, place: number, record: ObservedRecord, findings: FindingSink): void;
  /** A record of agreed work, which nobody else counts. */
  agreed?(state: S, volumes: AssetVolumes, record: ObservedRecord, findings: FindingSink): void;
  /** Somebody has decided about the asset. */
  decided?(state: S, volumes: AssetVolumes, decision: FollowedDecision): void;
  /** When learning ends, ms. */
  learnedMs(state: S): number;
  save(state: S, writer: StateWriter): void;
  load(reader: StateReader): S;
}

/** Bins of each direction that are filled while a slice lasts. Of the newest the tally collects. */
export interface ShortBins<S extends object> {
  /** Bounds of the newest bin, ms; NaN before the first record. */
  newestFromMs(state: S, inbound: boolean): number;
  newestToMs(state: S, inbound: boolean): number;
  /** Adds to the newest bin what was collected of one sampling interval; `at`: where its sums (Bin) lie. */
  take(state: S, inbound: boolean, sums: Float64Array, at: number): void;
  /** Adds a record of any time that counts in the direction, and says what there is to say. */
  each(state: S, inbound: boolean, record: ObservedRecord, findings: FindingSink): void;
  /** Octets that may come into the newest bin until `check` has anything to say. */
  room(state: S, inbound: boolean, nowMs: number): number;
  /** The record has come into the newest bin, and was taken. */
  check(state: S, inbound: boolean, record: ObservedRecord, findings: FindingSink): void;
}
