/**
 * What stands in Multipass's environment for its client and its daemon, as Holdfast's own: the launchers of "compat install"
 * are given it by scripts and units that were written for that one.
 */
import { fail } from './errors.ts';
import { parseAddress } from './server-address.ts';

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

/** @returns what the client's own environment lacks: the home, and the daemon's address where another than the home's is meant  @throws bad-argument */
export function clientEnvironment(env: Env): Readonly<Record<string, string>> {
  const home = homeOfStorage(env);
  const address = env['MULTIPASS_SERVER_ADDRESS'];
  if (address) parseAddress(address);
  return { ...(home === undefined ? {} : { HOLDFAST_HOME: home }), ...(address ? { HOLDFAST_ADDRESS: address } : {}) };
}
