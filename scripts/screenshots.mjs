#!/usr/bin/env node
// Makes docs/screenshots/*.png anew from the bundled scenarios: node scripts/screenshots.mjs [name …] (after npm run build; needs /usr/bin/chromium).
// It plays both scenarios into a temporary folder by `cordon run --bundled`, decides on two findings, and looks at the console and at the report.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { palettePng } from './palette-png.mjs';

const MOST_OCTETS = 200_000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'docs/screenshots');
const program = join(root, 'dist/cli/main.js');
const scratch = mkdtempSync(join(tmpdir(), 'cordon-screenshots-'));
const env = { ...process.env, TMPDIR: scratch, UV_THREADPOOL_SIZE: '16' };
const claims = ['port-scanners', 'billing-cluster'].map((name) => join(root, 'fixtures/scenarios', name, 'claims.yaml'));

/** What is looked at, how wide, how much of it (0: all), in which theme. */
const SCREENS = [
  { name: 'overview', height: 1180, theme: 'light' },
  { name: 'triage', height: 1000, theme: 'dark' },
  { name: 'device', height: 0, theme: 'light', asset: true },
  { name: 'finding', height: 0, theme: 'dark', finding: true },
  { name: 'claims', height: 1100, theme: 'light' },
  { name: 'telemetry', height: 1000, theme: 'dark' },
];
const WIDTH = 1360;
/** Where the last panel ends that is wholly above a height: no picture ends in the middle of one. In the page. */
const LAST_BOTTOM = `(most) => {
  const boxes = [...document.querySelectorAll('section.panel')].map((panel) => panel.getBoundingClientRect());
  const whole = (bottom) => boxes.every((box) => box.bottom <= bottom || box.top >= bottom);
  return Math.max(...boxes.map((box) => box.bottom).filter((bottom) => bottom <= most && whole(bottom)));
}`;
const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);

const running = spawn(process.execPath, [program, 'run', '--bundled', '--listen', '127.0.0.1:0', '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env,
});
const ended = once(running, 'close');
try {
  const url = await consoleOf(running);
  const data = join(
    scratch,
    readdirSync(scratch).find((name) => name.startsWith('cordon-')),
  );
  const findings = JSON.parse(cordon('findings', 'list', '--json', '--data', data));
  const worst = findings.find(({ severity, completion }) => severity === 'critical' && completion === 'transferred');
  const reason = ['--author', 'analyst-a', '--reason'];
  cordon('findings', 'ack', worst.id, ...reason, 'asked the vendor; change CHG-1182 does not cover it', '--data', data);
  const second = findings.find(({ asset, id }) => asset !== worst.asset && id !== worst.id);
  cordon('findings', 'close', second.id, '--as', 'incident', ...reason, 'reported to the owner of the scanners', '--data', data);

  mkdirSync(folder, { recursive: true });
  const quiet = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'];
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: [...quiet, '--disable-sync', '--disable-quic'],
  });
  for (const screen of SCREENS.filter(({ name }) => isWanted(name))) await takeScreen(browser, url, screen, worst);
  if (isWanted('report')) await takeReport(browser, data);
  await browser.close();
} finally {
  running.kill('SIGINT');
  await ended;
  rmSync(scratch, { recursive: true, force: true });
}

/** Waits until both days are judged and the console is up. */
async function consoleOf(child) {
  let said = '';
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.includes('Ctrl-C ends')) break;
  }
  // Nobody reads on: what it says later must not fill the pipe.
  child.stdout.resume();
  const url = /^Console {3}(\S+)$/m.exec(said)?.[1];
  if (url === undefined) throw new Error(`cordon run --bundled did not come up:\n${said}`);
  return url;
}

function cordon(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env, cwd: scratch });
  if (status > 2) throw new Error(`cordon ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}

async function takeScreen(browser, url, { name, height, theme, asset, finding }, worst) {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: height || 900 }, colorScheme: theme });
  const query = new URLSearchParams({ d: `cordon-${name}` });
  if (asset) query.set('var-asset', worst.asset);
  if (finding) query.set('var-finding', worst.id);
  await page.goto(`${url}?${query}`);
  await page.waitForSelector('#panels[data-loaded]');
  const bottom = await page.evaluate(`(${LAST_BOTTOM})(${height || Number.MAX_SAFE_INTEGER})`);
  await keep(name, await page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width: WIDTH, height: bottom + 10 } }));
  await page.close();
}

/** The first page of the report, and the page of a claim, as they are printed. */
async function takeReport(browser, data) {
  const file = join(scratch, 'report.html');
  cordon('report', '--data', data, '--claims', ...claims, '--period', '2026-12-03', '--out', file);
  const page = await browser.newPage({ viewport: { width: 860, height: 1216 } });
  await page.goto(pathToFileURL(file).href);
  await keep('report', await page.screenshot());
  const broken = '[...document.querySelectorAll("section[id^=claim]")].find((section) => section.querySelector(".finding") !== null)';
  await page.evaluate(`${broken}.scrollIntoView()`);
  await keep('report-claim', await page.screenshot());
  await page.close();
}

function keep(name, png) {
  const small = palettePng(png);
  const target = join(folder, `${name}.png`);
  writeFileSync(target, small);
  process.stdout.write(`${target}: ${small.length} octets\n`);
  if (small.length > MOST_OCTETS) throw new Error(`a picture of the documentation has at most ${MOST_OCTETS} octets`);
}
