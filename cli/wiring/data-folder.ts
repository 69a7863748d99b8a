import { mkdirSync } from 'node:fs';
import { UsageError } from '../errors.js';

/** Makes the data folder, or a folder in it, where it is missing. Throws UsageError where that cannot be. */
export function makeDataFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EEXIST' || code === 'ENOTDIR' ? 'there is a file of that name' : code;
    throw new UsageError(
      `the data folder ${path} cannot be made (${reason}); name another one with --data, CORDON_DATA or data: in cordon.yaml`,
    );
  }
}
