import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../flow/service/paths.js';

/** What dist is made of: the same list as in scripts/bootstrap.mjs, whose stamp we share. */
const SOURCES = ['flow', 'collector', 'detector', 'dashboards', 'cli', 'fixtures', 'tsconfig.json', 'package-lock.json'];
const PROJECTS = ['tsconfig.json', 'dashboards/console/web/tsconfig.json'];
/** A lock older than this was left by a run that was killed. */
const STALE_LOCK_MS = 180_000;

const root = packageRoot();
const stamp = join(root, 'dist/.built');
const lock = join(root, '.cache/dist.lock');

/**
 * The tests run whole processes from dist: it is compiled here when a source is newer, as `npm test` does before. Test files run side by side, so the
 * first one compiles and the others wait.
 */
export async function freshDist(): Promise<void> {
  mkdirSync(join(root, '.cache'), { recursive: true });
  while (isStale()) {
    if (!tryLock()) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      continue;
    }
    try {
      if (isStale()) compile();
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
}

function isStale(): boolean {
  const builtAt = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return builtAt <= Math.max(...SOURCES.map((source) => newest(join(root, source))));
}

function newest(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

function tryLock(): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > STALE_LOCK_MS) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function compile(): void {
  // As of the beginning: what changes while the compiler runs is compiled again.
  const startedAt = new Date();
  for (const project of PROJECTS.filter((path) => existsSync(join(root, path)))) {
    const { status, stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
      cwd: root,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${project} does not compile:\n${stdout}`);
  }
  writeFileSync(stamp, '');
  utimesSync(stamp, startedAt, startedAt);
}
