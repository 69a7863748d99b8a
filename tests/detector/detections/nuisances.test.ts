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

const first = makeWorld({ seed: 1, devices: 130, weeks: 10, incidents: [] });
const second = makeWorld({ seed: 2, devices: 130, weeks: 10, incidents: [] });
const runs: ReadonlyMap<string, { readonly world: World; readonly until: string; readonly plants: readonly Plant[] }> = new Map([
  [
    backedUp,
    {
      world: first,
      until: SKEWED_UNTIL,
      plants: ['2026-10-25T01:10:00Z', '2026-10-28T14:20:00Z', '2026-11-05T09:20:00Z', '2026-11-08T02:40:00Z'].map(copy),
    },
  ],
  [leased, { world: second, until: LEASED_UNTIL, plants: [trickle(second, leased)] }],
  [behindOne, { world: first, until: LEASED_UNTIL, plants: [trickle(first, behindOne)] }],
]);

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
function findingsOf(name: string, planted: boolean): Finding[] {
  const { world, until, plants } = runs.get(name)!;
  const devices = world.devices
    .filter(({ device }) => device.name === name)
    .map((one) => ({ ...one, plants: [...one.plants, ...(planted ? plants : [])] }));
  const { claims } = compileTexts([{ file: 'weeks.claims.yaml', text: world.claims(TELEMETRY) }]).compilation;
  const engine = createEngine({ claims });
  const maker = new RowMaker(claims.watchList, TELEMETRY.sampling, createRandom(world.seed + 1));
  const batch = new FlowBatch(4096);
  for (const told of partsByHour({ ...world, devices, toMs: Date.parse(until) }, 5 * MINUTE_MS)) {
    for (const one of told) maker.add(batch, one);
    engine.ingest(batch);
    batch.clear();
  }
  return engine.findings().filter(({ windowFromMs }) => windowFromMs >= world.fromMs + LEARNED_MS);
}

const memory = new Map<string, readonly Finding[]>();
function told(name: string, planted: boolean): readonly Finding[] {
  const key = `${name} ${planted}`;
  const found = memory.get(key) ?? findingsOf(name, planted);
  memory.set(key, found);
  return found;
}

describe.each<readonly [Nuisance['kind'], string, string]>([
  ['dst-change', backedUp, 'volume-up'],
  ['dhcp-renumbering', leased, 'slow-exfiltration'],
  ['nat', behindOne, 'slow-exfiltration'],
  ['exporter-restart', backedUp, 'volume-up'],
  ['clock-skew', backedUp, 'volume-up'],
  ['backup-in-window', backedUp, 'volume-up'],
])('%s on %s', (kind, name, detection) => {
  const { world, plants } = runs.get(name)!;
  const nuisance = world.truth.nuisances.find((one) => one.kind === kind)!;
  const [fromMs, toMs] = [Date.parse(nuisance.from) - HOUR_MS, Date.parse(nuisance.to) + 6 * HOUR_MS];
  const during = (list: readonly Finding[]): Finding[] => list.filter((one) => one.windowToMs > fromMs && one.windowFromMs < toMs);

  it('happens to the device, and raises nothing', () => {
    expect(nuisance.assets).toContain(name);
    expect(during(told(name, false)).map(({ sentence }) => sentence)).toEqual([]);
  });

  it('hides no excess of that time', () => {
    const planted = plants.filter((one) => one.fromMs >= fromMs && one.fromMs < toMs);
    expect(planted.length).toBeGreaterThan(0);
    const [plant] = planted;
    const found = during(told(name, true)).filter((one) => one.windowToMs > plant!.fromMs && one.windowFromMs < plant!.toMs);
    expect(found.map((one) => one.detection)).toContain(detection);
  });
});
