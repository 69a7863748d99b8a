import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../flow/service/paths.js';
import { cordon } from './support/cordon.js';
import { freshDist } from './support/dist.js';

/*
 * "Ten minutes" of docs/claims.md, typed as it stands there: what it tells a reader to write is written, each command is run, and what it says that the command
 * answers is looked for in the answer.
 */

const NAME = 'first.claims.yaml';
const PROGRAM = 'npm run -s cordon -- ';

let folder: string;
beforeAll(async () => {
  await freshDist();
  folder = mkdtempSync(join(tmpdir(), 'cordon-walkthrough-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Block {
  readonly kind: string;
  readonly lines: readonly string[];
}

/** The fenced blocks of the section, in their order. */
function blocks(): Block[] {
  const text = readFileSync(join(packageRoot(), 'docs/claims.md'), 'utf8');
  const section = /^## Ten minutes[^\n]*\n([\s\S]*?)^## /m.exec(text)?.[1];
  if (section === undefined) throw new Error('docs/claims.md has no section "Ten minutes"');
  return [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, body]) => ({
    kind: kind!,
    lines: body!.split('\n').slice(0, -1),
  }));
}

/** Words of a command line; quotes keep what they hold together. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

/** Writes the file, or puts the lines where their first one says: below a key, or before it. */
function write({ lines: [first = '', ...lines] }: Block, file: string): void {
  const where = /^# first\.claims\.yaml(?:, (under|before) (\w+:))?$/.exec(first);
  if (where === null) throw new Error(`no such place: ${first}`);
  const [, relation, key] = where;
  const added = lines.map((line) => `${line}\n`).join('');
  if (relation === undefined) return writeFileSync(file, added);
  const text = readFileSync(file, 'utf8');
  const at = new RegExp(`^ *${key}\n`, 'm').exec(text);
  if (at === null) throw new Error(`${NAME} has no line '${key}'`);
  const position = at.index + (relation === 'under' ? at[0].length : 0);
  writeFileSync(file, text.slice(0, position) + added + text.slice(position));
}

/** Spaces as the reader sees them: a table's columns may be as wide as they like. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

test('a reader who types what the section says sees what it says', async () => {
  const file = join(folder, NAME);
  let answer = '';
  let commands = 0;
  for (const block of blocks()) {
    if (block.kind === 'yaml') write(block, file);
    else if (block.kind === 'sh') {
      for (const line of block.lines) {
        expect(line.startsWith(PROGRAM), line).toBe(true);
        const words = wordsOf(line.slice(PROGRAM.length)).map((word) =>
          word === NAME ? file : word.startsWith('fixtures/') ? join(packageRoot(), word) : word,
        );
        answer = plain(await cordon(words, words[0] === 'replay' ? [1] : [0]));
        commands++;
      }
    } else for (const line of block.lines) expect(answer).toContain(plain(line));
  }
  expect(commands).toBe(5);
  expect(answer.match(/ closed-network scan-/g)).toHaveLength(3);
});
