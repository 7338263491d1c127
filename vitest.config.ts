import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // These need real VMs: vitest.real.config.ts.
    exclude: ['test/real/**', 'node_modules/**'],
    retry: 0,
    maxWorkers: 2,
    // A deadline against hanging, not a measure: what is slow is measured in benchmarks.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
