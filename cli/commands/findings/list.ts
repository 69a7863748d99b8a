import { Command } from 'commander';
import type { StandingFinding } from '../../../detector/decisions/desk.js';
import { compareFindings, sortKeys } from '../../../detector/findings/json.js';
import { formatPort } from '../../../detector/findings/quantity.js';
import { formatTime } from '../../../flow/time.js';
import { standingText } from '../../render/decisions.js';
import { renderTable } from '../../render/table.js';
import { formatOctets } from '../../render/text.js';
import { withDesk } from '../../wiring/desk.js';
import { commonSettings, withCommonFlags } from '../common.js';
import { incidentsJson, incidentTable } from './incidents.js';
import { type QuestionFlags, questionOf, withQuestionFlags } from './question.js';

/** `cordon findings list`. */
export function listCommand(): Command {
  return withQuestionFlags(withCommonFlags(new Command('list')))
    .option('--incidents', 'as incidents: findings of one device and peer group told as one story')
    .addHelpText('after', '\nExit codes: 0 the list was printed, whatever it holds · 4 wrong usage.')
    .action(async (flags: QuestionFlags & { incidents?: boolean }) => {
      const question = questionOf(flags);
      await withDesk(commonSettings(flags).config, async (desk) => {
        if (flags.incidents === true) {
          const incidents = await desk.incidents(question);
          process.stdout.write(flags.json === true ? incidentsJson(incidents) : incidentTable(incidents));
          return;
        }
        const found = await desk.list(question);
        process.stdout.write(flags.json === true ? standingsJson(found) : findingTable(found));
      });
    });
}

/** Canonical JSON as findingsJson writes it, each finding with how it stands. */
export function standingsJson(found: readonly StandingFinding[]): string {
  const sorted = [...found].sort((a, b) => compareFindings(a.finding, b.finding));
  return `${JSON.stringify(
    sorted.map(({ finding, standing }) => sortKeys({ ...finding, standing })),
    undefined,
    2,
  )}\n`;
}

function findingTable(found: readonly StandingFinding[]): string {
  if (found.length === 0) return 'No findings.\n';
  return renderTable(
    [
      { title: 'id' },
      { title: 'severity' },
      { title: 'claim or detection' },
      { title: 'asset' },
      { title: 'peer' },
      { title: 'port' },
      { title: 'came to' },
      { title: 'out', right: true },
      { title: 'in', right: true },
      { title: 'last seen' },
      { title: 'state' },
    ],
    found.map(({ finding, standing }) => [
      finding.id.slice(0, 8),
      finding.severity,
      finding.claim || finding.detection,
      finding.asset,
      finding.peerAddress === '::' ? '' : finding.peerAddress,
      formatPort(finding.protocol, finding.port),
      finding.completion,
      formatOctets(finding.octetsOut),
      formatOctets(finding.octetsIn),
      formatTime(finding.lastSeenMs),
      standingText(standing),
    ]),
  );
}
