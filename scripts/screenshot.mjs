#!/usr/bin/env node
// Makes docs/screenshots/console.png anew from `cordon run --bundled`: node scripts/screenshot.mjs (after npm run build; needs /usr/bin/chromium).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const MOST_OCTETS = 400_000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, 'docs/screenshots/console.png');

const cordon = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'run', '--bundled', '--listen', '127.0.0.1:0', '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(cordon, 'close');
let said = '';
for await (const chunk of cordon.stdout) {
  said += chunk;
  if (said.includes('Ctrl-C ends')) break;
}
const url = /^Console {3}(\S+)$/m.exec(said)?.[1];
if (url === undefined) throw new Error(`cordon run --bundled did not come up:\n${said}`);

const quiet = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'];
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: [...quiet, '--disable-sync', '--disable-quic'],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
await page.goto(url);
await page.waitForSelector('#panels[data-loaded]');
mkdirSync(dirname(target), { recursive: true });
await page.screenshot({ path: target, fullPage: true });
await browser.close();
cordon.kill('SIGINT');
await ended;

const { size } = statSync(target);
process.stdout.write(`${target}: ${size} octets\n`);
if (size > MOST_OCTETS) throw new Error(`a screenshot of the README has at most ${MOST_OCTETS} octets`);
