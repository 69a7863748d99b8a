import * as common from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as geomap from '@grafana/grafana-foundation-sdk/geomap';
import { CIRCLE, COUNTRY_PLACES, COUNTRY_SHAPES } from '../console/web/geomap-options.js';
import { BLUE, GREY } from './colours.js';
import { column, type PanelHead, panel } from './panels.js';

const SIZE = 'Octets out';
/** A transparent picture of one pixel: Grafana wants tiles below its layers, and without any it would ask a server on the internet. */
const NO_TILES = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';

/** A link of a country to its peers: the same screen with this country chosen. What else is chosen there stays. */
export const PEERS_OF_COUNTRY: dashboard.DynamicConfigValue = {
  id: 'links',
  value: [
    {
      title: 'Peers of this country',
      url: `/d/cordon-destinations/cordon-destinations?\${__url_time_range}&\${fleet:queryparam}&\${asset:queryparam}&var-country=\${__value.raw:percentencode}`,
    },
  ],
};

/** Circles on the countries of the peers, over Grafana's own shapes and places of countries: nothing is asked of the internet. */
export function worldMap(dashboardName: string, at: PanelHead['at']): geomap.PanelBuilder {
  return panel(new geomap.PanelBuilder(), dashboardName, {
    id: 7,
    title: 'Peers by country',
    description:
      'Where in the world the peers are, by the location data of the configuration (lookup): the larger a circle, the more octets were sent there. Local and unknown peers have no place on a map; the table tells them.',
    unit: 'none',
    at,
    sql: 'map',
    format: 'table',
  })
    .noValue('no peer that location data (lookup in cordon.yaml) places in a country')
    .overrideByName('Country', [PEERS_OF_COUNTRY])
    .overrideByRegexp('/^(Peers|Assets)$/', [column.unit('short')])
    .overrideByRegexp('/^Octets/', [column.unit('decbytes')])
    .view(new geomap.MapViewConfigBuilder().id('coords').lat(25).lon(8).zoom(1.3).allLayers(true))
    .controls(new geomap.ControlsOptionsBuilder().showZoom(true).mouseWheelZoom(false).showAttribution(false).showScale(false))
    .tooltip(new geomap.TooltipOptionsBuilder().mode(geomap.TooltipMode.Details))
    .basemap(layer('xyz', 'No tiles', { url: NO_TILES, attribution: '' }).opacity(0))
    .layers([
      layer('geojson', 'Countries', {
        src: COUNTRY_SHAPES,
        rules: [],
        style: { color: { fixed: GREY }, opacity: 0.25, lineWidth: 1 },
      }).tooltip(false),
      layer('markers', 'Peers', {
        showLegend: false,
        style: {
          size: { field: SIZE, fixed: 6, min: 5, max: 26 },
          color: { fixed: BLUE },
          symbol: { mode: 'fixed', fixed: CIRCLE },
          opacity: 0.7,
        },
      })
        .location(
          new common.FrameGeometrySourceBuilder().mode(common.FrameGeometrySourceMode.Lookup).lookup('Country').gazetteer(COUNTRY_PLACES),
        )
        .tooltip(true),
    ]);
}

function layer(type: string, name: string, config: object): common.MapLayerOptionsBuilder {
  return new common.MapLayerOptionsBuilder().type(type).name(name).config(config);
}
