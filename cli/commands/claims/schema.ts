import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../../../flow/service/paths.js';

/** `cordon claims schema`: the JSON Schema of claim files, for editors. */
export function schemaCommand(): Command {
  return new Command('schema')
    .addHelpText(
      'after',
      `
An editor with the YAML language server completes and checks a claim file whose first line is
  # yaml-language-server: $schema=claims.schema.json

Example:
  cordon claims schema > claims.schema.json`,
    )
    .action(() => {
      process.stdout.write(readFileSync(join(packageRoot(), 'detector/claims/claims.schema.json'), 'utf8'));
    });
}
