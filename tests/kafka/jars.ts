import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Maven's first download is about 45 MB; a slow mirror gets this long. */
const mavenTimeoutMs = 300_000;

/** The checkout's root, found by package.json: the same from tests/ and from a compiled copy below dist/ or .cache/. */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error('no package.json above tests/kafka');
    folder = above;
  }
  return folder;
}

/**
 * The folder that holds Kafka's jars: `.cache/kafka/<hash of pom.xml>`, filled by Maven when it is not there yet. Filled beside and
 * renamed, so that two test runs at once, or one that is killed, never leave half a folder under the final name.
 */
export async function kafkaJars(): Promise<string> {
  const root = repositoryRoot();
  const pom = join(root, 'tests/kafka/pom.xml');
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12);
  const cache = join(root, '.cache/kafka');
  const folder = join(cache, hash);
  if (existsSync(folder)) return folder;

  await mkdir(cache, { recursive: true });
  const filling = await mkdtemp(join(cache, 'filling-'));
  try {
    const goal = 'dependency:copy-dependencies';
    await run('mvn', ['-q', '-B', '-f', pom, goal, `-DoutputDirectory=${filling}`, '-DincludeScope=runtime'], { timeout: mavenTimeoutMs });
    await rename(filling, folder);
  } catch (error) {
    await rm(filling, { recursive: true, force: true });
    if (existsSync(folder)) return folder; // another run was faster
    throw new Error(`Maven could not fetch the Kafka of the tests (mvn -f tests/kafka/pom.xml dependency:copy-dependencies)`, {
      cause: error,
    });
  }
  return folder;
}
