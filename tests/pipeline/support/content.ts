import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../flow/service/paths.js';

/** Answers of content.mjs: by table, rows and hash; by sum, its numbers. All are decimal text. */
export type Content = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the embedded store under a data folder holds. No process may have it open. */
export async function contentOf(data: string): Promise<Content> {
  const program = join(packageRoot(), 'tests/pipeline/support/content.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, join(data, 'store')]);
  return JSON.parse(stdout) as Content;
}
