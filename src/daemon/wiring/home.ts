/** Opens a home: its directories with the right modes, its lock, its pid file. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fail } from '../../core/errors.ts';
import { homeLayout, requireShortSocketPaths, type HomeLayout } from '../../core/home.ts';
import { lockHome } from '../../store/home-lock.ts';

export interface OpenHome extends Disposable {
  readonly layout: HomeLayout;
}

/** @throws home-unusable, path-too-long, daemon-already-running */
export function openHome(): OpenHome {
  const layout = homeLayout({ env: process.env, uid: process.getuid?.() ?? 1000, platform: process.platform, homedir: homedir() });
  requireShortSocketPaths(layout, process.platform);
  for (const directory of [layout.home, layout.run.directory, layout.data.instances, layout.data.images]) make(directory, layout.directoryMode);
  const lock = lockHome(layout.data.lock);
  writeFileSync(layout.data.pidFile, `${process.pid}\n`, { mode: 0o600 });
  return {
    layout,
    [Symbol.dispose]() {
      rmSync(layout.data.pidFile, { force: true });
      lock[Symbol.dispose]();
    },
  };
}

function make(directory: string, mode: number): void {
  try {
    mkdirSync(directory, { recursive: true, mode });
    // mkdir takes the umask off, and a directory that was there may be wider.
    chmodSync(directory, mode);
  } catch (error) {
    throw fail('home-unusable', `${directory} cannot be used: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'make it writable, or choose another home: HOLDFAST_HOME=…', cause: error,
    });
  }
}
