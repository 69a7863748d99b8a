import { mkdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../flow/service/paths.js';
import { browserExpected, launchChromium } from '../dashboards/support/chromium.js';
import { killAll, type Running, says, start } from '../pipeline/support/cordon.js';
import { freshDist } from '../pipeline/support/dist.js';

/*
 * What a newcomer sees after `npm start`: the real command with both scenarios played, its console in a real browser.
 */

const screenshots = join(packageRoot(), '.cache', 'screenshots');

describe.skipIf(!browserExpected)('npm start in Chromium (skipped where /usr/bin/chromium is missing: apt-get install chromium)', () => {
  let run: Running;
  let url: string;
  let browser: Browser;
  let page: Page;
  const requests: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    await freshDist();
    mkdirSync(screenshots, { recursive: true });
    run = start(['run', '--bundled', '--listen', '127.0.0.1:0', '--port', '0']);
    await says(run, /Ctrl-C ends\n/);
    url = /^Console {3}(http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(run.output())![1]!;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    run?.signal('SIGINT');
    await run?.ended;
    await killAll();
  });
  afterEach(async () => {
    await page.context().close();
    expect(complaints.splice(0), 'nothing on the console of the browser').toEqual([]);
    const hosts = requests.splice(0).map((asked) => new URL(asked));
    expect(hosts.filter(({ protocol, hostname }) => protocol !== 'data:' && !isLoopback(hostname)).map(String)).toEqual([]);
  });

  async function open(width = 1280, scheme: 'dark' | 'light' = 'light'): Promise<void> {
    const context = await browser.newContext({ viewport: { width, height: 1000 }, colorScheme: scheme });
    page = await context.newPage();
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => void complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url);
    await page.waitForSelector('#panels[data-loaded]');
  }
  const panel = (title: string) => page.locator('section.panel').filter({ has: page.locator('h2', { hasText: new RegExp(`^${title}$`) }) });
  /** How many colours a panel's canvas shows; a blank one has one at most. Goes as text: this file is checked without the browser's types. */
  const colours = (title: string) =>
    page.evaluate<number>(`(() => {
      const panels = [...document.querySelectorAll('section.panel')];
      const canvas = panels.find((panel) => panel.querySelector('h2').textContent === ${JSON.stringify(title)}).querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
      return seen.size;
    })()`);

  test('the findings of both scenarios stand in the table, the verdicts in their words, and the charts are drawn', async () => {
    await open();
    const rows = await panel('Findings').locator('tbody tr').allTextContents();
    for (const [asset, peer, service] of [
      ['scan-mv-01', '203.0.113.200', 'tcp/8443'],
      ['scan-mv-01', '203.0.113.7', 'tcp/443'],
      ['scan-mv-02', '198.51.100.99', 'tcp/443'],
      ['bssdb-1', '203.0.113.40', 'tcp/22'],
      ['bssdb-1', '10.70.250.3', 'tcp/1521'],
      ['bssdb-2', '10.70.250.4', 'tcp/1521'],
    ]) {
      const found = rows.filter((row) => row.includes(asset!) && row.includes(peer!) && row.includes(service!));
      expect(found.length, `${asset} and ${peer} ${service}`).toBeGreaterThan(0);
    }
    expect(rows.some((row) => row.includes('billing-db') && row.includes('no-bulk-copy'))).toBe(true);
    const verdicts = (await panel('Verdict per claim now').locator('tbody tr').allTextContents()).join('\n');
    for (const word of ['VIOLATED', 'NOT_PROVEN', 'VERIFIED']) expect(verdicts).toContain(word);
    for (const claim of ['no-internet', 'no-lateral', 'li-untouched', 'only-via-bastion']) expect(verdicts).toContain(claim);
    for (const title of ['Octets sent per asset', 'Verdict per claim over time']) expect(await colours(title), title).toBeGreaterThan(4);
  });

  test('a finding opens to its evidence', async () => {
    await open();
    const row = panel('Findings').locator('tbody tr').first();
    await row.focus();
    await page.keyboard.press('Enter');
    expect(await row.getAttribute('aria-expanded')).toBe('true');
  });

  test.each([
    ['dark', 1280],
    ['dark', 1920],
    ['light', 1280],
    ['light', 1920],
  ] as const)('readable in %s at %i', async (scheme, width) => {
    await open(width, scheme);
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth')).toBe(false);
    await page.screenshot({ path: join(screenshots, `run-${scheme}-${width}.png`), fullPage: true });
  });
});

function isLoopback(hostname: string): boolean {
  return hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));
}
