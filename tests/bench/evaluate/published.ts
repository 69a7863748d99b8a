import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderTable } from '../../../cli/render/table.js';
import { createCollector } from '../../../collector/collector.js';
import { readFileInto } from '../../../collector/files.js';
import { createEngine } from '../../../detector/engine/engine.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { type Incident, incidentsOf } from '../../../detector/incidents/incident.js';
import { SenderList, watchedClaims } from '../../../detector/tools/watched.js';
import type { Conversation } from '../../../fixtures/generator/flows/conversation.js';
import { connLog } from '../../../fixtures/generator/flows/zeek.js';
import type { Bad, Scenario } from '../../../fixtures/generator/published/scenario.js';
import { formatAddress, parseAddress, parsePrefix } from '../../../flow/address.js';
import { formatDuration, MINUTE_MS } from '../../../flow/time.js';
import { createEngineOutput } from './engine-output.js';

const SENSOR = 'zeek';
const STEP_MS = 10 * MINUTE_MS;

/** What came of a published kind of traffic, read as Zeek's log with `--watch` alone. */
export interface PublishedRun {
  readonly scenario: Scenario;
  /** About an asset that is bad, from when on it is, and the incidents that they make. */
  readonly findings: readonly Finding[];
  readonly incidents: readonly Incident[];
  /** Detections that found it, and how long after it began the first of them had the telemetry for it, in ms; NaN: none. */
  readonly by: readonly string[];
  readonly afterMs: number;
  readonly wrong: readonly Finding[];
}

/** As `cordon replay --watch PREFIX conn.log` judges it, without a store. */
export async function runPublished(scenario: Scenario): Promise<PublishedRun> {
  const prefixes = scenario.watch.map(parsePrefix);
  const senders = new SenderList(prefixes);
  for (const { client, server, packetsDown } of scenario.conversations) {
    senders.add(parseAddress(client), 0, formatAddress);
    if (packetsDown > 0) senders.add(parseAddress(server), 0, formatAddress);
  }
  const claims = watchedClaims({ prefixes, addresses: senders.addresses, more: senders.more, sensor: SENSOR });
  const engine = createEngine({ claims });
  const { output, book } = createEngineOutput(claims, engine);
  const collector = createCollector(output);
  const folder = mkdtempSync(join(tmpdir(), 'cordon-published-'));
  try {
    const path = join(folder, 'conn.log');
    for (const ended of stepsOf(scenario.conversations)) {
      writeFileSync(path, connLog(ended));
      await readFileInto(collector, { path, format: 'zeek', sensor: SENSOR });
      await collector.flush();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return resultOf(scenario, book.findings());
}

/** By the ten minutes in which they ended: what a log that is followed has told by then. */
function stepsOf(conversations: readonly Conversation[]): Conversation[][] {
  const steps = new Map<number, Conversation[]>();
  for (const one of conversations) {
    const step = Math.floor(one.endMs / STEP_MS);
    const ended = steps.get(step);
    if (ended === undefined) steps.set(step, [one]);
    else ended.push(one);
  }
  return [...steps].sort(([a], [b]) => a - b).map(([, ended]) => ended);
}

function resultOf(scenario: Scenario, findings: readonly (readonly [Finding, number])[]): PublishedRun {
  const isAbout = (finding: Finding): boolean =>
    scenario.bad.some((bad) => concerns(finding, bad) && Math.max(finding.lastSeenMs, finding.windowToMs) >= bad.fromMs);
  const right = findings.filter(([finding]) => isAbout(finding));
  const fromMs = Math.min(...scenario.bad.map((bad) => bad.fromMs));
  return {
    scenario,
    findings: right.map(([finding]) => finding),
    incidents: incidentsOf(right.map(([finding]) => finding)),
    by: [...new Set(right.map(([{ detection }]) => detection))],
    afterMs: right.length === 0 ? Number.NaN : Math.min(...right.map(([, atMs]) => atMs)) - fromMs,
    wrong: findings.filter(([finding]) => !isAbout(finding)).map(([finding]) => finding),
  };
}

/** With nobody named, or with a peer of what is bad or its network; a controller that is asked is no wrong asset: the finding may stand at either end. */
function concerns({ asset, peerAddress }: Finding, bad: Bad): boolean {
  const [peerIsBad, assetIsBad] = [bad.peers.has(peerAddress) || networksOf(bad.peers).has(peerAddress), bad.peers.has(asset)];
  if (asset === bad.asset) return peerAddress === '::' || peerIsBad;
  return assetIsBad && peerAddress === bad.asset;
}

/** The first address of each /24: what stands in a finding for a network. */
function networksOf(addresses: ReadonlySet<string>): Set<string> {
  return new Set([...addresses].map((address) => address.replace(/\d+$/, '0')));
}

export function publishedTable(runs: readonly PublishedRun[]): string {
  return renderTable(
    [
      { title: 'traffic' },
      { title: 'like', width: 60 },
      { title: 'after', right: true },
      { title: 'findings', right: true },
      { title: 'incidents', right: true },
      { title: 'wrong', right: true },
      { title: 'by', width: 60 },
    ],
    runs.map(({ scenario, by, afterMs, findings, incidents, wrong }) => [
      scenario.name,
      scenario.like,
      Number.isNaN(afterMs) ? '–' : formatDuration(afterMs),
      String(findings.length),
      String(incidents.length),
      String(wrong.length),
      by.join(', '),
    ]),
  );
}
