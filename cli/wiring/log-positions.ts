import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TailPosition } from '../../collector/inputs/tail-file.js';
import { replaceFile } from '../../flow/service/replace-file.js';
import { UsageError } from '../errors.js';

/** How far each followed log has been read, kept in one small file. */
export interface LogPositions {
  get(path: string): TailPosition | undefined;
  /** Keeps the positions over a crash; resolves when they would survive a power cut. */
  save(positions: ReadonlyMap<string, TailPosition>): Promise<void>;
}

interface PositionFile {
  readonly version: 1;
  readonly logs: Readonly<Record<string, TailPosition>>;
}

/** Reads the file of positions, none where there is no such file. Throws UsageError when it holds something else. */
export async function openLogPositions(file: string): Promise<LogPositions> {
  const known = new Map<string, TailPosition>(Object.entries(await load(file)));
  return {
    get: (path) => known.get(path),
    async save(positions) {
      for (const [path, position] of positions) known.set(path, position);
      await mkdir(dirname(file), { recursive: true });
      const content: PositionFile = { version: 1, logs: Object.fromEntries(known) };
      await replaceFile(file, `${JSON.stringify(content)}\n`);
    },
  };
}

async function load(file: string): Promise<PositionFile['logs']> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    const content = JSON.parse(text) as PositionFile;
    if (content.version === 1 && Object.values(content.logs).every(isPosition)) return content.logs;
  } catch {
    // Told below.
  }
  throw new UsageError(`${file} should hold how far logs were read, and cannot be read; remove it, and logs are read from their beginning`);
}

function isPosition(value: Partial<TailPosition>): boolean {
  const { file, offset, lines, head, headOctets } = value;
  return (
    typeof file === 'string' && typeof head === 'string' && [offset, lines, headOctets].every((number) => Number.isSafeInteger(number))
  );
}
