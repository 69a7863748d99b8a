import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Console, createConsole } from '../../dashboards/console/console.js';
import type { QueryResult } from '../../dashboards/console/frame.js';
import { packageRoot } from '../../flow/service/paths.js';
import { HOUR_MS } from '../../flow/time.js';
import { HOSTILE_NAMES, LONG_NAME, UNSHOWABLE } from '../support/hostile-names.js';
import { browserExpected, launchChromium } from './support/chromium.js';
import { openConsolePage, panelOf } from './support/console-page.js';
import { buildPage } from './support/page-build.js';
import { DAY, DAY_RANGE, sampleFinding } from './support/sample-data.js';
import { openSampleStore, type SampleStore } from './support/sample-store.js';
import { silentLog } from './support/silent-log.js';

/*
 * The console in a real browser over a real store: what an analyst sees, reaches by keyboard, and is told when there is nothing or something failed;
 * that nothing leaves loopback; and that names from the network stay text.
 */

const HOSTILE = HOSTILE_NAMES.map(({ text }) => text);

/** Controls and marks that reorder are escapes; lines and tabs are only space in a page. */
function asShown(text: string): string {
  return text.replaceAll(/[^\P{C}\n\t]|[\u2028\u2029]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const screenshots = join(packageRoot(), '.cache', 'screenshots');

describe.skipIf(!browserExpected)('console in Chromium (skipped where /usr/bin/chromium is missing: apt-get install chromium)', () => {
  let sample: SampleStore;
  let viewer: Console;
  let browser: Browser;
  let url: string;
  let page: Page;
  let refuse = false;
  const requests: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    const findings = HOSTILE.map((name, index) =>
      sampleFinding({
        id: `hostile-${index}`,
        claim: name,
        severity: 'info',
        fleet: 'hostile',
        asset: name,
        peerAddress: '203.0.113.66',
        peerName: name,
        port: 443,
        octetsOut: 10,
        firstSeen: DAY + HOUR_MS,
        sentence: name,
      }),
    );
    const flows = HOSTILE.map((asset, index) => ({
      flowStartMilliseconds: DAY + index * HOUR_MS,
      flowEndMilliseconds: DAY + index * HOUR_MS,
      destinationIPv6Address: '203.0.113.66',
      destinationTransportPort: 443,
      protocolIdentifier: 6,
      octetDeltaCount: 5_000_000,
      initiator: 'source',
      completion: 'transferred',
      asset,
      fleet: 'hostile',
      assetSide: 'source',
    }));
    const verdicts = HOSTILE.map((name) => ({
      claimsId: 'h',
      claim: name,
      fleet: 'hostile',
      severity: 'info',
      text: name,
      periodFrom: DAY,
      periodTo: DAY + 24 * HOUR_MS,
      verdict: 'NOT_PROVEN',
      sentence: name,
      revision: 1,
    }));
    sample = await openSampleStore({ findings, flows, verdicts });
    const query = async (sql: string): Promise<QueryResult> => {
      if (refuse) throw new Error('Code: 241. DB::Exception: memory <b>limit</b> exceeded');
      return sample.query(sql);
    };
    viewer = createConsole({
      query,
      log: silentLog,
      now: () => Date.parse(DAY_RANGE.to),
      port: 0,
      defaultRange: DAY_RANGE,
      webFolder: buildPage(),
    });
    ({ url } = await viewer.start());
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await viewer?.stop();
    await sample?.close();
  });
  afterEach(async () => {
    await page.context().close();
    expect(complaints.splice(0), 'no script error, no violation of the content security policy').toEqual([]);
    expect(
      requests.splice(0).filter((asked) => !asked.startsWith(url)),
      'every request stays with the console',
    ).toEqual([]);
  });

  async function open(
    query = '?var-fleet=scanners&var-fleet=billing',
    size = { width: 1280, height: 900 },
    scheme: 'dark' | 'light' = 'dark',
  ): Promise<Page> {
    page = await openConsolePage(browser, `${url}${query}`, { size, scheme, provoked: /status of (?:502|400)/, complaints, requests });
    return page;
  }
  const panel = (title: string) => panelOf(page, title);
  // Scripts of the page go as text: this file is checked without the browser's types.
  const inPage = <T>(expression: string): Promise<T> => page.evaluate<T>(expression);
  const panelElement = (title: string) =>
    `[...document.querySelectorAll('section.panel')].find((panel) => panel.querySelector('h2').textContent === ${JSON.stringify(title)})`;
  /** How many different colours a panel's canvas shows; an empty one has at most two. */
  const colours = (title: string) =>
    inPage<number>(`(() => {
      const canvas = ${panelElement(title)}.querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
      return seen.size;
    })()`);
  /** Texts in the colour of a threshold that do not stand out from the panel as WCAG 2 demands of text (4.5). */
  const dull = () =>
    inPage<string[]>(`(() => {
      const shares = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((part) => (colour.startsWith('color(') ? Number(part) : part / 255));
      const luminance = (colour) => shares(colour)
        .map((share) => (share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4))
        .reduce((sum, share, index) => sum + share * [0.2126, 0.7152, 0.0722][index], 0.05);
      return [...document.querySelectorAll('.told')].filter((text) => {
        const ground = luminance(getComputedStyle(text.closest('.panel')).backgroundColor);
        const ink = luminance(getComputedStyle(text).color);
        return Math.max(ink, ground) / Math.min(ink, ground) < 4.5;
      }).map((text) => text.textContent);
    })()`);
  const theme = () => inPage<string>('document.documentElement.dataset.theme');
  const focused = () => inPage<string>('document.activeElement?.textContent');
  const scrollsSideways = () => inPage<boolean>('document.documentElement.scrollWidth > innerWidth');

  test('an analyst sees the findings, the verdicts with their colours, and drawn charts', async () => {
    await open();
    const findings = panel('Findings').locator('tbody tr');
    expect(await findings.count()).toBe(6);
    expect(await findings.first().textContent()).toMatch(
      /critical[\s\S]*scan-mv-01[\s\S]*tcp\/8443, which no claim allows[\s\S]*203\.0\.113\.200[\s\S]*tcp\/8443[\s\S]*26 MB/,
    );
    expect(await inPage(`getComputedStyle(${panelElement('Verdict per claim now')}.querySelector('.chip')).backgroundColor`)).toBe(
      'rgb(196, 22, 42)',
    );
    expect(await panel('Claims by verdict').textContent()).toMatch(/3\s*Violated\s*1\s*Not proven\s*1\s*Verified/);
    for (const title of ['Octets sent per asset', 'Verdict per claim over time', 'Share received per sensor', 'Records lost per sensor']) {
      expect(await colours(title), title).toBeGreaterThan(4);
    }
    expect(await panel('Age of the last message').locator('li').first().textContent()).toMatch(/dc-edge\s*5\.7 h/);
    expect(await panel('Octets sent per asset').locator('canvas').locator('..').locator('..').getAttribute('aria-label')).toMatch(
      /chart of 4 series/,
    );
  });

  test('everything is reached and worked by keyboard, and has a name', async () => {
    await open();
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the panels');
    const dashboards: string[] = [];
    for (;;) {
      await page.keyboard.press('Tab');
      const name = await focused();
      if (name === 'Fleet: 2 chosen') break;
      dashboards.push(name);
      expect(dashboards.length, 'the dashboards stand before the filters').toBeLessThan(10);
    }
    expect(dashboards).toEqual(['Overview', 'Triage', 'Device', 'Destinations', 'Finding', 'Claims', 'Telemetry', 'Trail']);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.waitForFunction(`new URLSearchParams(location.search).getAll('var-fleet').length === 1`);
    await expect.poll(() => panel('Findings').locator('tbody tr').count()).toBe(3);
    await page.keyboard.press('Escape');
    const row = panel('Findings').locator('tbody tr').first();
    await row.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await panel('Findings').locator('tbody tr').nth(1).getAttribute('aria-expanded')).toBe('true');
    const nameless = await inPage<string[]>(`
      [...document.querySelectorAll('button, summary, input, select, section, [role=img], table')]
        .filter((element) => {
          const labelled = element.getAttribute('aria-labelledby');
          const name = labelled === null ? (element.getAttribute('aria-label') ?? element.textContent) : document.getElementById(labelled)?.textContent;
          return (name ?? '').trim() === '' && element.closest('label') === null;
        })
        .map((element) => element.outerHTML.slice(0, 100))`);
    expect(nameless).toEqual([]);
  });

  test('headings sort, legends hide a series, the theme changes, the picker sets a range', async () => {
    await open();
    await panel('Findings').getByRole('button', { name: 'Octets out' }).click();
    expect(await panel('Findings').locator('tbody tr').first().textContent()).toContain('69 MB');
    await panel('Octets sent per asset').locator('.legend tbody button').first().click();
    expect(await panel('Octets sent per asset').locator('.legend tbody button').first().getAttribute('aria-pressed')).toBe('false');
    await page.getByRole('button', { name: 'Light' }).click();
    expect(await theme()).toBe('light');
    await page.locator('.range summary').click();
    await page.getByLabel('From (UTC)').fill('2026-12-03 13:00');
    await page.getByLabel('To (UTC)').fill('2026-12-03 12:00');
    await page.getByRole('button', { name: 'Apply' }).click();
    expect(await page.locator('.problem').textContent()).toContain('after the beginning');
    await page.getByLabel('To (UTC)').fill('2026-12-03 13:30');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(() => panel('Findings').locator('tbody tr').count()).toBe(3);
    expect(page.url()).toContain('from=2026-12-03T13%3A00Z');
  });

  test('an empty range and a store that refuses say what to do', async () => {
    await open('?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z');
    expect(await panel('Findings').textContent()).toMatch(
      /No finding between 2020-01-01 00:00:00 and 2020-01-02 00:00:00 UTC[\s\S]*cordon doctor/,
    );
    await page.screenshot({ path: join(screenshots, 'overview-empty.png'), fullPage: true });
    refuse = true;
    await page.getByRole('button', { name: 'Refresh', exact: true }).click();
    await expect.poll(() => panel('Findings').textContent()).toContain('memory <b>limit</b> exceeded');
    await page.screenshot({ path: join(screenshots, 'overview-failed.png'), fullPage: true });
    refuse = false;
    await panel('Findings').getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => panel('Findings').textContent()).toContain('No finding between');
  });

  test('hostile names are shown as text, in tables, gauges, legends, charts and choices', async () => {
    await open('?var-fleet=hostile');
    const shown = await page.locator('body').textContent();
    for (const { tries, text } of HOSTILE_NAMES) expect(shown, `a name that tries ${tries}`).toContain(asShown(text));
    expect(shown, 'overrides of direction and controls are visible, not obeyed').not.toMatch(UNSHOWABLE);
    expect(await panel('Findings').locator('td', { hasText: '-end' }).first().textContent()).toContain(LONG_NAME);
    expect(await page.title()).toBe('Cordon overview – Cordon');
    expect(await page.locator('script').count()).toBe(2);
    expect(await page.locator('img').count()).toBe(0);
    await panel('Octets sent per asset').locator('canvas').first().hover();
    await page.locator('.variable summary').nth(1).click();
    for (const width of [390, 1280, 1920]) {
      await page.setViewportSize({ width, height: 1000 });
      expect(await scrollsSideways(), `no sideways scrolling at ${width}`).toBe(false);
    }
    await page.screenshot({ path: join(screenshots, 'overview-hostile.png'), fullPage: true });
  });

  test('three clicks: from the claim that broke to its finding, to the device, to its peers; the time range stays', async () => {
    await open('?var-fleet=scanners&var-fleet=billing&from=2026-12-03T00:00:00Z&to=2026-12-03T23:00:00Z');
    await panel('Verdict per claim now').getByRole('link', { name: 'scanners-closed' }).click();
    await page.waitForSelector('#panels[data-loaded]');
    expect(await page.title()).toBe('Cordon claims – Cordon');
    expect(await panel('Claim by claim').locator('tbody tr').count()).toBe(1);
    await panel('What broke them').getByRole('link', { name: 'scan-mv-01' }).first().click();
    await page.waitForSelector('#panels[data-loaded]');
    const address = new URL(page.url()).searchParams;
    expect([address.get('d'), address.get('var-asset'), address.get('from')]).toEqual([
      'cordon-device',
      'scan-mv-01',
      '2026-12-03T00:00:00Z',
    ]);
    expect(await panel('Peers, and what was found about them').textContent()).toMatch(/203\.0\.113\.200[\s\S]*scanners-closed/);
    expect(await colours('Rhythm: records per peer')).toBeGreaterThan(4);
  });

  test('the screen of one device is of the first where none is chosen, and another can be chosen', async () => {
    await open('?d=cordon-device');
    const choice = page.locator('.variable summary').first();
    expect(await choice.textContent()).not.toMatch(/All|none/);
    await choice.click();
    await page.getByLabel('Search asset').fill('bssdb-1');
    await page.getByRole('radio').first().check();
    await page.waitForFunction(`new URLSearchParams(location.search).get('var-asset') === 'bssdb-1'`);
    await expect.poll(() => choice.textContent()).toBe('Asset: bssdb-1');
  });

  test('links carry hostile names as they are', async () => {
    await open('?var-fleet=hostile');
    for (const name of HOSTILE.slice(0, 4)) {
      const link = panel('Findings').getByRole('link').filter({ hasText: name }).first();
      expect(new URLSearchParams((await link.getAttribute('href')) ?? '').get('var-asset')).toBe(name);
    }
    await panel('Findings').getByRole('link').filter({ hasText: 'quoted' }).first().click();
    await page.waitForSelector('#panels[data-loaded]');
    expect(await panel('Findings of the device').locator('tbody tr').count()).toBe(1);
  });

  test('the matrix has a row for each device and a column for each country, and leads to the device', async () => {
    await open('?d=cordon-destinations&var-fleet=scanners&var-fleet=billing', { width: 1280, height: 1080 });
    const matrix = panel('Devices and countries');
    expect(await matrix.locator('th').allTextContents()).toEqual(['Asset\\Country', 'local', 'NL', 'US', 'DE', 'unknown']);
    const row = matrix.locator('tbody tr', { hasText: 'scan-mv-01' });
    expect((await row.locator('td').allTextContents()).filter((text) => text.endsWith('B'))).toHaveLength(3);
    await page.screenshot({ path: join(screenshots, 'destinations-countries.png'), fullPage: true });
    await row.getByRole('link').click();
    await page.waitForSelector('#panels[data-loaded]');
    expect(new URL(page.url()).searchParams.get('var-asset')).toBe('scan-mv-01');
  });

  test('the map has a circle for each country, largest first, reached by keyboard; it leads to the peers of its country and keeps what is chosen', async () => {
    await open('?d=cordon-destinations&var-fleet=scanners&var-fleet=billing', { width: 1280, height: 1080 });
    const map = panel('Peers by country');
    const circles = map.locator('svg.map a');
    expect(await circles.evaluateAll((found) => found.map((circle) => circle.getAttribute('aria-label')))).toEqual([
      'Netherlands (NL): Peers 1, Assets 1, Octets out 26 MB, Octets in 220 kB',
      'United States (US): Peers 1, Assets 1, Octets out 153 kB, Octets in 66 kB',
      'Germany (DE): Peers 1, Assets 1, Octets out 8.2 kB, Octets in 13.8 kB',
    ]);
    expect(await map.locator('svg.map path').count(), 'the countries of the world').toBeGreaterThan(170);
    const rows = panel('Countries').locator('tbody tr');
    expect(await rows.locator('td:first-child').allTextContents(), 'what has no place on the map').toEqual([
      'local',
      'NL',
      'US',
      'DE',
      'unknown',
    ]);
    await circles.first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await inPage('document.activeElement.getAttribute("aria-label")')).toMatch(/^Germany/);
    expect(await map.locator('.map-told').textContent()).toMatch(/^Germany \(DE\): Peers 1/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/var-country=DE/);
    await page.waitForSelector('#panels[data-loaded]');
    expect(new URL(page.url()).searchParams.getAll('var-fleet')).toEqual(['scanners', 'billing']);
    expect(await panel('First seen').locator('tbody tr').count()).toBe(1);
    expect(await panel('First seen').textContent()).toContain('203.0.113.7');
  });

  test('a map without any place says how to get one', async () => {
    await open('?d=cordon-destinations&var-country=local');
    expect(await panel('Peers by country').textContent()).toMatch(
      /No peer that location data \(lookup in cordon\.yaml\) places in a country/,
    );
    expect(await panel('Countries').locator('tbody tr').count()).toBe(1);
  });

  const dashboards = ['overview', 'triage', 'device', 'destinations', 'finding', 'claims', 'telemetry', 'trail'];
  test.each(dashboards.flatMap((name) => (['dark', 'light'] as const).map((scheme) => [name, scheme] as const)))(
    '%s is readable in %s at 1280 and, made wider, at 1920',
    async (name, scheme) => {
      const sizes = [1280, 1920].map((width) => ({ width, height: 1080 }));
      await open(`?d=cordon-${name}&var-fleet=scanners&var-fleet=billing&var-asset=bssdb-1&var-finding=f1`, sizes[0], scheme);
      expect(await theme()).toBe(scheme);
      for (const size of sizes) {
        await page.setViewportSize(size);
        // Charts take their new size when the page is next drawn.
        await inPage('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
        expect(await scrollsSideways(), `at ${size.width}`).toBe(false);
        expect(await page.locator('.panel .state').allTextContents(), 'every panel has something to show').toEqual([]);
        expect(await dull(), 'coloured text stands out').toEqual([]);
        await page.screenshot({ path: join(screenshots, `${name}-${scheme}-${size.width}.png`), fullPage: true });
      }
    },
  );
});
