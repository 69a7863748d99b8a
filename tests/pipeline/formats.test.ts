import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderTable } from '../../cli/render/table.js';
import { type Expected, summarise } from '../../cli/scenario/expected.js';
import { loadScenario, type Scenario } from '../../cli/scenario/scenario.js';
import { type ProcessFile, readProcessFiles } from '../../cli/wiring/process-status.js';
import type { CollectorStatus } from '../../collector/collector-status.js';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import type { Finding } from '../../detector/findings/finding.js';
import { formatTime } from '../../flow/time.js';
import { type Content, contentOf } from './support/content.js';
import { cordon, killAll, type Running, says, start, stop, until } from './support/cordon.js';
import { freshDist } from './support/dist.js';

/*
 * The same day, seen as packets in a file and as what an exporter sent about it over a real UDP socket: same findings, same verdicts, same volumes.
 */

const FORMATS = ['netflow5', 'netflow9', 'ipfix'] as const;
const FRONT_PASSWORD = 'only-in-this-test';

let folder: string;
beforeAll(async () => {
  await freshDist();
  folder = mkdtempSync(join(tmpdir(), 'cordon-formats-'));
});
afterAll(async () => {
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

interface Seen {
  readonly findings: readonly Finding[];
  readonly verdicts: readonly Verdict[];
  readonly content: Content;
}

async function seenIn(data: string, { claims, approvals, fromMs, untilMs }: Scenario): Promise<Seen> {
  const judged = ['--claims', claims, ...(approvals === undefined ? [] : ['--approvals', approvals]), '--data', data];
  const range = ['--from', formatTime(fromMs), '--until', formatTime(untilMs), '--closed', '--json'];
  return {
    findings: JSON.parse(await cordon(['findings', 'list', '--json', '--data', data])) as Finding[],
    verdicts: JSON.parse(await cordon(['verdict', ...judged, ...range], [0, 1, 2])) as Verdict[],
    content: await contentOf(data),
  };
}

/** Plays the recorded packets as a file; answers the data folder. */
async function replayed(scenario: Scenario): Promise<string> {
  const data = join(folder, `${scenario.id}-packets-file`);
  await cordon(['replay', '--scenario', scenario.id, '--input', 'packets', '--data', data, '--json'], [0, 1, 2]);
  return data;
}

/** Sends the recorded datagrams to `cordon run`, which hears them from 127.0.0.1 and calls that by the sensor's name. */
async function heard(scenario: Scenario, input: string): Promise<Seen> {
  const { file, format, sensor } = scenario.inputs.get(input)!;
  const name = `${scenario.id}-${input}-udp`;
  const data = join(folder, name);
  const config = join(folder, `${name}.yaml`);
  const sections = {
    claims: [scenario.claims],
    ...(scenario.approvals === undefined ? {} : { approvals: scenario.approvals }),
    collector: { listen: ['127.0.0.1:0'], sensors: { '127.0.0.1': sensor }, flushMs: 100 },
    retention: { flowsDays: 0, minutesDays: 0, hoursDays: 0 },
    front: { port: 0 },
  };
  writeFileSync(config, JSON.stringify(sections));
  const run = start(['run', '--config', config, '--data', data, '--port', '0'], { CORDON_FRONT_PASSWORD: FRONT_PASSWORD });
  const front = (await says(run, /Grafana +(http:\/\/\S+)/))[1]!;
  const port = (await says(run, /Listening for NetFlow and IPFIX on 127\.0\.0\.1:(\d+)/))[1]!;
  const told = await cordon(['replay', file, '--format', format, '--to', `udp://127.0.0.1:${port}`]);
  const sent = Number(told.split(' datagrams', 1)[0]!.replaceAll(/\D/g, ''));
  // All but what waits for the end: then the process is asked to stop, and must store the rest itself.
  await until(`${name}: ${sent} datagrams read, and their records stored`, [run], async () => {
    const { datagrams, produced } = await collectorOf(data);
    return datagrams === sent && (await storedRows(front, run)) >= produced ? true : undefined;
  });
  await stop(run);
  return seenIn(data, scenario);
}

async function collectorOf(data: string): Promise<CollectorStatus> {
  const [{ url }] = readProcessFiles(data) as [ProcessFile];
  const { collector } = (await (await fetch(`${url}/status`)).json()) as { collector: CollectorStatus };
  return collector;
}

async function storedRows(front: string, run: Running): Promise<number> {
  const response = await fetch(`${front}?${new URLSearchParams({ query: 'SELECT count() FROM cordon.flows FORMAT TabSeparated' })}`, {
    headers: { 'X-ClickHouse-User': 'grafana_reader', 'X-ClickHouse-Key': FRONT_PASSWORD },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the front says ${response.status}: ${text}\n${run.output()}`);
  return Number(text);
}

/** NetFlow v5 has no field for an IPv6 address: what assets with one did over IPv6 is not proven, and nothing is verified on such telemetry. */
function expectedFrom(packets: Expected, input: string, hasIpv6: boolean): Expected {
  if (input !== 'netflow5' || !hasIpv6) return packets;
  return {
    findings: packets.findings,
    verdicts: packets.verdicts.map(({ claim, verdict, reasons }) => ({
      claim,
      verdict: verdict === 'VERIFIED' ? 'NOT_PROVEN' : verdict,
      reasons: [...reasons.filter((code) => code !== 'coverage-met'), 'no-ipv6-fields'].sort(),
    })),
  };
}

/** By finding id: what each format says went out and in. */
function volumes(seen: Seen): Map<string, { out: number; in: number; packetsOut: number; packetsIn: number }> {
  return new Map(
    seen.findings.map(({ id, octetsOut, octetsIn, packetsOut, packetsIn }) => [
      id,
      { out: octetsOut, in: octetsIn, packetsOut, packetsIn },
    ]),
  );
}

function volumeTable(scenario: Scenario, packets: Seen, others: ReadonlyMap<string, Seen>): string {
  const columns = ['packets', ...FORMATS];
  const seen = new Map([['packets', packets], ...others]);
  return renderTable(
    [
      { title: `${scenario.id}: claim` },
      { title: 'asset' },
      { title: 'peer' },
      { title: 'port', right: true },
      ...columns.map((title) => ({ title: `${title} out/in`, right: true })),
    ],
    packets.findings.map(({ id, claim, asset, peerAddress, port }) => [
      claim,
      asset,
      peerAddress,
      String(port),
      ...columns.map((column) => {
        const volume = volumes(seen.get(column)!).get(id);
        return volume === undefined ? 'missing' : `${volume.out}/${volume.in}`;
      }),
    ]),
  );
}

describe.each([
  ['port-scanners', false],
  ['billing-cluster', true],
])('%s', (id, hasIpv6) => {
  const scenario = loadScenario(id);
  let packets: Seen;
  const heardAs = new Map<string, Seen>();
  beforeAll(async () => {
    packets = await seenIn(await replayed(scenario), scenario);
    for (const input of FORMATS) heardAs.set(input, await heard(scenario, input));
    process.stderr.write(`\n${volumeTable(scenario, packets, heardAs)}\n`);
  });

  test.each(FORMATS)('%s over UDP: the findings and verdicts of the packets', (input) => {
    const seen = heardAs.get(input)!;
    expect(summarise(seen.findings, seen.verdicts)).toEqual(expectedFrom(summarise(packets.findings, packets.verdicts), input, hasIpv6));
  });

  test.runIf(hasIpv6)('NetFlow v5: the two claims that packets verify are not proven, and no other verdict changes', () => {
    const words = (seen: Seen) => new Map(seen.verdicts.map(({ claim, verdict }) => [claim, verdict]));
    const ofPackets = words(packets);
    const changed = [...words(heardAs.get('netflow5')!)].filter(([claim, word]) => ofPackets.get(claim) !== word);
    expect(changed.sort()).toEqual([
      ['batch-only-at-night', 'NOT_PROVEN'],
      ['strict-access', 'NOT_PROVEN'],
    ]);
  });

  // Every finding is about IPv4 here, and all three formats count octets and packets per direction in full: nothing may differ.
  test.each(FORMATS)('%s over UDP: the volumes of the packets', (input) => {
    expect(volumes(heardAs.get(input)!)).toEqual(volumes(packets));
  });

  test.each(FORMATS)('%s over UDP: the ledger shows that nothing was lost', (input) => {
    const { ledger } = heardAs.get(input)!.content;
    expect(ledger).toMatchObject({ messagesLost: '0', recordsLost: '0', messagesDuplicate: '0', kernelDrops: '0' });
    expect(Number(ledger!.messagesReceived)).toBeGreaterThan(1000);
  });
});
