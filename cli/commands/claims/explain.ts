import { text as readAll } from 'node:stream/consumers';
import { Command } from 'commander';
import type { Finding } from '../../../detector/findings/finding.js';
import { formatPort } from '../../../detector/findings/quantity.js';
import { findFindings } from '../../../detector/store/queries/findings.js';
import { evidenceFlow } from '../../../detector/tools/evidence-flow.js';
import { createExplainer, type Explanation } from '../../../detector/tools/explain.js';
import { FlowTextError, parseFlow, type RowText } from '../../../detector/tools/flow-text.js';
import { loadPlaced } from '../../../detector/tools/placed-claims.js';
import { formatTime } from '../../../flow/time.js';
import { UsageError } from '../../errors.js';
import { renderTable } from '../../render/table.js';
import { formatOctets, terminalText } from '../../render/text.js';
import { commonSettings } from '../common.js';
import { openStore } from './store.js';

interface ExplainFlags {
  approvals?: string;
  config?: string;
  finding?: string;
  data?: string;
  clickhouse?: string;
  json?: boolean;
}

/** `cordon claims explain`: which rule decides about a flow, and why. */
export function explainCommand(): Command {
  return new Command('explain')
    .argument('<file>', 'claim file')
    .argument('[flow...]', "flows, each in quotes; '-' reads rows as cordon decode prints them from standard input")
    .option('--approvals <file>', 'approvals (JSON lines) that open ticketed windows (default: those of the configuration)')
    .option('--finding <id>', 'the evidence of a finding of the store instead')
    .option('--data <folder>', 'folder of the embedded store that --finding reads')
    .option('--clickhouse <url>', 'ClickHouse server that --finding reads')
    .option(
      '--config <file>',
      'configuration: location data (`lookup`), approvals and the key of the drills (default: cordon.yaml where it exists)',
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
A flow:  SOURCE[:PORT] > DESTINATION[:PORT] PROTOCOL INSTANT [DURATION] [OCTETS[/REVERSE]] [attempt] [names=a,b] [mac=…] [sampling=N]
  '>' says that the source began, '-' that nobody knows; IPv6 with a port stands in brackets; 'attempt' was never answered; 'names' are the DNS
  names that the source was told for the destination (from-names the other way), 'mac' is the destination's (from-mac the source's).
Several flows are judged one after another, as in operation: budgets add up.

Decisions: VIOLATES · ALLOWED · OUTSIDE (none of the claim's business) · UNDECIDED (location, AS or MAC address not known).
Exit codes: 0 explained, whatever the decisions · 4 a flow or a file cannot be read, or the flow concerns no asset.

Examples:
  cordon claims explain site.claims.yaml '10.40.10.11:50000 > 203.0.113.7:443 tcp 2026-12-03T03:00:00Z 25MB'
  cordon decode router.pcap | head -5 | cordon claims explain site.claims.yaml -
  cordon claims explain site.claims.yaml --finding 3f9a --data ./data`,
    )
    .action(async (file: string, flows: string[], flags: ExplainFlags) => {
      if ((flags.finding === undefined) === (flows.length === 0))
        throw new UsageError("give a flow in quotes, '-' for standard input, or --finding with the id of a finding");
      const { config, approvals } = commonSettings(flags);
      const placed = loadPlaced(file, approvals, config.lookup);
      const explainer = createExplainer(placed);
      const rows = flags.finding === undefined ? await readFlows(flows) : await findingFlows(flags.finding, flags);
      const explanations = rows.flatMap((row) => explained(() => explainer.explain(row)));
      if (explanations.length === 0)
        throw new UsageError(
          `no end of ${rows.length === 1 ? 'this flow' : 'these flows'} is an asset of ${file}; look at the members of its fleets`,
        );
      process.stdout.write(flags.json === true ? `${JSON.stringify(explanations, undefined, 2)}\n` : explanations.map(tableOf).join('\n'));
    });
}

/** What a person mistyped is told as such. */
function explained<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FlowTextError) throw new UsageError(error.message);
    throw error;
  }
}

async function readFlows(flows: readonly string[]): Promise<RowText[]> {
  const texts: string[] = [];
  for (const flow of flows) {
    if (flow === '-') texts.push(...(await readAll(process.stdin)).split('\n').filter((line) => line.trim() !== ''));
    else texts.push(flow);
  }
  if (texts.length === 0) throw new UsageError('standard input holds no flow; pipe rows into it as cordon decode prints them');
  return texts.map((text) => explained(() => parseFlow(text)));
}

async function findingFlows(id: string, flags: ExplainFlags): Promise<RowText[]> {
  const { config } = commonSettings(flags);
  const store = await openStore(config, flags.clickhouse);
  let found: Finding[];
  try {
    found = await findFindings(store, id);
  } finally {
    await store.close();
  }
  const [finding, other] = found;
  if (finding === undefined) throw new UsageError(`no finding begins with '${id}'; cordon findings list shows them`);
  if (other !== undefined) throw new UsageError(`several findings begin with '${id}'; give more of the id`);
  if (finding.evidence.length === 0) throw new UsageError(`finding ${finding.id} holds no evidence rows`);
  return finding.evidence.map((row) => evidenceFlow(finding, row));
}

function tableOf(explanation: Explanation): string {
  const { asset, assetAddress, peerAddress, peerName, protocol, port, initiator, completion, startMs, endMs } = explanation;
  const began = initiator === 'unknown' ? 'who began is unknown' : initiator === 'asset' ? `${asset} began` : 'the peer began';
  const peer = peerName === '' ? peerAddress : `${peerAddress} (${peerName})`;
  const time = endMs === startMs ? formatTime(startMs) : `${formatTime(startMs)} … ${formatTime(endMs)}`;
  const head = `${asset} (${assetAddress}) and ${peer}, ${formatPort(protocol, port)}, ${began}, ${completion}, ${time}, ${formatOctets(explanation.octetsOut)} out, ${formatOctets(explanation.octetsIn)} in\n`;
  return (
    terminalText(head.trimEnd()) +
    '\n' +
    renderTable(
      [{ title: 'claim' }, { title: 'decision' }, { title: 'why', width: 64 }, { title: 'rule', width: 48 }, { title: 'written at' }],
      explanation.decisions.map(({ claim, decision, why, rule, place }) => [claim, decision, why, rule, `${place.file}:${place.line}`]),
    )
  );
}
