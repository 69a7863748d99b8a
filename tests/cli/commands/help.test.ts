import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ENVIRONMENT } from '../../../cli/environment.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, commandHere } from '../support/command.js';

const COMMANDS = [
  [],
  ['run'],
  ['collect'],
  ['detect'],
  ['store'],
  ['decode'],
  ['replay'],
  ['claims'],
  ['claims', 'lint'],
  ['claims', 'test'],
  ['claims', 'explain'],
  ['claims', 'diff'],
  ['claims', 'learn'],
  ['claims', 'import-mud'],
  ['claims', 'export-mud'],
  ['claims', 'schema'],
  ['findings'],
  ['findings', 'list'],
  ['findings', 'show'],
  ['findings', 'incidents'],
  ['findings', 'ack'],
  ['findings', 'close'],
  ['findings', 'reopen'],
  ['findings', 'mutes'],
  ['findings', 'unmute'],
  ['findings', 'trail'],
  ['baseline'],
  ['baseline', 'list'],
  ['baseline', 'show'],
  ['baseline', 'approve'],
  ['verdict'],
  ['report'],
  ['drill'],
  ['console'],
  ['dashboards'],
  ['config'],
  ['doctor'],
];

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : [path];
  });
}

beforeAll(freshDist);

const helpOf = new Map<string, Promise<string>>();

/** The help of a group, asked for once. */
function groupHelp(group: readonly string[]): Promise<string> {
  const name = group.join(' ');
  const asked = helpOf.get(name) ?? commandHere([...group, '--help']).then(({ stdout }) => stdout);
  helpOf.set(name, asked);
  return asked;
}

describe('help', () => {
  test.each(COMMANDS.map((args) => [args.join(' ') || 'cordon', args] as const))('%s', async (_name, args) => {
    const { code, stdout, stderr } = await commandHere([...args, '--help']);
    expect(stdout).toContain(`Usage: cordon${['', ...args].join(' ')}`);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    if (args.length === 0) return;
    // A list is printed without the commands' modules, and says of each what its own help says.
    const [, usage = '', options = ''] = /^Usage: cordon (.*?)\n.*\nOptions:\n(.*?)(?:\n\n|$)/s.exec(stdout) ?? [];
    const takesFlags = options.trim().split(/\n {2}-/).length > 1;
    const listed = usage.replace(' [command]', '').replace(takesFlags ? '' : ' [options]', '');
    expect((await groupHelp(args.slice(0, -1))).split('\n').map((line) => line.slice(2).split(/ {2}/)[0])).toContain(
      listed.slice(args.slice(0, -1).join(' ').length).trim(),
    );
  });

  test('names every command that there is, every variable and every exit code', async () => {
    const { stdout } = await command(['--help']);
    expect(stdout).toBe(await groupHelp([]));
    const listed = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[options\]| <|\s{2,})/gm)].map(([, name]) => name);
    expect(new Set(listed)).toEqual(new Set(COMMANDS.flatMap(([name]) => name ?? [])));
    for (const name of Object.keys(ENVIRONMENT)) expect(stdout).toContain(`  ${name} `);
    for (const code of [0, 1, 2, 3, 4, 70]) expect(stdout).toMatch(new RegExp(`\\b${code} [a-z]`));
  });

  test('the version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
    expect(await command(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });
});

/** Read by Grafana, in its contact points: our programs do not know them. */
const OF_GRAFANA = ['CORDON_ALERT_WEBHOOK_URL', 'CORDON_ALERT_EMAIL'];

describe('environment variables', () => {
  const programs = ['cli', 'collector', 'detector', 'flow', 'dashboards'].flatMap((folder) => sources(join(packageRoot(), folder)));
  const text = programs
    .filter((path) => path.endsWith('.ts') && !path.endsWith('cli/environment.ts'))
    .map((path) => readFileSync(path, 'utf8'));

  test.each(Object.keys(ENVIRONMENT))('%s is read', (name) => {
    expect(text.some((source) => source.includes(`environment('${name}')`) || source.includes(`fromEnvironment('${name}'`))).toBe(true);
  });

  test('no other is read, and none past the list', () => {
    const named = text.flatMap((source) => [...source.matchAll(/\bCORDON_[A-Z_]+/g)].map(([name]) => name));
    expect([...new Set(named)].filter((name) => !Object.hasOwn(ENVIRONMENT, name) && !OF_GRAFANA.includes(name))).toEqual([]);
    expect(text.filter((source) => /process\.env\b/.test(source))).toEqual([]);
  });

  test('docker-compose names no other', () => {
    const compose = readFileSync(join(packageRoot(), 'docker-compose.yml'), 'utf8');
    const given = [...compose.matchAll(/^\s+(CORDON_[A-Z_]+):/gm)].map(([, name]) => name!);
    expect(given.length).toBeGreaterThan(3);
    expect(given.filter((name) => !Object.hasOwn(ENVIRONMENT, name) && !OF_GRAFANA.includes(name))).toEqual([]);
  });
});
