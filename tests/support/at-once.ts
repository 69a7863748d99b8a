import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { packageRoot } from '../../flow/service/paths.js';
import { compileProgram } from '../detector/store/compile.js';

/** Time that processes have to start, so that all of them begin at the same moment. One that comes later only makes the race less hard. */
const START_MS = 1000;

/**
 * Runs a TypeScript program (path in the repository) as several processes, whose first argument is the time, ms since the epoch, at which they begin, and the second
 * their number; answers what each wrote to standard output. Rejects when one of them ends badly. `folder` gets the compiled program.
 */
export async function runAtOnce(
  program: string,
  { processes, folder, args }: { readonly processes: number; readonly folder: string; readonly args: readonly string[] },
): Promise<string[]> {
  const path = await compileProgram(`${packageRoot()}/${program}`, folder);
  const at = Date.now() + START_MS;
  const runs = Array.from({ length: processes }, (_, number) =>
    promisify(execFile)(process.execPath, [path, String(at), String(number), ...args]),
  );
  return (await Promise.all(runs)).map(({ stdout }) => stdout);
}
