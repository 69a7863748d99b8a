import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { datasourceVariable } from './variables.js';

/** What every dashboard of ours has alike. Refreshed each minute, as the rollups are. */
export function dashboardFrame(name: string, title: string, description: string): dashboard.DashboardBuilder {
  return new dashboard.DashboardBuilder(`Cordon ${title}`)
    .uid(`cordon-${name}`)
    .description(description)
    .tags(['cordon'])
    .readonly()
    .timezone('utc')
    .time({ from: 'now-24h', to: 'now' })
    .refresh('1m')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(datasourceVariable());
}
