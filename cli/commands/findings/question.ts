import type { Command } from 'commander';
import { SEVERITIES, type Severity } from '../../../detector/claims/compiled.js';
import type { FindingQuestion } from '../../../detector/decisions/desk.js';
import { FINDING_STATES, type FindingStateName } from '../../../detector/decisions/standing.js';
import { UsageError } from '../../errors.js';
import type { CommonFlags } from '../common.js';
import { instantOf, refuseBackwards } from '../instants.js';

export interface QuestionFlags extends CommonFlags {
  claim?: string;
  asset?: string;
  fleet?: string;
  detection?: string;
  severity?: string;
  state?: string[];
  from?: string;
  since?: string;
  until?: string;
  json?: boolean;
}

/** The flags that choose findings. */
export function withQuestionFlags(command: Command): Command {
  return command
    .option('--state <state...>', `${FINDING_STATES.join(', ')}, or all (default: open and acknowledged)`)
    .option('--severity <severity>', `at least this grave: ${SEVERITIES.join(', ')}`)
    .option('--claim <id>', 'only of this claim')
    .option('--detection <id>', 'only of this detection')
    .option('--asset <name>', 'only of this asset')
    .option('--fleet <name>', 'only of this fleet')
    .option('--from <instant>', 'seen at or after (ISO 8601 with zone)')
    .option('--since <instant>', 'the same as --from')
    .option('--until <instant>', 'seen before')
    .option('--json', 'as JSON');
}

/** What the flags ask for. Throws UsageError. */
export function questionOf(flags: QuestionFlags): FindingQuestion {
  const { claim, asset, fleet, detection } = flags;
  if (flags.from !== undefined && flags.since !== undefined) throw new UsageError('--from and --since say the same; give one');
  const fromMs = instantOf('--from', flags.from) ?? instantOf('--since', flags.since);
  const toMs = instantOf('--until', flags.until);
  refuseBackwards(fromMs, toMs);
  const leastSeverity = severityOf(flags.severity);
  const states = statesOf(flags.state);
  return {
    ...(claim === undefined ? {} : { claim }),
    ...(asset === undefined ? {} : { asset }),
    ...(fleet === undefined ? {} : { fleet }),
    ...(detection === undefined ? {} : { detection }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    ...(leastSeverity === undefined ? {} : { leastSeverity }),
    ...(states === undefined ? {} : { states }),
  };
}

function severityOf(text: string | undefined): Severity | undefined {
  if (text === undefined) return undefined;
  const severity = SEVERITIES.find((one) => one === text);
  if (severity === undefined) throw new UsageError(`--severity ${text} is none of ${SEVERITIES.join(', ')}`);
  return severity;
}

/** Undefined: all. */
function statesOf(texts: readonly string[] | undefined): FindingStateName[] | undefined {
  if (texts === undefined) return ['open', 'acknowledged'];
  if (texts.includes('all')) return undefined;
  return texts
    .flatMap((text) => text.split(','))
    .map((text) => {
      const state = FINDING_STATES.find((one) => one === text);
      if (state === undefined) throw new UsageError(`--state ${text} is none of ${FINDING_STATES.join(', ')}, all`);
      return state;
    });
}
