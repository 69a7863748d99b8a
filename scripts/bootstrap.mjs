#!/usr/bin/env node
// What `npm start`, `npm test` and the others run first: it installs and builds whatever is missing or stale, then does the work.
// Plain JavaScript on Node's own modules only, since it must run before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.cache');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const SOURCES = ['flow', 'collector', 'detector', 'dashboards', 'cli', 'fixtures', 'tsconfig.json', 'package-lock.json'];

function fail(sentence) {
  process.stderr.write(`cordon: ${sentence}\n`);
  process.exit(4);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) fail(`cannot run ${command}: ${result.error.message}`);
  return result.status ?? (result.signal === 'SIGINT' ? 130 : 1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old; install Node 20.19 or newer (https://nodejs.org) and run the command again`);
  }
}

/** node_modules belongs to this lock file, this platform and this Node major, or it is made anew. */
function install() {
  // npm empties what a link leads to: the packages of another checkout.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    fail(
      `${join(root, 'node_modules')} is a symbolic link, and installing would change the packages of another checkout; remove the link and run the command again`,
    );
  }
  const lock = readFileSync(join(root, 'package-lock.json'));
  const stamp = createHash('sha256').update(lock).update(`${process.platform} ${process.arch} ${process.versions.modules}`).digest('hex');
  const stampFile = join(root, 'node_modules', '.cordon-installed');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  process.stderr.write('cordon: installing dependencies (npm ci; some 800 MB, most of it the embedded ClickHouse engine) …\n');
  const started = Date.now();
  const status = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { shell: process.platform === 'win32' });
  if (status !== 0) fail('npm ci failed; its message stands above. Check the network or the registry and run the command again');
  writeFileSync(stampFile, stamp);
  process.stderr.write(`cordon: dependencies installed in ${Math.round((Date.now() - started) / 1000)} s\n`);
}

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  // The folder's own time changes when a file is removed, so a build never keeps what the source no longer has.
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

/** Compiles when any source is newer than the last complete build. Types are the business of `npm run check`: without them it takes a third of the time. */
function build(force = false) {
  const stampFile = join(root, 'dist', '.built');
  const builtAt = statSync(stampFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (!force && builtAt > Math.max(...SOURCES.map((source) => newest(join(root, source))))) return;
  process.stderr.write('cordon: building …\n');
  mkdirSync(cache, { recursive: true });
  if (builtAt === 0) rmSync(join(cache, 'tsconfig.tsbuildinfo'), { force: true });
  const projects = ['tsconfig.json', 'dashboards/console/web/tsconfig.json'].filter((project) => existsSync(join(root, project)));
  for (const project of projects) {
    const checks = force ? [] : ['--noCheck'];
    if (run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project, ...checks]) !== 0)
      fail(`the build of ${project} failed; the compiler's messages stand above`);
  }
  writeFileSync(stampFile, '');
}

function cordon(args) {
  const env = { ...process.env, UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '16' };
  return run(process.execPath, ['--enable-source-maps', join(root, 'dist/cli/main.js'), ...args], { env });
}

function test(args) {
  return run(process.execPath, [bin('vitest'), 'run', ...args]);
}

/** Format, lint, types, and the tests that need no broker and no browser; `--static` leaves the tests out, for whoever has just run all of them. */
function check(args) {
  const steps = [
    ['format and lint', bin('biome'), ['check', '--error-on-warnings', '.']],
    ['types', process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.check.json']],
    [
      'types of the page',
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', 'dashboards/console/web/tsconfig.json'],
    ],
    ['unit and architecture tests', process.execPath, [bin('vitest'), 'run', '--project', 'unit', '--project', 'pure', ...args]],
  ];
  if (args.includes('--static')) steps.pop();
  for (const [name, command, commandArgs] of steps) {
    process.stderr.write(`cordon: check: ${name}\n`);
    const status = run(command, commandArgs, { env: { ...process.env, CORDON_NO_KAFKA: '1' } });
    if (status !== 0) return status;
  }
  return 0;
}

/** Compiles the programs beside the tests (bench, fuzz), whose types are the business of `npm run check` too, and runs one. */
function program(name, args) {
  const status = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.bench.json', '--noCheck']);
  return status !== 0
    ? status
    : run(process.execPath, ['--enable-source-maps', join(cache, 'bench', 'tests', name, 'main.js'), ...args], {
        env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
      });
}

const [command = '', ...args] = process.argv.slice(2);
checkNode();
install();
switch (command) {
  case 'start':
    build();
    process.exit(cordon(['run', '--bundled', ...args]));
    break;
  case 'cordon':
    build();
    process.exit(cordon(args));
    break;
  case 'test':
    build();
    process.exit(test(args));
    break;
  case 'check':
    process.exit(check(args));
    break;
  case 'bench':
    build();
    process.exit(program('bench', args));
    break;
  case 'evaluate':
    process.exit(program('bench/evaluate', args));
    break;
  case 'fuzz':
    process.exit(program('fuzz', args));
    break;
  case 'build':
    build(true);
    break;
  default:
    fail(`unknown step '${command}'; use start, test, check, bench, evaluate, fuzz, build or cordon`);
}
