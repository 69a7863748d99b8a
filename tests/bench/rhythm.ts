import { AssetTimes } from '../../detector/baseline/asset-times.js';
import { LocalClock } from '../../detector/baseline/local-clock.js';
import { NumberPool } from '../../detector/baseline/number-pool.js';
import { StateWriter } from '../../detector/baseline/state.js';
import { VolumeTally } from '../../detector/baseline/volume-tally.js';
import { compileTexts } from '../../detector/claims/load.js';
import type { Detection, Evaluator } from '../../detector/detections/detection.js';
import { exampleClaims } from '../../detector/detections/example-claims.js';
import { Began, Level, ObservedRecord } from '../../detector/detections/observed-record.js';
import { beacon } from '../../detector/detections/rhythms/beacon.js';
import { longSession } from '../../detector/detections/rhythms/long-session.js';
import { reconnectHammer } from '../../detector/detections/rhythms/reconnect-hammer.js';
import { rhythmChange } from '../../detector/detections/rhythms/rhythm-change.js';
import type { FindingSink } from '../../detector/findings/finding-sink.js';
import { ExchangeKinds, kindsOf } from '../../detector/sessions/exchange-kinds.js';
import { processorSeconds, report } from './report.js';

/*
 * What the detections on rhythms cost a record: a hundred assets, thirty peers each, two records a session; after as many records as it takes to fill the state. Three mixes: all peers admitted by a claim; none of them;
 * and none, with one session in five unanswered. The cost of making the records is measured apart and taken off. And what an asset's state weighs.
 */

const ASSETS = 100;
const PEERS = 30;
const RECORDS = 1_000_000;
const { claims } = compileTexts([
  { file: 'bench.yaml', text: exampleClaims('{ budget: [ { peer: { any: true }, budget: { bytes: 100TiB, per: P1D } } ] }') },
]).compilation;
const DETECTIONS: readonly Detection[] = [beacon, rhythmChange, longSession, reconnectHammer];

let measured = 0;
const sink: FindingSink = {
  contribute: () => {},
  measure: () => {
    measured += 1;
  },
  excuse: () => {},
  undecided: () => {},
  drill: () => {},
  stretch: () => {},
  rowOf: () => undefined,
};

interface Mix {
  readonly name: string;
  readonly admitted: boolean;
  readonly unanswered: number;
}

function evaluatorsOf(detections: readonly Detection[], kinds: ExchangeKinds, times: AssetTimes): Evaluator[] {
  return detections.map((detection) => {
    const values = Object.fromEntries(Object.entries(detection.parameters).map(([name, { default: usual }]) => [name, usual]));
    return detection.evaluator(
      {
        claims,
        assets: [0],
        clock: new LocalClock(claims.timezone),
        kinds,
        times,
        tally: new VolumeTally(claims, kinds),
        pool: new NumberPool(),
      },
      values,
    );
  });
}

/** Nanoseconds of processor time a record. */
function run(detections: readonly Detection[], mix: Mix): { nanoseconds: number; bytesPerAsset: number } {
  const units = Array.from({ length: ASSETS }, () => {
    const kinds = new ExchangeKinds(kindsOf(1));
    const times = new AssetTimes(1);
    return { kinds, times, evaluators: evaluatorsOf(detections, kinds, times), sessions: 0 };
  });
  const record = new ObservedRecord();
  record.peerBytes = new Uint8Array(16);
  record.peerWords = new Uint32Array(record.peerBytes.buffer);
  record.peerBytes.fill(0xff, 10, 12);
  record.protocol = 6;
  record.initiator = Began.asset;
  let state = 1;
  let ms = Date.parse('2026-12-03T11:00:00Z');
  let started = seconds();
  for (let i = 0; i < 2 * RECORDS; i++) {
    if (i === RECORDS) started = seconds();
    const first = i % 2 === 0;
    if (first) state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const unit = units[state % ASSETS]!;
    const peer = (state >>> 12) % PEERS;
    if (first) {
      unit.sessions += 1;
      ms += 3;
      record.session = unit.sessions;
      record.startMs = ms;
      record.endMs = ms + 200;
      record.sessionStartMs = ms;
      record.periodFromMs = ms - (ms % 86_400_000);
      record.periodToMs = record.periodFromMs + 86_400_000;
      record.assetPort = 33_000 + (i % 20_000);
      record.octetsOut = 900;
      record.octetsIn = 0;
    } else record.octetsIn = 1400;
    record.sessionStarts = first;
    record.peerBytes[12] = 203;
    record.peerBytes[14] = peer;
    record.peerBytes[15] = peer;
    record.peerPort = 443 + (peer % 3);
    record.level = (state >>> 20) % 100 < mix.unanswered ? Level.attempt : Level.established;
    record.admitted = mix.admitted;
    unit.times.take(0, record.startMs, record.endMs);
    unit.kinds.find(record, Began.asset);
    const { evaluators } = unit;
    for (let one = 0; one < evaluators.length; one++) evaluators[one]!.judge(record, sink);
  }
  const nanoseconds = ((seconds() - started) * 1e9) / RECORDS;
  const writer = new StateWriter();
  for (const evaluator of units[0]!.evaluators) evaluator.save(writer);
  return { nanoseconds, bytesPerAsset: writer.finish().length };
}

function seconds(): number {
  return processorSeconds('self') ?? performance.now() / 1000;
}

for (const mix of [
  { name: 'all peers admitted', admitted: true, unanswered: 0 },
  { name: 'no peer admitted', admitted: false, unanswered: 0 },
  { name: 'no peer admitted, a fifth unanswered', admitted: false, unanswered: 20 },
]) {
  run([], mix);
  const bare = run([], mix).nanoseconds;
  const each = DETECTIONS.map((detection) => `${detection.id} ${(run([detection], mix).nanoseconds - bare).toFixed(0)}`);
  const all = run(DETECTIONS, mix);
  const nanoseconds = all.nanoseconds - bare;
  process.stdout.write(
    `rhythm, ${mix.name}: ${nanoseconds.toFixed(0)} ns a record together (${each.join(', ')}), ${all.bytesPerAsset} bytes an asset, ${measured} reports\n`,
  );
  report({
    name: `rhythm, ${mix.name}`,
    value: 1e9 / nanoseconds,
    unit: 'records/s and core',
    target: 1e9 / 300,
    note: `${nanoseconds.toFixed(0)} ns each`,
  });
}
