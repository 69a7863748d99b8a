import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { exportMud } from '../../../detector/tools/mud-export.js';
import { importMud } from '../../../detector/tools/mud-import.js';
import { MudError, type MudFile, readMud } from '../../../detector/tools/mud-read.js';
import { loadPlaced } from '../../../detector/tools/placed-claims.js';
import { readSkeleton, skeletonOfAssets } from '../../../detector/tools/skeleton.js';
import { UsageError } from '../../errors.js';
import { terminalText } from '../../render/text.js';
import { namedAssets, several } from './assets.js';

/** `cordon claims import-mud`: a vendor's MUD file as a draft of claims. */
export function importMudCommand(): Command {
  return new Command('import-mud')
    .argument('<file>', 'MUD file (JSON)')
    .option('--skeleton <file>', 'claim file that declares the fleet, its sensors, and sets for roles such as my-controller')
    .option('--fleet <name>', 'of the skeleton: the fleet that the file is about')
    .option('--asset <name=address>', 'equipment by name and address, where there is no skeleton; may be given several times', several)
    .addHelpText(
      'after',
      `
The draft goes to standard output. What the file says and a claim cannot, or leaves open (roles without addresses), stands there as comments and on
standard error; nothing is dropped silently.

Exit codes: 0 a draft was written · 4 the file is no MUD file.

Examples:
  cordon claims import-mud --asset lamp-1=10.20.0.7 lightbulb.json > draft.claims.yaml
  cordon claims import-mud --skeleton site.claims.yaml --fleet lamps lightbulb.json > draft.claims.yaml`,
    )
    .action((file: string, flags: { skeleton?: string; fleet?: string; asset?: string[] }) => {
      if ((flags.skeleton === undefined) === (flags.asset === undefined))
        throw new UsageError('name the equipment: --skeleton with a claim file, or --asset NAME=ADDRESS');
      const skeleton =
        flags.skeleton === undefined ? skeletonOfAssets(namedAssets(flags.asset ?? [])) : readSkeleton(flags.skeleton, flags.fleet);
      const { text, open, rules } = importMud(readFile(file), skeleton);
      process.stdout.write(text);
      told(`${rules} rules; ${open.length} left open${open.length === 0 ? '.' : ':'}`, open);
    });
}

/** `cordon claims export-mud`: the `only` claim of a fleet as a MUD file. */
export function exportMudCommand(): Command {
  return new Command('export-mud')
    .argument('<file>', 'claim file')
    .requiredOption('--fleet <name>', 'the fleet')
    .option('--url <url>', 'mud-url of the file (default: `mud` of the fleet)')
    .addHelpText(
      'after',
      `
Exit codes: 0 written · 4 the claim file cannot be loaded, or has no such fleet.

Example:
  cordon claims export-mud site.claims.yaml --fleet scanners --url https://mud.example/scanners.json > scanners.mud.json`,
    )
    .action((file: string, flags: { fleet: string; url?: string }) => {
      const claims = loadPlaced(file);
      const fleet = claims.set.fleets.get(flags.fleet);
      if (fleet === undefined)
        throw new UsageError(`${file} has no fleet '${flags.fleet}'; it has ${[...claims.set.fleets.keys()].join(', ')}`);
      const url = flags.url ?? fleet.value.mud;
      if (url === undefined || !URL.canParse(url)) throw new UsageError('a MUD file names where it lies: give --url https://…');
      const { text, open } = exportMud(claims, flags.fleet, url, Date.now());
      process.stdout.write(text);
      told(`${open.length} things that MUD cannot say${open.length === 0 ? '.' : ':'}`, open);
    });
}

function readFile(file: string): MudFile {
  try {
    return readMud(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof MudError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

function told(head: string, list: readonly string[]): void {
  process.stderr.write(`${[head, ...list.map((line) => `  ${terminalText(line)}`)].join('\n')}\n`);
}
