import type { MapLayer, Panel } from '../model.js';

/** Files that Grafana serves itself: country shapes, and where the middle of a country is by its two letters. The console has its own (world-map.json). */
export const COUNTRY_SHAPES = 'public/maps/countries.geojson';
export const COUNTRY_PLACES = 'public/gazetteer/countries.json';
export const CIRCLE = 'img/icons/marker/circle.svg';

const OPTIONS = ['basemap', 'layers', 'view', 'controls', 'tooltip'];

export interface GeomapOptions {
  /** Column of two-letter country codes. */
  readonly country: string;
  /** Column of numbers that a circle's size tells. */
  readonly size: string;
  /** Radii in pixels of the smallest circle and of the largest. */
  readonly leastRadius: number;
  readonly mostRadius: number;
  readonly colour: string;
}

/**
 * The one form of geomap that our dashboards use: no tiles, Grafana's own country shapes, and on them circles of one colour, sized by a column and placed by a
 * country code. Where the map is panned and zoomed to is Grafana's affair; the console always shows all of the world. Throws, naming what it cannot draw.
 */
export function parseGeomap({ options }: Panel): GeomapOptions {
  const { basemap, layers = [] } = options;
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name)) throw new Error(`the map has the option ${name}, which the console does not know`);
  const tiles = String(basemap?.config?.url ?? '');
  if (basemap?.type !== 'xyz' || !tiles.startsWith('data:')) throw new Error('the map has tiles of a server; the console asks none');
  const [shapes, circles, more] = layers;
  if (shapes?.type !== 'geojson' || shapes.config?.src !== COUNTRY_SHAPES)
    throw new Error(`the first layer of the map is not ${COUNTRY_SHAPES}`);
  if (circles?.type !== 'markers' || more !== undefined)
    throw new Error('the map has other layers than country shapes and markers on them');
  return markersOf(circles);
}

function markersOf({ location, config }: MapLayer): GeomapOptions {
  if (location?.mode !== 'lookup' || location.gazetteer !== COUNTRY_PLACES || location.lookup === undefined)
    throw new Error(`the markers of the map are not placed by ${COUNTRY_PLACES}`);
  const { size, color, symbol } = (config?.style ?? {}) as {
    readonly size?: { readonly field?: string; readonly min?: number; readonly max?: number };
    readonly color?: { readonly field?: string; readonly fixed?: string };
    readonly symbol?: { readonly fixed?: string };
  };
  if (size?.field === undefined || size.min === undefined || size.max === undefined)
    throw new Error('the markers of the map are not sized by a column between two radii');
  if (color?.fixed === undefined || color.field !== undefined || symbol?.fixed !== CIRCLE)
    throw new Error('the markers of the map are no circles of one colour');
  return { country: location.lookup, size: size.field, leastRadius: size.min, mostRadius: size.max, colour: color.fixed };
}
