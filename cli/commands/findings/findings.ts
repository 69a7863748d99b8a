import { Command } from 'commander';
import { ackCommand, closeCommand, reopenCommand } from './decide.js';
import { incidentsCommand } from './incidents.js';
import { listCommand } from './list.js';
import { mutesCommand, trailCommand, unmuteCommand } from './mutes.js';
import { showCommand } from './show.js';

const COMMANDS = [
  listCommand,
  showCommand,
  incidentsCommand,
  ackCommand,
  closeCommand,
  reopenCommand,
  mutesCommand,
  unmuteCommand,
  trailCommand,
] as const;

/** `cordon findings …`: look at what was found, and decide. */
export function findingsCommand(): Command {
  const command = new Command('findings').description(
    'Findings of the store: list, show, acknowledge, close; incidents, mutes and who decided what',
  );
  for (const make of COMMANDS) command.addCommand(make());
  return command;
}
