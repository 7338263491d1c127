/** What `find` lists, and under which name each image is shown. */
import type { Architecture } from '../instance.ts';
import { findImages, type Found, type Listed } from './lookup.ts';
import { shownRemote } from './remotes.ts';

export interface FindWish {
  /** Empty: all of them. */
  readonly name: string;
  /** A remote was named: nothing of it is left out for being in another as well. */
  readonly ofOneRemote: boolean;
  readonly unsupported: boolean;
  readonly architecture: Architecture;
}

export interface ListedImage extends Found {
  /** The name it is launched by. */
  readonly name: string;
  /** Further ones. */
  readonly aliases: readonly string[];
}

/** A release that an earlier remote has is not shown again by a later one; without names nothing can be launched. */
export function listImages(listed: readonly Listed[], { name, ofOneRemote, unsupported, architecture }: FindWish): ListedImage[] {
  const visible = ({ image }: Found): boolean => unsupported || image.supported;
  if (name !== '') return searched(name, findImages(name, listed, architecture).filter(visible));
  const seen = new Set<string>();
  const shown: ListedImage[] = [];
  for (const { remote, images } of listed) {
    for (const image of images.filter((each) => each.current && each.architecture === architecture && each.aliases.length > 0)) {
      const release = `${image.os} ${image.release}`;
      if (!visible({ remote, image }) || (!ofOneRemote && seen.has(release))) continue;
      seen.add(release);
      const [first = '', ...aliases] = image.aliases.filter(isShown);
      shown.push({ remote, image, name: prefixed({ remote, image }, first === '' ? image.aliases[0] ?? '' : first), aliases });
    }
  }
  return shown;
}

/** Shown by the word that was searched for; where it begins several checksums, each by more of its own. */
function searched(name: string, found: readonly Found[]): ListedImage[] {
  const byAlias = found.find(({ image }) => image.aliases.includes(name));
  if (byAlias !== undefined) return [{ ...byAlias, name: prefixed(byAlias, name), aliases: [] }];
  return found.map((each) => ({ ...each, name: prefixed(each, found.length === 1 ? name : each.image.checksum.hex.slice(0, Math.max(12, name.length + 6))), aliases: [] }));
}

/** As Multipass: `default` and single letters work, and are not shown. */
function isShown(alias: string): boolean {
  return alias.length > 1 && alias !== 'default';
}

function prefixed({ remote }: Found, name: string): string {
  const prefix = shownRemote(remote);
  return prefix === '' ? name : `${prefix}:${name}`;
}
