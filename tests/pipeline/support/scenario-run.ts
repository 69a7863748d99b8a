import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openClaims } from '../../../cli/wiring/claim-reload.js';
import { type ClaimSource, createSensorNamer, loadClaimSets } from '../../../cli/wiring/claim-sets.js';
import { type Embedded, startEmbedded } from '../../../cli/wiring/embedded.js';
import { storedFindings } from '../../../cli/wiring/judging.js';
import { judgeVersion } from '../../../cli/wiring/version-verdicts.js';
import type { Origin } from '../../../collector/contracts.js';
import { readFileInto } from '../../../collector/files.js';
import type { Verdict } from '../../../detector/coverage/verdict-types.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { createStore, KEEP_FOREVER } from '../../../detector/store/store.js';
import type { Conversation } from '../../../fixtures/generator/flows/conversation.js';
import { type Datagram, exportOf } from '../../../fixtures/generator/flows/exporter.js';
import type { Format, Scenario } from '../../../fixtures/generator/flows/scenarios/scenario.js';
import { sflowOf } from '../../../fixtures/generator/flows/sflow.js';
import { connLog } from '../../../fixtures/generator/flows/zeek.js';
import { parseAddress } from '../../../flow/address.js';
import { Lifecycle } from '../../../flow/service/lifecycle.js';
import { createLog } from '../../../flow/service/log.js';

export interface Outcome {
  readonly verdicts: readonly Verdict[];
  readonly findings: readonly Finding[];
  readonly records: number;
}

const EXPORT_PORT = 2055;

/** Makes an empty store with all its tables in `folder`: runs begin with a copy of it, which takes a third of the time. */
export async function prepareStore(folder: string): Promise<string> {
  const path = join(folder, 'empty-store');
  const store = createStore({ kind: 'chdb', path, retention: KEEP_FOREVER });
  await store.start();
  await store.migrate();
  await store.close();
  return path;
}

/** Plays one made-up day, in one format, through collector, bus, detector and store of a process like `cordon replay`'s, and judges it from what is stored: `emptyStore` in the
 * beginning (`prepareStore`), in a folder beside it. */
export async function runScenario(scenario: Scenario, format: Format, day: readonly Conversation[], emptyStore: string): Promise<Outcome> {
  const data = join(dirname(emptyStore), `${scenario.id}-${format}`);
  mkdirSync(join(data, 'store'), { recursive: true });
  cpSync(emptyStore, join(data, 'store', 'store'), { recursive: true });
  const source = writeClaims(scenario, data);
  const claimSets = loadClaimSets([source]);
  const log = createLog('error', 'scenario');
  const lifecycle = new Lifecycle(log);
  let newestStartMs = (): number => Number.NEGATIVE_INFINITY;
  // The days lie ahead of our clock, which must not keep a change from taking effect in them.
  const inForce = openClaims({
    sources: [source],
    loaded: claimSets,
    data: join(data, 'store'),
    log,
    now: () => scenario.untilMs,
    newestStartMs: () => newestStartMs(),
  });
  try {
    const options = { data: join(data, 'store'), claimSets, inForce, retention: KEEP_FOREVER, log };
    const embedded = await startEmbedded(options, lifecycle);
    newestStartMs = embedded.newestStartMs;
    const sensorOf = createSensorNamer(inForce.sets, {});
    const exporter = parseAddress(scenario.exporter);
    if (format === 'zeek') await feedLog(embedded, day, join(data, 'conn.log'), sensorOf(exporter, 0));
    else {
      const origin = {
        sensor: sensorOf(exporter, 0),
        exporter,
        exporterPort: EXPORT_PORT,
        transport: 'udp' as const,
        receivedMs: Number.NaN,
      };
      const { change } = scenario;
      const all = datagramsOf(scenario, format, day);
      await feedDatagrams(embedded, change === undefined ? all : all.filter(({ atMs }) => atMs < change.atMs), origin);
      if (change !== undefined) {
        writeFileSync(source.file, change.claims);
        inForce.look(false);
        await feedDatagrams(
          embedded,
          all.filter(({ atMs }) => atMs >= change.atMs),
          origin,
        );
      }
    }
    await embedded.drain();
    const range = { fromMs: scenario.fromMs, toMs: scenario.judgedUntilMs ?? scenario.untilMs };
    const verdicts: Verdict[] = [];
    const findings: Finding[] = [];
    for (const version of inForce.versions()) {
      verdicts.push(...(await judgeVersion(embedded.store, version, [range], Number.POSITIVE_INFINITY)));
      findings.push(...(await storedFindings(embedded.store, version.claims)));
    }
    return { verdicts, findings, records: embedded.judged() };
  } finally {
    await lifecycle.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

function writeClaims({ claims, approvals, countries, drillKey }: Scenario, data: string): ClaimSource {
  const write = (name: string, text: string): string => {
    writeFileSync(join(data, name), text);
    return join(data, name);
  };
  const lines = (list: readonly string[]): string => list.map((line) => `${line}\n`).join('');
  return {
    file: write('claims.yaml', claims),
    approvals: approvals && write('approvals.jsonl', lines(approvals)),
    lookup: {
      ...(countries === undefined ? {} : { country: write('countries.csv', lines(countries)) }),
      ...(drillKey === undefined ? {} : { drillKey: write('drill.key', drillKey) }),
    },
  };
}

function datagramsOf(scenario: Scenario, format: Exclude<Format, 'zeek'>, day: readonly Conversation[]): Datagram[] {
  const { fromMs, untilMs, seed, faults = {}, exporter, sampling = 1 } = scenario;
  if (format === 'sflow5') return sflowOf(day, { agent: exporter, rate: sampling, seed, fromMs, untilMs });
  return exportOf(day, { format, fromMs, untilMs, faults });
}

async function feedDatagrams({ collector }: Embedded, datagrams: readonly Datagram[], origin: Origin): Promise<void> {
  for (const { atMs, bytes } of datagrams) {
    origin.receivedMs = atMs;
    await collector.datagram(bytes, origin);
  }
  await collector.flushDecoded();
}

async function feedLog({ collector }: Embedded, day: readonly Conversation[], path: string, sensor: string): Promise<void> {
  writeFileSync(path, connLog(day));
  await readFileInto(collector, { path, format: 'zeek', sensor });
}
