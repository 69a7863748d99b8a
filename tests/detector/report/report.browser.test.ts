import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readReport } from '../../../detector/report/read.js';
import { renderReport } from '../../../detector/report/render.js';
import { HOUR_MS } from '../../../flow/time.js';
import { scratchFolder } from '../../cli/support/command.js';
import { browserExpected, launchChromium } from '../../dashboards/support/chromium.js';
import { DAY, sampleFinding } from '../../dashboards/support/sample-data.js';
import { openSampleStore } from '../../dashboards/support/sample-store.js';
import { HOSTILE_NAMES, LONG_NAME, UNSHOWABLE } from '../../support/hostile-names.js';

/** The report as a reader's browser takes it: styled, still, and with every name as text. */
describe.skipIf(!browserExpected)('report in Chromium (skipped where /usr/bin/chromium is missing: apt-get install chromium)', () => {
  let browser: Browser;
  let page: Page;
  const requests: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    const common = {
      claimsHash: 'h',
      severity: 'high',
      periodFrom: DAY,
      periodTo: DAY + 24 * HOUR_MS,
      verdict: 'VIOLATED',
      reasons: '[]',
      numbers: '{}',
      revision: 3,
    };
    const sample = await openSampleStore({
      findings: HOSTILE_NAMES.map(({ text }, index) =>
        sampleFinding({ id: `h${index}`, claim: text, fleet: text, asset: text, sentence: text }),
      ),
      verdicts: HOSTILE_NAMES.map(({ text }) => ({
        ...common,
        claimsId: text,
        claim: text,
        fleet: text,
        text,
        sentence: text,
        residual: JSON.stringify([text]),
      })),
    });
    const html = renderReport(await readReport(sample.store, { fromMs: DAY, toMs: DAY + 24 * HOUR_MS }, []));
    await sample.close();
    const file = join(scratchFolder().path, 'report.html');
    writeFileSync(file, html);
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 900, height: 1200 } });
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(pathToFileURL(file).href);
  });
  afterAll(() => browser?.close());

  test('it asks for nothing, runs nothing, and its policy has nothing to complain of', async () => {
    expect(requests.length, 'the file itself').toBe(1);
    expect(complaints).toEqual([]);
    expect(await page.title()).toMatch(/^Cordon audit report 2026-12-02 23:00:00Z to /);
    for (const tag of ['script', 'img', 'form', 'iframe']) expect(await page.locator(tag).count(), tag).toBe(0);
    expect(await page.locator('style').count()).toBe(1);
    // The style applies by its hash.
    expect(await page.evaluate<string>(`getComputedStyle(document.querySelector('svg .VIOLATED')).fill`)).toBe('rgb(180, 35, 24)');
  });

  test.each(HOSTILE_NAMES)('a name that tries $tries is a title of its own', async ({ text }) => {
    const titles = await page.locator('h2 bdi').allTextContents();
    const shown = [...(text === LONG_NAME ? `${text.slice(0, 2000)}… (${text.length - 2000} more characters)` : text)]
      .map((character) => (/[\p{Cc}\p{Cf}\u2028]/u.test(character) ? `\\u{${character.codePointAt(0)!.toString(16)}}` : character))
      .join('');
    expect(titles).toContain(shown);
  });

  test('nothing that reorders or controls is shown, and no name pushes the page wider than it is', async () => {
    expect(((await page.locator('body').textContent()) ?? '').replaceAll('\n', '')).not.toMatch(UNSHOWABLE);
    for (const width of [800, 1280]) {
      await page.setViewportSize({ width, height: 1200 });
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth'), `at ${width}`).toBe(false);
    }
  });
});
