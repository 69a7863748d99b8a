/**
 * The part of Grafana's classic dashboard JSON that the console reads, and what its server answers. Types only: the page and the server share them.
 * supported.ts refuses dashboards that use more than this.
 */

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description?: string;
  readonly timezone?: string;
  readonly refresh?: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly panels: readonly Panel[];
}

export interface Query {
  readonly refId: string;
  readonly rawSql: string;
  /** 0: long rows become one series per label set; 1: a table. */
  readonly format: number;
}

export interface Variable {
  readonly type: string;
  readonly name: string;
  readonly label?: string;
  readonly description?: string;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly query?: string | Query;
  readonly current?: { readonly value: string | readonly string[] };
}

export interface Annotation {
  readonly name: string;
  readonly enable: boolean;
  readonly iconColor: string;
  readonly target?: Query;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly Query[];
  readonly interval?: string;
  readonly maxDataPoints?: number;
  readonly transformations?: readonly Transformation[];
  readonly fieldConfig: {
    readonly defaults: FieldConfig;
    readonly overrides: readonly Override[];
  };
  readonly options: PanelOptions;
}

export interface Transformation {
  readonly id: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface Override {
  readonly matcher: { readonly id: string; readonly options?: string };
  readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
}

export interface PanelOptions {
  readonly reduceOptions?: { readonly calcs: readonly string[]; readonly fields?: string; readonly values?: boolean };
  readonly legend?: { readonly showLegend: boolean; readonly calcs?: readonly string[]; readonly placement?: string };
  readonly mergeValues?: boolean;
  readonly rowHeight?: number;
  readonly basemap?: MapLayer;
  readonly layers?: readonly MapLayer[];
}

/** A layer of a geomap. The console knows the form that geomap-options.ts describes. */
export interface MapLayer {
  readonly type: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly location?: { readonly mode: string; readonly lookup?: string; readonly gazetteer?: string };
}

export interface FieldConfig {
  readonly displayName?: string;
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly noValue?: string;
  readonly thresholds?: { readonly mode: string; readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
  readonly mappings?: readonly ValueMapping[];
  readonly color?: { readonly mode: string };
  readonly links?: readonly DataLink[];
  readonly actions?: readonly Action[];
  readonly custom?: CustomConfig;
}

/** A link of a value to another dashboard. The console knows the form that data-link.ts describes. */
export interface DataLink {
  readonly title: string;
  readonly url: string;
}

/** A button of a value that sends a request. The console knows the form that decision-action.ts describes. */
export interface Action {
  readonly type: string;
  readonly title: string;
  readonly confirmation?: string;
  readonly fetch?: {
    readonly method: string;
    readonly url: string;
    readonly body?: string;
    readonly headers?: readonly (readonly string[])[];
    readonly queryParams?: readonly (readonly string[])[];
  };
  /** What the person is asked for; `$key` stands for the answer. */
  readonly variables?: readonly { readonly key: string; readonly name: string; readonly type: string }[];
}

export interface ValueMapping {
  readonly type: string;
  readonly options: Readonly<Record<string, { readonly text?: string; readonly color?: string }>>;
}

export interface CustomConfig {
  readonly width?: number;
  readonly minWidth?: number;
  readonly cellOptions?: { readonly type: string; readonly mode?: string; readonly wrapText?: boolean };
  readonly drawStyle?: string;
  readonly lineWidth?: number;
  readonly fillOpacity?: number;
  readonly spanNulls?: boolean | number;
  readonly showPoints?: string;
  readonly stacking?: { readonly mode?: string };
  readonly axisSoftMin?: number;
  readonly axisSoftMax?: number;
}

/** How a column's values travel: times as ms since the epoch, 64-bit integers as the nearest double, all else as text. */
export type ColumnType = 'time' | 'number' | 'string';

export interface Frame {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly rows: readonly (readonly (number | string | null)[])[];
  /** The range and interval that the query was expanded with. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
  /** True when there may be more rows: as many came as the query's own LIMIT lets, or more than the console draws. */
  readonly truncated: boolean;
}

/** The world, as scripts/world-map.mjs projects it: paths of SVG and points in a box of `width` by `height`. */
export interface WorldMap {
  readonly width: number;
  readonly height: number;
  /** Ground without a country code. */
  readonly elsewhere: string;
  /** By ISO 3166-1 alpha-2. `path` is empty where the country is too small to be drawn; `at` is where its mark stands. */
  readonly countries: Readonly<Record<string, { readonly path: string; readonly at: readonly [x: number, y: number] }>>;
}

/** Chosen values by variable; `$__all` alone stands for All. */
export type Selection = Readonly<Record<string, readonly string[]>>;

export interface QueryRequest {
  readonly dashboard: string;
  readonly from: string;
  readonly to: string;
  readonly variables: Selection;
  readonly source:
    | { readonly kind: 'panel'; readonly panel: number; readonly refId: string }
    | { readonly kind: 'variable'; readonly name: string }
    | { readonly kind: 'annotation'; readonly name: string };
}

export interface ConsoleSettings {
  /** A range to open with instead of the dashboard's own, for data that lie in the past. */
  readonly defaultRange?: { readonly from: string; readonly to: string };
  readonly dashboards: readonly { readonly uid: string; readonly title: string }[];
  readonly decisions: DecisionSettings;
}

/** May whoever opened the page decide? `proof` goes with every decision; `why` is the sentence where none may. */
export type DecisionSettings = { readonly allowed: true; readonly proof: string } | { readonly allowed: false; readonly why: string };

/** How a finding stands, as `GET /api/findings/<id>` tells it. */
export interface FindingStanding {
  readonly state: 'open' | 'acknowledged' | 'closed';
  readonly word: string;
  /** A decision on another finding reaches this one by its scope. */
  readonly muted: boolean;
  readonly why: string;
  readonly by?: {
    readonly author: string;
    readonly reason: string;
    readonly atMs: number;
    readonly untilMs: number;
    readonly scope: string;
  };
}

export interface FindingAnswer {
  readonly id: string;
  readonly sentence: string;
  readonly severity: string;
  readonly asset: string;
  readonly fleet: string;
  readonly claim: string;
  readonly detection: string;
  readonly peerAddress: string;
  readonly peerName: string;
  readonly protocol: number;
  readonly port: number;
  readonly standing: FindingStanding;
}

/** What `POST /api/findings/<id>/…` answers. */
export interface DecisionAnswer {
  readonly id: string;
  readonly standing: FindingStanding;
  readonly draft?: string;
}
