/**
 * What stands in Multipass's environment for its client and its daemon, as Holdfast's own: the launchers of "compat install"
 * are given it by scripts and units that were written for that one.
 */
import { fail } from './errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Below it Multipass's daemon keeps its own files: ours lie beside them. */
const BELOW_STORAGE = 'holdfast';

/** @returns HOLDFAST_HOME, where MULTIPASS_STORAGE decides it  @throws home-unusable for a relative path */
export function homeOfStorage(env: Env): string | undefined {
  const storage = env['MULTIPASS_STORAGE'];
  if (env['HOLDFAST_HOME'] || !storage) return undefined;
  if (!storage.startsWith('/')) throw fail('home-unusable', `MULTIPASS_STORAGE is not an absolute path: ${storage}`, { hint: 'give the whole path' });
  return `${storage.replace(/\/+$/, '')}/${BELOW_STORAGE}`;
}

/** @returns the path of the socket  @throws bad-argument, and not-supported for TCP */
export function socketOfAddress(address: string): string {
  const unix = /^unix:(\/.+)$/s.exec(address)?.[1];
  if (unix !== undefined) return unix;
  if (/^(?:\[[^\]]+\]|[^:/]+):\d{1,5}$/.test(address)) {
    throw fail('not-supported', `nothing listens on TCP here, and the address is ${address}`, { hint: 'use a socket: unix:/path/to/socket' });
  }
  throw fail('bad-argument', `invalid server address: ${address.slice(0, 200)}`, { hint: 'write it as: unix:/path/to/socket' });
}

/** @returns what the client's own environment lacks: the home, and the socket where another than the home's is meant */
export function clientEnvironment(env: Env): Readonly<Record<string, string>> {
  const home = homeOfStorage(env);
  const address = env['MULTIPASS_SERVER_ADDRESS'];
  return { ...(home === undefined ? {} : { HOLDFAST_HOME: home }), ...(address ? { HOLDFAST_SOCKET: socketOfAddress(address) } : {}) };
}
