/**
 * A manifest of distributions: one JSON object, a key for each, in the form that Multipass reads:
 * `{"Debian": {"aliases": "debian, trixie", "os": "Debian", "release_title": "13", "items": {"x86_64":
 * {"image_location": "https://…", "id": "sha512:…" or the hex digits of a SHA-256, "size": 1, "version": "20260112"}}}}`.
 */
import { parseArchitecture } from '../architecture.ts';
import { parseChecksum } from '../checksum.ts';
import type { PublishedImage } from './published.ts';
import { refuseAddress } from './remotes.ts';
import { aliasesOf, fieldsOf, Malformed, own, requirePlain, requireTextOf, sizeOf, textOf, type Fields } from './untrusted.ts';

const MOST_DISTRIBUTIONS = 500;

/** @throws Malformed */
export function parseManifest(value: unknown): PublishedImage[] {
  const distributions = Object.entries(fieldsOf(value, 'the manifest'));
  if (distributions.length > MOST_DISTRIBUTIONS) throw new Malformed(`lists more than ${MOST_DISTRIBUTIONS} distributions`);
  return distributions.flatMap(([key, distribution]) => {
    const name = requirePlain(key.slice(0, 100), 'the name of a distribution');
    return imagesOf(fieldsOf(distribution, name), name);
  });
}

function imagesOf(distribution: Fields, name: string): PublishedImage[] {
  const common = {
    aliases: aliasesOf(distribution, name), os: textOf(distribution, 'os', name) ?? name,
    release: textOf(distribution, 'release_title', name) ?? '', supported: true, current: true,
  };
  return Object.entries(fieldsOf(own(distribution, 'items'), `the items of ${name}`)).flatMap(([machine, content]) => {
    const architecture = parseArchitecture(machine);
    const item = fieldsOf(content, `${name} for ${machine}`);
    return architecture === undefined ? [] : [{ ...common, architecture, ...imageIn(item, `${name} for ${machine}`) }];
  });
}

function imageIn(item: Fields, what: string): Pick<PublishedImage, 'address' | 'checksum' | 'sizeBytes' | 'version'> {
  // As long as a checksum and its name may be.
  const id = requireTextOf(item, 'id', what).toLowerCase();
  const address = requireTextOf(item, 'image_location', what);
  const why = refuseAddress(address);
  if (why !== undefined) throw new Malformed(`has an address that is not taken in ${what}: ${why}`);
  try {
    return { address, checksum: parseChecksum(/^[0-9a-f]{64}$/.test(id) ? `sha256:${id}` : id), sizeBytes: sizeOf(item, what), version: textOf(item, 'version', what) ?? '' };
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed(`has no checksum that is known here in ${what}`);
  }
}
