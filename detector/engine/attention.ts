import { Attention, type Detection, LASTING_MS, LONG_MS, type UnitContext } from '../detections/detection.js';
import { Level, type ObservedRecord } from '../detections/observed-record.js';
import { type ExchangeKinds, KindWord } from '../sessions/exchange-kinds.js';

/** Combinations of the bits of Attention: what a record is. */
const OCCASIONS = 1 << 9;

/**
 * Which detections see a record. Most have no business with most records: each says once per kind of exchange which of its records it wants to see
 * (Detection.attends). Kinds of equal answers share a profile, of which a table tells for every combination of occasions which detections are called, as bits in
 * the order of judging. So a record costs the look at its kind's row, and one at a small table that all units share.
 */
export class AttentionTable {
  private readonly detections: readonly Detection[];
  private readonly kinds: ExchangeKinds;
  private readonly showAll: boolean;
  private readonly profiles = new Map<string, number>();
  private masks = new Uint32Array(OCCASIONS);

  /** `detections`: at most 31, in the order of judging. `showAll`: they see every record. */
  constructor(detections: readonly Detection[], kinds: ExchangeKinds, showAll: boolean) {
    this.detections = detections;
    this.kinds = kinds;
    this.showAll = showAll;
  }

  /** The detections that see the record, as bits. `due`: see AssetTimes.take. */
  maskOf(record: ObservedRecord, due: boolean, unit: UnitContext): number {
    const profile = this.kinds.word(record, KindWord.attention) || this.decide(record, unit);
    let occasion: number = Attention.always;
    if (record.sessionStarts) occasion |= Attention.starts;
    if (record.level === Level.attempt) occasion |= Attention.attempts;
    if (!record.admitted) occasion |= Attention.strange;
    const openMs = record.endMs - record.sessionStartMs;
    if (openMs >= LASTING_MS) occasion |= openMs >= LONG_MS ? Attention.lasting | Attention.long : Attention.lasting;
    if (record.application !== 0 || record.peerIsNamedResolver) occasion |= Attention.told;
    if (record.assetMac !== 0) occasion |= Attention.mac;
    if (due) occasion |= Attention.due;
    return this.masks[profile * OCCASIONS + occasion]!;
  }

  private decide(record: ObservedRecord, unit: UnitContext): number {
    const wanted = this.detections.map(({ attends }) => (this.showAll ? Attention.always : (attends?.(record, unit) ?? Attention.always)));
    const key = wanted.join(' ');
    let profile = this.profiles.get(key);
    if (profile === undefined) {
      // Numbered from 1: 0 is a kind that nobody has asked about.
      profile = this.profiles.size + 1;
      this.profiles.set(key, profile);
      this.enter(profile, wanted);
    }
    this.kinds.keep(record, KindWord.attention, profile);
    return profile;
  }

  private enter(profile: number, wanted: readonly number[]): void {
    if ((profile + 1) * OCCASIONS > this.masks.length) {
      const masks = new Uint32Array(this.masks.length * 2);
      masks.set(this.masks);
      this.masks = masks;
    }
    for (let occasion = 0; occasion < OCCASIONS; occasion++) {
      let mask = 0;
      for (const [index, bits] of wanted.entries()) if ((bits & occasion) !== 0) mask |= 1 << index;
      this.masks[profile * OCCASIONS + occasion] = mask;
    }
  }
}
