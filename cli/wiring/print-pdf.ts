import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { environment, searchPath } from '../environment.js';
import { UsageError } from '../errors.js';

/** Names that Chromium and its kin go by, on the PATH and where systems put them that have none. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const PLACES = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'];

/** A browser that has not printed by then hangs. */
const PRINT_MS = 180_000;
const TOLD_CHARACTERS = 400;

/** The browser that prints: CORDON_CHROMIUM, else what the machine has. Throws UsageError that says what to do where there is none. */
export function findChromium(): string {
  const named = environment('CORDON_CHROMIUM');
  if (named !== undefined) {
    if (isProgram(named)) return named;
    throw new UsageError(`CORDON_CHROMIUM=${named} is no program; name the path of Chromium or Chrome`);
  }
  const folders = searchPath()
    .split(delimiter)
    .filter((folder) => isAbsolute(folder));
  const found = [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...PLACES].find(isProgram);
  if (found !== undefined) return found;
  throw new UsageError(
    '--pdf needs Chromium or Chrome and there is none on the PATH; install it (apt-get install chromium), name it with CORDON_CHROMIUM, or write HTML with --out and print that from any browser',
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Prints an HTML file to a PDF, without scripts and without the network: the profile is a folder of its own that is thrown away. Throws UsageError with what the
 * browser said where it did not.
 */
export async function printPdf(html: string, pdf: string): Promise<void> {
  const program = findChromium();
  const profile = mkdtempSync(join(tmpdir(), 'cordon-print-'));
  const target = resolve(pdf);
  rmSync(target, { force: true });
  const flags = [
    '--headless',
    '--disable-gpu',
    '--no-first-run',
    '--disable-extensions',
    '--disable-background-networking',
    '--disable-component-update',
  ];
  const closed = ['--disable-sync', '--disable-quic', '--host-resolver-rules=MAP * ~NOTFOUND', `--user-data-dir=${profile}`];
  // Chromium refuses to start its sandbox as root, as in most containers; the page has no scripts, and its policy forbids them.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox', '--disable-dev-shm-usage'] : [];
  const page = [`--print-to-pdf=${target}`, '--no-pdf-header-footer', pathToFileURL(resolve(html)).href];
  try {
    const child = spawn(program, [...flags, ...closed, ...sandbox, ...page], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: PRINT_MS,
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-TOLD_CHARACTERS);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0 || !isWritten(target))
      throw new UsageError(
        `${program} printed no PDF (exit ${code ?? 'by signal'}); it said: ${said.trim() || 'nothing'}. The HTML can be printed from any browser`,
      );
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function isWritten(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}
