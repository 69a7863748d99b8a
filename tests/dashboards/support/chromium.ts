import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PATH = '/usr/bin/chromium';
const required = process.env.CI === 'true' || process.env.CORDON_REQUIRE_BROWSER === '1';

/** False only where a browser may be missing: then the test is skipped; elsewhere launching fails and says so. */
export const browserExpected = existsSync(PATH) || required;

/** Debian's Chromium, without the calls home that a fresh profile makes. */
export async function launchChromium(): Promise<Browser> {
  if (!existsSync(PATH)) throw new Error(`${PATH} is missing: apt-get install chromium`);
  const quiet = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath: PATH, headless: true, args: quiet });
}
