import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests that need a broker, a browser or whole processes: part of `npm test`, not of `npm run check`. */
const WHOLE = [
  'tests/flow/bus/kafka*.test.ts',
  'tests/**/*.browser.test.ts',
  'tests/pipeline/**/*.test.ts',
  'tests/cli/commands/**/*.test.ts',
];

/**
 * Tests of pure functions: nothing of them outlives a file, so that they share the processes in which they run and load each module once per process, not once per
 * file: a fifth less processor time. A file that opens a store or a socket, changes the environment or looks at the memory of its process is not for here.
 */
export const PURE = [
  'tests/collector/{logs,metering,names,packets,sequence}/**/*.test.ts',
  'tests/detector/{baseline,claims,coverage,detections,engine,findings,incidents,sessions,watches}/**/*.test.ts',
  'tests/{cli/render,fixtures}/**/*.test.ts',
];

/**
 * Files that take longest by the clock, first of all: begun last, one of them keeps the other workers idle. The rest goes by size, as vitest has it, with those of PURE
 * one after another at the end.
 */
const LONGEST = [
  'tests/pipeline/scenarios.test.ts',
  'tests/pipeline/kill.test.ts',
  'tests/pipeline/kafka.test.ts',
  'tests/dashboards/console.browser.test.ts',
  'tests/flow/bus/kafka-faults.test.ts',
  'tests/pipeline/kill-collector.test.ts',
  'tests/pipeline/formats.test.ts',
  'tests/dashboards/queries.test.ts',
  'tests/pipeline/buffer.test.ts',
  'tests/pipeline/incident-formats.test.ts',
  'tests/dashboards/console-decisions.browser.test.ts',
  'tests/cli/commands/wrong-input.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
      return found < 0 ? LONGEST.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

// chdb lives in the main thread of a process, never in a worker thread (docs/decisions.md), hence forks.
// What is polled for may share busy cores with the rest: a slow machine is no defect, and what never comes is ended by the limit of the test.
const common = {
  pool: 'forks' as const,
  // One more than there are cores: tests of whole processes wait for those, and for time to pass, a third of their time.
  maxWorkers: availableParallelism() + 1,
  testTimeout: 120_000,
  hookTimeout: 180_000,
  setupFiles: ['tests/support/fixed-seed.ts'],
  expect: { poll: { timeout: 100_000 } },
};

export default defineConfig({
  test: {
    ...common,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...common, name: 'unit', include: ['tests/**/*.test.ts'], exclude: [...WHOLE, ...PURE] } },
      { test: { ...common, name: 'pure', include: PURE, isolate: false } },
      { test: { ...common, name: 'whole', include: WHOLE, globalSetup: ['tests/kafka/global-setup.ts'] } },
    ],
  },
});
