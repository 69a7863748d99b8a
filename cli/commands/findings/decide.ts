import { userInfo } from 'node:os';
import { Command } from 'commander';
import { CLOSING_WORDS, type ClosingWord } from '../../../detector/decisions/decision.js';
import type { DecisionRequest } from '../../../detector/decisions/desk.js';
import type { Widening } from '../../../detector/decisions/request.js';
import { scopeText } from '../../../detector/decisions/scope.js';
import { DAY_MS, formatTime } from '../../../flow/time.js';
import { UsageError } from '../../errors.js';
import { terminalText } from '../../render/text.js';
import { withDesk } from '../../wiring/desk.js';
import { draftOf } from '../../wiring/expected-draft.js';
import { type CommonFlags, commonSettings, withCommonFlags } from '../common.js';
import { instantOf } from '../instants.js';

export interface DecideFlags extends CommonFlags {
  author?: string;
  reason?: string;
  json?: boolean;
}

interface CloseFlags extends DecideFlags {
  as: string;
  until?: string;
  days?: string;
  wholeFleet?: boolean;
  peerGroup?: boolean;
  anyPeer?: boolean;
  anyPort?: boolean;
  anyDetection?: boolean;
  between?: string;
  timezone?: string;
  draft?: string;
}

/** The flags that every decision has. */
export function withDecisionFlags(command: Command): Command {
  return withCommonFlags(command)
    .option('--reason <text>', 'why: one line, required')
    .option('--author <name>', 'who decides (default: the user of this machine)')
    .option('--json', 'the decision as JSON');
}

/** Who decides and why. Throws UsageError where no reason was given. */
export function personOf({ author, reason }: DecideFlags): Pick<DecisionRequest, 'author' | 'reason'> {
  if (reason === undefined || reason.trim() === '')
    throw new UsageError('a decision needs a reason, for those who read it later; give --reason');
  return { author: author ?? userName(), reason };
}

/** The user of this process as the machine knows it; '' for one without a name, as in a container: then --author is asked for. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

/** `cordon findings ack`. */
export function ackCommand(): Command {
  return simple('ack', 'acknowledge');
}

/** `cordon findings reopen`. */
export function reopenCommand(): Command {
  return simple('reopen', 'reopen');
}

function simple(name: string, verb: 'acknowledge' | 'reopen'): Command {
  return withDecisionFlags(new Command(name).argument('<id>', 'id of the finding, or the beginning of it')).action(
    async (id: string, flags: DecideFlags) => {
      const person = personOf(flags);
      await withDesk(commonSettings(flags).config, async (desk) => {
        const decision = await desk.decide({ verb, target: id, ...person });
        print(flags, decision, `Finding ${decision.finding.slice(0, 8)} is ${verb === 'acknowledge' ? 'acknowledged' : 'open again'}.`);
      });
    },
  );
}

/** `cordon findings close`. */
export function closeCommand(): Command {
  return withDecisionFlags(
    new Command('close')
      .argument('<id>', 'id of the finding, or the beginning of it')
      .requiredOption('--as <word>', `${CLOSING_WORDS.join(', ')}`)
      .option('--until <instant>', 'of expected and noise: until when it holds')
      .option('--days <n>', 'the same, counted from now')
      .option('--whole-fleet', 'of noise and expected: of every asset of the fleet')
      .option('--peer-group', 'with the whole network of the peer (/24, IPv6: /48)')
      .option('--any-peer', 'with any peer')
      .option('--any-port', 'on any port')
      .option('--any-detection', 'whichever detection or claim speaks of it')
      .option('--between <hh:mm-hh:mm>', 'only where all of it lies within this time of day')
      .option('--timezone <name>', 'time zone of --between (default: UTC)')
      .option('--draft <file>', 'of expected: the claim draft that gets the rule (default: claims/expected.draft.yaml in the data folder)'),
  )
    .addHelpText(
      'after',
      `
expected  it is meant to be so: a rule goes into a claim draft, and until then the same is not shown; --until is required
incident  it is what it looks like: learning detections forget the relation, so that it is reported when it comes again
noise     it means nothing: the scope is muted, also of what is stored, and mutes expire; --until is required
Verdicts are about what was claimed and do not change by any of these.

Exit codes: 0 the decision is stored · 4 wrong usage, or there is no such finding.

Examples:
  cordon findings close 3f2a --as noise --reason 'label printer, found out with M. Weber' --days 30 --peer-group
  cordon findings close 3f2a --as expected --reason 'new update mirror, CHG-1182' --until 2026-12-31T00:00:00Z`,
    )
    .action(async (id: string, flags: CloseFlags) => {
      const word = wordOf(flags.as);
      const person = personOf(flags);
      const untilMs = untilOf(flags);
      const widening = wideningOf(flags);
      const { config } = commonSettings(flags);
      await withDesk(config, async (desk) => {
        // What cannot be drafted is told before anything is decided.
        const { finding } = await desk.show(id);
        const draft = word === 'expected' ? draftOf(config, finding, flags.draft) : undefined;
        const request = { verb: word, target: finding.id, ...person, widening, ...(untilMs === undefined ? {} : { untilMs }) };
        const decision = await desk.decide(request);
        const written = draft?.write(decision);
        const until = decision.untilMs === 0 ? '' : ` until ${formatTime(decision.untilMs)} for ${scopeText(decision)}`;
        print(
          flags,
          decision,
          `Finding ${finding.id.slice(0, 8)} is closed as ${word}${until}.${written === undefined ? '' : ` The rule is in the draft ${written}; nothing judges it until somebody takes it over.`}`,
        );
      });
    });
}

function print(flags: DecideFlags, decision: object, sentence: string): void {
  process.stdout.write(flags.json === true ? `${JSON.stringify(decision, undefined, 2)}\n` : `${terminalText(sentence)}\n`);
}

function wordOf(text: string): ClosingWord {
  const word = CLOSING_WORDS.find((one) => one === text);
  if (word === undefined) throw new UsageError(`--as ${text} is none of ${CLOSING_WORDS.join(', ')}`);
  return word;
}

function untilOf({ until, days }: CloseFlags): number | undefined {
  if (until !== undefined && days !== undefined) throw new UsageError('--until and --days say the same; give one');
  if (days === undefined) return instantOf('--until', until);
  if (!/^[1-9]\d{0,3}$/.test(days)) throw new UsageError(`--days ${days} is no number of days; write 30`);
  return Date.now() + Number(days) * DAY_MS;
}

function wideningOf({ wholeFleet, peerGroup, anyPeer, anyPort, anyDetection, between, timezone }: CloseFlags): Widening {
  if (between === undefined && timezone !== undefined) throw new UsageError('--timezone is about --between; give both, or neither');
  return {
    ...(wholeFleet === true ? { fleet: true } : {}),
    ...(peerGroup === true ? { peerGroup: true } : {}),
    ...(anyPeer === true ? { anyPeer: true } : {}),
    ...(anyPort === true ? { anyPort: true } : {}),
    ...(anyDetection === true ? { anyDetection: true } : {}),
    ...(between === undefined ? {} : { between: { timezone: timezone ?? 'UTC', ...minutesOf(between) } }),
  };
}

function minutesOf(text: string): { minuteFrom: number; minuteUntil: number } {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null) throw new UsageError(`--between ${text} is no time of day; write 22:00-06:00`);
  const [fromHour, fromMinute, untilHour, untilMinute] = match.slice(1).map(Number) as [number, number, number, number];
  return { minuteFrom: fromHour * 60 + fromMinute, minuteUntil: untilHour * 60 + untilMinute };
}
