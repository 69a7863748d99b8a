import { defineConfig } from 'vitest/config';

/** Tests that need a broker, a browser or whole processes: part of `npm test`, not of `npm run check`. */
const WHOLE = [
  'tests/flow/bus/kafka*.test.ts',
  'tests/**/*.browser.test.ts',
  'tests/pipeline/**/*.test.ts',
  'tests/cli/commands/**/*.test.ts',
];

// chdb lives in the main thread of a process, never in a worker thread (docs/decisions.md), hence forks.
// What is polled for may share busy cores with the rest: a slow machine is no defect, and what never comes is ended by the limit of the test.
const common = {
  pool: 'forks',
  maxWorkers: 2,
  testTimeout: 120_000,
  hookTimeout: 180_000,
  setupFiles: ['tests/support/fixed-seed.ts'],
  expect: { poll: { timeout: 100_000 } },
} as const;

export default defineConfig({
  test: {
    ...common,
    projects: [
      { test: { ...common, name: 'unit', include: ['tests/**/*.test.ts'], exclude: WHOLE } },
      { test: { ...common, name: 'whole', include: WHOLE, globalSetup: ['tests/kafka/global-setup.ts'] } },
    ],
  },
});
