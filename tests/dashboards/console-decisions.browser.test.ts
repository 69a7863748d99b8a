import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { screenDesk } from '../../cli/wiring/screen-desk.js';
import { type Console, createConsole } from '../../dashboards/console/console.js';
import { createDesk, type FindingsDesk } from '../../detector/decisions/desk.js';
import { packageRoot } from '../../flow/service/paths.js';
import { HOUR_MS } from '../../flow/time.js';
import { browserExpected, launchChromium } from './support/chromium.js';
import { openConsolePage, panelOf } from './support/console-page.js';
import { buildPage } from './support/page-build.js';
import { DAY, DAY_RANGE, sampleFinding } from './support/sample-data.js';
import { openSampleStore, type SampleStore } from './support/sample-store.js';
import { silentLog } from './support/silent-log.js';

/*
 * The analyst's way in a real browser over a real store: from a red tile to the queue, the finding and its evidence, a decision, and the state that everybody
 * sees then; by mouse, and by keyboard alone. Auditors see it and decide nothing.
 */

const EVIL = `<img src=x onerror="document.title='owned'"> \u202egnp`;
const EVIDENCE = JSON.stringify([
  {
    ...{ sensor: 'edge', exporter: '192.0.2.1', domain: 0, sequence: 7, record: 3, startMs: DAY, endMs: DAY + 1000 },
    ...{ source: '10.40.10.11', sourcePort: 40_000, destination: '203.0.113.66', destinationPort: 443 },
    ...{ octets: 10, reverseOctets: 0, samplingInterval: 1 },
  },
]);
const screenshots = join(packageRoot(), '.cache', 'screenshots');

describe.skipIf(!browserExpected)('decisions in Chromium (skipped where /usr/bin/chromium is missing: apt-get install chromium)', () => {
  let sample: SampleStore;
  let desk: FindingsDesk;
  let viewer: Console;
  let browser: Browser;
  let url: string;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    const finding = (id: string, hour: number, change: object = {}) =>
      sampleFinding({
        ...{ id, claim: 'scanners-closed', severity: 'high', fleet: 'queue', asset: `queue-${id}`, peerAddress: '203.0.113.66', port: 443 },
        ...{ octetsOut: 10, firstSeen: DAY + hour * HOUR_MS, sentence: `queue-${id} sent 10 B to 203.0.113.66 tcp/443` },
        ...change,
      });
    sample = await openSampleStore({
      findings: [
        finding('c0ffee00', 5, { severity: 'critical', evidence: EVIDENCE }),
        finding('c0ffee01', 1),
        finding('c0ffee02', 2),
        finding('c0ffee03', 3),
        finding('bad', 4, { asset: EVIL, sentence: EVIL, severity: 'low' }),
      ],
    });
    desk = createDesk({ store: sample.store, now: () => Date.parse(DAY_RANGE.to) });
    viewer = createConsole({
      query: (sql) => sample.query(sql),
      desk: screenDesk(desk, { claims: [], data: '/nonexistent' }),
      log: silentLog,
      now: () => Date.parse(DAY_RANGE.to),
      port: 0,
      defaultRange: DAY_RANGE,
      webFolder: buildPage(),
      token: 'decider',
      readToken: 'auditor',
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
  });

  async function open(query: string, { token = 'decider', width = 1280, scheme = 'dark' as 'dark' | 'light' } = {}): Promise<void> {
    page = await openConsolePage(browser, `${url}?${query}&token=${token}`, {
      ...{ size: { width, height: 900 }, scheme, provoked: /status of (?:400|404)/, complaints },
    });
  }
  const panel = (title: string) => panelOf(page, title);
  const row = (text: string) => panel('Queue').locator('tbody tr').filter({ hasText: text });
  const dialog = () => page.locator('dialog[open]');
  const inPage = <T>(expression: string): Promise<T> => page.evaluate<T>(expression);
  const focusedRow = () => inPage<string>(`document.activeElement?.closest('tr')?.textContent ?? ''`);
  const loaded = () => page.waitForSelector('#panels[data-loaded]');
  const last = async () => (await desk.trail()).at(-1);

  test('by mouse: overview, red tile, queue, finding, evidence, acknowledge, close, and the closed state everywhere', async () => {
    await open('d=cordon-overview&refresh=5m');
    expect(await panel('Open findings by severity').locator('.tile').first().textContent()).toBe('3Critical');
    await panel('Open findings by severity').getByRole('link', { name: 'Critical' }).click();
    await loaded();
    const address = new URL(page.url()).searchParams;
    expect([address.get('d'), address.get('from'), address.get('refresh')]).toEqual(['cordon-triage', DAY_RANGE.from, '5m']);
    expect(address.getAll('var-state')).toEqual(['open', 'acknowledged']);
    expect(await panel('Queue').locator('tbody tr').count()).toBe(3);
    await row('c0ffee00').getByRole('link', { name: 'c0ffee00', exact: true }).click();
    await loaded();
    expect(await page.title()).toBe('Cordon finding – Cordon');
    expect(await panel('Evidence rows').textContent()).toContain('tcp.port ==');
    await panel('What was found').getByRole('button', { name: 'Acknowledge finding c0ffee00' }).click();
    await expect.poll(() => dialog().locator('.dialog-about').textContent()).toContain('critical on queue-c0ffee00, open');
    await dialog().getByRole('button', { name: 'Acknowledge' }).click();
    expect(await dialog().getByRole('alert').textContent()).toContain('write why');
    await dialog().getByLabel('Why').fill('asked the vendor');
    await dialog().getByLabel('Your name').fill('eve');
    await dialog().getByRole('button', { name: 'Acknowledge' }).click();
    await expect.poll(() => panel('What was found').textContent()).toContain('acknowledged by eve');
    expect(await page.locator('.notice').textContent()).toContain('Finding c0ffee00 is acknowledged by eve');
    expect(await panel('What was decided').locator('tbody tr').first().textContent()).toMatch(/acknowledge.*eve.*asked the vendor/);

    await panel('What was found').getByRole('button', { name: 'Close finding c0ffee00' }).click();
    expect(await dialog().getByLabel('Your name').inputValue(), 'the name is remembered').toBe('eve');
    await dialog().getByLabel('Why').fill('test of the scanner');
    await dialog().getByRole('button', { name: 'Close finding' }).click();
    expect(await dialog().getByRole('alert').textContent(), 'nothing is muted by default').toContain('Choose what it was');
    await dialog().getByText('Noise', { exact: true }).click();
    await dialog().locator('select[name=days]').selectOption('7');
    await dialog().locator('summary').click();
    await dialog().getByLabel('Ports').selectOption('anyPort');
    await dialog().getByRole('button', { name: 'Close finding' }).click();
    await expect.poll(() => panel('What was found').textContent()).toMatch(/closed as noise by eve until \d{4}-\d\d-\d\d/);
    expect(await last()).toMatchObject({ verb: 'noise', author: 'eve', reason: 'test of the scanner', finding: 'c0ffee00', port: 0 });
    await page.getByRole('link', { name: 'Overview' }).click();
    await loaded();
    expect(await panel('Open findings by severity').locator('.tile').first().textContent()).toBe('2Critical');
    expect(new URL(page.url()).searchParams.get('from'), 'the range goes with the links of the toolbar').toBe(DAY_RANGE.from);
  });

  test('by keyboard alone: tile, queue, row, acknowledge, finding, close, reopen', async () => {
    await open('d=cordon-overview');
    for (let presses = 0; presses < 60 && (await inPage('document.activeElement?.textContent')) !== 'High'; presses++)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/cordon-triage/);
    await loaded();
    for (let presses = 0; presses < 60 && !(await focusedRow()).includes('c0ffee01'); presses++) await page.keyboard.press('Tab');
    await page.keyboard.press('j');
    expect(await focusedRow()).toContain('c0ffee02');
    await page.keyboard.press('a');
    await dialog().waitFor();
    expect(await inPage('document.activeElement.name'), 'the reason is asked for first').toBe('reason');
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog().count()).toBe(0);
    expect(await focusedRow(), 'the focus returns to the row').toContain('c0ffee02');
    await page.keyboard.press('a');
    await page.keyboard.type('looking into it');
    await page.keyboard.press('Tab');
    await page.keyboard.type('mallory');
    await page.keyboard.press('Enter');
    await expect.poll(() => row('c0ffee02').textContent()).toContain('acknowledged by mallory');
    // The focus stays with the finding, wherever it now stands.
    await expect.poll(focusedRow).toContain('c0ffee02');
    await page.keyboard.press('o');
    await page.waitForURL(/cordon-finding/);
    await loaded();
    for (let presses = 0; presses < 60 && !(await focusedRow()).includes('c0ffee02'); presses++) await page.keyboard.press('Tab');
    await page.keyboard.press('c');
    await dialog().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.type('INC-77');
    await page.keyboard.press('Enter');
    await expect.poll(() => panel('What was found').textContent()).toContain('closed as incident by mallory');
    await expect.poll(focusedRow).toContain('c0ffee02');
    await page.keyboard.press('r');
    await page.keyboard.type('not ours');
    await page.keyboard.press('Enter');
    await expect.poll(() => panel('What was found').textContent()).toContain('open, reopened');
    const taken = (await desk.trail()).filter(({ finding }) => finding === 'c0ffee02').map(({ verb, author }) => [verb, author]);
    expect(taken).toEqual([
      ['acknowledge', 'mallory'],
      ['incident', 'mallory'],
      ['reopen', 'mallory'],
    ]);
  });

  test('a refresh keeps order, unfolded rows and focus; the queue is searched; keys are explained and can be switched off', async () => {
    await open('d=cordon-triage&var-fleet=queue');
    await panel('Queue').getByRole('button', { name: 'Age' }).click();
    await panel('Queue').getByRole('button', { name: 'Age' }).click();
    await row('c0ffee03').focus();
    await page.keyboard.press('Enter');
    const order = () => panel('Queue').locator('tbody tr td:last-child').allTextContents();
    const before = await order();
    await page.keyboard.press('u');
    await page.waitForSelector('#panels[data-loaded="2"]');
    expect([await order(), await row('c0ffee03').getAttribute('aria-expanded')]).toEqual([before, 'true']);
    expect(await focusedRow()).toContain('c0ffee03');
    await page.keyboard.press('/');
    await page.keyboard.type('C0FFEE01');
    await expect.poll(() => panel('Queue').locator('tbody tr').count()).toBe(1);
    expect(new URL(page.url()).searchParams.get('var-search')).toBe('C0FFEE01');
    await page.keyboard.press('Escape');
    await expect.poll(() => panel('Queue').locator('tbody tr').count()).toBe(5);
    await page.keyboard.press('Tab');
    await page.keyboard.press('?');
    expect(await dialog().textContent()).toContain('acknowledge the finding');
    await page.screenshot({ path: join(screenshots, 'keys-dark-1280.png') });
    await dialog().getByRole('checkbox').uncheck();
    await page.keyboard.press('Escape');
    await row('c0ffee01').focus();
    await page.keyboard.press('a');
    expect(await dialog().count(), 'letters are off').toBe(0);
    await page.keyboard.press('ArrowUp');
    expect(await focusedRow()).not.toContain('c0ffee01');
  });

  test('what the store or the desk refuses is said in the dialog, and what comes from the network is text there', async () => {
    await open('d=cordon-triage&var-fleet=queue');
    const before = (await desk.trail()).length;
    await panel('Queue').getByRole('button', { name: 'Close finding bad' }).click();
    await expect
      .poll(() => dialog().locator('.dialog-about').textContent())
      .toContain(`<img src=x onerror="document.title='owned'"> \\u202egnp`);
    expect([await page.title(), await page.locator('img').count()]).toEqual(['Cordon triage – Cordon', 0]);
    await dialog().getByText('Expected', { exact: true }).click();
    await dialog().locator('select[name=days]').selectOption('');
    await dialog().getByLabel('Why').fill('x');
    await dialog().getByLabel('Your name').fill('eve');
    await dialog().getByRole('button', { name: 'Close finding' }).click();
    expect(await dialog().getByRole('alert').textContent()).toContain('Choose the day');
    await dialog().locator('input[type=date]').fill('2090-01-01');
    await dialog().getByRole('button', { name: 'Close finding' }).click();
    await expect.poll(() => dialog().getByRole('alert').textContent()).toContain('no claim file with the fleet queue is known');
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    expect((await desk.trail()).length).toBe(before);
  });

  test('auditors see the queue and no button', async () => {
    await open('d=cordon-triage&var-fleet=queue', { token: 'auditor' });
    expect(await panel('Queue').locator('tbody tr').count()).toBe(5);
    expect(await panel('Queue').locator('tbody').getByRole('button').count()).toBe(0);
    expect(await row('c0ffee01').textContent()).toContain('read only');
    await row('c0ffee01').focus();
    await page.keyboard.press('a');
    expect(await dialog().count()).toBe(0);
  });

  test.each(['dark', 'light'] as const)('the dialog fits and is readable in %s', async (scheme) => {
    await open('d=cordon-triage&var-fleet=queue&var-fleet=scanners&var-fleet=billing', { scheme });
    for (const width of [1280, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: join(screenshots, `queue-${scheme}-${width}.png`) });
      await panel('Queue').getByRole('button', { name: 'Close finding c0ffee01' }).click();
      await dialog().locator('.dialog-sentence').waitFor();
      await dialog().getByText('Noise', { exact: true }).click();
      const fits = `(() => {
        const box = document.querySelector('dialog[open]');
        return [box.scrollHeight <= box.clientHeight + 1, box.scrollWidth <= box.clientWidth];
      })()`;
      expect(await inPage(fits)).toEqual([true, true]);
      await dialog().locator('summary').click();
      await page.screenshot({ path: join(screenshots, `dialog-${scheme}-${width}.png`) });
      const nameless = await inPage<string[]>(`
        [...document.querySelectorAll('dialog input, dialog select, dialog button')]
          .filter((element) => (element.getAttribute('aria-label') ?? element.closest('label')?.textContent ?? element.textContent).trim() === '')
          .map((element) => element.outerHTML)`);
      expect(nameless).toEqual([]);
      await page.keyboard.press('Escape');
    }
  });
});
