import { defineConfig } from 'vitest/config';

// chdb lives in the main thread of a process, never in a worker thread (docs/decisions.md), hence forks.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default'],
  },
});
