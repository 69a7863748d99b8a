import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Collector } from '../../collector/collector.js';
import { type FileFormat, type FileSummary, inReadingOrder, readFileInto } from '../../collector/files.js';
import type { SensorNamer } from '../../collector/origins.js';
import type { Progress } from '../render/progress.js';
import type { ClaimSets } from './claim-sets.js';

/** One file to replay. */
export interface ReplayInput {
  readonly path: string;
  readonly format: FileFormat;
  /** Sensor that a capture of traffic stands for. */
  readonly sensor: string;
}

/** Octets hashed at each end of a file, beside its size: tells recordings apart without reading gigabytes twice. */
const HASHED_OCTETS = 1 << 20;

/**
 * Name of the log that these inputs make: the same files judged by the same claims and settings (those that change rows or findings) give the same frames at the same offsets, so that a replay that was
 * killed continues. Undefined where an input cannot be read again (standard input). Files that cannot be opened are left to the reader's error.
 */
export function replayLogName(inputs: readonly ReplayInput[], { sets }: ClaimSets, settings: unknown): string | undefined {
  const hash = createHash('sha256').update(`settings ${JSON.stringify(settings)}\n`);
  for (const claims of sets) hash.update(`claims ${claims.hash}\n`);
  for (const { path, format, sensor } of inputs) {
    if (path === '-') return undefined;
    hash.update(`input ${format} ${sensor}\n`);
    try {
      hash.update(ends(path));
    } catch {
      return undefined;
    }
  }
  return `replay-${hash.digest('hex').slice(0, 32)}`;
}

function ends(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, 2 * HASHED_OCTETS));
    const head = Math.min(size, HASHED_OCTETS);
    readSync(file, bytes, 0, head, 0);
    readSync(file, bytes, head, bytes.length - head, size - (bytes.length - head));
    return Buffer.concat([Buffer.from(`${size}\n`), bytes]);
  } finally {
    closeSync(file);
  }
}

/** Waits so that recorded time passes `speed` times as fast as it was recorded; does nothing for Infinity. */
export function createPace(speed: number): (recordedMs: number) => Promise<void> | undefined {
  let startedAt = Number.NaN;
  let recordedFrom = Number.NaN;
  return (recordedMs) => {
    if (speed === Number.POSITIVE_INFINITY || Number.isNaN(recordedMs)) return undefined;
    if (Number.isNaN(startedAt)) {
      startedAt = performance.now();
      recordedFrom = recordedMs;
    }
    const wait = (recordedMs - recordedFrom) / speed - (performance.now() - startedAt);
    return wait > 1 ? new Promise((resolve) => setTimeout(resolve, wait)) : undefined;
  };
}

/**
 * Reads the files one after another into the collector, those that give names first; summaries come in the order of the inputs. Each file's ledger is closed
 * before the next begins.
 */
export async function playInputs(
  collector: Collector,
  inputs: readonly ReplayInput[],
  sensorOf: SensorNamer,
  speed: number,
  progress: Progress,
): Promise<FileSummary[]> {
  const summaries = new Map<ReplayInput, FileSummary>();
  for (const input of await inReadingOrder(inputs)) {
    const pace = createPace(speed);
    summaries.set(
      input,
      await readFileInto(collector, {
        ...input,
        sensorOf,
        onProgress: (recordedMs, packets) => {
          progress.add(input.path, packets);
          return pace(recordedMs);
        },
      }),
    );
    await collector.flushLedger(Number.POSITIVE_INFINITY);
  }
  return inputs.map((input) => summaries.get(input)!);
}
