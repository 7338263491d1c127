/** What each request is answered with: a table by its number, and one place that words failures. */
import { fsyncSync, fstatSync, opendirSync, readSync, writeSync } from 'node:fs';
import type { IdMaps } from '../../core/mounts/id-maps.ts';
import { attributeBytes, readAttributes } from './attributes.ts';
import { type Beneath, OutsideError } from './beneath.ts';
import { change, changeOpen, hardLink, look, makeDirectory, makeLink, openFile, readLink, removeDirectory, removeFile, rename, space, UnfitError } from './files.ts';
import type { Handles } from './handles.ts';
import { targetInGuest } from './link-target.ts';
import { readEntries } from './list.ts';
import { ANSWER, MOST_BYTES, type PacketReader, ProtocolError, REQUEST, STATUS, type Status, string, uint32, uint64 } from './wire.ts';

export interface Served {
  readonly beneath: Beneath;
  readonly root: string;
  readonly maps: IdMaps;
  readonly handles: Handles;
}

export interface Answer {
  readonly type: number;
  readonly pieces: readonly Buffer[];
}

/** Less what stands around the data. */
const MOST_DATA = MOST_BYTES - 1024;

type Handler = (request: PacketReader, served: Served) => Answer;

const status = (code: Status): Answer => ({ type: ANSWER.status, pieces: [uint32(code), string(''), string('')] });
const DONE = status(STATUS.ok);
const NO_HANDLE = status(STATUS.failure);
const name = (path: Buffer): Answer => ({ type: ANSWER.name, pieces: [uint32(1), string(path), string(path), uint32(0)] });

const HANDLERS: Readonly<Record<number, Handler>> = {
  [REQUEST.open](request, { beneath, handles, maps }) {
    const [path, flags, wanted] = [request.path(), request.uint32(), readAttributes(request, maps)];
    if (handles.isFull) return NO_HANDLE;
    return { type: ANSWER.handle, pieces: [string(handles.add({ kind: 'file', ...openFile(beneath, path, flags, wanted) }))] };
  },
  [REQUEST.close]: (request, { handles }) => (handles.close(request.string()) ? DONE : NO_HANDLE),
  [REQUEST.read](request, { handles }) {
    const [file, offset, length] = [handles.file(request.string()), request.uint64(), request.uint32()];
    if (!file) return NO_HANDLE;
    const data = Buffer.allocUnsafe(Math.min(length, MOST_DATA));
    const got = readSync(file.fd, data, 0, data.length, offset);
    return got === 0 && length > 0 ? status(STATUS.eof) : { type: ANSWER.data, pieces: [string(data.subarray(0, got))] };
  },
  [REQUEST.write](request, { handles }) {
    const [file, offset, data] = [handles.file(request.string()), Number(request.uint64()), request.string()];
    if (!file || !Number.isSafeInteger(offset + data.length)) return NO_HANDLE;
    for (let done = 0; done < data.length;) done += writeSync(file.fd, data, done, data.length - done, file.appends ? null : offset + done);
    return DONE;
  },
  [REQUEST.lstat]: (request, { beneath, maps }) => ({ type: ANSWER.attrs, pieces: [attributeBytes(look(beneath, request.path()), maps)] }),
  // A link is the guest's to follow.
  [REQUEST.stat]: (request, { beneath, maps }) => ({ type: ANSWER.attrs, pieces: [attributeBytes(look(beneath, request.path()), maps)] }),
  [REQUEST.fstat](request, { handles, maps }) {
    const file = handles.file(request.string());
    return file ? { type: ANSWER.attrs, pieces: [attributeBytes(fstatSync(file.fd), maps)] } : NO_HANDLE;
  },
  [REQUEST.setstat](request, { beneath, maps }) {
    change(beneath, request.path(), readAttributes(request, maps));
    return DONE;
  },
  [REQUEST.fsetstat](request, { handles, maps }) {
    const [file, wanted] = [handles.file(request.string()), readAttributes(request, maps)];
    if (!file) return NO_HANDLE;
    changeOpen(file.fd, wanted);
    return DONE;
  },
  [REQUEST.opendir](request, { beneath, handles }) {
    const path = request.path();
    if (handles.isFull) return NO_HANDLE;
    const entries = beneath.inode(path, (place) => opendirSync(place as unknown as string, { encoding: 'buffer' as BufferEncoding }));
    return { type: ANSWER.handle, pieces: [string(handles.add({ kind: 'directory', path, entries, done: false }))] };
  },
  [REQUEST.readdir](request, { beneath, handles, maps }) {
    const handle = handles.find(request.string());
    if (handle?.kind !== 'directory') return NO_HANDLE;
    const entries = readEntries(beneath, handle, maps);
    return entries.length === 0 ? status(STATUS.eof) : { type: ANSWER.name, pieces: [uint32(entries.length), ...entries] };
  },
  [REQUEST.remove](request, { beneath }) {
    removeFile(beneath, request.path());
    return DONE;
  },
  [REQUEST.mkdir](request, { beneath, maps }) {
    makeDirectory(beneath, request.path(), readAttributes(request, maps));
    return DONE;
  },
  [REQUEST.rmdir](request, { beneath }) {
    removeDirectory(beneath, request.path());
    return DONE;
  },
  [REQUEST.realpath]: (request) => name(request.path()),
  [REQUEST.rename](request, { beneath }) {
    rename(beneath, request.path(), request.path(), false);
    return DONE;
  },
  [REQUEST.readlink](request, { beneath, root }) {
    const path = request.path();
    return name(targetInGuest(root, path, readLink(beneath, path)));
  },
  // The draft has them the other way round; OpenSSH, and with it everybody, has the target first.
  [REQUEST.symlink](request, { beneath }) {
    const [target, path] = [request.path(), request.path()];
    makeLink(beneath, path, target);
    return DONE;
  },
  [REQUEST.extended](request, served) {
    const handler = EXTENDED[request.string().toString('latin1')];
    return handler ? handler(request, served) : status(STATUS.unsupported);
  },
};

const EXTENDED: Readonly<Record<string, Handler | undefined>> = {
  'posix-rename@openssh.com': (request, { beneath }) => {
    rename(beneath, request.path(), request.path(), true);
    return DONE;
  },
  'hardlink@openssh.com': (request, { beneath }) => {
    hardLink(beneath, request.path(), request.path());
    return DONE;
  },
  'fsync@openssh.com': (request, { handles }) => {
    const file = handles.file(request.string());
    if (!file) return NO_HANDLE;
    fsyncSync(file.fd);
    return DONE;
  },
  'statvfs@openssh.com': (request, { beneath }) => {
    const { bsize, blocks, bfree, bavail, files, ffree } = space(beneath, request.path());
    // Block size, fragment size, blocks, free, available; inodes, free, available; id, flags, longest name.
    return { type: ANSWER.extended, pieces: [bsize, bsize, blocks, bfree, bavail, files, ffree, ffree, 0n, 0n, 255n].map(uint64) };
  },
};

/** @throws ProtocolError  of what cannot be understood; whatever goes wrong with a file is an answer */
export function answerTo(type: number, request: PacketReader, served: Served): Answer {
  const handler = HANDLERS[type];
  if (!handler) return status(STATUS.unsupported);
  try {
    return handler(request, served);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    return status(statusOf(error));
  }
}

const BY_ERRNO: Readonly<Record<string, Status>> = {
  ENOENT: STATUS.noSuchFile, ENOTDIR: STATUS.noSuchFile, EACCES: STATUS.permissionDenied, EPERM: STATUS.permissionDenied, EROFS: STATUS.permissionDenied,
};

/** Version 3 knows few reasons: a full disk and a name that is taken are one and the same to it. */
function statusOf(error: unknown): Status {
  if (error instanceof UnfitError) return STATUS.failure;
  if (error instanceof OutsideError) return STATUS.permissionDenied;
  const { code } = error as NodeJS.ErrnoException;
  // Without a code it is a mistake here, of which the guest must not make a way to end the mount.
  return BY_ERRNO[code ?? ''] ?? STATUS.failure;
}
