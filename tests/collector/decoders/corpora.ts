import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../flow/service/paths.js';

/** Other people's datagrams, which are no part of this repository (see corpora/INDEX.md). Undefined where they are absent. */
export function corporaFolder(): string | undefined {
  const folder = process.env.CORDON_CORPORA ?? join(packageRoot(), '..', 'shared', 'corpora');
  return existsSync(join(folder, 'flows')) ? folder : undefined;
}

export interface LogstashCase {
  readonly context: string;
  readonly decoded_count: number | null;
  readonly events: readonly { readonly netflow: Readonly<Record<string, unknown>> }[];
  readonly assertions: readonly string[];
  readonly input: readonly string[];
}

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

export function readBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}
