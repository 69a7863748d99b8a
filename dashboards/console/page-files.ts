import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ConsoleError } from './console-error.js';

export interface PageFile {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/**
 * Every file of the page by its path, read once: nothing else of the disk can be asked for.
 * `sources` holds index.html, console.css and world-map.json, `compiled` the page's modules. Throws when the page was not built.
 */
export function loadPageFiles(sources: string, compiled: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(join(compiled, 'main.js'))) {
    throw new ConsoleError(`the console's page is not built (${compiled} has no main.js): run 'npm run build'`);
  }
  const files = new Map<string, PageFile>();
  const add = (path: string, file: string, type: string): void => {
    const body = readFileSync(file);
    files.set(path, { body, type, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` });
  };
  add('/', join(sources, 'index.html'), 'text/html; charset=utf-8');
  add('/console.css', join(sources, 'console.css'), 'text/css; charset=utf-8');
  add('/favicon.svg', join(sources, 'favicon.svg'), 'image/svg+xml');
  add('/world-map.json', join(sources, 'world-map.json'), 'application/json; charset=utf-8');
  add('/vendor/echarts.js', echartsFile(), 'text/javascript; charset=utf-8');
  for (const file of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.js')) add(`/app/${file.replaceAll('\\', '/')}`, join(compiled, file), 'text/javascript; charset=utf-8');
  }
  return files;
}

/** The browser build of the installed echarts package. */
function echartsFile(): string {
  return join(dirname(createRequire(import.meta.url).resolve('echarts')), 'echarts.min.js');
}
