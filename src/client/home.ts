/** The home of whoever runs this process. */
import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { parseAddress } from '../core/server-address.ts';
import { homeLayout, HOST_HOME, HOST_RUN, userSocket, type HomeLayout } from '../core/home.ts';

type Env = Readonly<Record<string, string | undefined>>;

export function ownHome(env: Env = process.env): HomeLayout {
  const uid = process.getuid?.() ?? 1000;
  return homeLayout({ env, uid, platform: process.platform, homedir: personsHome(env) });
}

/**
 * What this process's commands work on: the daemon at HOLDFAST_ADDRESS or behind HOLDFAST_SOCKET where one of them is set. Who is let into the host's service and has nothing of his own uses that;
 * a home that has a database, or was named, comes first.
 * @throws bad-argument  for an address that is none
 */
export function homeInUse(env: Env = process.env): HomeLayout {
  const own = ownHome(env);
  const address = env['HOLDFAST_ADDRESS'] ? parseAddress(env['HOLDFAST_ADDRESS']) : undefined;
  if (address && 'port' in address) return { ...own, run: { ...own.run, servedBy: 'other', remote: address } };
  const named = address?.unix ?? env['HOLDFAST_SOCKET'];
  if (named) return { ...own, run: { directory: own.run.directory, socket: named, servedBy: 'other' } };
  const socket = userSocket(HOST_RUN, process.getuid?.() ?? 0);
  if (env['HOLDFAST_HOME'] || process.platform !== 'linux' || !existsSync(socket) || existsSync(own.data.database)) return own;
  return { ...own, home: HOST_HOME, run: { directory: HOST_RUN, socket, servedBy: 'host' } };
}

export function personsHome(env: Env = process.env): string {
  return env['HOME'] || homeOf() || homedir();
}

/** From the user database: a service or a cron job may come without HOME. */
function homeOf(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined;
  }
}
