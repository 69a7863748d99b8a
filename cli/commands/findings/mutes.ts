import { Command } from 'commander';
import { scopeText } from '../../../detector/decisions/scope.js';
import { formatTime } from '../../../flow/time.js';
import { decisionLine } from '../../render/decisions.js';
import { renderTable } from '../../render/table.js';
import { terminalText } from '../../render/text.js';
import { withDesk } from '../../wiring/desk.js';
import { type CommonFlags, commonSettings, withCommonFlags } from '../common.js';
import { type DecideFlags, personOf, withDecisionFlags } from './decide.js';

/** `cordon findings mutes`: what is not shown, and why. */
export function mutesCommand(): Command {
  return withCommonFlags(new Command('mutes').option('--all', 'with those that have expired').option('--json', 'as JSON')).action(
    async (flags: CommonFlags & { all?: boolean; json?: boolean }) => {
      await withDesk(commonSettings(flags).config, async (desk) => {
        const mutes = await desk.mutes(flags.all === true);
        if (flags.json === true) process.stdout.write(`${JSON.stringify(mutes, undefined, 2)}\n`);
        else if (mutes.length === 0) process.stdout.write('Nothing is muted.\n');
        else
          process.stdout.write(
            renderTable(
              [
                { title: 'id' },
                { title: 'as' },
                { title: 'until' },
                { title: 'by' },
                { title: 'scope', width: 70 },
                { title: 'why', width: 60 },
              ],
              mutes.map(({ mute, active }) => [
                mute.id.slice(0, 8),
                mute.verb,
                `${formatTime(mute.untilMs)}${active ? '' : ' (expired)'}`,
                mute.author,
                scopeText(mute),
                mute.reason,
              ]),
            ),
          );
      });
    },
  );
}

/** `cordon findings unmute`. */
export function unmuteCommand(): Command {
  return withDecisionFlags(new Command('unmute').argument('<id>', 'id of the mute, or the beginning of it')).action(
    async (id: string, flags: DecideFlags) => {
      const person = personOf(flags);
      await withDesk(commonSettings(flags).config, async (desk) => {
        const decision = await desk.decide({ verb: 'revoke', target: id, ...person });
        process.stdout.write(
          flags.json === true ? `${JSON.stringify(decision, undefined, 2)}\n` : `Mute ${decision.revokes.slice(0, 8)} has ended.\n`,
        );
      });
    },
  );
}

/** `cordon findings trail`: who decided what, when and why. */
export function trailCommand(): Command {
  return withCommonFlags(new Command('trail').option('--json', 'as JSON')).action(async (flags: CommonFlags & { json?: boolean }) => {
    await withDesk(commonSettings(flags).config, async (desk) => {
      const trail = await desk.trail();
      if (flags.json === true) process.stdout.write(`${JSON.stringify(trail, undefined, 2)}\n`);
      else
        process.stdout.write(
          trail.length === 0 ? 'Nobody has decided anything.\n' : `${trail.map(decisionLine).map(terminalText).join('\n')}\n`,
        );
    });
  });
}
