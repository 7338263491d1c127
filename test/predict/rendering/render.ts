/** Runs netplan's generator on a directory of its own: what it says, and what it writes. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { NetplanFile } from '../../../src/core/netplan/facts.ts';
import type { Generator } from './netplan-package.ts';

export interface Rendering {
  /** Refused, or crashed. */
  readonly refused: 'no' | 'refused' | 'crashed';
  readonly said: string;
  /** By path below /run: `systemd/network/10-netplan-eth0.network`. */
  readonly files: ReadonlyMap<string, string>;
}

const DEADLINE_MS = 20_000;

export async function render({ command: [file, ...args] }: Generator, files: readonly NetplanFile[]): Promise<Rendering> {
  const root = await mkdtemp(join(tmpdir(), 'hf-render-'));
  try {
    await mkdir(join(root, 'etc/netplan'), { recursive: true });
    for (const { path, text } of files) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text, { mode: 0o600 });
    }
    const { code, signal, said } = await run(file, [...args, '--root-dir', root]);
    if (signal !== null) return { refused: 'crashed', said: `${said}ended by ${signal}`, files: new Map() };
    if (code !== 0) return { refused: 'refused', said, files: new Map() };
    return { refused: 'no', said, files: await readAll(join(root, 'run')) };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function run(file: string, args: readonly string[]): Promise<{ code: number; signal: string | null; said: string }> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: DEADLINE_MS, killSignal: 'SIGKILL', env: { PATH: '/nowhere', LC_ALL: 'C.UTF-8' } }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code === 'string') reject(error);
      else if (error?.killed === true) reject(new Error(`netplan's generator took over ${DEADLINE_MS / 1000} s`));
      else resolve({ code: Number(error?.code ?? 0), signal: error?.signal ?? null, said: `${stdout}${stderr}` });
    });
  });
}

async function readAll(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).toSorted();
  return new Map(await Promise.all(files.map(async (path) => [relative(directory, path), await readFile(path, 'utf8')] as const)));
}
