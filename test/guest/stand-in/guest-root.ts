/** A directory that stands for a guest's root, for scripts that run in guests: they find their programs there, and nothing of this host's. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecExit, ExecSession, GuestShell } from '../../../src/guest/shell.ts';

/** What every guest has. */
const TOOLS = ['awk', 'cat', 'date', 'df', 'grep', 'head', 'ln', 'mkdir', 'rm', 'sed', 'sh', 'sleep', 'timeout', 'touch', 'tr'];

export interface GuestRoot extends AsyncDisposable {
  readonly directory: string;
  /** Runs scripts with the root's paths for the guest's. */
  readonly shell: GuestShell;
  /** A program of its own, as a shell script, in which `$root` is the root. */
  program(path: string, script: string): Promise<void>;
  /** Every path in it, with what a link points at. */
  tree(): Promise<string[]>;
}

export async function makeGuestRoot(): Promise<GuestRoot> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-root-'));
  const bin = join(directory, 'usr/bin');
  for (const path of ['usr/bin', 'usr/local/bin', 'etc', 'run']) await mkdir(join(directory, path), { recursive: true });
  for (const tool of TOOLS) {
    const { stdout } = await promisify(execFile)('sh', ['-c', 'command -v "$1"', 'sh', tool]);
    await symlink(stdout.trim(), join(bin, tool));
  }
  const inRoot = (script: string): string => script
    .replace(/^export PATH=\S+/m, `export PATH=${bin}`)
    .replaceAll(/(?<![\w.$}/])\/(?=(?:usr|etc|run|lib|sys)\/)/g, `${directory}/`);
  return {
    directory,
    shell: {
      user: 'root', alive: true, closed: new Promise(() => {}),
      exec: ({ command: [program = '', ...args] }) => Promise.resolve(run(program, args.map(inRoot), bin)),
      async [Symbol.asyncDispose]() {},
    },
    async program(path, script) {
      await writeFile(join(directory, path), `#!/bin/sh\nroot=${directory}\n${script}\n`);
      await chmod(join(directory, path), 0o755);
    },
    async tree() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      const paths = await Promise.all(entries.map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return `${path.slice(directory.length)}${entry.isSymbolicLink() ? ` -> ${await readlink(path)}` : ''}`;
      }));
      return paths.toSorted();
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

/** Closing it ends the command and all that it has begun, as a doorman does. */
function run(program: string, args: readonly string[], bin: string): ExecSession {
  const child = spawn(program, args, { env: { PATH: bin }, detached: true });
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  return {
    stdin: child.stdin, stdout: child.stdout, stderr: child.stderr,
    exit: ended.then(([code, signal]): ExecExit => (code === null ? { signal: signal ?? '' } : { code })),
    resize() {},
    signal() {},
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
      await ended;
    },
  };
}
