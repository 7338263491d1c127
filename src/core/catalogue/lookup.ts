/** Which published image a name means: an alias, or the first digits of a checksum. */
import { fail } from '../errors.ts';
import type { Architecture } from '../instance.ts';
import { showChecksum } from '../checksum.ts';
import { compareVersions, type PublishedImage } from './published.ts';
import { isRemoteName, type RemoteName } from './remotes.ts';

export interface ImageName {
  /** What stands before the colon; undefined where there is none. */
  readonly remote: string | undefined;
  /** Lower case; empty where only the remote is named. */
  readonly name: string;
}

/** `daily:24.04`, `noble`, `release:` */
export function splitImageName(text: string): ImageName {
  const [, remote, name = ''] = /^(?:([^:]*):)?(.*)$/s.exec(text.trim().toLowerCase()) ?? [];
  return { remote, name };
}

/** @throws image-not-found */
export function requireRemoteName(text: string): RemoteName {
  if (isRemoteName(text)) return text;
  throw fail('image-not-found', `Remote "${text.slice(0, 64)}" is unknown or unreachable.`, { hint: 'there are: release, daily, snapcraft, core, distributions, and local for what is built here' });
}

export interface Listed {
  readonly remote: RemoteName;
  readonly images: readonly PublishedImage[];
}

export interface Found {
  readonly remote: RemoteName;
  readonly image: PublishedImage;
}

/** However few, as Multipass has it: what begins several is told. */
const HASH_START = /^[0-9a-f]{1,128}$/;

/** Every image that the name means, an alias first: of each remote its own. */
export function findImages(name: string, listed: readonly Listed[], architecture: Architecture): Found[] {
  const all = listed.flatMap(({ remote, images }) => images.filter((image) => image.architecture === architecture).map((image) => ({ remote, image })));
  const named = all.filter(({ image }) => image.current && image.aliases.includes(name));
  if (named.length > 0) return named;
  return HASH_START.test(name) ? distinct(all.filter(({ image }) => image.checksum.hex.startsWith(name))) : [];
}

/** @returns undefined where none has the name  @throws refused  several have its checksum */
export function lookUp(name: string, listed: readonly Listed[], architecture: Architecture): Found | undefined {
  const found = findImages(name, listed, architecture);
  const [first, ...more] = found;
  if (first === undefined || more.length === 0 || first.image.aliases.includes(name)) return first;
  throw fail('refused', `Too many images matching "${name}"`, { hint: `say more of it; there are: ${found.slice(0, 5).map(({ image }) => image.checksum.hex.slice(0, name.length + 6)).join(', ')}` });
}

/** What is launched where nobody names an image: Ubuntu's own default, which is its newest release with long support. */
export function defaultImage(images: readonly PublishedImage[], architecture: Architecture): PublishedImage | undefined {
  const current = images.filter((image) => image.current && image.architecture === architecture);
  const called = (alias: string): PublishedImage | undefined => current.find(({ aliases }) => aliases.includes(alias));
  return called('default') ?? called('lts') ?? current.filter(({ supported, release }) => supported && release.endsWith(' LTS'))
    .toSorted((a, b) => compareVersions(b.release.replace(/ .*/, ''), a.release.replace(/ .*/, '')))[0];
}

/** The same file in two remotes is one image. */
function distinct(found: readonly Found[]): Found[] {
  return [...new Map(found.toReversed().map((each) => [showChecksum(each.image.checksum), each])).values()].toReversed();
}
