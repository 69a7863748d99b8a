import { Command } from 'commander';
import { sortKeys } from '../../../detector/findings/json.js';
import { formatInstant } from '../../../detector/findings/time-span.js';
import type { Incident } from '../../../detector/incidents/incident.js';
import { terminalText } from '../../render/text.js';
import { withDesk } from '../../wiring/desk.js';
import { commonSettings, withCommonFlags } from '../common.js';
import { type QuestionFlags, questionOf, withQuestionFlags } from './question.js';

/** `cordon findings incidents`. */
export function incidentsCommand(): Command {
  return withQuestionFlags(withCommonFlags(new Command('incidents')))
    .addHelpText('after', '\nExit codes: 0 the list was printed, whatever it holds · 4 wrong usage.')
    .action(async (flags: QuestionFlags) => {
      const question = questionOf(flags);
      await withDesk(commonSettings(flags).config, async (desk) => {
        const incidents = await desk.incidents(question);
        process.stdout.write(flags.json === true ? incidentsJson(incidents) : incidentTable(incidents));
      });
    });
}

export function incidentsJson(incidents: readonly Incident[]): string {
  return `${JSON.stringify(incidents.map(sortKeys), undefined, 2)}\n`;
}

/** One block for each: what happened, how bad and how sure with the sums, the story. The worst first. */
export function incidentTable(incidents: readonly Incident[]): string {
  if (incidents.length === 0) return 'No incidents.\n';
  const worst = [...incidents].sort((a, b) => b.severityScore.value - a.severityScore.value || b.lastSeenMs - a.lastSeenMs);
  return worst
    .map((incident) => {
      const story = incident.story.map(
        ({ atMs, finding, detection, sentence }) => `    ${formatInstant(atMs)}  ${finding.slice(0, 8)}  ${detection}: ${sentence}`,
      );
      return [
        `${incident.id.slice(0, 8)}  ${incident.severity}  ${incident.sentence}`,
        `    ${incident.severityScore.sum} ${incident.confidenceScore.sum}`,
        ...(incident.story.length > 1 ? story : []),
        '',
      ]
        .map(terminalText)
        .join('\n');
    })
    .join('\n');
}
