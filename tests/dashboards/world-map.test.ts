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

/*
 * The map is made again only with packages that the tests do not have (the head of scripts/world-map.mjs names them), so what is committed is held to what every
 * making of it must have.
 */
test('every country has a name of its region, every line stays inside the map, and all of it is small enough to be served with the page', () => {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  for (const code of Object.keys(world.countries)) expect(names.of(code), code).toBeDefined();
  const shapes = [world.elsewhere, ...Object.values(world.countries).map(({ path }) => path)];
  for (const path of shapes) expect(path, path.slice(0, 40)).toMatch(/^(?:M[\d.]+,[\d.]+(?:L[\d.]+,[\d.]+){2,}Z)*$/);
  const points = shapes.flatMap((path) => [...path.matchAll(/([\d.]+),([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const));
  expect(points.length).toBeGreaterThan(5000);
  expect(points.filter(([x, y]) => !(x >= 0 && x <= world.width && y >= 0 && y <= world.height))).toEqual([]);
  expect(JSON.stringify(world).length).toBeLessThan(150_000);
});

test('a mark stands inside its country: within the box of its lines', () => {
  for (const [code, { at, path }] of Object.entries(world.countries)) {
    const points = [...path.matchAll(/([\d.]+),([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
    if (points.length === 0) continue;
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const inside = at[0] >= Math.min(...xs) && at[0] <= Math.max(...xs) && at[1] >= Math.min(...ys) && at[1] <= Math.max(...ys);
    expect(inside, code).toBe(true);
  }
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
