/** Opens a home: its directories with the right modes, its lock, its pid file. */
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fail, HoldfastError } from '../../core/errors.ts';
import { homeLayout, requireShortSocketPaths, type HomeLayout } from '../../core/home.ts';
import { lockHome } from '../../store/home-lock.ts';

export interface OpenHome extends Disposable {
  readonly layout: HomeLayout;
}

/** Of this process. @throws home-unusable */
export function homeHere(env: Readonly<Record<string, string | undefined>> = process.env): HomeLayout {
  return homeLayout({ env, uid: process.getuid?.() ?? 1000, platform: process.platform, homedir: homedir() });
}

/** @throws home-unusable, path-too-long, daemon-already-running */
export function openHome(): OpenHome {
  const layout = homeHere();
  requireShortSocketPaths(layout, process.platform);
  for (const directory of [layout.home, layout.run.directory, layout.data.instances, layout.data.images]) make(directory, layout.directoryMode);
  const lock = lockHome(layout.data.lock);
  try {
    writeFileSync(layout.data.pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    throw fail('home-unusable', `${layout.data.pidFile} cannot be written: ${(error as Error).message}`, { hint: 'see who owns it and whether the disk is full', cause: error });
  }
  return {
    layout,
    [Symbol.dispose]() {
      rmSync(layout.data.pidFile, { force: true });
      lock[Symbol.dispose]();
    },
  };
}

/** Root may use anybody's directory; but then its owner could put a link where root is about to write. */
function requireOwn(directory: string): void {
  const { uid } = statSync(directory);
  if (uid === process.getuid?.()) return;
  throw fail('home-unusable', `${directory} belongs to another user (uid ${uid})`, { hint: 'choose a home of your own: HOLDFAST_HOME=…' });
}

function make(directory: string, mode: number): void {
  try {
    mkdirSync(directory, { recursive: true, mode });
    requireOwn(directory);
    // mkdir takes the umask off, and a directory that was there may be wider.
    chmodSync(directory, mode);
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw fail('home-unusable', `${directory} cannot be used: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'make it writable, or choose another home: HOLDFAST_HOME=…', cause: error,
    });
  }
}
