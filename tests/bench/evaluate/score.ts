import type { Incident, Truth } from '../../../fixtures/generator/weeks/truth.js';
import { DAY_MS, HOUR_MS } from '../../../flow/time.js';
import type { Alert } from './alerts.js';

/** What one detection, or one rule of a baseline, did on one data set. */
export interface DetectionScore {
  readonly by: string;
  /** Incidents that are its own: it is the first that should find them. */
  readonly own: number;
  readonly foundOwn: number;
  /** Incidents of any kind of which it said something. */
  readonly found: number;
  /** Median over what it found, from the incident's begin until it was said; NaN where nothing was found. */
  readonly medianMs: number;
  readonly falseAlerts: number;
}

export interface KindScore {
  readonly kind: string;
  readonly planted: number;
  /** Found by a detection that is said to find it; and by anything at all. */
  readonly found: number;
  readonly medianMs: number;
  readonly missed: readonly string[];
  readonly by: readonly string[];
}

export interface Score {
  readonly detections: readonly DetectionScore[];
  readonly kinds: readonly KindScore[];
  readonly falseAlerts: readonly Alert[];
}

/** What is said within a day after an incident may be about it: budgets and baselines look at days. */
const AFTER_MS = DAY_MS;
const BEFORE_MS = HOUR_MS;

/** Holds alerts against the truth. Alerts before `judgedFromMs` are left out: nobody has learned anything yet. */
export function score(truth: Truth, alerts: readonly Alert[], detections: readonly string[], judgedFromMs: number): Score {
  const spans = truth.incidents.map((incident) => ({ incident, fromMs: Date.parse(incident.from), toMs: Date.parse(incident.to) }));
  const byAsset = new Map<string, (typeof spans)[number][]>();
  for (const span of spans)
    for (const asset of new Set([span.incident.asset, ...span.incident.touched])) byAsset.set(asset, [...(byAsset.get(asset) ?? []), span]);
  const hits = new Map<Incident, Alert[]>();
  const wrong: Alert[] = [];
  for (const alert of alerts) {
    if (alert.atMs < judgedFromMs) continue;
    const about = (byAsset.get(alert.asset) ?? []).filter(
      ({ fromMs, toMs }) => alert.atMs >= fromMs && alert.toMs >= fromMs - BEFORE_MS && alert.fromMs < toMs + AFTER_MS,
    );
    if (about.length === 0 && !isRight(truth, alert)) wrong.push(alert);
    for (const { incident } of about) hits.set(incident, [...(hits.get(incident) ?? []), alert]);
  }
  return {
    detections: detections.map((by) => detectionScore(by, truth.incidents, hits, wrong)),
    kinds: kindScores(truth.incidents, hits),
    falseAlerts: wrong,
  };
}

/** What a nuisance's sensor really does may be told. */
function isRight({ nuisances }: Truth, { by, fromMs, toMs }: Alert): boolean {
  return nuisances.some(({ told, from, to }) => told.includes(by) && toMs >= Date.parse(from) - DAY_MS && fromMs < Date.parse(to) + DAY_MS);
}

function detectionScore(
  by: string,
  incidents: readonly Incident[],
  hits: ReadonlyMap<Incident, readonly Alert[]>,
  wrong: readonly Alert[],
): DetectionScore {
  const own = incidents.filter(({ detections }) => detections[0] === by);
  const mine = (incident: Incident): readonly Alert[] => (hits.get(incident) ?? []).filter((alert) => alert.by === by);
  const found = incidents.filter((incident) => mine(incident).length > 0);
  return {
    by,
    own: own.length,
    foundOwn: own.filter((incident) => mine(incident).length > 0).length,
    found: found.length,
    medianMs: median(found.map((incident) => delayOf(incident, mine(incident)))),
    falseAlerts: wrong.filter((alert) => alert.by === by).length,
  };
}

function kindScores(incidents: readonly Incident[], hits: ReadonlyMap<Incident, readonly Alert[]>): KindScore[] {
  return [...new Set(incidents.map(({ kind }) => kind))].map((kind) => {
    const planted = incidents.filter((incident) => incident.kind === kind);
    const right = (incident: Incident): Alert[] => (hits.get(incident) ?? []).filter(({ by }) => incident.detections.includes(by));
    const found = planted.filter((incident) => right(incident).length > 0);
    return {
      kind,
      planted: planted.length,
      found: found.length,
      medianMs: median(found.map((incident) => delayOf(incident, right(incident)))),
      missed: planted.filter((incident) => !found.includes(incident)).map(({ id, asset, about }) => `${id} (${asset}, ${about})`),
      by: [...new Set(planted.flatMap(right).map(({ by }) => by))].sort(),
    };
  });
}

function delayOf({ from }: Incident, alerts: readonly Alert[]): number {
  return Math.min(...alerts.map(({ atMs }) => atMs)) - Date.parse(from);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
