import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../flow/service/paths.js';
import { PURE } from '../vitest.config.js';

/*
 * The import directions of design §3. A change here is a change of the architecture: say why in the commit.
 */

const root = packageRoot();
const PARTS = ['flow', 'collector', 'detector', 'dashboards', 'cli'] as const;

/** What each part may import of ours, beside itself. */
const PART_MAY_IMPORT: Record<(typeof PARTS)[number], readonly string[]> = {
  flow: [],
  collector: ['flow'],
  detector: ['flow'],
  dashboards: ['flow', 'detector'],
  cli: ['flow', 'collector', 'detector', 'dashboards'],
};

/** Finer rules: files below `from` import nothing below `never`. */
const FORBIDDEN: readonly { from: string; never: readonly string[]; why: string }[] = [
  {
    from: 'collector/inputs',
    never: ['collector/decoders', 'collector/templates', 'collector/metering', 'collector/sequence', 'collector/outputs'],
    why: 'inputs carry bytes',
  },
  { from: 'collector/outputs', never: ['collector/decoders', 'collector/inputs', 'collector/metering'], why: 'outputs carry rows' },
  {
    from: 'collector/decoders',
    never: ['collector/inputs', 'collector/outputs', 'collector/sequence', 'collector/metering'],
    why: 'decoders know templates and packets only',
  },
  {
    from: 'collector/logs',
    never: [
      'collector/inputs',
      'collector/outputs',
      'collector/sequence',
      'collector/metering',
      'collector/packets',
      'collector/templates',
      'node:',
    ],
    why: 'lines to rows: logs know the contracts and how rows are oriented',
  },
  {
    from: 'collector/names',
    never: ['collector/inputs', 'collector/outputs', 'collector/logs', 'collector/packets', 'collector/decoders', 'collector/sequence'],
    why: 'the name table is told, and asks nobody',
  },
  { from: 'detector/detections', never: ['detector/store', 'detector/engine', 'flow/bus', 'node:'], why: 'detections are pure' },
  { from: 'detector/watches', never: ['detector/store', 'detector/engine', 'flow/bus', 'node:'], why: 'watches are pure' },
  {
    from: 'detector/report/page',
    never: ['detector/store', 'detector/decisions', 'detector/detections', 'detector/engine', 'flow/bus', 'node:'],
    why: 'a page is made from figures alone',
  },
  { from: 'detector/claims', never: ['detector/store', 'detector/engine', 'flow/bus'], why: 'claims are compiled without the rest' },
  { from: 'dashboards', never: ['detector/detections', 'detector/engine', 'detector/sessions'], why: 'screens read the store' },
];

interface Import {
  file: string;
  target: string;
}

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === 'node_modules' ? [] : sources(path);
    return name.endsWith('.ts') && !name.endsWith('.d.ts') ? [path] : [];
  });
}

function importsOf(path: string): Import[] {
  const text = readFileSync(path, 'utf8');
  const file = relative(root, path);
  return [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s*'([^']+)'/g),
  ].map((match) => {
    const target = (match[1] ?? match[2] ?? match[3])!;
    return { file, target: target.startsWith('.') ? relative(root, resolve(dirname(path), target)).replace(/\.js$/, '.ts') : target };
  });
}

const files = PARTS.flatMap((part) => sources(join(root, part)));
const imports = files.flatMap(importsOf);
const ours = imports.filter(({ target }) => PARTS.some((part) => target.startsWith(`${part}/`)));

describe('architecture', () => {
  test('the scan sees the code: a rule over nothing would hold for ever', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(ours.length).toBeGreaterThan(100);
    for (const { from } of FORBIDDEN)
      expect(
        files.some((path) => relative(root, path).startsWith(`${from}/`)),
        from,
      ).toBe(true);
  });

  test('parts import only in the direction of the design', () => {
    const wrong = ours.filter(({ file, target }) => {
      const part = file.split('/')[0] as (typeof PARTS)[number];
      const other = target.split('/')[0]!;
      return other !== part && !PART_MAY_IMPORT[part].includes(other);
    });
    expect(wrong).toEqual([]);
  });

  test('finer rules inside the parts hold', () => {
    const wrong = FORBIDDEN.flatMap(({ from, never, why }) =>
      imports
        .filter(
          ({ file, target }) =>
            file.startsWith(`${from}/`) &&
            never.some((prefix) => target === prefix || target.startsWith(prefix.endsWith(':') ? prefix : `${prefix}/`)),
        )
        .map((found) => ({ ...found, why })),
    );
    expect(wrong).toEqual([]);
  });

  test('no file imports itself through others', () => {
    const graph = new Map<string, string[]>();
    for (const { file, target } of ours) graph.set(file, [...(graph.get(file) ?? []), target]);
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      state.set(file, 'open');
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of graph.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

describe('tests that share a process (vitest.config.ts)', () => {
  test('leave nothing of theirs in it: no store, socket or process is opened, no environment or clock changed, no memory looked at', () => {
    const leaves =
      /from '(?:chdb|node:(?:net|dgram|https?|child_process|worker_threads|cluster))'|\/chdb\/|process\.(?:env|on|chdir|memoryUsage|resourceUsage)|vi\.(?:mock|stub|spyOn|useFakeTimers)/;
    const folders = PURE.flatMap((pattern) => {
      const [, before, names, after] = /^(.*?)\{(.*)\}(.*)\/\*\*\/\*\.test\.ts$/.exec(pattern)!;
      return names!.split(',').map((name) => `${before}${name}${after}`);
    });
    const tests = folders.flatMap((folder) => sources(join(root, folder))).filter((path) => path.endsWith('.test.ts'));
    expect(tests.length).toBeGreaterThan(100);
    expect(tests.filter((path) => leaves.test(readFileSync(path, 'utf8'))).map((path) => relative(root, path))).toEqual([]);
  });
});
