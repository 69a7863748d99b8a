#!/usr/bin/env node
// Makes dashboards/console/web/world-map.json, the world that the console draws, from Natural Earth's country borders (public domain). Borders change once in some
// years, so what this needs is installed for the occasion and is no dependency of ours:
//   npm install --prefix /tmp/world world-atlas@2.0.2 topojson-client@3.1.0 d3-geo@3.1.2
//   node scripts/world-map.mjs /tmp/world
// The same versions make the same bytes.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write(
    'world-map: name the folder that world-atlas, topojson-client and d3-geo are installed in; the head of this script says how\n',
  );
  process.exit(4);
}
const require = createRequire(join(resolve(folder), 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { geoArea, geoCentroid, geoNaturalEarth1, geoPath } = await load('d3-geo');
const { feature } = await load('topojson-client');

const WIDTH = 960;
/** Room for a circle at the edge. */
const MARGIN = 6;
/** Nobody's equipment stands there, and it takes a fifth of the height. */
const LEFT_OUT = 'AQ';
/** In use by location data, without a number in ISO 3166-1. */
const CODE_BY_NAME = { Kosovo: 'XK' };

/** Two letters for three digits: the canonical form of a language tag has the region's letters in place of its number (RFC 5646 §4.5, UTS 35). */
function codeOf(number, name) {
  if (number === undefined) return CODE_BY_NAME[name];
  return /^und-([A-Z]{2})$/.exec(Intl.getCanonicalLocales(`und-${String(number).padStart(3, '0')}`)[0])?.[1];
}

/** Every country with its code (undefined for ground that has none), its shape, and the largest of its islands and mainlands, where a mark stands for all of it. */
function lands(file) {
  const topology = JSON.parse(readFileSync(require.resolve(`world-atlas/${file}`), 'utf8'));
  return feature(topology, topology.objects.countries)
    .features.map(({ id, properties, geometry: shape }) => {
      const parts = shape.type === 'MultiPolygon' ? shape.coordinates.map((coordinates) => ({ type: 'Polygon', coordinates })) : [shape];
      return {
        code: codeOf(id, properties.name),
        shape,
        main: parts.reduce((largest, part) => (geoArea(part) > geoArea(largest) ? part : largest)),
      };
    })
    .filter(({ code }) => code !== LEFT_OUT);
}

const rounded = (value) => Math.round(value * 10) / 10;

// Shapes of the small scale; places for marks from the medium scale, which has the small countries too.
const shapes = lands('countries-110m.json');
const ground = { type: 'GeometryCollection', geometries: shapes.map(({ shape }) => shape) };
// Shows the north, where most peers are, larger than projections of equal area do.
const projection = geoNaturalEarth1().fitWidth(WIDTH - 2 * MARGIN, ground);
const height = Math.ceil(geoPath(projection).bounds(ground)[1][1]) + 2 * MARGIN;
const [x, y] = projection.translate();
const path = geoPath(projection.translate([x + MARGIN, y + MARGIN])).digits(1);
const paths = new Map(shapes.map(({ code, shape }) => [code, path(shape)]));
const countries = lands('countries-50m.json')
  .filter(({ code }) => code !== undefined)
  .map(({ code, main }) => [code, { path: paths.get(code) ?? '', at: projection(geoCentroid(main)).map(rounded) }])
  .sort(([a], [b]) => (a < b ? -1 : 1));
const elsewhere = shapes
  .filter(({ code }) => code === undefined)
  .map(({ shape }) => path(shape))
  .join('');

const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dashboards', 'console', 'web', 'world-map.json');
writeFileSync(file, `${JSON.stringify({ width: WIDTH, height, elsewhere, countries: Object.fromEntries(countries) }, null, 1)}\n`);
process.stdout.write(`${file}\n`);
