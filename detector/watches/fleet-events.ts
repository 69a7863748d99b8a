import type { Scene } from './scene.js';
import { candidatesOf, type Silence } from './silences.js';

/**
 * Onsets that lie no further apart are one event, in minutes (detection.md D13), and all of its onsets within the longer time: a device that sends once a minute
 * had its last packet a minute or three before all of them were stopped.
 */
export const TOGETHER_MINUTES = 2;
export const SPREAD_MINUTES = 5;
/** An asset that sent in the hour before counts as being at work. */
export const AT_WORK_MINUTES = 60;
/** From this share of a group on, it stopped as a whole; below the other, the rest went on. */
const ALL_SHARE = 0.8;
const FEW_SHARE = 0.2;
/** A sensor went on where it told at least this share of the records of the hour before, and one in five minutes: those of others than the silent. */
const GOING_ON_SHARE = 0.05;
const GOING_ON_RECORDS = 0.2;

/** What the assets that stopped have in common, and the others have not. */
export type Scope = 'vendor' | 'fleet' | 'site' | 'exporter' | 'unclear';

/** Several assets that fell silent together. */
export interface FleetEvent {
  readonly scope: Scope;
  /** Name of the vendor, the site or the sensor; of the fleet otherwise. */
  readonly name: string;
  readonly silences: readonly Silence[];
  /** Assets of the group that were at work in the hour before `from`. */
  readonly atWork: readonly number[];
  /** Others at work on the same sensors or site, and how many of them went on. */
  readonly controls: number;
  readonly controlsTalking: number;
  /** Records that the sensors told of in the event, by the minute, and in the hour before; NaN where the ledger does not tell. */
  readonly recordsPerMinute: number;
  readonly recordsBefore: number;
  /** From the last onset to the first return: minutes in which all were silent. */
  readonly from: number;
  readonly until: number;
}

const EVENTS = new WeakMap<Scene, readonly FleetEvent[]>();

/** Events of the scene in the order of time. */
export function fleetEventsOf(scene: Scene): readonly FleetEvent[] {
  const known = EVENTS.get(scene);
  if (known !== undefined) return known;
  const events = findEvents(scene);
  EVENTS.set(scene, events);
  return events;
}

/** Least number of assets out of `atWork` that do not stop in the same two minutes by chance: binomial tail at most `tail`. */
export function leastTogether(atWork: number, chance: number, tail: number): number {
  for (let k = 2; k <= atWork; k++) if (binomialTail(atWork, k, chance) <= tail * (1 + 1e-9)) return k;
  return Number.POSITIVE_INFINITY;
}

/** P(X ≥ k) of n trials, summed from the smallest term on. */
function binomialTail(n: number, k: number, p: number): number {
  let term = p ** n;
  let sum = term;
  for (let i = n; i > k; i--) {
    term *= (i / (n - i + 1)) * ((1 - p) / p);
    sum += term;
  }
  return sum;
}

function findEvents(scene: Scene): FleetEvent[] {
  const parameters = scene.parameters['fleet-silence']!;
  const usable = candidatesOf(scene)
    .filter(
      ({ onsetSeen, sudden, historyMs, surprise, usualSurprise }) =>
        // Who often pauses for long pauses with others by chance.
        surprise > usualSurprise &&
        onsetSeen &&
        sudden &&
        historyMs >= parameters.warmUpHours! * 3_600_000 &&
        surprise >= parameters.leastSurprise!,
    )
    .sort((a, b) => a.onset - b.onset || a.asset - b.asset);
  const events: FleetEvent[] = [];
  for (let from = 0; from < usable.length; ) {
    let to = from + 1;
    while (
      to < usable.length &&
      usable[to]!.onset <= Math.min(usable[from]!.onset + SPREAD_MINUTES, usable[to - 1]!.onset + TOGETHER_MINUTES)
    )
      to++;
    const event = eventOf(scene, usable.slice(from, to), parameters);
    if (event === undefined) from++;
    else {
      events.push(event);
      from = to;
    }
  }
  return events;
}

interface Group {
  readonly name: string;
  /** Assets at work. */
  readonly atWork: readonly number[];
  readonly silences: readonly Silence[];
}

function eventOf(scene: Scene, silences: readonly Silence[], parameters: Readonly<Record<string, number>>): FleetEvent | undefined {
  if (silences.length < 2) return undefined;
  const { claims } = scene;
  const from = silences.at(-1)!.onset;
  const atWork = assetsAtWork(scene, from);
  const silent = new Map(silences.map((silence) => [silence.asset, silence]));
  const groupBy = (nameOf: (asset: number) => string): Group[] => {
    const groups = new Map<string, { name: string; atWork: number[]; silences: Silence[] }>();
    for (const asset of atWork) {
      const name = nameOf(asset);
      const group = groups.get(name) ?? { name, atWork: [], silences: [] };
      groups.set(name, group);
      group.atWork.push(asset);
      const silence = silent.get(asset);
      if (silence !== undefined) group.silences.push(silence);
    }
    return [...groups.values()].filter(
      (group) => group.silences.length >= leastTogether(group.atWork.length, parameters.chance!, parameters.tail!),
    );
  };
  const fleetOf = (asset: number) => claims.fleets[claims.assets[asset]!.fleet]!;
  const about = { scene, atWork, silent, from };
  const exporter = groupBy((asset) => scene.sensorsOf(asset).join(', ')).find((group) => isExporters(about, group, fleetOf));
  if (exporter !== undefined)
    return { ...measured(about, exporter, others(about, exporter, fleetOf)), scope: 'exporter', name: exporter.name };
  const vendors = groupBy((asset) => fleetOf(asset).vendor);
  const sites = groupBy((asset) => fleetOf(asset).site);
  const site = largest(sites);
  const vendor = largest(vendors);
  if (site === undefined && vendor === undefined) return undefined;
  const wholeSite = site !== undefined && site.silences.length >= ALL_SHARE * site.atWork.length;
  const mixed = site !== undefined && new Set(site.silences.map(({ asset }) => fleetOf(asset).vendor)).size > 1;
  if (wholeSite && mixed) return siteEvent(about, site);
  if (vendor !== undefined) return vendorEvent(about, vendor, fleetOf);
  return siteEvent(about, site!);
}

interface About {
  readonly scene: Scene;
  readonly atWork: readonly number[];
  readonly silent: ReadonlyMap<number, Silence>;
  /** The last onset. */
  readonly from: number;
}

/** All that one exporter tells of stopped, of several vendors or sites, and who is told of by others at the same places went on. */
function isExporters(about: About, group: Group, fleetOf: FleetOf): boolean {
  if (group.silences.length < ALL_SHARE * group.atWork.length) return false;
  const kinds = new Set(group.silences.map(({ asset }) => `${fleetOf(asset).vendor}\n${fleetOf(asset).site}`));
  const rest = others(about, group, fleetOf);
  const talking = rest.filter((asset) => !isSilent(about, asset, group)).length;
  return kinds.size > 1 && rest.length > 0 && talking >= ALL_SHARE * rest.length;
}

/** Assets at work at the sites of the group that its sensors do not tell of. */
function others(about: About, group: Group, fleetOf: FleetOf): number[] {
  const sites = new Set(group.silences.map(({ asset }) => fleetOf(asset).site));
  return about.atWork.filter((asset) => sites.has(fleetOf(asset).site) && !sharesSensor(about, asset, group));
}

type FleetOf = (asset: number) => { readonly vendor: string; readonly site: string; readonly name: string };

/** Equipment of one vendor: a stop of that vendor's where others at the same place went on. Where there are no others, nobody can say what they share. */
function vendorEvent(about: About, group: Group, fleetOf: FleetOf): FleetEvent {
  const { atWork } = about;
  const sites = new Set(group.silences.map(({ asset }) => fleetOf(asset).site));
  const controls = atWork.filter(
    (asset) => fleetOf(asset).vendor !== group.name && (sites.has(fleetOf(asset).site) || sharesSensor(about, asset, group)),
  );
  const base = measured(about, group, controls);
  if (controls.length > 0) {
    const stopped = 1 - base.controlsTalking / controls.length;
    if (stopped < FEW_SHARE) return { ...base, scope: 'vendor', name: group.name };
    if (stopped >= ALL_SHARE) return siteEvent(about, group);
    return { ...base, scope: 'unclear', name: group.name };
  }
  const fleets = [...new Set(group.silences.map(({ asset }) => fleetOf(asset).name))];
  // Nobody else is watched there: the fleet it is, if the exporter went on telling of others.
  const goesOn = wentOn(base);
  return { ...base, scope: goesOn ? 'fleet' : 'unclear', name: fleets.length === 1 ? fleets[0]! : group.name };
}

/** Everything at a place: the place it is where the exporter goes on with other places or other records. */
function siteEvent(about: About, group: Group): FleetEvent {
  const { scene, atWork } = about;
  const { claims } = scene;
  const siteOf = (asset: number): string => claims.fleets[claims.assets[asset]!.fleet]!.site;
  const sites = new Set(group.silences.map(({ asset }) => siteOf(asset)));
  const elsewhere = atWork.filter((asset) => !sites.has(siteOf(asset)) && sharesSensor(about, asset, group));
  const base = measured(about, group, elsewhere);
  const name = [...sites].sort().join(', ');
  const goesOn = elsewhere.length > 0 ? base.controlsTalking >= ALL_SHARE * elsewhere.length : wentOn(base);
  return { ...base, scope: goesOn ? 'site' : 'unclear', name };
}

function wentOn({ recordsPerMinute, recordsBefore }: Pick<FleetEvent, 'recordsPerMinute' | 'recordsBefore'>): boolean {
  return recordsPerMinute >= Math.max(GOING_ON_RECORDS, GOING_ON_SHARE * recordsBefore);
}

function measured(about: About, group: Group, controls: readonly number[]): Omit<FleetEvent, 'scope' | 'name'> {
  const { scene, from } = about;
  const until = untilOf(group);
  const sensors = [...new Set(group.silences.flatMap((silence) => silence.sensors))];
  return {
    silences: group.silences,
    atWork: group.atWork,
    controls: controls.length,
    controlsTalking: controls.filter((asset) => !isSilent(about, asset, group)).length,
    recordsPerMinute: recordRate(scene, sensors, from, until),
    recordsBefore: recordRate(scene, sensors, from - AT_WORK_MINUTES, from - TOGETHER_MINUTES),
    from,
    until,
  };
}

/** The first return, the watermark at most. */
function untilOf({ silences }: Group): number {
  return Math.min(...silences.map(({ end }) => end));
}

/** Members of fleets that sent something in the hour before the minute `from`. */
export function assetsAtWork({ claims, activity }: Scene, from: number): number[] {
  return claims.assets.flatMap(({ auxiliary }, asset) =>
    !auxiliary && activity.active(asset).count(from - AT_WORK_MINUTES, from) > 0 ? [asset] : [],
  );
}

function isSilent({ scene, silent, from }: About, asset: number, group: Group): boolean {
  return silent.has(asset) || scene.activity.active(asset).count(from, untilOf(group)) === 0;
}

function sharesSensor({ scene }: About, asset: number, group: Group): boolean {
  const sensors = new Set(group.silences.flatMap((silence) => silence.sensors));
  return scene.sensorsOf(asset).some((name) => sensors.has(name));
}

function largest(groups: readonly Group[]): Group | undefined {
  return groups.reduce<Group | undefined>(
    (best, group) => (best === undefined || group.silences.length > best.silences.length ? group : best),
    undefined,
  );
}

function recordRate({ sight }: Scene, sensors: readonly string[], from: number, until: number): number {
  if (sight === undefined || until <= from) return Number.NaN;
  let records = 0;
  for (const name of sensors) {
    const of = sight.sensors.get(name)?.records;
    for (let minute = from; minute < until; minute++) records += of?.get(minute) ?? 0;
  }
  return records / (until - from);
}
