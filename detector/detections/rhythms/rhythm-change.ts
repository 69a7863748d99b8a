import { parseAddress } from '../../../flow/address.js';
import { DAY_MS, HOUR_MS } from '../../../flow/time.js';
import { ByAsset } from '../../baseline/by-asset.js';
import { medianError, type StartRings } from '../../baseline/start-rings.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { FindingSink } from '../../findings/finding-sink.js';
import { Attention, type Detection, type Evaluator, type ParameterTable, type ParameterValues, type UnitContext } from '../detection.js';
import { Began, Level, type ObservedRecord } from '../observed-record.js';
import { isBackground, isLookup } from './background-services.js';
import { RHYTHM_CHANGE_EXAMPLES } from './rhythm-change-examples.js';
import { RhythmEnds } from './rhythm-ends.js';
import { type RhythmReports, recomputeRhythm, reportsOf } from './rhythm-reports.js';
import { CHANGE_INTERVALS, Fact, LEARN_INTERVALS, RhythmRows } from './rhythm-rows.js';

const ID = 'rhythm-change';

const PARAMETERS = {
  warmUpHours: {
    default: 168,
    least: 1,
    most: 8760,
    unit: 'hours of record time since the first connection to the peer and port',
    reason: 'A week holds what changes between day and night and at the weekend; rhythms met in it are all usual.',
  },
  mostShift: {
    default: 0.3,
    least: 0.1,
    most: 5,
    unit: 'share of the period, or of its spread',
    reason:
      'detection.md D21; where the rhythm scatters so much that the median of twelve intervals is less sure, four of its standard errors.',
  },
  missedBeats: {
    default: 6,
    least: 3,
    most: 1000,
    unit: 'periods without a beat',
    reason: 'Fewer are lost with a datagram or a restart.',
  },
} as const satisfies ParameterTable;

/** While a rhythm is not learned it is looked at each so many starts, and is learned when so many looks running pass (detection.md D08). */
const STARTS_PER_LOOK = 4;
const LOOKS = 4;
const MOST_SPREAD = 0.3;
const MOST_TAIL = 2.2;
/** Beats that must be off running, beside the six or so that it takes to move the median of twelve intervals. With six, one heartbeat in 200 weeks was told by chance. */
const BEATS_OFF = 10;
/** Until the warm-up is over, the learned period follows each look by this share: it is then as sure as a median of hundreds. */
const REFINE = 1 / 64;
const ERRORS = 4;
/** A period known before is the same within this share. */
const SAME_SHARE = 0.15;
/** Rhythms in which no pause is worth a look: more often than every two seconds. */
const LEAST_PERIOD_MS = 2000;
/** After so many looks without a rhythm, starts are passed over: at first as many as fill the ring, then twice as many each time. */
const PATIENCE = 3;
const MOST_FAILURES = 6;
/** Who takes over begins within so many periods of the last beat of the other. */
const TAKEOVER_PERIODS = 12;

export const rhythmChange: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'A steady rhythm changed',
  question: 'Did a heartbeat that the equipment keeps with a known peer change, cease or go elsewhere?',
  claimKinds: [],
  attack: [
    { id: 'T1008', matrix: 'enterprise', version: '18.0' },
    { id: 'T0803', matrix: 'ics', version: '18.0' },
    { id: 'T0804', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    'initiator',
    'samplingInterval',
  ],
  history:
    'a week of the peer and port, by default, and 41 beats; rhythms are learned with peers that a claim admits and with those inside, never with an outside peer that none admits. Not assessable where packets are sampled',
  falsePositives: [
    'An update or a new configuration of either end.',
    'Server of a pair that takes over for the other, where no claim admits it.',
    'Monitoring switched off for maintenance.',
  ],
  runbook: [
    'Ask the owner for the change that brought it. None: look at what else happened in that minute, at this asset and at its fleet.',
    'Did the same rhythm end at other assets? Then look at the server. Is it this asset alone? Then look at what was done to it.',
    'A new peer with the old rhythm is the first thing to look at: who answers there now?',
  ],
  references: ['reference/detection.md D21, D08'],
  examples: RHYTHM_CHANGE_EXAMPLES,
  recompute: recomputeRhythm,
  attends: (record) => Attention.due | (mayBeRhythm(record) ? Attention.starts : Attention.none),
  evaluator: (unit, parameters) => new RhythmWatch(unit, parameters),
};

/** The rhythm of lookups is that of caches. */
function mayBeRhythm(record: ObservedRecord): boolean {
  return record.initiator !== Began.unknown && !isLookup(record) && !isBackground(record);
}

interface Asset {
  /** Rhythms that are learned. */
  learned: number;
}

class RhythmWatch implements Evaluator {
  private readonly unit: UnitContext;
  readonly warmUpMs: number;
  readonly missedBeats: number;
  private readonly mostShift: number;
  private readonly rows: RhythmRows;
  private readonly reports: RhythmReports;
  private readonly ends: RhythmEnds;
  private readonly assets = new ByAsset<Asset>();

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.warmUpMs = parameters.warmUpHours * HOUR_MS;
    this.mostShift = parameters.mostShift;
    this.missedBeats = parameters.missedBeats;
    this.rows = new RhythmRows(unit.assets.length, unit.pool);
    this.reports = reportsOf(unit, ID);
    this.ends = new RhythmEnds(unit, this.rows, this.reports, this);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    const { times } = this.unit;
    const asset = this.assetOf(record.asset);
    const newestMs = times.newestMs(record.asset);
    if (record.sessionStarts && record.sampling <= 1 && record.level !== Level.attempt && mayBeRhythm(record))
      this.start(record, asset, newestMs, findings);
    this.ends.look(record, asset.learned, newestMs, findings);
  }

  decided(asset: number, { does, peer, protocol, port }: FollowedDecision): void {
    if (does !== 'unlearn' || peer === '' || peer.includes('/')) return;
    this.rows.unlearn(asset, parseAddress(peer), protocol, port);
    this.ends.lookNextMinute(asset);
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    return this.unit.times.learningUntil(asset, this.warmUpMs, nowMs);
  }

  save(writer: StateWriter): void {
    this.rows.save(writer);
    writer.byAsset(this.assets, ({ learned }) => writer.u32(learned));
  }

  load(reader: StateReader): void {
    this.rows.load(reader);
    for (let left = reader.u32(); left > 0; left--) this.assetOf(reader.u32()).learned = reader.u32();
  }

  private assetOf(index: number): Asset {
    let asset = this.assets.get(index);
    if (asset === undefined) {
      asset = { learned: 0 };
      this.assets.set(index, asset);
    }
    return asset;
  }

  private start(record: ObservedRecord, asset: Asset, newestMs: number, findings: FindingSink): void {
    const { rows } = this;
    const row = rows.rowOf(record, record.initiator === Began.asset ? record.peerPort : record.assetPort);
    if (row < 0) return;
    const startMs = record.startMs;
    const pauseMs = startMs - rows.fact(row, Fact.latestMs);
    if (pauseMs > 0) {
      rows.setFact(row, Fact.latestMs, startMs);
      rows.setFact(row, Fact.activeAt, this.minutesBefore(record.asset));
      rows.keys.touch(row);
    }
    if (rows.fact(row, Fact.skips) > 0) {
      rows.add(row, Fact.skips, -1);
      return;
    }
    if (!rows.rings.add(row, startMs)) return;
    if (rows.fact(row, Fact.told) === 1) {
      rows.setFact(row, Fact.told, 0);
      this.ends.lookNextMinute(record.asset);
    } else if (pauseMs > rows.fact(row, Fact.longestMs)) rows.setFact(row, Fact.longestMs, pauseMs);
    const lagMs = newestMs - startMs;
    if (lagMs > rows.fact(row, Fact.lagMs)) rows.setFact(row, Fact.lagMs, lagMs);
    // A window of a claim may open: what is admitted is asked of the record.
    if (record.admitted || (!record.breaksClaim && !this.unit.claims.isOutside(record.peerBytes, record.peerOffset)))
      this.learn(record, row, asset, findings);
    else this.lookForTakeover(record, row, findings);
  }

  private learn(record: ObservedRecord, row: number, asset: Asset, findings: FindingSink): void {
    const { rows } = this;
    const { rings } = rows;
    const intervals = rings.count(row) - 1;
    if (rows.isLearned(row)) {
      if (intervals >= CHANGE_INTERVALS) this.compare(record, row, asset, findings);
      return;
    }
    if (intervals < LEARN_INTERVALS) {
      if (!record.admitted) this.lookForTakeover(record, row, findings);
      return;
    }
    rows.add(row, Fact.runs, 1);
    if (rows.fact(row, Fact.runs) % STARTS_PER_LOOK !== 0) return;
    rings.measure(row, LEARN_INTERVALS);
    if (!isRegular(rings)) {
      this.fail(row);
      return;
    }
    if (rows.fact(row, Fact.runs) < LOOKS * STARTS_PER_LOOK) return;
    rows.setFact(row, Fact.periodMs, rings.medianMs);
    rows.setFact(row, Fact.spread, rings.spread);
    rows.remember(row, rings.medianMs);
    rows.setFact(row, Fact.runs, 0);
    rows.setFact(row, Fact.failures, 0);
    asset.learned += 1;
    this.ends.lookNextMinute(record.asset);
  }

  /** Minutes that showed the asset before that which the record at hand begins. */
  private minutesBefore(asset: number): number {
    const { times } = this.unit;
    return times.minutes(asset) - (times.beginsMinute ? 1 : 0);
  }

  /** There is no rhythm now. What never has one is looked at less and less. */
  private fail(row: number): void {
    const { rows } = this;
    rows.setFact(row, Fact.runs, 0);
    if (rows.fact(row, Fact.failures) < MOST_FAILURES + PATIENCE) rows.add(row, Fact.failures, 1);
    if (rows.fact(row, Fact.failures) <= PATIENCE || rows.giveUp(row)) return;
    rows.setFact(row, Fact.skips, LEARN_INTERVALS << (rows.fact(row, Fact.failures) - PATIENCE));
    rows.restart(row);
  }

  /** A beat of a rhythm that is learned. */
  private compare(record: ObservedRecord, row: number, asset: Asset, findings: FindingSink): void {
    const { rows } = this;
    const { rings } = rows;
    rings.measure(row, CHANGE_INTERVALS);
    const { medianMs, spread } = rings;
    const usualMs = rows.fact(row, Fact.periodMs);
    const usualSpread = rows.fact(row, Fact.spread);
    const most = Math.max(this.mostShift, ERRORS * medianError(usualSpread, CHANGE_INTERVALS));
    const lost = spread - usualSpread > this.mostShift;
    // Half as often is as far as twice as often.
    const shifted = Math.abs(Math.log(medianMs / usualMs)) > Math.log(1 + most);
    const learning = record.startMs < rows.fact(row, Fact.firstMs) + this.warmUpMs;
    if (!lost && !shifted) {
      rows.setFact(row, Fact.runs, 0);
      if (learning) {
        rows.setFact(row, Fact.periodMs, usualMs + (medianMs - usualMs) * REFINE);
        rows.setFact(row, Fact.spread, usualSpread + (spread - usualSpread) * REFINE);
        this.ends.lookNextMinute(record.asset);
      }
      return;
    }
    rows.add(row, Fact.runs, 1);
    if (rows.fact(row, Fact.runs) < BEATS_OFF) return;
    const isKnown = !lost && rows.isKnown(row, medianMs, SAME_SHARE);
    if (!learning && !isKnown) this.reports.change(record, { medianMs, spread, usualMs, usualSpread, rings, row, lost }, findings);
    rows.setFact(row, Fact.runs, 0);
    if (lost && learning) rows.setFact(row, Fact.spread, spread);
    else if (lost) {
      // What has lost its rhythm has none until it keeps one again.
      rows.setFact(row, Fact.periodMs, 0);
      asset.learned -= 1;
      rows.restart(row);
    } else {
      rows.setFact(row, Fact.periodMs, medianMs);
      this.ends.lookNextMinute(record.asset);
      if (!isKnown) rows.remember(row, medianMs);
    }
  }

  /** A beat of a peer whose rhythm is not learned: is it that of one who has ceased? */
  private lookForTakeover(record: ObservedRecord, row: number, findings: FindingSink): void {
    const { rows } = this;
    const { rings } = rows;
    if (rows.fact(row, Fact.told) === 2 || rings.count(row) <= CHANGE_INTERVALS || rings.count(row) % STARTS_PER_LOOK !== 1) return;
    const asset = this.assets.get(record.asset)!;
    if (asset.learned === 0) return;
    rings.measure(row, CHANGE_INTERVALS);
    if (!isRegular(rings)) return;
    const { medianMs, spread } = rings;
    for (let other = 0; other < rows.keys.end; other++) {
      if (!rows.keys.isUsed(other) || other === row || rows.fact(other, Fact.asset) !== record.asset || !rows.isLearned(other)) continue;
      const usualMs = rows.fact(other, Fact.periodMs);
      const share = Math.max(SAME_SHARE, ERRORS * medianError(spread, CHANGE_INTERVALS));
      if (Math.abs(medianMs - usualMs) > usualMs * share || !this.isJudged(other, record.startMs)) continue;
      const ceasedMs = rows.fact(other, Fact.latestMs);
      const silentMs = record.startMs - ceasedMs;
      const beganMs = rows.fact(row, Fact.firstMs);
      const follows = beganMs > ceasedMs - usualMs && beganMs < ceasedMs + TAKEOVER_PERIODS * usualMs;
      if (!follows || silentMs < this.missedBeats * usualMs) continue;
      rows.setFact(row, Fact.told, 2);
      this.reports.takeover(record, { medianMs, spread, usualMs, rings, row }, rows, other, findings);
      return;
    }
  }

  private isJudged(row: number, nowMs: number): boolean {
    return nowMs >= this.rows.fact(row, Fact.firstMs) + this.warmUpMs;
  }
}

function isRegular({ medianMs, spread, tail }: StartRings): boolean {
  return medianMs >= LEAST_PERIOD_MS && medianMs <= DAY_MS && spread <= MOST_SPREAD && tail <= MOST_TAIL;
}
