#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { programVersion } from '../flow/service/paths.js';
import { baselineCommand } from './commands/baseline.js';
import { claimsCommand } from './commands/claims/claims.js';
import { consoleCommand } from './commands/console.js';
import { decodeCommand } from './commands/decode.js';
import { doctorCommand } from './commands/doctor.js';
import { drillCommand } from './commands/drill.js';
import { findingsCommand } from './commands/findings/findings.js';
import { replayCommand } from './commands/replay.js';
import { reportCommand } from './commands/report.js';
import { collectCommand, detectCommand, storeCommand } from './commands/roles.js';
import { runCommand } from './commands/run.js';
import { configCommand, dashboardsCommand } from './commands/tools.js';
import { verdictCommand } from './commands/verdict.js';
import { ENVIRONMENT } from './environment.js';
import { Exit } from './errors.js';
import { EXIT } from './exit-codes.js';
import { printed, sentenceOf } from './failures.js';

const COMMANDS = [
  runCommand,
  collectCommand,
  detectCommand,
  storeCommand,
  decodeCommand,
  replayCommand,
  claimsCommand,
  findingsCommand,
  baselineCommand,
  verdictCommand,
  reportCommand,
  drillCommand,
  consoleCommand,
  dashboardsCommand,
  configCommand,
  doctorCommand,
];

function program(): Command {
  const root = new Command('cordon')
    .version(programVersion())
    .description('Watches vendor-managed equipment: judges flow telemetry against written claims, and says how much was not seen.')
    .addHelpText(
      'after',
      `
Environment:
${Object.entries(ENVIRONMENT)
  .map(([name, meaning]) => `  ${name.padEnd(27)} ${meaning}`)
  .join('\n')}

Exit codes: 0 success · 1 bad news (a violation, a difference) · 2 not proven · 3 broken integrity · 4 wrong usage or configuration,\nor something needed is not there · 70 a defect of Cordon`,
    );
  for (const make of COMMANDS) root.addCommand(prepared(make()));
  return prepared(root);
}

/** Our own exit codes and short error texts, on every level of commands. */
function prepared(command: Command): Command {
  for (const inner of command.commands) prepared(inner);
  return command.exitOverride().showHelpAfterError('(add --help to see what is possible)').helpCommand(false);
}

/** What nobody foresaw: told with its stack, and never with the exit code of a violation. */
function defect(error: unknown): number {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`cordon: a defect of Cordon itself; please report what follows\n${stack}\n`);
  return EXIT.defect;
}

async function main(): Promise<number> {
  try {
    await program().parseAsync();
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    // Commander has printed its message; help and version end with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const sentence = sentenceOf(error);
    if (sentence === undefined) return defect(error);
    process.stderr.write(printed(sentence));
    return EXIT.usage;
  }
}

// A reader that closes the pipe (head, less) has seen enough: no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

process.on('uncaughtException', (error) => process.exit(defect(error)));
process.on('unhandledRejection', (error) => process.exit(defect(error)));

process.exitCode = await main();
