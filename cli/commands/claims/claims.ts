import { Command } from 'commander';
import { diffCommand } from './diff.js';
import { explainCommand } from './explain.js';
import { learnCommand } from './learn.js';
import { lintCommand } from './lint.js';
import { exportMudCommand, importMudCommand } from './mud.js';
import { schemaCommand } from './schema.js';
import { testCommand } from './test.js';

const COMMANDS = [
  lintCommand,
  testCommand,
  explainCommand,
  diffCommand,
  learnCommand,
  importMudCommand,
  exportMudCommand,
  schemaCommand,
] as const;

/** `cordon claims …`: everything a person does with claim files before they are judged. */
export function claimsCommand(): Command {
  const command = new Command('claims').description('Work on claim files: check, test, explain, compare, draft');
  for (const make of COMMANDS) command.addCommand(make());
  return command;
}
