import type { Browser, Locator, Page } from 'playwright-core';

/** A machine under load is slow, and a page that is late is no page that fails. */
const PATIENCE_MS = 100_000;

export interface PageOptions {
  readonly size?: { readonly width: number; readonly height: number };
  readonly scheme?: 'dark' | 'light';
  /** Refusals of the server that the test provokes. */
  readonly provoked: RegExp;
  /** Takes what the page complains of: script errors, and violations of the content security policy. */
  readonly complaints: string[];
  /** Takes the addresses that the page asks for. */
  readonly requests?: string[];
}

/** Opens the console in a browser context of its own; resolves when its panels are loaded. */
export async function openConsolePage(browser: Browser, address: string, options: PageOptions): Promise<Page> {
  const { size = { width: 1280, height: 900 }, scheme = 'dark', provoked, complaints, requests } = options;
  const context = await browser.newContext({ viewport: size, colorScheme: scheme });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on('request', (request) => void requests?.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error' && !provoked.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(address);
  await page.waitForSelector('#panels[data-loaded]');
  return page;
}

/** The panel of that title. */
export function panelOf(page: Page, title: string): Locator {
  return page.locator('section.panel').filter({ has: page.locator('h2', { hasText: new RegExp(`^${title}$`) }) });
}
