import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../../flow/service/paths.js';

const RELATIVE_IMPORT = /(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)\.js'/g;

/**
 * Compiles a program and what it imports into `folder`, laid out like the repository, so that a test can run it as a process of its own
 * (Node 20 does not run TypeScript). Returns the program's path.
 */
export async function compileProgram(entry: string, folder: string): Promise<string> {
  const root = packageRoot();
  const seen = new Set<string>();
  const compile = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = await readFile(`${file}.ts`, 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
    });
    const output = join(folder, `${relative(root, file)}.js`);
    await mkdir(dirname(output), { recursive: true });
    await writeFile(output, outputText);
    for (const [, path] of outputText.matchAll(RELATIVE_IMPORT)) await compile(join(dirname(file), path!));
  };
  await compile(entry.replace(/\.ts$/, ''));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await symlink(join(root, 'package.json'), join(folder, 'package.json'));
  await mkdir(join(folder, 'detector', 'store'), { recursive: true });
  await symlink(join(root, 'detector', 'store', 'migrations'), join(folder, 'detector', 'store', 'migrations'));
  return join(folder, `${relative(root, entry).replace(/\.ts$/, '')}.js`);
}
