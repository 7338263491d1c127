/** Where the caller's own files lie: in the home when it is his, beside the home that he would have when it is another's. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { homeInUse, ownHome } from './home.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** @param what  the directory's name in a home that is the caller's */
export async function callersDirectory(what: string, env: Env): Promise<string> {
  const { home } = homeInUse(env);
  const owner = await stat(home).then(({ uid }) => uid, () => undefined);
  const uid = process.getuid?.();
  if (owner === undefined || owner === uid) return join(home, what);
  return join(ownHome({ ...env, HOLDFAST_HOME: undefined }).home, `${what}-of`, createHash('sha256').update(home).digest('hex').slice(0, 16));
}
