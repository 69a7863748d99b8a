import { join } from 'node:path';
import type { Collector } from '../../collector/collector.js';
import type { Faults, LogEvents } from '../../collector/contracts.js';
import { createLogTail, type LogTail } from '../../collector/inputs/tail.js';
import type { TailPosition } from '../../collector/inputs/tail-file.js';
import type { TailEvent } from '../../collector/inputs/tail-lines.js';
import { LOG_FORMATS, type LogFormatEntry } from '../../collector/logs/formats-table.js';
import { Cadence } from '../../collector/sequence/cadence.js';
import { DEFAULT_SEQUENCE_LIMITS } from '../../collector/sequence/limits.js';
import type { LogLedger } from '../../collector/sequence/log-ledger.js';
import { FlowBatch } from '../../flow/batch.js';
import type { LogSource } from '../../flow/service/config.js';
import type { Log } from '../../flow/service/log.js';
import { MINUTE_MS } from '../../flow/time.js';
import { openLogPositions } from './log-positions.js';

/** How often it is noted how far logs have been read, and looked whether they are silent. After a crash, what came since the last note is read again. */
const NOTE_EVERY_MS = 5000;

/** Lines older than this are read late: when they came says nothing of how often the log is written. */
const BACKLOG_MS = 10 * MINUTE_MS;

export interface TailingOptions {
  readonly logs: readonly LogSource[];
  /** Folder of state. */
  readonly data: string;
  readonly collector: Collector;
  readonly log: Log;
  /**
   * Resolves when rows that the collector has handed on would survive a crash; `isLast`: nothing more will come. Not given where the bus's word is enough
   * (Kafka).
   */
  readonly durable?: ((isLast: boolean) => Promise<void>) | undefined;
  /** How often it is noted how far logs have been read: NOTE_EVERY_MS unless given. */
  readonly noteEveryMs?: number;
  /** The clock of arrivals, by which a log is silent, in ms since the epoch. */
  readonly now: () => number;
}

export interface Tailing {
  /** Rejects when following ends by an error. */
  readonly failed: Promise<never>;
  /** Stops reading, waits until all that was read is safe, and notes how far that was. */
  stop(): Promise<void>;
}

interface Account {
  readonly ledger: LogLedger;
  readonly cadence: Cadence;
}

/**
 * Follows the configured logs into the collector, each from where it was left. A position is noted only when the rows before it are durable, so nothing
 * is lost by a crash; what was read after the last note is read again, and its records are then there twice. A stop in order doubles nothing.
 */
export async function startTailing(options: TailingOptions): Promise<Tailing> {
  const { logs, data, collector, log } = options;
  const notes = await openLogPositions(join(data, 'state', 'log-positions.json'));
  const reached = new Map<string, TailPosition>();
  const accounts = new Map<string, Account>();
  const tails: LogTail[] = [];
  let noted = new Map<string, TailPosition>();
  let noting: Promise<void> | undefined;

  /** Logs of one sensor are one account of the ledger: that one of them was written shows that the sensor was there. */
  const accountOf = (sensor: string, protocol: string): Account => {
    const key = JSON.stringify([sensor, protocol]);
    let account = accounts.get(key);
    if (account === undefined) {
      const ledger = collector.ledger.log(sensor, protocol);
      account = { ledger, cadence: new Cadence(DEFAULT_SEQUENCE_LIMITS, (fromMs, toMs) => ledger.silent(fromMs, toMs)) };
      accounts.set(key, account);
    }
    return account;
  };

  async function note(isLast: boolean): Promise<void> {
    const positions = new Map(reached);
    if ([...positions].every(([path, position]) => noted.get(path) === position)) return;
    await collector.flush();
    await options.durable?.(isLast);
    await notes.save(positions);
    noted = positions;
  }

  const noteNow = (): void => {
    noting ??= note(false)
      .catch((error: unknown) => log.error({ error: String(error) }, 'how far logs were read cannot be noted'))
      .finally(() => {
        noting = undefined;
      });
  };

  function follow(source: LogSource): Promise<void> {
    const { path, format, sensor } = source;
    const { protocol, createDecoder }: LogFormatEntry = LOG_FORMATS[format];
    const decoder = createDecoder(sensor, collector.names);
    const { ledger, cadence } = accountOf(sensor, protocol);
    const scratch = new FlowBatch(64);
    const tail = createLogTail({ path, from: notes.get(path) ?? source.from ?? 'beginning' });
    tails.push(tail);
    return tail.start({
      faults: collector.faults,
      async deliver(lines, position) {
        const read = collector.lines(lines, decoder, ledger);
        const now = options.now();
        if (now - ledger.heardMs < BACKLOG_MS) cadence.message(now);
        await read;
        reached.set(path, position);
      },
      // Its rows and counts were taken when it was read first.
      context(lines) {
        decoder.decode(lines, scratch, UNHEARD, IGNORED);
        scratch.clear();
      },
      onEvent(event) {
        tell(log, source, event);
        if (event.kind === 'lost') ledger.missing(Number.isNaN(ledger.lastMs) ? options.now() : ledger.lastMs);
        // Noted at once, so that what comes until the first lines are read is not missed after a crash.
        if (event.kind !== 'opened' || notes.get(path) !== undefined || reached.has(path)) return;
        reached.set(path, event.position);
        noteNow();
      },
    });
  }

  const following = Promise.all(logs.map(follow));
  const failed = following.then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined);
  const timer = setInterval(() => {
    for (const { cadence } of accounts.values()) cadence.ranUntil(options.now());
    noteNow();
  }, options.noteEveryMs ?? NOTE_EVERY_MS);

  return {
    failed,
    async stop() {
      clearInterval(timer);
      await Promise.all(tails.map((tail) => tail.stop()));
      await following.catch(() => undefined);
      await noting;
      await note(true);
    },
  };
}

function tell(log: Log, { path, sensor }: LogSource, event: TailEvent): void {
  const about = { path, sensor };
  switch (event.kind) {
    case 'opened':
      return log.info(about, 'log is followed');
    case 'rotated':
      return log.info(about, 'log was rotated');
    case 'waiting':
      return log.warn({ ...about, reason: event.reason }, 'log cannot be opened; it is waited for');
    case 'rewritten':
      return log.warn(about, 'log was written anew');
    case 'lost':
      return log.error(about, 'log was rotated away before it was read to its end, and its rotated file is not found: records are missing');
  }
}

const IGNORED: Faults = { add: () => undefined };
const UNHEARD: LogEvents = {
  record: () => undefined,
  malformed: () => undefined,
  other: () => undefined,
  quiet: () => undefined,
  missing: () => undefined,
  packetsMissed: () => undefined,
};
