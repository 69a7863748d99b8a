import type { CompiledClaims } from '../../detector/claims/compiled.js';
import type { CoverageMinute } from '../../detector/coverage/observed-time.js';
import { type DetectionSettings, effectiveWatchParameters } from '../../detector/engine/parameters.js';
import { FINDING_COLUMNS, type Finding } from '../../detector/findings/finding.js';
import { addFinding, createFindingBatch } from '../../detector/findings/finding-batch.js';
import { StoredActivity } from '../../detector/store/queries/activity.js';
import { coverageMinutes } from '../../detector/store/queries/coverage.js';
import { findingRevisions } from '../../detector/store/queries/findings.js';
import { storedRecords } from '../../detector/store/queries/stored-records.js';
import type { StoreService } from '../../detector/store/service/store-service.js';
import type { Store } from '../../detector/store/store.js';
import { momentsOf } from '../../detector/watches/control-then-silence.js';
import { findingsOf, sceneOf } from '../../detector/watches/evaluate.js';
import { WATCH_IDS } from '../../detector/watches/index.js';
import { LEARN_MS } from '../../detector/watches/scene.js';
import { settle } from '../../detector/watches/settle.js';
import { fleetsToAsk } from '../../detector/watches/wake-ups.js';
import type { Bus } from '../../flow/bus/bus.js';
import { FrameEncoder } from '../../flow/frame.js';
import { DAY_MS, HOUR_MS, minuteOf } from '../../flow/time.js';
import { partitionOf } from '../../flow/watch-list.js';
import { type Range, storedStretches } from './judging.js';

/** The ledger is read this far before what is looked at: what an exporter's usual pauses are is known after two days. */
const LEDGER_BEFORE_MS = 2 * DAY_MS;
/** What is in the cache is read again this far back with every run: rows of a minute come late by less. */
const AGAIN_MS = 3 * HOUR_MS;
/** How far back the rows that are stored are held against those that were handed on: a store that is further behind has no ledger either. */
const STORED_BACK_MS = DAY_MS;
/** Silences of one run whose callers are looked up, the latest: a whole network that goes dark has no callers worth the hours. */
const MOST_MOMENTS = 1000;

/**
 * Watches over what is stored under one claim set. What it keeps between runs is a copy of what is stored and no state: another process that begins now finds
 * the same.
 */
export class StoredWatches {
  private readonly store: Store;
  private readonly claims: CompiledClaims;
  readonly parameters: ReturnType<typeof effectiveWatchParameters>;
  private activity: StoredActivity;
  private ledger: CoverageMinute[] = [];
  /** [from, until) of what is in the copies. */
  private loadedFromMs = Number.POSITIVE_INFINITY;
  private loadedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(store: Store, claims: CompiledClaims, settings: DetectionSettings) {
    this.store = store;
    this.claims = claims;
    this.parameters = effectiveWatchParameters(settings);
    this.activity = new StoredActivity(claims);
  }

  /**
   * What the findings about what began in the range, by its calendar periods, have to say that is not stored yet: new and changed ones, and those that late
   * data took back. `anew`: everything is read again, late data of long ago included.
   */
  async changes({ fromMs: askedMs, toMs }: Range, anew = true): Promise<Finding[]> {
    const { fromMs } = this.claims.periodOf(askedMs);
    if (anew) this.forget();
    await this.load(fromMs, toMs);
    const { claims, activity, parameters } = this;
    const stored = await storedRecords(this.store, toMs - STORED_BACK_MS, toMs);
    const scene = sceneOf({ claims, activity, ledger: this.ledger, stored, fromMs, untilMs: toMs, parameters });
    const moments = momentsOf(scene).sort((a, b) => b.toMs - a.toMs);
    await activity.loadInbound(this.store, moments.slice(0, MOST_MOMENTS));
    await activity.contacts.load(this.store, scene.fromMs, toMs);
    await activity.contacts.loadFleets(this.store, fleetsToAsk(scene), scene.fromMs);
    const before = await findingRevisions(this.store, { detections: WATCH_IDS, claimsHash: claims.hash, windowFromMs: fromMs });
    return settle(findingsOf(scene), before, toMs);
  }

  private forget(): void {
    this.activity = new StoredActivity(this.claims);
    this.ledger = [];
    this.loadedFromMs = Number.POSITIVE_INFINITY;
    this.loadedUntilMs = Number.NEGATIVE_INFINITY;
  }

  private async load(fromMs: number, untilMs: number): Promise<void> {
    const { store, activity } = this;
    const isKnown = fromMs >= this.loadedFromMs && this.loadedUntilMs >= fromMs;
    const beginMs = isKnown ? minuteOf(this.loadedUntilMs - AGAIN_MS) : fromMs;
    const learnMs = isKnown ? 0 : LEARN_MS + DAY_MS;
    await activity.load(store, beginMs - learnMs, untilMs);
    const ledgerMs = isKnown ? beginMs : fromMs - LEDGER_BEFORE_MS;
    const rows: CoverageMinute[] = [];
    // A day at a time: the store bounds its answers.
    for (let at = ledgerMs; at < untilMs; at += DAY_MS)
      rows.push(...(await coverageMinutes(store, { fromMs: at, toMs: Math.min(untilMs, at + DAY_MS) })));
    const kept = this.ledger.filter(({ minute }) => minute >= fromMs - LEDGER_BEFORE_MS && minute < ledgerMs);
    this.ledger = [...kept, ...rows];
    this.loadedFromMs = Math.min(this.loadedFromMs, fromMs);
    this.loadedUntilMs = Math.max(this.loadedUntilMs, untilMs);
  }
}

/** Sends findings the way that those of detections go, so that they are stored, told and exported like them. Their ids and revisions make repeating harmless. */
export async function publishFindings(bus: Bus, findings: readonly Finding[]): Promise<void> {
  if (findings.length === 0) return;
  const encoder = new FrameEncoder(FINDING_COLUMNS);
  const partitions = bus.partitions('findings');
  const batches = new Map<number, ReturnType<typeof createFindingBatch>>();
  for (const finding of findings) {
    const partition = partitionOf(finding.asset, partitions);
    const batch = batches.get(partition) ?? createFindingBatch(64);
    batches.set(partition, batch);
    addFinding(batch, finding);
  }
  for (const [partition, batch] of batches) for (const frame of encoder.encode(batch)) await bus.publish('findings', partition, frame);
}

/** How long it is waited between looks at what is left to store. */
const STORE_PAUSE_MS = 10;

/** Runs the watches once over all that a claim set has stored, and resolves when what they found is stored: for input that has ended. */
export async function watchOnce(
  { store, bus, storing }: { readonly store: Store; readonly bus: Bus; readonly storing: Pick<StoreService, 'flush'> },
  claims: CompiledClaims,
  settings: DetectionSettings,
): Promise<void> {
  const stretches = await storedStretches(store, claims);
  if (stretches.length === 0) return;
  for (const stretch of stretches) await publishFindings(bus, await new StoredWatches(store, claims, settings).changes(stretch));
  let done = false;
  const stored = bus.flush(['findings']).finally(() => {
    done = true;
  });
  // Nobody waits for the store's timers.
  while (!done) {
    await Promise.race([stored, storing.flush()]);
    await new Promise((resolve) => setTimeout(resolve, STORE_PAUSE_MS));
  }
  await stored;
}
