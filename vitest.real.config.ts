import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** In the order of their names: later files may break what earlier ones look at. */
class ByName extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((a, b) => a.moduleId.localeCompare(b.moduleId)));
  }
}

/** Tests on real VMs: one after the other, in one home that the set-up makes. */
export default defineConfig({
  test: {
    include: ['test/real/*.test.ts'],
    globalSetup: ['test/real/global-setup.ts'],
    setupFiles: ['test/real/well.ts'],
    fileParallelism: false,
    sequence: { sequencer: ByName },
    retry: 0,
    // Deadlines against hanging, on a host that emulates guests four times as slowly as another.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    teardownTimeout: 180_000,
  },
});
