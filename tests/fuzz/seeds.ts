import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createExportCapture } from '../../collector/inputs/export-capture.js';
import { packageRoot } from '../../flow/service/paths.js';
import { FaultCounts } from '../collector/inputs/fault-counts.js';

/** Datagrams of one exporter that make one input. */
const DATAGRAMS_PER_SEED = 12;
/** Other people's files longer than this are cut: mutation works best near a beginning. */
const MAX_SEED_OCTETS = 24_576;

/** The first datagrams of a recorded export capture, with a packet that brings templates at their front. */
export async function datagramsOf(capture: string, seeds = 4): Promise<Uint8Array[][]> {
  const datagrams: Uint8Array[] = [];
  await createExportCapture({ path: join(packageRoot(), capture), sensorOf: () => 'fuzz' }, new FaultCounts()).start((payload) => {
    if (datagrams.length < DATAGRAMS_PER_SEED * seeds) datagrams.push(payload.slice());
  });
  const first = datagrams[0] ?? new Uint8Array(0);
  return Array.from({ length: seeds }, (_, index) => [
    first,
    ...datagrams.slice(1 + index * (DATAGRAMS_PER_SEED - 1), 1 + (index + 1) * (DATAGRAMS_PER_SEED - 1)),
  ]).filter((seed) => seed.length > 1);
}

/** Files of the corpora beside the checkout whose names end so; none where they are absent. */
export function corpusFiles(folder: string, ending: RegExp, most = 60): Uint8Array[] {
  const root = join(process.env.CORDON_CORPORA ?? join(packageRoot(), '..', 'shared', 'corpora'), folder);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name) && statSync(join(root, name)).isFile())
    .sort()
    .slice(0, most)
    .map((name) => new Uint8Array(readFileSync(join(root, name))).subarray(0, MAX_SEED_OCTETS));
}

/** The beginning of a file of ours, decompressed. */
export function beginningOf(path: string, octets = MAX_SEED_OCTETS): Uint8Array {
  const bytes = readFileSync(join(packageRoot(), path));
  return new Uint8Array(path.endsWith('.gz') ? gunzipSync(bytes) : bytes).slice(0, octets);
}

export function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
