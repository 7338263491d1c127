/**
 * A list of products of a simplestreams tree (products:1.0): each product is a release for one architecture, each of its
 * versions has items, one of which is the disk image. The list is signed, so what contradicts the format is refused whole;
 * products that have no image for a machine of ours are passed over.
 */
import { parseArchitecture } from '../architecture.ts';
import type { Checksum } from '../checksum.ts';
import { compareVersions, MOST_IMAGES, type PublishedImage } from './published.ts';
import { aliasesOf, fieldsOf, Malformed, own, requirePath, requireTextOf, sizeOf, textOf, type Fields } from './untrusted.ts';

/** The first that a version has is taken, as Multipass does. */
const ITEMS = ['uefi1.img', 'img.xz', 'disk1.img'] as const;
/** `20240608.1`; Ubuntu Core's are called `current`. */
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,31}$/;

/**
 * @param contentId  that the file must have
 * @param base  address of the tree, with a slash at its end
 * @throws Malformed
 */
export function parseProducts(value: unknown, contentId: string, base: string): PublishedImage[] {
  const file = fieldsOf(value, 'the list of products');
  if (textOf(file, 'format', 'the list') !== 'products:1.0') throw new Malformed('is no products:1.0 of simplestreams');
  if (textOf(file, 'content_id', 'the list') !== contentId) throw new Malformed(`is another than ${contentId}, which was asked for`);
  const images: PublishedImage[] = [];
  for (const [id, product] of Object.entries(fieldsOf(own(file, 'products'), 'its products'))) {
    images.push(...imagesOf(fieldsOf(product, id.slice(0, 100)), id.slice(0, 100), base));
    if (images.length > MOST_IMAGES) throw new Malformed(`lists more than ${MOST_IMAGES} images`);
  }
  return images;
}

function imagesOf(product: Fields, id: string, base: string): PublishedImage[] {
  const architecture = parseArchitecture(requireTextOf(product, 'arch', id));
  if (architecture === undefined) return [];
  const supported = own(product, 'supported') ?? true;
  if (typeof supported !== 'boolean') throw new Malformed(`does not say whether ${id} is supported`);
  const common = {
    aliases: aliasesOf(product, id),
    os: systemName(textOf(product, 'os', id) ?? 'ubuntu'),
    release: textOf(product, 'release_title', id) ?? textOf(product, 'release', id) ?? textOf(product, 'version', id) ?? '',
    architecture, supported,
  };
  const versions = Object.entries(fieldsOf(own(product, 'versions'), `the versions of ${id}`))
    .filter(([version]) => VERSION.test(version))
    .toSorted(([a], [b]) => compareVersions(b, a))
    .map(([version, content]) => ({ version, image: imageIn(fieldsOf(content, `${id} ${version}`), `${id} ${version}`, base) }));
  // A version that is not all there yet has no image: the one before it is the newest.
  const newest = versions.find(({ image }) => image !== undefined)?.version;
  return versions.flatMap(({ version, image }) => (image === undefined ? [] : [{ ...common, version, current: version === newest, ...image }]));
}

function imageIn(version: Fields, what: string, base: string): Pick<PublishedImage, 'address' | 'checksum' | 'sizeBytes'> | undefined {
  const items = fieldsOf(own(version, 'items'), `the items of ${what}`);
  const found = ITEMS.map((name) => own(items, name)).find((item) => item !== undefined);
  if (found === undefined) return undefined;
  const item = fieldsOf(found, `the image of ${what}`);
  return { address: base + requirePath(requireTextOf(item, 'path', what), what), checksum: sha256(requireTextOf(item, 'sha256', what), what), sizeBytes: sizeOf(item, what) };
}

function sha256(hex: string, what: string): Checksum {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new Malformed(`has no SHA-256 of the image of ${what}`);
  return { algorithm: 'sha256', hex };
}

/** `ubuntu-core` is shown as `Ubuntu Core`. */
function systemName(os: string): string {
  return os.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}
