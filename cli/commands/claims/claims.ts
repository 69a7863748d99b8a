import { Command } from 'commander';
import { addCommands, type CommandEntry } from '../command-list.js';

const COMMANDS: readonly CommandEntry[] = [
  {
    usage: 'lint [options] <file...>',
    about: 'Check claim files; exit 4 when one cannot be loaded, 1 when something is doubtful',
    load: async () => (await import('./lint.js')).lintCommand(),
  },
  {
    usage: 'test [options] <file...>',
    about: 'Judge the flows under `tests:` of claim files, and hold the decisions against what is expected',
    load: async () => (await import('./test.js')).testCommand(),
  },
  {
    usage: 'explain [options] <file> [flow...]',
    about: 'Tell what each claim says of a flow: which rule decided, and why',
    load: async () => (await import('./explain.js')).explainCommand(),
  },
  {
    usage: 'diff [options] <before> <after>',
    about: 'Compare two claim files: what traffic becomes allowed or forbidden, and which demands change',
    load: async () => (await import('./diff.js')).diffCommand(),
  },
  {
    usage: 'learn [options] [file...]',
    about: 'Draft claims from flows that were seen: of the store, or of files; nothing judges a draft',
    load: async () => (await import('./learn.js')).learnCommand(),
  },
  {
    usage: 'import-mud [options] <file>',
    about: 'Draft claims from a MUD file (RFC 8520): a suggestion of the vendor to approve; nothing judges it',
    load: async () => (await import('./mud.js')).importMudCommand(),
  },
  {
    usage: 'export-mud [options] <file>',
    about: 'Write the `only` claim of a fleet as a MUD file (RFC 8520), and list what MUD cannot say',
    load: async () => (await import('./mud.js')).exportMudCommand(),
  },
  {
    usage: 'schema',
    about: 'Print the JSON Schema of claim files, for editors',
    load: async () => (await import('./schema.js')).schemaCommand(),
  },
];

/** `cordon claims …`: everything a person does with claim files before they are judged. */
export async function claimsCommand(operands: readonly string[]): Promise<Command> {
  return addCommands(new Command('claims'), COMMANDS, operands);
}
