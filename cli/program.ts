import { Command, CommanderError } from 'commander';
import { programVersion } from '../flow/service/paths.js';
import { addCommands } from './commands/command-list.js';
import { COMMANDS } from './commands/index.js';
import { ENVIRONMENT } from './environment.js';
import { Exit, printed } from './errors.js';
import { EXIT } from './exit-codes.js';

async function program(words: readonly string[]): Promise<Command> {
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
  // Flags that take a value belong to the commands: what stands before one is --help, --version or wrong.
  const operands = words.filter((word) => !word.startsWith('-'));
  return prepared(await addCommands(root, COMMANDS, operands));
}

/** Our own exit codes and short error texts, on every level of commands. */
function prepared(command: Command): Command {
  for (const inner of command.commands) prepared(inner);
  return command.exitOverride().showHelpAfterError('(add --help to see what is possible)').helpCommand(false);
}

/** What nobody foresaw: told with its stack, and never with the exit code of a violation. */
export function defect(error: unknown): number {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`cordon: a defect of Cordon itself; please report what follows\n${stack}\n`);
  return EXIT.defect;
}

/** Runs `cordon WORDS` to its end; answers the exit code, after what went wrong was told on standard error. */
export async function runProgram(words: readonly string[]): Promise<number> {
  try {
    await (await program(words)).parseAsync([...words], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    // Commander has printed its message; help and version end with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    // It knows the errors of every part, so it is loaded when there is one.
    const { sentenceOf } = await import('./failures.js');
    const sentence = sentenceOf(error);
    if (sentence === undefined) return defect(error);
    process.stderr.write(printed(sentence));
    return EXIT.usage;
  }
}
