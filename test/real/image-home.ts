/** The image that a long script's homes have, built once for all of them, or kept from run to run in HOLDFAST_TEST_CACHE. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endHomesOnInterrupt, openTestHome } from './home.ts';

export interface ImageHome extends AsyncDisposable {
  readonly directory: string;
  readonly images: string;
}

/** Ctrl-C ends it, and what was begun with it, from then on. */
export async function makeImageHome(): Promise<ImageHome> {
  const kept = process.env['HOLDFAST_TEST_CACHE'];
  const directory = kept ?? await mkdtemp('/var/tmp/hf-image-');
  const home = openTestHome(directory);
  const leave = async (): Promise<void> => {
    await home.endDaemon();
    if (kept === undefined) await rm(directory, { recursive: true, force: true });
  };
  endHomesOnInterrupt(leave);
  try {
    await home.must(['image', 'build', 'debian'], { timeoutMs: 900_000, onOutput: (text) => process.stdout.write(text) });
  } catch (error) {
    await leave();
    throw error;
  }
  return { directory, images: join(directory, 'images'), [Symbol.asyncDispose]: leave };
}
