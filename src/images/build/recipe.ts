/** Reads the recipe and names what comes out of it, so that an image is built again only when the recipe changed. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DISK_SECTORS, partitionsOf } from './disk-layout.ts';
import type { DebianArchitecture } from './architecture.ts';
import type { DebianRelease } from './releases.ts';

export interface Recipe {
  /** Directory with packages.txt, the scripts, and files/, which is copied over the new system. */
  readonly directory: string;
  readonly packages: readonly string[];
  /**
   * SHA-256 over everything that this program puts into the image. The archive's state is left out: it moves every
   * day, and a rebuild for it is asked for (--force), not a surprise; the image says when it was built.
   */
  readonly key: string;
}

/** Raise it when code changes what is written on the disk and neither recipe nor layout shows it. */
const CODE_VERSION = 2;

/** @param assetsDir  the directory that holds `recipe/` */
export async function readRecipe(assetsDir: string, release: DebianRelease, architecture: DebianArchitecture): Promise<Recipe> {
  const directory = join(assetsDir, 'recipe');
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  hash.update(JSON.stringify([CODE_VERSION, release.version, architecture, partitionsOf(architecture), DISK_SECTORS]));
  for (const name of names.toSorted()) {
    const content = await readFile(name);
    hash.update(`\n${name.slice(directory.length)} ${content.length}\n`).update(content);
  }
  return { directory, packages: parsePackages(await readFile(join(directory, 'packages.txt'), 'utf8'), architecture), key: hash.digest('hex') };
}

/** One package a line; `name [arm64]` is one that only that architecture has. */
export function parsePackages(text: string, architecture: DebianArchitecture): string[] {
  return text.split('\n').flatMap((line) => {
    const [, name, only] = /^([^\s#[]+)\s*(?:\[(\w+)\])?/.exec(line.trim()) ?? [];
    return name === undefined || (only !== undefined && only !== architecture) ? [] : [name];
  });
}
