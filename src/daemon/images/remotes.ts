/** What the remotes publish, as launch and find ask for it; and where the settings say that each remote is. */
import type { WireFound } from '../../api/schemas.ts';
import { listImages } from '../../core/catalogue/find-list.ts';
import { defaultImage, lookUp, requireRemoteName, splitImageName, type Found, type Listed } from '../../core/catalogue/lookup.ts';
import { REMOTE_NAMES, refuseAddress, remoteOf, shownRemote, withSlash, type RemoteName } from '../../core/catalogue/remotes.ts';
import { fail, type HoldfastError } from '../../core/errors.ts';
import type { Architecture } from '../../core/instance.ts';
import { openCatalogues, type Catalogues, type CataloguesSetup, type Known } from '../../images/streams/catalogues.ts';
import { keyringFile, keyringName, shippedKeyring } from '../../images/streams/keyring.ts';
import type { Source } from '../../images/streams/refresh.ts';

/** Where a name without a remote is looked for, in order. */
export const UNNAMED: readonly RemoteName[] = REMOTE_NAMES.filter((name) => remoteOf(name).unnamed);
/** What a find lists that names no remote. */
const LISTED: readonly RemoteName[] = REMOTE_NAMES.filter((name) => !remoteOf(name).hidden);

export interface FindRequest {
  /** `[<remote>:][<name>]`; everything when empty. */
  readonly wish: string;
  readonly architecture: Architecture;
  readonly unsupported: boolean;
  readonly force: boolean;
}

interface LookedUp {
  readonly found: Found | undefined;
  readonly troubles: readonly HoldfastError[];
  /** What is wrong with a remote that comes before the one it was found in, and of which nothing is known. */
  readonly passed: HoldfastError | undefined;
}

export interface RemoteImages extends Pick<Catalogues, 'isSettled'> {
  /** The first remote that has the name. @throws refused  several have the checksum */
  lookUp(name: string, where: readonly RemoteName[], architecture: Architecture, signal: AbortSignal): Promise<LookedUp>;
  byDefault(architecture: Architecture, signal: AbortSignal): Promise<{ readonly found: Found | undefined; readonly trouble: HoldfastError | undefined }>;
  /** @throws image-not-found  of the remote that is named nothing is known */
  find(request: FindRequest, signal: AbortSignal): Promise<WireFound>;
  /** From now on, in the background. */
  keepFresh(): void;
}

const KEEP_FRESH_MS = 3600 * 1000;

export function remoteImages(catalogues: Catalogues): RemoteImages {
  return {
    isSettled: catalogues.isSettled,
    async lookUp(name, where, architecture, signal) {
      const known = await catalogues.get(where, signal);
      const found = lookUp(name, listedOf(known), architecture);
      const before = known.slice(0, Math.max(0, known.findIndex(({ remote }) => remote === found?.remote)));
      return { found, troubles: troublesOf(known), passed: before.find(({ images }) => images === undefined)?.trouble };
    },
    async byDefault(architecture, signal) {
      const [release] = await catalogues.get(['release'], signal);
      const image = release?.images && defaultImage(release.images, architecture);
      return { found: image && { remote: 'release', image }, trouble: release?.trouble };
    },
    async find({ wish, architecture, unsupported, force }, signal) {
      const { remote, name } = splitImageName(wish);
      const where = remote !== undefined ? [requireRemoteName(remote)] : name === '' ? LISTED : UNNAMED;
      const known = await catalogues.get(where, signal, force);
      const troubles = troublesOf(known);
      if (remote !== undefined && known.every(({ images }) => images === undefined)) {
        throw fail('image-not-found', `Remote "${remote}" is unknown or unreachable. ${troubles[0]?.message ?? ''}`.trim(), { hint: troubles[0]?.hint });
      }
      const images = listImages(listedOf(known), { name, ofOneRemote: remote !== undefined, unsupported, architecture });
      return {
        images: images.map(({ name: shown, aliases, remote: from, image }) => ({
          name: shown, aliases: [...aliases], remote: shownRemote(from), os: image.os, release: image.release, version: image.version,
          hash: image.checksum.hex, architecture: image.architecture, supported: image.supported,
        })),
        // One reason may be all remotes'.
        errors: [...new Set(troubles.map(({ message }) => message))],
      };
    },
    keepFresh() {
      catalogues.keepFresh(LISTED);
      setInterval(() => catalogues.keepFresh(LISTED), KEEP_FRESH_MS).unref();
    },
  };
}

export interface RemoteSettings extends Omit<CataloguesSetup, 'sourceOf' | 'offline'> {
  readonly keysDirectory: string;
  readonly setting: (key: string) => string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** Asks the settings anew each time: a change counts at once, and what was fetched from elsewhere says nothing any more. */
export function openRemotes({ keysDirectory, setting, env, ...setup }: RemoteSettings): Catalogues {
  return openCatalogues({
    ...setup,
    offline: env['HOLDFAST_OFFLINE'] === undefined || env['HOLDFAST_OFFLINE'] === '' ? undefined : 'HOLDFAST_OFFLINE is set: nobody on the web is asked what is published',
    async sourceOf(name): Promise<Source | undefined> {
      const { kind, keys, contentId } = remoteOf(name);
      const address = addressOf(name, setting, env);
      if (address === '') return undefined;
      const why = refuseAddress(address);
      if (why !== undefined) throw fail('bad-setting', `the address of ${name}, ${address.slice(0, 200)}, will not do: ${why}`);
      const own = setting('local.image.keys') ?? '';
      const keyring = kind === 'manifest' ? Buffer.alloc(0) : own === '' ? await shippedKeyring(keysDirectory, keys) : await keyringFile(own);
      // Who signs with a key of his own may call his streams as he likes.
      return { name, kind, address, keyring, contentId: own === '' ? contentId : undefined, identity: `${address} ${keyringName(keyring)}` };
    },
  });
}

/** @returns '' for a remote that is switched off */
function addressOf(name: RemoteName, setting: (key: string) => string | undefined, env: NodeJS.ProcessEnv): string {
  const { address, kind, belowMirror } = remoteOf(name);
  const mirror = setting('local.image.mirror') ?? '';
  const chosen = setting(`local.image.remote.${name}`)
    ?? (mirror !== '' && belowMirror !== undefined ? withSlash(mirror) + belowMirror : undefined)
    ?? (kind === 'manifest' ? env['MULTIPASS_DISTRIBUTIONS_URL'] : undefined)
    ?? address;
  return chosen === '' || kind === 'manifest' ? chosen : withSlash(chosen);
}

function listedOf(known: readonly Known[]): Listed[] {
  return known.flatMap(({ remote, images }) => (images === undefined ? [] : [{ remote, images }]));
}

/** A remote that is switched off is a trouble to who asks for just that one. */
function troublesOf(known: readonly Known[]): HoldfastError[] {
  return known.flatMap(({ trouble, isOff }) => (trouble === undefined || (isOff && known.length > 1) ? [] : [trouble]));
}
