import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../../flow/service/paths.js';

/** Compiles the console's page into a folder of its own, so that a test sees the source as it is now; the build checks its types. */
export function buildPage(): string {
  const source = join(packageRoot(), 'dashboards', 'console', 'web');
  const folder = mkdtempSync(join(tmpdir(), 'cordon-page-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const file of readdirSync(source).filter((name) => name.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(source, file), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
    });
    writeFileSync(join(folder, file.replace(/\.ts$/, '.js')), outputText);
  }
  return folder;
}
