/** What global-setup.ts gives to the tests on real VMs. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { havePatience, openTestHome, type TestHome } from './home.ts';

export interface Launched {
  readonly name: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

declare module 'vitest' {
  interface ProvidedContext {
    home: string;
    images: string;
    launched: Launched[];
  }
}

/** A boot of this image, and all that a launch does besides, where guests are emulated at the speed for which the limits were set. */
const LAUNCH_SECONDS = 90;

/** By what limits in seconds are multiplied: hosts that emulate differ fourfold, and the same one from day to day. 1 with KVM. Deadlines of `waitFor` and `run` have it already. */
export function slowness(): number {
  return Math.max(1, (inject('launched')[0]?.seconds ?? 0) / LAUNCH_SECONDS);
}

/** The shared home, with `apollo` and `hermes` running; a test leaves them running and well. */
export function openHomeUnderTest(): TestHome {
  havePatience(slowness());
  return openTestHome(inject('home'));
}

/**
 * Gives a home of a test's own what the shared one has: its templates, and what it found out of accelerators, without which
 * they would not be the right ones. Limits are this host's from then on.
 * @param how  links are quicker; copies are for a test that changes them, or gives them to somebody
 */
export async function shareTemplates(directory: string, how: 'linked' | 'copied'): Promise<void> {
  havePatience(slowness());
  const shared = inject('home');
  const verdicts = join(shared, 'accelerators.json');
  const isKept = await access(verdicts).then(() => true, () => false);
  await promisify(execFile)('cp', [...(how === 'linked' ? ['-al'] : ['-a', '--sparse=always']), join(shared, 'templates'), ...(isKept ? [verdicts] : []), directory]);
}
