import { describe, expect, it } from 'vitest';
import { compileTexts } from '../../../detector/claims/load.js';
import { createEngine } from '../../../detector/engine/engine.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { createRandom } from '../../../fixtures/generator/flows/random.js';
import { PLACES } from '../../../fixtures/generator/weeks/habits.js';
import { slowExfiltration } from '../../../fixtures/generator/weeks/incidents-volume.js';
import { NUISANCE_DEVICES } from '../../../fixtures/generator/weeks/nuisances.js';
import type { Plant } from '../../../fixtures/generator/weeks/plant.js';
import { RowMaker } from '../../../fixtures/generator/weeks/rows.js';
import { partsByHour } from '../../../fixtures/generator/weeks/stream.js';
import type { Nuisance } from '../../../fixtures/generator/weeks/truth.js';
import { makeWorld, type World } from '../../../fixtures/generator/weeks/world.js';
import { FlowBatch } from '../../../flow/batch.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../flow/time.js';

/*
 * What must raise nothing on closed equipment, as the evaluation makes it: one device each, through the real engine with all detections. These seeds and devices are those on which
 * it once told something. Beside each stands an excess of the same time that is one, and is found: silence is not bought with blindness.
 */

const LEARNED_MS = 14 * DAY_MS;
const TELEMETRY = { activeTimeout: 'PT5M', sampling: 1 };
const SKEWED_UNTIL = '2026-11-10T00:00:00Z';
const LEASED_UNTIL = '2026-11-24T00:00:00Z';
const [leased, behindOne, backedUp] = [NUISANCE_DEVICES.leased, NUISANCE_DEVICES.behindOne, NUISANCE_DEVICES.backedUp[1]];

/** A device in its world, and what is planted on it to be found. */
interface Run {
  readonly name: string;
  readonly world: World;
  readonly until: string;
  readonly plants: readonly Plant[];
  /** Of conversations that begin at `ms`; 5 min where nothing else is told. */
  activeTimeoutAt?(ms: number): number;
}

const first = makeWorld({ seed: 1, devices: 130, weeks: 10, incidents: [] });
const second = makeWorld({ seed: 2, devices: 130, weeks: 10, incidents: [] });
const spring = makeWorld({ seed: 1, devices: 130, weeks: 6, incidents: [], fromMs: Date.parse('2027-03-01T00:00:00+01:00') });
const LONGER_FROM = Date.parse('2026-10-28T12:10:00Z');
const SHORTER_FROM = Date.parse('2026-10-29T12:10:00Z');

const toArchive: Run = {
  name: backedUp,
  world: first,
  until: SKEWED_UNTIL,
  plants: ['2026-10-25T01:10:00Z', '2026-10-28T14:20:00Z', '2026-11-05T09:20:00Z', '2026-11-08T02:40:00Z'].map(copy),
};
const renewed: Run = { name: leased, world: second, until: LEASED_UNTIL, plants: [trickle(second, leased)] };
const translated: Run = { name: behindOne, world: first, until: LEASED_UNTIL, plants: [trickle(first, behindOne)] };
const inSpring: Run = { name: backedUp, world: spring, until: '2027-03-30T00:00:00Z', plants: [copy('2027-03-28T02:10:00Z')] };
const timedAnew: Run = {
  ...toArchive,
  until: '2026-10-31T00:00:00Z',
  activeTimeoutAt: (ms) => (ms < LONGER_FROM ? 5 : ms < SHORTER_FROM ? 30 : 1) * MINUTE_MS,
};

/** 4 GB to the archive, where some hundred megabytes go each night. */
function copy(at: string): Plant {
  const fromMs = Date.parse(at);
  return {
    kind: 'volume-tripled',
    fromMs,
    toMs: fromMs + HOUR_MS,
    peer: PLACES.archive,
    detections: ['volume-up'],
    about: '4 GB to the archive',
    change: (hour, device) => {
      if (fromMs < hour.fromMs || fromMs >= hour.untilMs) return;
      const ends = { client: device.addressAt(fromMs), server: PLACES.archive, port: 22 };
      hour.talk('batch', fromMs, ends, { octetsUp: 4e9, durationMs: 40 * MINUTE_MS });
    },
  };
}

/** 20 MB a day more inside the telemetry to the vendor, while the address changes. */
function trickle({ devices }: World, name: string): Plant {
  const { device } = devices.find((one) => one.device.name === name)!;
  return slowExfiltration({ device, dayMs: Date.parse('2026-11-16T23:00:00Z'), variant: 3, random: createRandom(1) });
}

/** What is told of one device after two weeks of learning. */
function findingsOf({ name, world, until, plants, activeTimeoutAt }: Run, planted: boolean): Finding[] {
  const devices = world.devices
    .filter(({ device }) => device.name === name)
    .map((one) => ({ ...one, plants: [...one.plants, ...(planted ? plants : [])] }));
  const { claims } = compileTexts([{ file: 'weeks.claims.yaml', text: world.claims(TELEMETRY) }]).compilation;
  const engine = createEngine({ claims });
  const maker = new RowMaker(claims.watchList, TELEMETRY.sampling, createRandom(world.seed + 1));
  const batch = new FlowBatch(4096);
  for (const told of partsByHour({ ...world, devices, toMs: Date.parse(until) }, activeTimeoutAt ?? 5 * MINUTE_MS)) {
    for (const one of told) maker.add(batch, one);
    engine.ingest(batch);
    batch.clear();
  }
  return engine.findings().filter(({ windowFromMs }) => windowFromMs >= world.fromMs + LEARNED_MS);
}

const memory = new Map<string, readonly Finding[]>();
function told(run: Run, planted: boolean): readonly Finding[] {
  const key = `${run.name} ${run.until} ${planted}`;
  const found = memory.get(key) ?? findingsOf(run, planted);
  memory.set(key, found);
  return found;
}

const timeOf = (kind: Nuisance['kind'], { name, world }: Run): readonly [string, string] => {
  const { from, to } = world.truth.nuisances.find((one) => one.kind === kind && one.assets.includes(name))!;
  return [from, to];
};

describe.each<readonly [string, Run, readonly [from: string, to: string], string]>([
  ['summer time ends', toArchive, timeOf('dst-change', toArchive), 'volume-up'],
  ['summer time begins', inSpring, timeOf('dst-change', inSpring), 'volume-up'],
  ['dhcp-renumbering', renewed, timeOf('dhcp-renumbering', renewed), 'slow-exfiltration'],
  ['nat', translated, timeOf('nat', translated), 'slow-exfiltration'],
  ['exporter-restart', toArchive, timeOf('exporter-restart', toArchive), 'volume-up'],
  ['clock-skew', toArchive, timeOf('clock-skew', toArchive), 'volume-up'],
  ['backup-in-window', toArchive, timeOf('backup-in-window', toArchive), 'volume-up'],
  ['an active timeout of half an hour, then of a minute', timedAnew, ['2026-10-28T12:00:00Z', '2026-10-30T12:00:00Z'], 'volume-up'],
])('%s', (_, run, [from, to], detection) => {
  const [fromMs, toMs] = [Date.parse(from) - HOUR_MS, Date.parse(to) + 6 * HOUR_MS];
  const during = (list: readonly Finding[]): Finding[] => list.filter((one) => one.windowToMs > fromMs && one.windowFromMs < toMs);

  it('raises nothing', () => {
    expect(during(told(run, false)).map(({ sentence }) => sentence)).toEqual([]);
  });

  it('hides no excess of that time', () => {
    const planted = run.plants.filter((one) => one.fromMs >= fromMs && one.fromMs < toMs);
    expect(planted.length).toBeGreaterThan(0);
    const [plant] = planted;
    const found = during(told(run, true)).filter((one) => one.windowToMs > plant!.fromMs && one.windowFromMs < plant!.toMs);
    expect(found.map((one) => one.detection)).toContain(detection);
  });
});
