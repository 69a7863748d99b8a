import { Command } from 'commander';
import { addCommands, type CommandEntry } from '../command-list.js';

const COMMANDS: readonly CommandEntry[] = [
  {
    usage: 'list [options]',
    about: 'Current findings, worst first',
    load: async () => (await import('./list.js')).listCommand(),
  },
  {
    usage: 'show [options] <id>',
    about: 'One finding: why, its sum, its evidence, what was seen in that hour, what was decided, what to do',
    load: async () => (await import('./show.js')).showCommand(),
  },
  {
    usage: 'incidents [options]',
    about: 'Findings of one device and peer group within half an hour of each other, told as one story',
    load: async () => (await import('./incidents.js')).incidentsCommand(),
  },
  {
    usage: 'ack [options] <id>',
    about: 'Acknowledge a finding: somebody looks after it; it comes back when it gets graver',
    load: async () => (await import('./decide.js')).ackCommand(),
  },
  {
    usage: 'close [options] <id>',
    about: 'Close a finding with a word that says what it was',
    load: async () => (await import('./decide.js')).closeCommand(),
  },
  {
    usage: 'reopen [options] <id>',
    about: 'Open a finding again, and end the mutes that closing it made',
    load: async () => (await import('./decide.js')).reopenCommand(),
  },
  {
    usage: 'mutes [options]',
    about: 'What is muted: scope, who, why, until when',
    load: async () => (await import('./mutes.js')).mutesCommand(),
  },
  {
    usage: 'unmute [options] <id>',
    about: 'End a mute before its time',
    load: async () => (await import('./mutes.js')).unmuteCommand(),
  },
  {
    usage: 'trail [options]',
    about: 'Every decision, oldest first: who, when, what, why; nothing is ever removed',
    load: async () => (await import('./mutes.js')).trailCommand(),
  },
];

/** `cordon findings …`: look at what was found, and decide. */
export async function findingsCommand(operands: readonly string[]): Promise<Command> {
  return addCommands(new Command('findings'), COMMANDS, operands);
}
