#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { decodeCommand } from './commands/decode.js';
import { findingsCommand, verdictCommand } from './commands/inspect.js';
import { replayCommand } from './commands/replay.js';
import { collectCommand, detectCommand, storeCommand } from './commands/roles.js';
import { runCommand } from './commands/run.js';
import { claimsCommand, configCommand, dashboardsCommand } from './commands/tools.js';
import { ENVIRONMENT } from './environment.js';
import { Exit } from './errors.js';
import { EXIT } from './exit-codes.js';
import { isExpected, sentenceOf } from './failures.js';

const COMMANDS = [
  runCommand,
  collectCommand,
  detectCommand,
  storeCommand,
  decodeCommand,
  replayCommand,
  claimsCommand,
  findingsCommand,
  verdictCommand,
  dashboardsCommand,
  configCommand,
];

function program(): Command {
  const root = new Command('cordon')
    .description('Watches vendor-managed equipment: judges flow telemetry against written claims, and says how much was not seen.')
    .addHelpText(
      'after',
      `
Environment:
${Object.entries(ENVIRONMENT)
  .map(([name, meaning]) => `  ${name.padEnd(27)} ${meaning}`)
  .join('\n')}

Exit codes: 0 success · 1 bad news (a violation, a difference) · 2 not proven · 3 broken integrity · 4 wrong usage or configuration`,
    );
  for (const make of COMMANDS) root.addCommand(prepared(make()));
  return prepared(root);
}

/** Our own exit codes and short error texts, on every level of commands. */
function prepared(command: Command): Command {
  for (const inner of command.commands) prepared(inner);
  return command.exitOverride().showHelpAfterError('(add --help to see what is possible)').helpCommand(false);
}

async function main(): Promise<number> {
  try {
    await program().parseAsync();
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    // Commander has printed its message; help and version end with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!isExpected(error)) throw error;
    process.stderr.write(`cordon: ${sentenceOf(error)}\n`);
    return EXIT.usage;
  }
}

// A reader that closes the pipe (head, less) has seen enough: no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

process.exitCode = await main();
