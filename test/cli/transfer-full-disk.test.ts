/** Transfers onto a file system that fills up, on either side: one of a mount namespace's own, which goes with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ran } from './bench-cli.ts';
import { makeTransferBench } from './transfer/guest.ts';

const LONG = { timeout: 60_000 };
const OWN_MOUNTS = process.getuid?.() === 0 ? ['-m'] : ['-Urm'];
const BIG = Buffer.alloc(1024 * 1024, 'x');
/** $1 becomes a file system of 256 KiB with a file `big` in it; then runs what is told, and writes into $2 what is there. */
const ON_SMALL_DISK = `
mount -t tmpfs -o size=256k,mode=755 small "$1" && cd "$1" && printf old > big; found=$2; shift 2
"$@"; code=$?
find . -type f -printf '%p %s\\n' | sort > "$found"
exit $code`;

test('a disk here that fills up ends a transfer from an instance with a clear error, and what was there is there', LONG, async () => {
  await using made = await makeTransferBench();
  await writeFile(join(made.home('apollo'), 'big'), BIG);
  await mkdir(join(made.home('apollo'), 'tree/sub'), { recursive: true });
  await Promise.all([writeFile(join(made.home('apollo'), 'tree/sub/small'), 'fits'), writeFile(join(made.home('apollo'), 'tree/sub/too-big'), BIG)]);
  const here = await mkdtemp(join(tmpdir(), 'hf-full-'));
  const found = join(made.bench.home, 'found');
  const onSmallDisk = (words: readonly string[]) => ran(spawn('unshare', [...OWN_MOUNTS, 'sh', '-c', ON_SMALL_DISK, 'sh', here, found, process.execPath, made.bench.cli, 'transfer', ...words], {
    env: { PATH: process.env['PATH'], HOLDFAST_HOME: made.bench.home, HOLDFAST_OFFLINE: '1' }, stdio: ['ignore', 'pipe', 'pipe'],
  }));
  expect(await onSmallDisk(['apollo:big', '.'])).toEqual({ code: 2, stdout: '', stderr: 'transfer failed: cannot write ./big: no space left on device\n' });
  expect(await readFile(found, 'utf8')).toBe('./big 3\n');
  const { code, stderr } = await onSmallDisk(['-r', 'apollo:tree', '.']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^transfer failed: cannot write \S*too-big: no space left on device\n$/);
  expect(await readFile(found, 'utf8')).toMatch(/^\.\/big 3\n(?:\.\/tree\/sub\/small 4\n)?$/);
  await rm(here, { recursive: true });
});

test('a disk in the instance that fills up does too', LONG, async () => {
  await using made = await makeTransferBench();
  const here = await mkdtemp(join(tmpdir(), 'hf-full-'));
  await writeFile(join(here, 'big'), BIG);
  const found = join(made.bench.home, 'found');
  made.instead = (_name, command) => ['unshare', ...OWN_MOUNTS, 'sh', '-c', ON_SMALL_DISK, 'sh', made.home('apollo'), found, ...command];
  const { code, stderr } = await made.bench.run(['transfer', join(here, 'big'), 'apollo:']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^transfer failed: apollo:\S*big cannot be written: No space left on device\n/);
  await Promise.all([...made.programs].map((program) => once(program, 'close')));
  expect(await readFile(found, 'utf8')).toBe('./big 3\n');
  await rm(here, { recursive: true });
});
