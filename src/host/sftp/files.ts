/** What a guest does with files and names beneath the directory. Each function is one request; none follows a link. */
import { chmodSync, chownSync, constants, fchmodSync, fchownSync, fstatSync, ftruncateSync, futimesSync, lchownSync, linkSync, lstatSync, lutimesSync, mkdirSync, openSync, closeSync, readlinkSync, renameSync, rmdirSync, statfsSync, symlinkSync, truncateSync, unlinkSync, utimesSync, type BigIntStatsFs, type Stats } from 'node:fs';
import type { WantedAttributes } from './attributes.ts';
import type { Beneath } from './beneath.ts';

/** SSH_FXF_*: what a file is opened for. */
const OPEN = { read: 1, write: 2, append: 4, create: 8, truncate: 0x10, exclusive: 0x20 } as const;
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

/** It is there, and is none of what this can be done with. */
export class UnfitError extends Error {}

/** @throws UnfitError  what is no regular file: opening a FIFO or a device does something already */
export function openFile(beneath: Beneath, path: Buffer, flags: number, wanted: WantedAttributes): { readonly fd: number; readonly appends: boolean } {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const writes = has(OPEN.write) || has(OPEN.append);
  const how = (writes ? has(OPEN.read) ? constants.O_RDWR : constants.O_WRONLY : constants.O_RDONLY)
    | (has(OPEN.create) ? constants.O_CREAT : 0) | (has(OPEN.exclusive) ? constants.O_EXCL : 0)
    | (has(OPEN.truncate) ? constants.O_TRUNC : 0) | (has(OPEN.append) ? constants.O_APPEND : 0)
    | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
  return beneath.at(path, (place) => {
    const before = lstatSync(place, { throwIfNoEntry: false });
    if (before && !before.isFile()) throw new UnfitError();
    const fd = openSync(place, how, wanted.mode ?? FILE_MODE);
    if (fstatSync(fd).isFile()) return { fd, appends: has(OPEN.append) };
    closeSync(fd);
    throw new UnfitError();
  });
}

export function look(beneath: Beneath, path: Buffer): Stats {
  return beneath.at(path, (place) => lstatSync(place));
}

/** @throws UnfitError  a size for what is no file, ids that stand for nobody here */
export function change(beneath: Beneath, path: Buffer, wanted: WantedAttributes): void {
  beneath.inode(path, (place, fd) => {
    const stats = fstatSync(fd);
    if (wanted.owner === null || (wanted.size !== undefined && !isSizeOf(wanted.size, stats))) throw new UnfitError();
    if (stats.isSymbolicLink()) {
      changeLink(beneath, path, wanted);
      return;
    }
    if (wanted.size !== undefined) truncateSync(place, wanted.size);
    if (wanted.owner) chownSync(place, wanted.owner.uid ?? stats.uid, wanted.owner.gid ?? stats.gid);
    if (wanted.mode !== undefined) chmodSync(place, wanted.mode);
    if (wanted.times) utimesSync(place, wanted.times.accessed, wanted.times.modified);
  });
}

/** A link has an owner and times of its own, and no mode. */
function changeLink(beneath: Beneath, path: Buffer, { owner, times }: WantedAttributes): void {
  beneath.at(path, (place) => {
    const { uid, gid } = lstatSync(place);
    if (owner) lchownSync(place, owner.uid ?? uid, owner.gid ?? gid);
    if (times) lutimesSync(place, times.accessed, times.modified);
  });
}

export function changeOpen(fd: number, wanted: WantedAttributes): void {
  const stats = fstatSync(fd);
  if (wanted.owner === null || (wanted.size !== undefined && !isSizeOf(wanted.size, stats))) throw new UnfitError();
  if (wanted.size !== undefined) ftruncateSync(fd, wanted.size);
  if (wanted.owner) fchownSync(fd, wanted.owner.uid ?? stats.uid, wanted.owner.gid ?? stats.gid);
  if (wanted.mode !== undefined) fchmodSync(fd, wanted.mode);
  if (wanted.times) futimesSync(fd, wanted.times.accessed, wanted.times.modified);
}

function isSizeOf(size: number, stats: Stats): boolean {
  return stats.isFile() && Number.isSafeInteger(size);
}

export function removeFile(beneath: Beneath, path: Buffer): void {
  beneath.at(path, (place) => unlinkSync(place));
}

export function makeDirectory(beneath: Beneath, path: Buffer, { mode = DIRECTORY_MODE }: WantedAttributes): void {
  beneath.at(path, (place) => mkdirSync(place, { mode }));
}

export function removeDirectory(beneath: Beneath, path: Buffer): void {
  beneath.at(path, (place) => rmdirSync(place));
}

/** @param replaces  what has the new name already goes; refused otherwise */
export function rename(beneath: Beneath, from: Buffer, to: Buffer, replaces: boolean): void {
  beneath.at(from, (old) => beneath.at(to, (place) => {
    if (!replaces && lstatSync(place, { throwIfNoEntry: false })) throw new UnfitError();
    renameSync(old, place);
  }));
}

/** link(2) does not follow a link at its first name. */
export function hardLink(beneath: Beneath, from: Buffer, to: Buffer): void {
  beneath.at(from, (old) => beneath.at(to, (place) => linkSync(old, place)));
}

export function makeLink(beneath: Beneath, path: Buffer, target: Buffer): void {
  beneath.at(path, (place) => symlinkSync(target, place));
}

export function readLink(beneath: Beneath, path: Buffer): Buffer {
  return beneath.at(path, (place) => readlinkSync(place, 'buffer'));
}

export function space(beneath: Beneath, path: Buffer): BigIntStatsFs {
  return beneath.inode(path, (place) => statfsSync(place, { bigint: true }));
}
