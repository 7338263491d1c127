/** A home on a small file system of its own, in memory, that a test may fill. */
import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTestHome, waitFor, type TestHome } from './home.ts';

const run = promisify(execFile);

export interface SmallDiskContent {
  readonly imagesFrom: string;
  /** A home's templates, so that its launches are forks. */
  readonly templatesFrom?: string;
}

/** @param size  as mount takes it, `1200M` */
export async function onSmallDisk(size: string, { imagesFrom, templatesFrom }: SmallDiskContent, body: (small: TestHome) => Promise<void>): Promise<void> {
  const small = await makeTestHome();
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=711`, 'hf-small', small.directory]);
  try {
    await cp(imagesFrom, join(small.directory, 'images'), { recursive: true, filter: (source) => !source.includes('/build') });
    if (templatesFrom !== undefined) await run('cp', ['-a', '--sparse=always', templatesFrom, small.directory]);
    await body(small);
  } finally {
    // What filled it is there yet when a check failed: making room by deleting must work all the same.
    await small.run(['delete', '--purge', '--all'], { timeoutMs: 120_000 });
    await small.endDaemon();
    // A process that is ending has no command line any more, and its files are open for a moment yet.
    await waitFor('its file system to be let go of', () => run('umount', [small.directory]).then(() => true, () => false), 30_000);
    await small[Symbol.asyncDispose]();
  }
}
