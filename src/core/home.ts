/** Decides where a home is and what lies in it. The client and the daemon both ask here, so they cannot disagree. */
import { fail } from './errors.ts';
import type { TcpAddress } from './server-address.ts';

export interface HomeQuestion {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly platform: string;
  /** The person's home directory. */
  readonly homedir: string;
}

export interface HomeLayout {
  readonly home: string;
  /** Of the home and the run directory: as root, other uids pass through to what is theirs, and list nothing. */
  readonly directoryMode: number;
  readonly data: {
    readonly database: string;
    readonly lock: string;
    /** Key and certificate that it shows over TLS. */
    readonly identity: string;
    /** Certificates of clients that are let in over TLS, a line each. */
    readonly trusted: string;
    readonly instances: string;
    readonly images: string;
    /** Booted machines to fork. */
    readonly templates: string;
    /** Disks that snapshots and clones lie on. */
    readonly layers: string;
    /** What the home's own network is made of. */
    readonly network: string;
    readonly log: string;
    /** What the daemon prints outside its log: the error it could not start with, a crash. */
    readonly output: string;
    readonly pidFile: string;
  };
  readonly run: {
    readonly directory: string;
    readonly socket: string;
    /** Whose the daemon behind it is, where it is not ours to start: the host's service, or whoever a socket was named for. */
    readonly servedBy?: 'host' | 'other';
    /** Where it is asked for over TLS: the socket is not used then. */
    readonly remote?: TcpAddress;
  };
}

/** Root's home and sockets, and with them those of the host's service. */
export const HOST_HOME = '/var/lib/holdfast';
export const HOST_RUN = '/run/holdfast';
/** Its members may use the host's service without being root. */
export const HOST_GROUP = 'holdfast';

/** Where its own user finds a daemon. */
function ownSocket(runDirectory: string): string {
  return `${runDirectory}/holdfastd.sock`;
}

/** Where one user finds a daemon that serves several: who comes in by it is who may open it. */
export function userSocket(runDirectory: string, uid: number): string {
  return `${runDirectory}/users/${uid}/holdfastd.sock`;
}

/** sizeof(sun_path) less the closing NUL. */
const SOCKET_PATH_BYTES = { linux: 107, darwin: 103 } as const;
/** 2^32 - 1 is no uid: chown(2) takes it for "leave it". */
const HIGHEST_UID = 2 ** 32 - 2;

/** Below the run directory. A machine's (drivers/) and a private network's are shorter; users have theirs in the host's home only. */
function longestSocket({ home, run }: HomeLayout): string {
  return home === HOST_HOME ? userSocket(run.directory, HIGHEST_UID) : ownSocket(run.directory);
}

/** Pure; why root has other places is told in docs/decisions/home.md. @throws home-unusable  for a relative path */
export function homeLayout(question: HomeQuestion): HomeLayout {
  const { home, run } = places(question);
  return {
    home,
    directoryMode: question.uid === 0 ? 0o711 : 0o700,
    data: {
      database: `${home}/holdfast.db`,
      lock: `${home}/daemon.lock`,
      identity: `${home}/daemon-identity.pem`,
      trusted: `${home}/trusted-clients`,
      instances: `${home}/instances`,
      images: `${home}/images`,
      templates: `${home}/templates`,
      layers: `${home}/layers`,
      network: `${home}/network`,
      log: `${home}/daemon.log`,
      output: `${home}/daemon.out`,
      pidFile: `${home}/daemon.pid`,
    },
    run: { directory: run, socket: ownSocket(run) },
  };
}

function places({ env, uid, platform, homedir }: HomeQuestion): { home: string; run: string } {
  const chosen = env['HOLDFAST_HOME'];
  if (chosen) {
    const home = trimSlashes(chosen);
    if (!home.startsWith('/')) {
      throw fail('home-unusable', `HOLDFAST_HOME is not an absolute path: ${chosen}`, {
        hint: 'with a relative one, each directory would have a home and a daemon of its own',
      });
    }
    return { home, run: `${home}/run` };
  }
  if (platform === 'darwin') {
    const home = `${homedir}/Library/Application Support/holdfast`;
    return { home, run: `${home}/run` };
  }
  const dataHome = absolute(env['XDG_DATA_HOME']);
  if (uid === 0 && dataHome === undefined) return { home: HOST_HOME, run: HOST_RUN };
  const home = `${dataHome ?? `${homedir}/.local/share`}/holdfast`;
  const runtime = absolute(env['XDG_RUNTIME_DIR']);
  return { home, run: runtime === undefined ? `${home}/run` : `${runtime}/holdfast` };
}

/** The XDG base directory specification: a relative path in these variables is to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? trimSlashes(path) : undefined;
}

function trimSlashes(path: string): string {
  return path.replace(/(?<=.)\/+$/, '');
}

/** @throws path-too-long  the kernel would refuse, or cut off, the path of a socket */
export function requireShortSocketPaths(layout: HomeLayout, platform: string): void {
  const limit = platform === 'darwin' ? SOCKET_PATH_BYTES.darwin : SOCKET_PATH_BYTES.linux;
  const longest = longestSocket(layout);
  const bytes = utf8Length(longest);
  if (bytes <= limit) return;
  throw fail('path-too-long', `the path of a socket would have ${bytes} bytes, and the system takes at most ${limit}: ${longest}`, {
    hint: `set HOLDFAST_HOME to a path that is at least ${bytes - limit} bytes shorter than ${layout.run.directory.replace(/\/run$/, '')}`,
  });
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
