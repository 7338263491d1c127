/** A directory that stands for a guest's root, for scripts that run in guests: they find their programs there, and nothing of this host's. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What every guest has. */
const TOOLS = ['awk', 'cat', 'date', 'df', 'grep', 'head', 'ln', 'mkdir', 'rm', 'sed', 'sh', 'timeout', 'tr'];

export interface GuestRoot extends AsyncDisposable {
  readonly directory: string;
  /** A program of its own, as a shell script, in which `$root` is the root and `$0` its name. */
  program(path: string, script: string): Promise<void>;
  run(script: string, args?: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
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
    .replace(/(?<![\w.$}/])\/(?=(?:usr|etc|run|lib)\/)/g, `${directory}/`);
  return {
    directory,
    async program(path, script) {
      await writeFile(join(directory, path), `#!/bin/sh\nroot=${directory}\n${script}\n`);
      await chmod(join(directory, path), 0o755);
    },
    async run(script, args = []) {
      const done = await promisify(execFile)('sh', ['-c', inRoot(script), 'sh', ...args], { env: { PATH: bin }, timeout: 60_000 })
        .then((said) => ({ ...said, code: 0 }), (error: unknown) => error as { code: number; stdout: string; stderr: string });
      return { code: done.code, stdout: done.stdout.replaceAll(directory, ''), stderr: done.stderr.replaceAll(directory, '') };
    },
    async tree() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      return await Promise.all(entries.map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return `${path.slice(directory.length)}${entry.isSymbolicLink() ? ` -> ${await readlink(path)}` : ''}`;
      })).then((paths) => paths.toSorted());
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}
