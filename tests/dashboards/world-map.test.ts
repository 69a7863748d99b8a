import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { WorldMap } from '../../dashboards/console/model.js';
import { linkAddress, parseDataLink } from '../../dashboards/console/web/data-link.js';
import { packageRoot } from '../../flow/service/paths.js';

/*
 * Every country of the map that the console serves can carry a mark at its place, and a country leads to its peers.
 */

/** Made by scripts/world-map.mjs. */
const world = JSON.parse(readFileSync(join(packageRoot(), 'dashboards', 'console', 'web', 'world-map.json'), 'utf8')) as WorldMap;

test('countries bear two letters and a place inside the map; the small ones have a place without a shape', () => {
  const codes = Object.keys(world.countries);
  expect(codes.length).toBeGreaterThan(230);
  for (const [code, { at, path }] of Object.entries(world.countries)) {
    expect(code).toMatch(/^[A-Z]{2}$/);
    expect(at[0] >= 0 && at[0] <= world.width && at[1] >= 0 && at[1] <= world.height, `${code} at ${at.join()}`).toBe(true);
    expect(path).toMatch(/^[MLZ\d.,-]*$/);
  }
  expect(world.countries.SG?.path).toBe('');
  expect(codes).toContain('XK');
});

test('places are where one looks for them: east of, north of', () => {
  const { NL, DE, US, SG, NZ, GB } = world.countries;
  expect(NL!.at[0]).toBeLessThan(DE!.at[0]);
  expect(GB!.at[1]).toBeLessThan(US!.at[1]);
  expect(SG!.at[1]).toBeLessThan(NZ!.at[1]);
  expect(world.width / world.height).toBeGreaterThan(2);
});

test('a link keeps the time range and the variables that it names, and takes hostile values as they are', () => {
  const link = parseDataLink(
    `/d/cordon-destinations/x?\${__url_time_range}&\${fleet:queryparam}&\${asset:queryparam}&var-country=\${__value.raw:percentencode}`,
  );
  const at = { from: 'now-1h', to: 'now', refresh: '', value: "O'&=#", field: () => '' };
  const address = new URLSearchParams(linkAddress(link, { ...at, variables: { fleet: ['a&b', 'c'], country: ['NL'] } }));
  expect([...address]).toEqual([
    ['d', 'cordon-destinations'],
    ['from', 'now-1h'],
    ['to', 'now'],
    ['refresh', ''],
    ['var-fleet', 'a&b'],
    ['var-fleet', 'c'],
    ['var-country', "O'&=#"],
  ]);
});
