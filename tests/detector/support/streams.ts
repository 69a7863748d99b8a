import { AssetTimes } from '../../../detector/baseline/asset-times.js';
import { LocalClock } from '../../../detector/baseline/local-clock.js';
import { NumberPool } from '../../../detector/baseline/number-pool.js';
import { VolumeTally } from '../../../detector/baseline/volume-tally.js';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import type { Detection, Evaluator } from '../../../detector/detections/detection.js';
import { Began, Level, ObservedRecord } from '../../../detector/detections/observed-record.js';
import type { FindingSink, Measurement } from '../../../detector/findings/finding-sink.js';
import { ExchangeKinds, kindsOf } from '../../../detector/sessions/exchange-kinds.js';
import { parseAddress } from '../../../flow/address.js';

/** Seeded numbers in [0, 1): Marsaglia's xorshift. */
export function randomFrom(seed: number): () => number {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Standard normal, by Box and Muller. */
export function normalFrom(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** An evaluator at work on one unit, fed with sessions that consist of one record each, without the engine around it: for simulations of many thousand. */
export class StreamJudge {
  readonly measured: Measurement[] = [];
  readonly record = new ObservedRecord();
  readonly evaluator: Evaluator;
  private readonly claims: CompiledClaims;
  private readonly kinds: ExchangeKinds;
  private readonly times = new AssetTimes(1);
  private readonly sink: FindingSink;
  private sessions = 0;

  constructor(detection: Detection, claims: CompiledClaims, parameters: Readonly<Record<string, number>> = {}) {
    const defaults = Object.entries(detection.parameters).map(([name, { default: usual }]) => [name, parameters[name] ?? usual] as const);
    const kinds = new ExchangeKinds(kindsOf(1));
    this.claims = claims;
    this.kinds = kinds;
    this.evaluator = detection.evaluator(
      {
        claims,
        assets: [0],
        clock: new LocalClock(claims.timezone),
        kinds,
        times: this.times,
        tally: new VolumeTally(claims, kinds),
        pool: new NumberPool(),
      },
      Object.fromEntries(defaults),
    );
    const refuse = (): never => {
      throw new Error('the detection used a way to report that the test does not expect');
    };
    this.sink = {
      contribute: refuse,
      measure: (_record, measurement) => this.measured.push(measurement),
      excuse: refuse,
      undecided: refuse,
      drill: refuse,
      stretch: refuse,
      rowOf: () => undefined,
    };
    const { record } = this;
    record.initiator = Began.asset;
    record.initiatorSeen = true;
    record.level = Level.established;
    record.protocol = 6;
    record.assetBytes = parseAddress('10.40.10.11');
    this.talkTo('203.0.113.7', 443);
  }

  talkTo(peer: string, port: number): this {
    const { record } = this;
    record.peerBytes = parseAddress(peer).slice();
    record.peerWords = new Uint32Array(record.peerBytes.buffer);
    record.peerPort = port;
    return this;
  }

  /** Numbers sessions on from where another judge, whose state was taken over, has come. */
  continueFrom(other: StreamJudge): void {
    this.sessions = other.sessions;
  }

  /** A session of one record; of more, where it is said to have begun before. */
  session(startMs: number, lengthMs = 500, sessionStartMs = startMs): void {
    const { record } = this;
    this.sessions += 1;
    record.session = this.sessions;
    record.sessionStarts = sessionStartMs === startMs;
    record.startMs = startMs;
    record.endMs = startMs + lengthMs;
    record.sessionStartMs = sessionStartMs;
    record.assetPort = 33_000 + (this.sessions % 20_000);
    record.octetsOut = 900;
    record.octetsIn = 1400;
    record.packetsOut = 7;
    record.packetsIn = 6;
    const period = this.claims.periodOf(startMs);
    record.periodFromMs = period.fromMs;
    record.periodToMs = period.toMs;
    this.times.take(0, startMs, record.endMs);
    this.kinds.find(record, record.initiator);
    this.evaluator.judge(record, this.sink);
  }
}
