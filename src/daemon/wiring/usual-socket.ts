/**
 * Where MULTIPASS_STORAGE moved the home of multipassd, its clients do not know of it: the variable is the daemon's alone, set
 * in its unit. So it listens where they look as well, and has that home meanwhile: of two daemons with one socket the one that
 * ends first would take it away from the other.
 */
import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import type { HomeLayout } from '../../core/home.ts';
import { lockHome } from '../../store/home-lock.ts';
import type { Log } from '../log/log.ts';
import { listenBeside } from './listen.ts';

/**
 * @param usual  the home as it would be without the variable
 * @returns undefined where that cannot be had, which is told: it is no reason to serve nobody
 */
export async function listenAsUsual(server: Server, usual: HomeLayout, log: Log): Promise<Disposable | undefined> {
  const { socket } = usual.run;
  using taken = new DisposableStack();
  try {
    for (const directory of [usual.home, dirname(socket)]) mkdirSync(directory, { recursive: true, mode: usual.directoryMode });
    taken.use(lockHome(usual.data.lock));
    taken.use(await listenBeside(server, socket));
    return taken.move();
  } catch (error) {
    log.line('usual-socket', null, `clients that have not MULTIPASS_STORAGE do not find this daemon: ${error instanceof Error ? error.message : String(error)}`, 'give them the variable, or end the daemon that is there');
    return undefined;
  }
}
