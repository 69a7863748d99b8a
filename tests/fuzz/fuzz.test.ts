import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readInput, writeInput } from './crash-file.js';
import { fuzz } from './loop.js';
import { TARGETS } from './targets.js';

/** Inputs of a run within the tests: `npm run fuzz` is the long one. */
const INPUTS = 150;
const crashers = join(dirname(fileURLToPath(import.meta.url)), 'crashers');

describe('parts that read bytes of strangers', () => {
  it.each(Object.keys(TARGETS))('%s keeps its rules on mutated inputs', async (name) => {
    const { crash, inputs } = await fuzz(await TARGETS[name]!(), { seed: 7, goOn: (progress) => progress.inputs < INPUTS });
    expect(crash?.reason).toBeUndefined();
    expect(inputs).toBe(INPUTS);
  });
});

describe('inputs that once broke a rule', () => {
  it('do so no longer', async () => {
    for (const file of readdirSync(crashers).filter((name) => name.endsWith('.input'))) {
      const target = await TARGETS[file.replace(/-[0-9a-f]{12}\.input$/, '')]!();
      await expect(Promise.resolve(target.run(readInput(new Uint8Array(readFileSync(join(crashers, file)))))), file).resolves.toBeTypeOf(
        'string',
      );
    }
  });
});

describe('files of inputs', () => {
  it('hold any sequence of payloads', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (input) => {
        expect(readInput(writeInput(input))).toEqual(input);
      }),
    );
  });
});

describe('the loop', () => {
  it('finds an input that breaks a rule, and says which', async () => {
    const target = {
      name: 'planted',
      kind: 'bytes' as const,
      seeds: [[Uint8Array.of(1, 2, 3, 4)]],
      run([bytes]: readonly Uint8Array[]) {
        if (bytes!.length > 2 && bytes![2]! > 200) throw new RangeError('planted');
        return String(bytes!.length);
      },
    };
    const { crash } = await fuzz(target, { seed: 1, goOn: (progress) => progress.inputs < 10_000 });
    expect(crash?.reason).toContain('RangeError: planted');
    expect(crash!.input[0]![2]).toBeGreaterThan(200);
  });
});
