import { join } from 'node:path';
import { type Collector, type CollectorSettings, createBusOutput, createCollector } from '../../collector/collector.js';
import { type Journal, openJournal } from '../../collector/outputs/buffer/journal.js';
import type { Decision } from '../../detector/decisions/decision.js';
import { followedDecisions } from '../../detector/decisions/followed.js';
import { claimVersion } from '../../detector/engine/claim-version.js';
import { ClaimEngines, createClaimEngines } from '../../detector/engine/engine-set.js';
import type { DetectionSettings } from '../../detector/engine/parameters.js';
import { createDetectorService, type DetectorService } from '../../detector/engine/service.js';
import { createFileSnapshotStore } from '../../detector/engine/snapshot-file.js';
import { FINDING_COLUMNS, type Finding } from '../../detector/findings/finding.js';
import { findingAt } from '../../detector/findings/finding-batch.js';
import type { ChdbStore } from '../../detector/store/chdb/chdb-store.js';
import { readDecisions } from '../../detector/store/queries/decisions.js';
import { createStoreService, type StoreService } from '../../detector/store/service/store-service.js';
import { createStore, defaultRetention, type Retention } from '../../detector/store/store.js';
import { ColumnBatch } from '../../flow/batch.js';
import type { Bus, Message } from '../../flow/bus/bus.js';
import { openCommitFile } from '../../flow/bus/commit-file.js';
import type { CommitStore } from '../../flow/bus/commit-store.js';
import { createLocalBus } from '../../flow/bus/local.js';
import { decodeFrame } from '../../flow/frame.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import type { ClaimsInForce } from './claim-reload.js';
import type { ClaimSets } from './claim-sets.js';
import { makeDataFolder } from './data-folder.js';
import { createLiveSnapshots } from './live-snapshots.js';

export interface EmbeddedOptions {
  /** Folder of the store and of all state; made when missing. One process at a time. */
  readonly data: string;
  readonly claimSets: ClaimSets;
  /** The same claims, where their files are followed. */
  readonly inForce?: ClaimsInForce;
  readonly parameters?: DetectionSettings;
  /**
   * Name of the input where it can be played again from its beginning (a hash of the files): a run that was killed then goes on where its work was
   * durable. Live input has none.
   */
  readonly logName?: string;
  /** How long rows are kept; a replay of an old capture keeps them for ever. */
  readonly retention?: Retention;
  /** How often the detector's state is written. */
  readonly snapshotMs?: number;
  /** Sessions for queries from outside, where the HTTP front is to run. */
  readonly guests?: number;
  readonly keepUnwatched?: boolean;
  /** Templates and quarantine of a collector of live traffic. */
  readonly live?: CollectorSettings;
  /** Live input: where frames are written before they are judged, so that a crash loses none of them. */
  readonly journal?: { readonly folder: string; readonly maxOctets: number };
  readonly log: Log;
  /** Called for every change of a finding, in the order in which they were published. */
  readonly onFinding?: (finding: Finding) => void;
}

/** The whole pipeline in one process: collector, bus, detector and store. */
export interface Embedded {
  readonly bus: Bus;
  readonly store: ChdbStore;
  readonly collector: Collector;
  readonly detector: DetectorService;
  readonly storing: StoreService;
  readonly journal: Journal | undefined;
  /** Start of the newest record that was collected or judged, ms since the epoch; −Infinity before the first. */
  newestStartMs(): number;
  /** Flow records judged so far. */
  judged(): number;
  /** Has the detector follow what somebody has decided; those in the store are followed from the start. */
  follow(decision: Decision): void;
  /** Resolves when everything collected so far is judged and stored, the ledger included. */
  drain(): Promise<void>;
  /** Rejects when a part has ended by an error. */
  readonly failed: Promise<never>;
}

const TERMINAL_GROUP = 'terminal';
/** How long `drain` waits between looks at what is left; a detector that judged nothing in the meantime has judged all. */
const DRAIN_PAUSE_MS = 10;

/** Starts the parts in the order of the lifecycle; stopping the lifecycle stops them in reverse. */
export async function startEmbedded(options: EmbeddedOptions, lifecycle: Lifecycle): Promise<Embedded> {
  const { claimSets, inForce, log, data } = options;
  makeDataFolder(join(data, 'state'));
  const store = createStore({
    kind: 'chdb',
    path: join(data, 'store'),
    retention: options.retention ?? defaultRetention,
    guests: options.guests ?? 0,
  });
  await lifecycle.start({ name: 'store', start: () => store.start(), stop: () => store.close() });
  await store.migrate();

  const findingGroups = ['store', ...(options.onFinding === undefined ? [] : [TERMINAL_GROUP])];
  const commits = await openCommitFile(join(data, 'state', 'commits.json'));
  const groups = { flows: ['detect', 'store'], coverage: ['store'] };
  const journal = options.journal && (await startJournal(options.journal, groups, commits, log, lifecycle));
  const logName = options.logName ?? journal?.logName;
  const bus = createLocalBus({
    ...(logName === undefined ? {} : { logs: { flows: logName, coverage: logName } }),
    ...(journal === undefined ? {} : { origins: journal.origins }),
    commits: journal?.commits ?? commits,
    groups: { ...groups, findings: findingGroups },
  });
  await lifecycle.start({ name: 'bus', start: () => bus.start(), stop: () => bus.stop() });

  const storing = createStoreService({ bus, store, group: 'store', log });
  await lifecycle.start({ name: 'store service', start: () => storing.start(), stop: () => storing.stop() });
  if (options.onFinding !== undefined) await tellFindings(bus, options.onFinding);

  let decisions = await readDecisions(store);
  let followed = followedDecisions(decisions);
  const snapshots = createFileSnapshotStore(join(data, 'state'));
  const always = claimSets.sets.map((claims) => claimVersion(claims));
  let judgedFrames = 0;
  let judgedRecords = 0;
  const detector = createDetectorService({
    bus,
    group: 'detect',
    engineFactory: () => createClaimEngines(inForce?.versions ?? (() => always), options.parameters, () => followed),
    snapshots: options.logName === undefined ? createLiveSnapshots(snapshots, join(data, 'state'), journal !== undefined) : snapshots,
    ...(options.snapshotMs === undefined ? {} : { snapshotEveryMs: options.snapshotMs }),
    log,
    metrics: {
      frames: (frames, records) => {
        judgedFrames += frames;
        judgedRecords += records;
      },
    },
  });
  await lifecycle.start({ name: 'detector', start: () => detector.start(), stop: () => detector.stop() });

  const keepUnwatched = options.keepUnwatched ?? false;
  const output = createBusOutput({ bus: journal ?? bus, watchList: inForce?.watched ?? claimSets.watchList, keepUnwatched });
  const collector = createCollector(output, options.live);
  journal?.feed(bus);
  const failed = Promise.all([detector.ended, storing.ended]).then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined);

  /** Flows committed by the detector are judged, and what it found is stored: it commits after that. Meanwhile nobody waits for timers. */
  const settled = async (): Promise<void> => {
    let done = false;
    const committed = bus.flush(['flows', 'coverage']).then(() => {
      done = true;
    });
    committed.catch(() => undefined);
    let seen = Number.NaN;
    let checkpoint: Promise<void> | undefined;
    let failure: { readonly error: unknown } | undefined;
    while (!done) {
      if (failure !== undefined) throw failure.error;
      // A checkpoint writes the whole state: one at the end, not one with every frame that is left. What it publishes must be stored before it ends.
      if (seen === judgedFrames) {
        checkpoint ??= detector.checkpoint().then(
          () => {
            checkpoint = undefined;
          },
          (error: unknown) => {
            failure = { error };
          },
        );
      }
      seen = judgedFrames;
      await Promise.race([committed, storing.flush()]);
      await new Promise((resolve) => setTimeout(resolve, DRAIN_PAUSE_MS));
    }
    await checkpoint;
    await committed;
  };

  const drain = async (): Promise<void> => {
    await collector.flush();
    await collector.flushLedger(Number.POSITIVE_INFINITY);
    await Promise.race([journal?.handedOver(), failed]);
    await Promise.race([settled(), failed]);
  };
  // Live telemetry is in nobody's file: what was received is judged and stored before the parts stop. A replay that was broken off must not, since its
  // last frame would end where it would not have ended: the next run reads it again.
  if (options.logName === undefined) await lifecycle.start({ name: 'rest of the telemetry', stop: drain });

  return {
    bus,
    store,
    collector,
    detector,
    storing,
    journal,
    newestStartMs: () => Math.max(output.flows.newestStartMs(), newestJudgedMs(detector)),
    judged: () => judgedRecords,
    follow(decision) {
      decisions = [...decisions, decision];
      followed = followedDecisions(decisions);
    },
    failed,
    drain,
  };
}

/** Start of the newest record that the detector has judged, on any partition; −Infinity before the first. */
export function newestJudgedMs(detector: DetectorService): number {
  const engines = [...detector.engines().values()];
  return Math.max(
    Number.NEGATIVE_INFINITY,
    ...engines.map((engine) => (engine instanceof ClaimEngines ? engine.newestStartMs : Number.NEGATIVE_INFINITY)),
  );
}

async function startJournal(
  { folder, maxOctets }: NonNullable<EmbeddedOptions['journal']>,
  groups: Readonly<Record<'flows' | 'coverage', readonly string[]>>,
  commits: CommitStore,
  log: Log,
  lifecycle: Lifecycle,
): Promise<Journal> {
  const journal = await openJournal({ folder, groups, commits, limits: { maxOctets }, log, now: Date.now });
  await lifecycle.start({ name: 'journal', stop: () => journal.close() });
  return journal;
}

/** Reads findings as they are published, for a person who watches. */
async function tellFindings(bus: Bus, onFinding: (finding: Finding) => void): Promise<void> {
  const batch = new ColumnBatch(FINDING_COLUMNS);
  const subscription = await bus.subscribe({
    group: TERMINAL_GROUP,
    topics: ['findings'],
    reader: {
      assigned: async () => undefined,
      revoked: async () => undefined,
      async messages(messages: readonly Message[]) {
        for (const message of messages) {
          batch.clear();
          decodeFrame(message, batch);
          for (let row = 0; row < batch.length; row++) onFinding(findingAt(batch, row));
          await subscription.commit(message.topic, message.partition, message.offset + 1);
        }
      },
    },
  });
}
