/** Runs the programs that make and check images. A port, so that tests can watch what would be run. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fail } from '../core/errors.ts';
import { packageOf } from './build/tools.ts';

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Runs with these rights instead of our own; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** An open file that the child gets as descriptor 3: it can read what its own rights could not reach by path. */
  readonly descriptor3?: number;
  /** Open files for its standard input, which is empty otherwise, and its standard output; the result's is empty then. */
  readonly input?: number;
  readonly output?: number;
  /** Called for each line of standard error, as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly exitCode: number | undefined;
  /** The signal that ended it, where it did not exit. */
  readonly killedBy: string | undefined;
  /** Up to 64 KiB; what is longer is cut off. */
  readonly stdout: string;
  /** The last 40 lines. */
  readonly lastLines: readonly string[];
}

export type Run = (command: string, args: readonly string[], options: RunOptions) => Promise<RunResult>;

const STDOUT_LIMIT = 64 * 1024;
const LAST_LINES = 40;
/** mmdebstrap removes its directory on SIGTERM; that takes seconds on a slow disk. */
const GRACE_MS = 20_000;

/**
 * The real one. The child leads a process group of its own: on abort the whole group gets SIGTERM, and SIGKILL
 * if it is still there after a grace; only then does the promise settle, so that cleaning up comes after.
 * @throws cancelled  the signal was aborted;  tool-missing  there is no such program
 */
export const run: Run = async (command, args, options) => {
  throwIfCancelled(options.signal);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: [options.input ?? 'ignore', options.output ?? 'pipe', 'pipe', ...(options.descriptor3 === undefined ? [] : [options.descriptor3])],
    ...options.user,
  });
  const { stdout: out, stderr: err } = child;
  if ((out === null) !== (options.output !== undefined) || err === null) throw new Error('spawn made no pipes');
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  let killTimer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    signalGroup('SIGTERM');
    killTimer = setTimeout(() => signalGroup('SIGKILL'), GRACE_MS);
  };
  options.signal.addEventListener('abort', onAbort, { once: true });
  let stdout = '';
  out?.setEncoding('utf8').on('data', (text: string) => (stdout = (stdout + text).slice(0, STDOUT_LIMIT)));
  const lastLines: string[] = [];
  createInterface({ input: err }).on('line', (line) => {
    if (lastLines.push(line) > LAST_LINES) lastLines.shift();
    options.onLine?.(line);
  });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ exitCode: code ?? undefined, killedBy: signal ?? undefined, stdout, lastLines });
    });
    const result = await promise;
    throwIfCancelled(options.signal);
    return result;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      const brings = packageOf(command);
      throw fail('tool-missing', `${command} is not installed`, { hint: brings && `install it: apt-get install ${brings}`, cause });
    }
    throw cause;
  } finally {
    clearTimeout(killTimer);
    options.signal.removeEventListener('abort', onAbort);
  }
};

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw fail('cancelled', 'the work on the image was cancelled', { cause: signal.reason });
}
