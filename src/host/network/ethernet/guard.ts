/** A process beside the daemon that undoes a bridge half made if the daemon dies: the host may be reached by that card only. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fail } from '../../../core/errors.ts';
import { NODE_FLAGS } from '../../../core/node-flags.ts';

export interface Guard {
  /** It is not needed any more. */
  dismiss(): void;
}

const READY_MS = 60_000;
const OPTIONS = [...NODE_FLAGS, '--max-semi-space-size=1', '--max-old-space-size=64'];

/** @param script  guard-main, or its bundle  @param words  what it is to know @returns once it watches  @throws machine-failed */
export async function postGuard(script: string, words: readonly string[]): Promise<Guard> {
  const child = spawn(process.execPath, [...OPTIONS, script, ...words], { detached: true, cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }, stdio: ['pipe', 'pipe', 'ignore'] });
  child.unref();
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'exit').then(() => false, () => false);
  const ready = once(child.stdout, 'data').then(() => true, () => false);
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, READY_MS, false);
  const watches = await Promise.race([ready, ended, late]);
  clearTimeout(timer);
  child.stdout.destroy();
  if (!watches) {
    child.kill('SIGKILL');
    throw fail('machine-failed', 'the process that would undo it, should the daemon die, did not start', { hint: 'nothing was changed; try again' });
  }
  return { dismiss: () => void child.stdin.end('done\n') };
}
