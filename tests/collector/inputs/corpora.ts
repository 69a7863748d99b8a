import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageRoot } from '../../../flow/service/paths.js';

/** Other people's captures, kept beside the checkout and never in it. Undefined, with a line that says so, where they are absent. */
export function corpus(...path: string[]): string | undefined {
  const root = process.env.CORDON_CORPORA ?? resolve(packageRoot(), '../shared/corpora');
  const found = join(root, ...path);
  if (existsSync(found)) return found;
  process.stderr.write(`skipped: ${found} is absent; set CORDON_CORPORA to the folder of the corpora\n`);
  return undefined;
}
