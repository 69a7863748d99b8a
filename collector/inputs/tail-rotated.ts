import { openByteSource } from './byte-source.js';
import { LineSplitter } from './line-splitter.js';
import type { RotatedFile } from './tail-archive.js';
import { FINGERPRINT_OCTETS, positionIn, type TailPosition } from './tail-file.js';
import { CHUNK_OCTETS, CONTEXT_OCTETS, handOver, type LogTailParts, tellContext } from './tail-lines.js';

/**
 * Reads one rotated file, gzip or not, from octet `from` to its end; `lines` lines are before. False when it breaks off before, or cannot be read to its
 * end. Rejects only with what `deliver` threw.
 */
export async function readRotatedFile(
  rotated: RotatedFile,
  { offset: from, lines }: Pick<TailPosition, 'offset' | 'lines'>,
  parts: LogTailParts,
  isStopped: () => boolean,
): Promise<boolean> {
  const source = await openByteSource({ path: rotated.path }).catch(() => undefined);
  if (source === undefined) return false;
  const read = (into: Uint8Array, at: number, length: number): Promise<number> => source.read(into, at, length).catch(() => -1);
  const splitter = new LineSplitter(CHUNK_OCTETS);
  splitter.lines = lines;
  const head = new Uint8Array(CONTEXT_OCTETS);
  let held = 0;
  const place = (offset: number): TailPosition => positionIn(rotated.id, head.subarray(0, held), offset, splitter.lines);
  try {
    for (let passed = 0; passed < from && !isStopped(); ) {
      const count = await read(splitter.bytes, 0, Math.min(CHUNK_OCTETS, from - passed));
      if (count <= 0) return false;
      passed += count;
      held += copied(splitter.bytes, 0, count, head, held);
    }
    if (from > 0) tellContext(head.subarray(0, held), parts);
    let count = -1;
    while (count !== 0 && !isStopped()) {
      count = await read(splitter.bytes, splitter.held, CHUNK_OCTETS);
      if (count < 0) return false;
      if (held < FINGERPRINT_OCTETS) held += copied(splitter.bytes, splitter.held, count, head, held);
      splitter.received(count);
      await handOver({ splitter, base: from }, count === 0, place, parts, isStopped);
    }
    return !source.damaged;
  } finally {
    await source.close();
  }
}

/** Copies as much of `count` octets as `into` has room for behind `held`; answers how many. */
function copied(from: Uint8Array, at: number, count: number, into: Uint8Array, held: number): number {
  const length = Math.min(count, into.length - held);
  into.set(from.subarray(at, at + length), held);
  return length;
}
