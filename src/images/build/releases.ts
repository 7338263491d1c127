/** The distribution releases that an image can be built of. */
import { fail } from '../../core/errors.ts';

export interface DebianRelease {
  readonly version: '12' | '13';
  readonly codename: string;
  readonly title: string;
}

export const DEBIAN_RELEASES: readonly DebianRelease[] = [
  { version: '13', codename: 'trixie', title: 'Debian GNU/Linux 13 (trixie)' },
  { version: '12', codename: 'bookworm', title: 'Debian GNU/Linux 12 (bookworm)' },
];

const DEFAULT_VERSION = '12';

/**
 * @param text  `debian`, `debian:13`, `debian-13`, `13`, or a code name
 * @throws image-not-found  what nobody here can build
 */
export function releaseToBuild(text: string): DebianRelease {
  const wanted = text.trim().toLowerCase().replace(/^debian(?:[:-]|$)/, '') || DEFAULT_VERSION;
  const found = DEBIAN_RELEASES.find((release) => release.version === wanted || release.codename === wanted);
  if (found) return found;
  throw fail('image-not-found', `there is no recipe for an image of "${text.slice(0, 80)}"`, {
    hint: `what can be built: ${DEBIAN_RELEASES.map((release) => `debian:${release.version}`).join(', ')}`,
  });
}
