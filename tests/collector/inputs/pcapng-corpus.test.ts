import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCaptureFile } from './collecting.js';
import { corpus } from './corpora.js';

/*
 * The 48 files of pcapng-test-generator: every kind of block, both byte orders, several sections. Each comes with its block counts.
 */
const root = corpus('pcap', 'pcapng-test-generator');

function files(): string[] {
  if (root === undefined) return [];
  return ['output_be', 'output_le'].flatMap((order) =>
    ['basic', 'advanced', 'difficult'].flatMap((folder) =>
      readdirSync(join(root, order, folder))
        .filter((name) => name.endsWith('.pcapng'))
        .map((name) => join(order, folder, name)),
    ),
  );
}

function listedCounts(path: string): Record<string, number> {
  const text = readFileSync(path.replace(/\.pcapng$/, '.txt'), 'utf8');
  return Object.fromEntries([...text.matchAll(/^\t([A-Z]+): (\d+)$/gm)].map((match) => [match[1]!, Number(match[2])]));
}

describe.skipIf(root === undefined)('pcapng-test-generator', () => {
  test('there are 48 files', () => expect(files()).toHaveLength(48));

  test.each(files())('%s has the listed blocks and packets', async (file) => {
    const path = join(root!, file);
    const { statistics, packets, faults } = await readCaptureFile({ path });
    const expected = listedCounts(path);
    const counted = Object.fromEntries(Object.entries(statistics.blocks).filter(([, count]) => count > 0));
    expect(counted).toEqual(expected);
    expect(packets).toHaveLength((expected.EPB ?? 0) + (expected.SPB ?? 0) + (expected.PB ?? 0));
    expect({ faults, cut: statistics.cut, malformed: statistics.malformed }).toEqual({ faults: {}, cut: false, malformed: false });
  });
});
