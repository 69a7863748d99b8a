import { Command } from 'commander';

/** A command as the help of its parent tells of it, and where it is. */
export interface CommandEntry {
  /** Its name and what it takes, such as `decode [options] <file...>`. */
  readonly usage: string;
  readonly about: string;
  /** Loads its modules. `operands` are the words behind its name that are no flags: of a group, the first names the command in it. */
  readonly load: (operands: readonly string[]) => Command | Promise<Command>;
}

/**
 * Adds the commands to `parent`: the one that `operands` call as it is, of the others only what the help says. A process has one command to do, and
 * the modules of all of them take longer to load than most commands to work.
 */
export async function addCommands(parent: Command, entries: readonly CommandEntry[], operands: readonly string[]): Promise<Command> {
  const [called, ...rest] = operands;
  const usages = new Map<string, string>();
  for (const { usage, about, load } of entries) {
    const name = usage.split(' ', 1)[0]!;
    usages.set(name, usage);
    const command = name === called ? await load(rest) : new Command(name);
    parent.addCommand(command.description(about));
  }
  return parent.configureHelp({ subcommandTerm: (command) => usages.get(command.name())! });
}
