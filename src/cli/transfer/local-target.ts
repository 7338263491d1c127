/**
 * Writes here, with the caller's rights, what a guest sends. The guest is hostile: nothing comes but what was asked for, no
 * link is followed but the destination itself, a name leads only below it, and nothing has its final name before it is whole.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, realpath, rename, stat, symlink, unlink, utimes, type FileHandle } from 'node:fs/promises';
import { readEntry, readSize, type Entry } from './entry.ts';
import { BadRecord, readData, RECORD, type TransferRecord } from './records.ts';
import { joined, octets, shown, nameOf, topName } from './names.ts';
import { oneLine } from '../render/plain.ts';
import { cannotWrite, refused } from './refusals.ts';

/** Where what comes from a guest goes. */
export interface Target extends AsyncDisposable {
  take(record: TransferRecord): Promise<void>;
}

export interface Where {
  readonly path: string;
  /** Make what is missing of the directories above it. */
  readonly parents: boolean;
  /** What this guest was asked for. */
  readonly sources: readonly string[];
  readonly recursive: boolean;
  /** There are several sources, in this guest or in others. */
  readonly many: boolean;
}

interface Open {
  readonly place: Buffer;
  /** Its name until it is whole; none for a device or a pipe. */
  readonly scratch: Buffer | undefined;
  readonly handle: FileHandle;
  readonly entry: Entry;
}

export class LocalTarget implements Target {
  readonly #target: Buffer;
  readonly #into: boolean;
  /** Names that the guest may begin with: it would choose among all files of the destination otherwise. */
  readonly #asked: ReadonlySet<string>;
  readonly #recursive: boolean;
  readonly #folders = new Set<string>();
  readonly #made: { readonly place: Buffer; readonly entry: Entry }[] = [];
  #open: Open | undefined;
  #inHand: string;

  private constructor({ path, sources, recursive }: Where, into: boolean) {
    this.#target = Buffer.from(path);
    this.#into = into;
    this.#asked = new Set(sources.map(topName));
    this.#recursive = recursive;
    this.#inHand = path;
  }

  /** @throws HoldfastError */
  static async open(where: Where): Promise<LocalTarget> {
    return await LocalTarget.#at(where).catch((error: unknown) => { throw cannotWrite(where.path, error); });
  }

  static async #at(where: Where): Promise<LocalTarget> {
    const { path, parents, many } = where;
    const into = await isDirectory(path);
    if (!into && many) throw refused(path, 'is no directory, and there are several sources');
    if (!into) {
      const above = path.replace(/\/+$/, '').replace(/[^/]*$/, '') || '.';
      if (parents) await mkdir(above, { recursive: true });
      else if (!await isDirectory(above)) throw refused(above, await exists(above) ? 'is no directory' : 'does not exist', 'make it as well: --parents');
    }
    return new LocalTarget(where, into);
  }

  async take({ kind, payload }: TransferRecord): Promise<void> {
    try {
      if (kind === RECORD.entry) return await this.#begin(readEntry(payload));
      if (kind === RECORD.data) return await this.#data(payload);
      if (kind === RECORD.end) return await this.#end(readSize(payload));
      if (kind === RECORD.done) return await this.#finish();
    } catch (error) {
      throw cannotWrite(this.#inHand, error);
    }
    throw new BadRecord('a record that was not expected');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.handle.close();
    if (open?.scratch) await unlink(open.scratch);
  }

  /** The guest reads what it was asked for through links, so that what it begins with is none. */
  #requireAsked({ path: [first = '', ...inside], kind }: Entry): void {
    const isAsked = this.#asked.has(first) && (kind === 'file' || (this.#recursive && (kind === 'folder' || inside.length > 0)));
    if (!isAsked) throw new BadRecord(`a ${kind} that was not asked for: ${oneLine(shown(first))}`);
  }

  #isTarget([first, ...inside]: readonly string[]): boolean {
    return inside.length === 0 && (first === '.' || !this.#into);
  }

  #place(path: readonly string[]): Buffer {
    return (path[0] === '.' || !this.#into ? path.slice(1) : path).reduce(joined, this.#target);
  }

  async #begin(entry: Entry): Promise<void> {
    if (this.#open) throw new BadRecord('an entry inside a file');
    this.#requireAsked(entry);
    const { path, kind, link } = entry;
    const isRoot = path.length === 1;
    if (!isRoot && !this.#folders.has(path.slice(0, -1).join('/'))) throw new BadRecord('a file that came before its directory');
    let place = this.#place(path);
    this.#inHand = shown(nameOf(place));
    if (kind === 'folder') return await this.#folder(place, entry);
    // What was sent as a directory is one for the rest of the transfer.
    if (this.#folders.has(path.join('/'))) throw new BadRecord('a file in the place of a directory');
    if (place.at(-1) === SLASH) throw refused(this.#inHand, 'does not exist, and would be a directory');
    if (this.#isTarget(path)) place = await realpath(place, { encoding: 'buffer' }).catch(() => place);
    const replaced = await lstat(place).catch(absent);
    if (replaced?.isDirectory()) throw refused(this.#inHand, 'is a directory');
    if (kind === 'link') return await replaceByLink(place, octets(link ?? ''));
    // A device or a pipe that a person named is written to; what a guest names is replaced.
    const through = isRoot && replaced !== undefined && !replaced.isFile() && !replaced.isSymbolicLink();
    const scratch = through ? undefined : beside(place);
    const handle = through ? await open(place, constants.O_WRONLY) : await open(scratch ?? place, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    this.#open = { place, scratch, handle, entry };
  }

  async #folder(place: Buffer, entry: Entry): Promise<void> {
    const there = await (this.#isTarget(entry.path) ? stat : lstat)(place).catch(absent);
    if (there === undefined) {
      await mkdir(place, 0o700);
      this.#made.push({ place, entry });
    } else if (there.isSymbolicLink()) {
      throw refused(this.#inHand, 'is a link, which is followed only where it is the destination itself', 'take it away, or name it as the destination');
    } else if (!there.isDirectory()) {
      throw refused(this.#inHand, 'is there and is no directory');
    }
    this.#folders.add(entry.path.join('/'));
  }

  async #data(payload: Uint8Array): Promise<void> {
    if (!this.#open) throw new BadRecord('data without a file');
    const { handle, scratch } = this.#open;
    const { at, bytes } = readData(payload);
    for (let done = 0; done < bytes.length;) {
      done += (await handle.write(bytes, done, bytes.length - done, scratch ? at + done : null)).bytesWritten;
    }
  }

  async #end(size: number): Promise<void> {
    if (!this.#open) throw new BadRecord('the end of no file');
    const { handle, scratch, place, entry } = this.#open;
    if (scratch) {
      await handle.truncate(size);
      await handle.chmod(entry.mode);
      await handle.utimes(...times(entry));
    }
    await handle.close();
    if (scratch) await rename(scratch, place);
    this.#open = undefined;
  }

  async #finish(): Promise<void> {
    if (this.#open) throw new BadRecord('a file without an end');
    // From the inside out: a directory that is read only takes nothing more.
    for (const { place, entry } of this.#made.toReversed()) {
      await utimes(place, ...times(entry));
      await chmod(place, entry.mode);
    }
  }
}

const SLASH = '/'.codePointAt(0);

/** Node takes a number below 0 for now, and a Date for what it is. */
function times({ modified: [seconds, nanoseconds] }: Entry): [number | Date, number | Date] {
  const moment = seconds < 0 ? new Date(seconds * 1000 + nanoseconds / 1e6) : seconds + nanoseconds / 1e9;
  return [moment, moment];
}

function beside(place: Buffer): Buffer {
  return Buffer.concat([place.subarray(0, place.lastIndexOf('/') + 1), Buffer.from(`.holdfast-${randomBytes(8).toString('hex')}`)]);
}

async function replaceByLink(place: Buffer, link: Buffer): Promise<void> {
  const scratch = beside(place);
  await symlink(link, scratch);
  await rename(scratch, place);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(absent))?.isDirectory() ?? false;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).catch(absent) !== undefined;
}
