/** Where published images come from: the remotes, as a table, and what an address of one must be. */

export interface Remote {
  /** Where it is while nobody says otherwise; ends with a slash where it is a directory. */
  readonly address: string;
  /** `streams`: simplestreams, signed. `manifest`: one JSON file that names images of distributions; nobody signs it. */
  readonly kind: 'streams' | 'manifest';
  /** Files of keys, one of which must have signed. */
  readonly keys: readonly string[];
  /** What its stream calls itself, where that is known: one remote's signed files do not pass for another's. */
  readonly contentId?: string;
  /** Where it is below a mirror that local.image.mirror names. */
  readonly belowMirror?: string;
  /** A name without a remote is looked for here, in the order of the table. */
  readonly unnamed?: true;
  /** Not in the list of a find that names no remote. */
  readonly hidden?: true;
  /** What Multipass calls it; its own name when absent. */
  readonly shownAs?: '';
}

const CLOUD_IMAGES = 'https://cloud-images.ubuntu.com/';
const CLOUD_KEYS = ['ubuntu-cloud-images'];

export const REMOTES = {
  release: { address: `${CLOUD_IMAGES}releases/`, kind: 'streams', keys: CLOUD_KEYS, contentId: 'com.ubuntu.cloud:released:download', belowMirror: 'releases/', unnamed: true, shownAs: '' },
  daily: { address: `${CLOUD_IMAGES}daily/`, kind: 'streams', keys: CLOUD_KEYS, contentId: 'com.ubuntu.cloud:daily:download', belowMirror: 'daily/', unnamed: true },
  snapcraft: { address: `${CLOUD_IMAGES}buildd/daily/`, kind: 'streams', keys: CLOUD_KEYS, belowMirror: 'buildd/daily/', hidden: true },
  core: { address: 'https://cdimage.ubuntu.com/ubuntu-core/', kind: 'streams', keys: [...CLOUD_KEYS, 'ubuntu-cd-images'] },
  distributions: { address: 'https://raw.githubusercontent.com/canonical/multipass/refs/heads/main/data/distributions/distribution-info.json', kind: 'manifest', keys: [], unnamed: true, shownAs: '' },
} as const satisfies Readonly<Record<string, Remote>>;

export type RemoteName = keyof typeof REMOTES;

export const REMOTE_NAMES = Object.keys(REMOTES) as RemoteName[];

export function isRemoteName(text: string): text is RemoteName {
  return Object.hasOwn(REMOTES, text);
}

export function remoteOf(name: RemoteName): Remote {
  return REMOTES[name];
}

/** As Multipass shows it: what release has needs no prefix. */
export function shownRemote(name: RemoteName): string {
  return remoteOf(name).shownAs ?? name;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const ADDRESS = /^(https?):\/\/([^/?#@\s]+?)(?::\d{1,5})?(?:\/[^?#\s]*)?$/i;

/** @returns why it will not do as the address of a remote or a mirror, or undefined */
export function refuseAddress(text: string): string | undefined {
  const [, scheme = '', host = ''] = ADDRESS.exec(text) ?? [];
  if (scheme === '' || text.length > 1000) return 'it must be an https address, without a name, a query or a fragment in it';
  if (scheme.toLowerCase() === 'http' && !LOOPBACK.test(host.toLowerCase())) return 'it must be https: plain http is for this machine itself only (localhost)';
  return undefined;
}

export function withSlash(address: string): string {
  return address.endsWith('/') ? address : `${address}/`;
}
