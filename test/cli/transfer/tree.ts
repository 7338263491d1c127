/** Trees of files with all that a transfer keeps, and what they look like. */
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, open, readdir, readFile, readlink, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { joined, nameOf } from '../../../src/cli/transfer/names.ts';

const HOLE_BYTES = 64 * 1024 * 1024;

/** Odd names, modes, times, links and holes. */
export async function plantTree(at: string): Promise<void> {
  const root = Buffer.from(at);
  const below = (name: string) => joined(root, name);
  await mkdir(at);
  await mkdir(below('inner'));
  await mkdir(below('empty'));
  await writeFile(below('plain.txt'), 'some words\n');
  await writeFile(below('inner/\xff\xfe odd \n name'), Buffer.from([0, 255, 10, 13]));
  await writeFile(below('-r'), '');
  await writeFile(below('tool'), '#!/bin/sh\n');
  await writeFile(below('large'), Buffer.alloc(1_000_000, 'abcdefg'));
  await symlink('plain.txt', below('link'));
  await symlink('/nowhere/\xff', below('dangling'));
  await writeFile(below('holes'), 'a start');
  await truncate(below('holes'), HOLE_BYTES);
  await using end = await open(below('holes'), 'r+');
  await end.write('an end', HOLE_BYTES - 6);
  await chmod(below('tool'), 0o750);
  await chmod(below('plain.txt'), 0o604);
  await utimes(below('plain.txt'), 1_000_000_000.25, 1_000_000_000.25);
  await utimes(below('-r'), new Date(-5000), new Date(-5000));
  await chmod(below('inner'), 0o555);
  await utimes(below('inner'), 1_500_000_000, 1_500_000_000);
}

/** Of everything below a directory, by name: what it is, its mode and time, and its content. */
export async function look(at: string | Buffer, below = ''): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  const place = below === '' ? Buffer.from(at) : joined(Buffer.from(at), below);
  for (const name of (await readdir(place, { encoding: 'buffer' })).map(nameOf)) {
    const path = below === '' ? name : `${below}/${name}`;
    const file = joined(Buffer.from(at), path);
    const { mode, mtimeMs: exactly, size } = await lstat(file);
    // Node sets times to the microsecond.
    const mtimeMs = Math.round(exactly);
    const bits = (mode & 0o7777).toString(8);
    if ((mode & 0o170000) === 0o120000) {
      seen[path] = `link to ${nameOf(await readlink(file, { encoding: 'buffer' }))}`;
    } else if ((mode & 0o170000) === 0o040000) {
      seen[path] = `directory ${bits}${name === 'inner' ? ` ${mtimeMs}` : ''}`;
      Object.assign(seen, await look(at, path));
    } else {
      seen[path] = `file ${bits} ${mtimeMs} ${size} ${createHash('sha256').update(await readFile(file)).digest('hex').slice(0, 12)}`;
    }
  }
  return seen;
}

/** Octets that a file takes on the disk. */
export async function taken(path: string): Promise<number> {
  return (await lstat(path)).blocks * 512;
}

