/** Which stored image an alias of the `local:` remote means. The newest wins, as a new build is meant to be used. */
import type { Architecture } from '../instance.ts';

export interface LocalImage {
  /** SHA-256 of the file, in hex. */
  readonly digest: string;
  /** `debian`; undefined for an image that was only imported. */
  readonly os: string | undefined;
  /** `12`; undefined where the system is not known. */
  readonly release: string | undefined;
  /** Undefined where nobody knows it: such an image is taken to be whatever is asked for. */
  readonly architecture: Architecture | undefined;
  /** ISO 8601, when it was built or imported. */
  readonly builtAt: string;
}

/** At least so much of a digest, so that it cannot be taken for a release. */
const DIGEST_PREFIX = /^[0-9a-f]{12,64}$/;
const NICKNAMES: Readonly<Record<string, string>> = { bookworm: 'debian-12', trixie: 'debian-13' };

/**
 * @param alias  what follows `local:`, or all of it: `debian`, `debian-12`, `debian:13`, `bookworm`, a digest
 * @param architecture  that an alias means; a digest means one image, whatever it is for
 * @returns the image, or undefined where nothing stored fits
 */
export function resolveLocal<Image extends LocalImage>(alias: string, images: readonly Image[], architecture: Architecture): Image | undefined {
  const text = alias.trim().toLowerCase().replace(/^local:/, '');
  const wanted = Object.hasOwn(NICKNAMES, text) ? (NICKNAMES[text] ?? text) : text;
  if (DIGEST_PREFIX.test(wanted)) {
    const found = images.filter(({ digest }) => digest.startsWith(wanted));
    return found.length === 1 ? found[0] : undefined;
  }
  const [, os, release] = /^([a-z][a-z0-9]*)(?:[-:]([0-9][0-9.]*))?$/.exec(wanted) ?? [];
  if (os === undefined) return undefined;
  return images
    .filter((image) => image.os === os && (release === undefined || image.release === release) && (image.architecture ?? architecture) === architecture)
    .reduce<Image | undefined>((newest, image) => (newest === undefined || image.builtAt > newest.builtAt ? image : newest), undefined);
}

/** Every alias under which an image can be launched, the shortest last. */
export function localAliases({ os, release }: LocalImage): string[] {
  if (os === undefined) return [];
  return release === undefined ? [os] : [`${os}-${release}`, os];
}
