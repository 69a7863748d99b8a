import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/**
 * The folder that holds our package.json, found from this file upwards. The same code runs from source (tests) and from dist/,
 * while .sql, .json and schema files stay where they are.
 */
export function packageRoot(): string {
  if (root === undefined) {
    let folder = dirname(fileURLToPath(import.meta.url));
    while (!existsSync(join(folder, 'package.json'))) {
      const parent = dirname(folder);
      if (parent === folder) throw new Error('package.json not found above the running program: the installation is incomplete');
      folder = parent;
    }
    root = folder;
  }
  return root;
}

let version: string | undefined;

/** Our version, from package.json. */
export function programVersion(): string {
  version ??= (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
  return version;
}
