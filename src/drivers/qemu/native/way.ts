/** How a machine gets a directory of the host as a device, by what the host has: docs/decisions/mounts.md. */
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fail } from '../../../core/errors.ts';
import { showIdPair, type IdPair } from '../../../core/mounts/id-maps.ts';
import type { Mount } from '../../../core/mounts/mount.ts';
import { run } from '../../../host/process/run.ts';

/** That which came with QEMU up to 7.2, and the one that followed, a program of its own. */
type Flavour = 'c' | 'rust';

export type NativeWay =
  | {
    readonly kind: 'virtiofs';
    /** Of virtiofsd. */
    readonly path: string;
    readonly flavour: Flavour;
    /** `namespace`: a user namespace is made for it, by root; `own`: it makes one for itself, with nothing but its user's rights. */
    readonly confinement: 'namespace' | 'own';
  }
  | { readonly kind: '9p' };

export interface FoundServer {
  readonly path: string;
  /** The first line that it says of itself. */
  readonly version: string;
}

/** From this on it translates ids itself. */
const TRANSLATES = { major: 1, minor: 13 };

/** @param isRoot  the daemon is: then machines run under identities that may not read anybody's files. @throws not-supported */
export function chooseWay(server: FoundServer | undefined, isRoot: boolean): NativeWay {
  const confinement = isRoot ? 'namespace' : 'own';
  const flavour = server && flavourOf(server.version);
  if (server && flavour === 'rust') return { kind: 'virtiofs', path: server.path, flavour, confinement };
  // It must be root in its namespace, and be able to give its groups up, which only root can see to.
  if (server && flavour === 'c' && isRoot) return { kind: 'virtiofs', path: server.path, flavour, confinement };
  if (!isRoot) return { kind: '9p' };
  throw fail('not-supported', server ? `native mounts are not possible here: ${server.path} (${server.version}) cannot translate ids` : 'native mounts are not possible here: this host has no virtiofsd', {
    hint: server ? `install virtiofsd ${TRANSLATES.major}.${TRANSLATES.minor} or newer, or leave --type out` : 'install it (the package virtiofsd; with QEMU 7.2 qemu-system-common), or leave --type out: a classic mount needs nothing of the host',
  });
}

function flavourOf(version: string): Flavour | undefined {
  if (/^virtiofsd version \d/.test(version)) return 'c';
  const [, major = 0, minor = 0] = (/^virtiofsd(?: backend)? (\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  return major > TRANSLATES.major || (major === TRANSLATES.major && minor >= TRANSLATES.minor) ? 'rust' : undefined;
}

/**
 * 9p shows owners as they are, and the guest's kernel goes by that: whose number is another there can write nothing of his own.
 * So no other map is taken in place of one that was not given; it is said how it is to be asked for, and what that means.
 * @throws not-supported
 */
export function requirePossibleMap(way: NativeWay, { uids, gids }: Pick<Mount, 'uids' | 'gids'>): void {
  const other = way.kind === '9p' ? [...uids, ...gids].find(({ host, guest }) => host !== guest) : undefined;
  if (!other) return;
  const itself = (pairs: readonly IdPair[]): string => pairs.map(({ host }) => `${host}:${host}`).join(' ');
  const [uid] = uids;
  throw fail('not-supported', `no id can be another one's in a native mount here, where QEMU's own 9p serves it: ${showIdPair(other)}`, {
    hint: `map each to itself: -u ${itself(uids)} -g ${itself(gids)}, by which the files are user ${uid?.host ?? 'id'}'s in the instance too, and others there change only what is open to all; or install virtiofsd ${TRANSLATES.major}.${TRANSLATES.minor} or newer, which can; or leave --type out: a classic mount maps any`,
  });
}

/** Where distributions put it; which one is newer is known by its place. */
const PLACES = ['/usr/libexec', '/usr/lib', '/usr/lib/qemu'] as const;
const ASK_MS = 10_000;

/** @throws what asking it fails with */
export async function findServer(searched = process.env['PATH'] ?? ''): Promise<FoundServer | undefined> {
  for (const directory of [...searched.split(delimiter).filter((each) => each.startsWith('/')), ...PLACES]) {
    const path = join(directory, 'virtiofsd');
    if (!(await access(path, constants.X_OK).then(() => true, () => false))) continue;
    const { stdout, stderr } = await run({ tool: path, args: ['--version'], package: 'virtiofsd', deadlineMs: ASK_MS, env: {}, cwd: '/' });
    return { path, version: (stdout || stderr).split('\n')[0]?.trim() ?? '' };
  }
  return undefined;
}
