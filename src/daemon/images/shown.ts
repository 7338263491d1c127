/** Kept images as the API shows them: by the names and labels that people know. */
import type { WireImage } from '../../api/schemas.ts';
import { localAliases, resolveLocal } from '../../core/catalogue/local.ts';
import type { ImageLabel } from '../../core/instance.ts';
import { HOST_ARCHITECTURE } from '../../host/architecture.ts';
import type { ImageEntry } from '../../images/store-entry.ts';

/** Each alias is shown at the image it means: of two builds of one release, at the newer. */
export function wireImages(entries: readonly ImageEntry[]): WireImage[] {
  return entries.map((entry) => wireImage(entry, localAliases(entry).filter((alias) => resolveLocal(alias, entries, entry.architecture ?? HOST_ARCHITECTURE) === entry)));
}

export function wireImage(entry: ImageEntry, aliases: readonly string[]): WireImage {
  const { digest, format, fileBytes, virtualSizeBytes, builtAt } = entry;
  const { os, release } = labelOf(entry);
  return { digest, names: aliases.map((alias) => `local:${alias}`), format, os, release, sizeBytes: fileBytes, virtualSizeBytes, architecture: entry.architecture ?? '', builtAt };
}

export function labelOf({ os, release, sourceName, published }: ImageEntry): ImageLabel {
  if (published !== undefined) return { name: published.name.replace(/^(?:release|distributions):/, ''), os: published.os, release: published.release };
  if (os === undefined) return { name: sourceName, os: '', release: sourceName.replace(/^.*\//, '') };
  return { name: release === undefined ? os : `${os}-${release}`, os: os.charAt(0).toUpperCase() + os.slice(1), release: release ?? '' };
}
