/** Reads a directory piece by piece, with what is said of each entry. */
import { type Dir, lstatSync, type Stats } from 'node:fs';
import type { IdMaps } from '../../core/mounts/id-maps.ts';
import { attributeBytes } from './attributes.ts';
import type { Beneath } from './beneath.ts';
import { string } from './wire.ts';

/** In one answer: 100 names of 255 octets, twice, fit well. */
const AT_ONCE = 100;

export interface OpenDirectory {
  /** As it was opened by; its entries are looked at there. */
  readonly path: Buffer;
  readonly entries: Dir;
  done: boolean;
}

/** @returns the next entries, each as its name, a line for people (the name again) and attributes; none at the end */
export function readEntries(beneath: Beneath, directory: OpenDirectory, maps: IdMaps): Buffer[] {
  if (directory.done) return [];
  const names: Buffer[] = [];
  while (names.length < AT_ONCE) {
    const entry = directory.entries.readSync();
    if (entry === null) {
      directory.done = true;
      break;
    }
    names.push(entry.name as unknown as Buffer);
  }
  if (names.length === 0) return [];
  // By the path: reached again step by step, so a name that was changed meanwhile leads nowhere else.
  return beneath.directory(directory.path, (place) => names.flatMap((name) => {
    const stats = lookAt(Buffer.concat([place, Buffer.from('/'), name]));
    return stats ? [Buffer.concat([string(name), string(name), attributeBytes(stats, maps)])] : [];
  }));
}

/** One that has gone meanwhile is left out. */
function lookAt(place: Buffer): Stats | undefined {
  try {
    return lstatSync(place, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
