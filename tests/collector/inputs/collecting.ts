import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { type CaptureFileOptions, createCaptureFile } from '../../../collector/inputs/capture-file.js';
import type { CaptureStatistics } from '../../../collector/inputs/capture-reader.js';
import { FaultCounts } from './fault-counts.js';

export { FaultCounts };

/** One packet of a batch, copied out. */
export interface ReadPacket {
  number: number;
  timeMs: number;
  linkType: number;
  original: number;
  data: Uint8Array;
}

export interface ReadCapture {
  packets: ReadPacket[];
  statistics: CaptureStatistics;
  faults: FaultCounts['counts'];
  batches: number;
}

export async function readCaptureFile(options: CaptureFileOptions): Promise<ReadCapture> {
  const faults = new FaultCounts();
  const packets: ReadPacket[] = [];
  let batches = 0;
  const statistics = await createCaptureFile(options).start((batch) => {
    batches++;
    for (let i = 0; i < batch.length; i++) {
      const offset = batch.offsets[i]!;
      packets.push({
        number: batch.numbers[i]!,
        timeMs: batch.times[i]!,
        linkType: batch.linkTypes[i]!,
        original: batch.originalLengths[i]!,
        data: batch.bytes.slice(offset, offset + batch.capturedLengths[i]!),
      });
    }
  }, faults);
  return { packets, statistics, faults: faults.counts, batches };
}

/** Reads a capture's octets through standard input, in pieces of `pieceOctets`. */
export function readCaptureBytes(bytes: Uint8Array, pieceOctets = bytes.length, chunkOctets?: number): Promise<ReadCapture> {
  const standardInput = Readable.from(pieces(bytes, pieceOctets));
  return readCaptureFile(chunkOctets === undefined ? { path: '-', standardInput } : { path: '-', standardInput, chunkOctets });
}

function* pieces(bytes: Uint8Array, octets: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += Math.max(1, octets)) yield Buffer.from(bytes.subarray(at, at + Math.max(1, octets)));
}

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-inputs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with these octets in a folder that is removed when the test ends. */
export function temporaryFile(name: string, bytes: Uint8Array): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}
