import type { Dashboard, Query, QueryRequest } from '../../../dashboards/console/model.js';

/** Something of a dashboard that asks the store. */
export interface Source {
  readonly dashboard: Dashboard;
  /** Title of the panel, name of the variable or annotation. */
  readonly name: string;
  readonly source: QueryRequest['source'];
  readonly query: Query;
}

/** Every query of a dashboard: of its panels, its variables and its annotations. */
export function sourcesOf(dashboard: Dashboard): Source[] {
  return [
    ...dashboard.panels.flatMap(({ id, title, targets }) =>
      targets.map((query): Source => ({ dashboard, name: title, source: { kind: 'panel', panel: id, refId: query.refId }, query })),
    ),
    ...dashboard.templating.list.flatMap(({ name, query }): Source[] =>
      typeof query === 'object' ? [{ dashboard, name, source: { kind: 'variable', name }, query }] : [],
    ),
    ...dashboard.annotations.list.flatMap(({ name, target }): Source[] =>
      target === undefined ? [] : [{ dashboard, name, source: { kind: 'annotation', name }, query: target }],
    ),
  ];
}
