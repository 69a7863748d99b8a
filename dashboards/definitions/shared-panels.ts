import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { ClickHouseQueryBuilder, DATASOURCE } from './clickhouse-query.js';
import { AMBER, BLUE, GREEN, RED, thresholds, VERDICT_NUMBER_MAPPING } from './colours.js';
import { legend, type PanelHead, panel, reduce } from './panels.js';

/** Grafana keeps panels in step with the time picker at no finer grain than the rollups have. */
const ROLLUP_INTERVAL = '1m';

/** Marks on the time axis of every chart; the query gives time, timeEnd, text and tags. */
export function marks(dashboardName: string, name: string, colour: string, sql: string): dashboard.AnnotationQueryBuilder {
  return new dashboard.AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(colour)
    .target(new ClickHouseQueryBuilder(dashboardName, sql, 'table'));
}

/** When a sensor that was heard before said nothing. */
export function blindnessMarks(dashboardName: string): dashboard.AnnotationQueryBuilder {
  return marks(dashboardName, 'Blindness', AMBER, 'blindness');
}

/** When windows and exceptions of claims are open. */
export function windowMarks(dashboardName: string): dashboard.AnnotationQueryBuilder {
  return marks(dashboardName, 'Windows', BLUE, 'windows');
}

/** Numbers side by side, one a column of a table of one row. */
export function stats(dashboardName: string, head: Omit<PanelHead, 'format'>): stat.PanelBuilder {
  return panel(new stat.PanelBuilder(), dashboardName, { ...head, format: 'table' })
    .reduceOptions(reduce('', false))
    .colorMode(common.BigValueColorMode.Background)
    .graphMode(common.BigValueGraphMode.None)
    .textMode(common.BigValueTextMode.ValueAndName)
    .orientation(common.VizOrientation.Vertical);
}

function chart(dashboardName: string, head: Omit<PanelHead, 'format'>, label: string): timeseries.PanelBuilder {
  return panel(new timeseries.PanelBuilder(), dashboardName, { ...head, format: 'time-series' })
    .interval(ROLLUP_INTERVAL)
    .maxDataPoints(300)
    .displayName(`\${__field.labels.${label}}`)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.PaletteClassicByName));
}

/** Amounts per interval, stacked: bars, because an interval without any is no point on a line. */
export function stackedBars(dashboardName: string, head: Omit<PanelHead, 'format'>, label: string): timeseries.PanelBuilder {
  return chart(dashboardName, head, label)
    .drawStyle(common.GraphDrawStyle.Bars)
    .fillOpacity(80)
    .lineWidth(0)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'))
    .min(0)
    .legend(legend('sum'));
}

/** A line for each value of `label`, drawn through gaps. */
export function lines(dashboardName: string, head: Omit<PanelHead, 'format'>, label: string): timeseries.PanelBuilder {
  return chart(dashboardName, head, label)
    .drawStyle(common.GraphDrawStyle.Line)
    .lineWidth(2)
    .fillOpacity(0)
    .spanNulls(true)
    .showPoints(common.VisibilityMode.Auto);
}

/** How long each sensor had been silent; the query gives a column `Age` in seconds. */
export function telemetryAgeOf(dashboardName: string, head: Pick<PanelHead, 'id' | 'at'>): bargauge.PanelBuilder {
  return panel(new bargauge.PanelBuilder(), dashboardName, {
    ...head,
    title: 'Age of the last message',
    description: 'How long each sensor had been silent at the end of the time range; sensors heard in the seven days before it.',
    unit: 's',
    sql: 'telemetry-age',
    format: 'table',
  })
    .reduceOptions(reduce('/^Age$/', true))
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .valueMode(common.BarGaugeValueMode.Color)
    .min(0)
    .thresholds(thresholds(GREEN, [300, AMBER], [3600, RED]))
    .noValue('no sensor heard');
}

/** The verdict of each claim over time; the query gives the numbers of VERDICT_NUMBER_MAPPING. */
export function verdictTimelineOf(dashboardName: string, head: Omit<PanelHead, 'format'>): statetimeline.PanelBuilder {
  return panel(new statetimeline.PanelBuilder(), dashboardName, { ...head, format: 'time-series' })
    .interval('15m')
    .maxDataPoints(200)
    .displayName(`\${__field.labels.claim}`)
    .mappings(VERDICT_NUMBER_MAPPING)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
    .mergeValues(true)
    .showValue(common.VisibilityMode.Auto)
    .alignValue(common.TimelineValueAlignment.Center)
    .rowHeight(0.8)
    .fillOpacity(90)
    .lineWidth(0)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .calcs([]),
    );
}
