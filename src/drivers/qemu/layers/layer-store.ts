/**
 * Disks that were frozen: each is what a snapshot holds, or what a clone and its original have in common. A layer lies on
 * another or on the image, is never written again, and belongs to the daemon alone: QEMU gets it as an open file, so that one
 * that breaks out of its machine can open nobody else's.
 */
import { chmod, chown, link, mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../../core/errors.ts';
import type { DiskBase } from '../command-line/input.ts';
import { requireVersion, type SavedMemory } from '../state-file.ts';
import { writeWhole } from '../../../host/write-whole.ts';

export interface LayerFiles {
  readonly directory: string;
  readonly disk: string;
  readonly record: string;
  /** Of the guest that ran when it was frozen. */
  readonly memory: string;
  readonly memoryRecord: string;
}

interface LayerRecord {
  readonly version: 1;
  /** What it lies on; null: the image. */
  readonly below: string | null;
}

/** What a machine's disk lies on, for a QEMU that is about to be started. */
export interface OpenBase extends AsyncDisposable {
  readonly base: DiskBase;
  /** QEMU's, in the order of their numbers. */
  readonly descriptors: readonly number[];
}

/** @param first  QEMU's number of the first descriptor that is free */
export type OpenDiskBase = (first: number) => Promise<OpenBase>;

const VERSION = 1;
const ID = /^[0-9a-f]{16}$/;

export class LayerStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  files(id: string): LayerFiles {
    if (!ID.test(id)) throw new TypeError(`no layer's id: ${id}`);
    const directory = join(this.#directory, id);
    return { directory, disk: join(directory, 'disk.qcow2'), record: join(directory, 'layer.json'), memory: join(directory, 'memory'), memoryRecord: join(directory, 'memory.json') };
  }

  has(id: string): Promise<boolean> {
    return stat(this.files(id).disk).then(() => true, () => false);
  }

  /** Takes a disk that nobody writes to any more, and its name from it, unless that is still in use (`link`). Done again it changes nothing. */
  async take(id: string, disk: string, below: string | undefined, how: 'rename' | 'link' = 'rename'): Promise<void> {
    const files = this.files(id);
    await mkdir(files.directory, { recursive: true, mode: 0o700 });
    await chmod(this.#directory, 0o700);
    await writeWhole(files.record, `${JSON.stringify({ version: VERSION, below: below ?? null } satisfies LayerRecord)}\n`);
    if (process.getuid?.() === 0) await chown(disk, 0, 0);
    await chmod(disk, 0o400);
    await (how === 'link' ? link : rename)(disk, files.disk);
  }

  /** Takes the file of a state that was saved. */
  async keepMemory(id: string, path: string, saved: SavedMemory): Promise<void> {
    const { memory, memoryRecord } = this.files(id);
    await rename(path, memory);
    await writeWhole(memoryRecord, `${JSON.stringify({ version: VERSION, ...saved })}\n`);
  }

  /** undefined where it holds a disk only. */
  async memoryOf(id: string): Promise<SavedMemory | undefined> {
    const { memoryRecord } = this.files(id);
    const text = await readFile(memoryRecord, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : requireVersion(text, VERSION, memoryRecord) as { readonly version: number } & SavedMemory;
  }

  /** @param first  QEMU's number of the first descriptor that is free */
  async open(top: string | undefined, image: DiskBase, first: number): Promise<OpenBase> {
    const handles: FileHandle[] = [];
    const close = async (): Promise<void> => { await Promise.all(handles.map((handle) => handle.close())); };
    try {
      for (const id of await this.#down(top)) handles.push(await open(this.files(id).disk, 'r'));
    } catch (error) {
      await close();
      throw error;
    }
    const base = handles.reduceRight<DiskBase>((backing, _, index) => ({ descriptor: first + index, format: 'qcow2', backing }), image);
    return { base, descriptors: handles.map(({ fd }) => fd), [Symbol.asyncDispose]: close };
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#all()).length === 0;
  }

  /** Removes what neither these need, nor what lies on them. */
  async sweep(needed: ReadonlySet<string>): Promise<void> {
    const there = await this.#all();
    const kept = new Set<string>();
    // One that cannot be read keeps everything: what lies below it is not known.
    for (const id of there.filter((each) => needed.has(each))) for (const each of await this.#down(id)) kept.add(each);
    for (const id of there.filter((each) => !kept.has(each))) await rm(this.files(id).directory, { recursive: true, force: true });
  }

  async #all(): Promise<readonly string[]> {
    return (await readdir(this.#directory).catch(() => [] as string[])).filter((name) => ID.test(name));
  }

  /** Ids from the top down. @throws machine-failed */
  async #down(top: string | undefined): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let id = top; id !== undefined;) {
      if (ids.includes(id)) throw fail('machine-failed', `the layer ${id} lies on itself`);
      ids.push(id);
      id = (await this.#record(id)).below ?? undefined;
    }
    return ids;
  }

  async #record(id: string): Promise<LayerRecord> {
    const { record } = this.files(id);
    const text = await readFile(record, 'utf8').catch((cause: unknown) => {
      throw fail('machine-failed', `a part of the disk is gone: ${record}`, { cause });
    });
    const { below } = requireVersion(text, VERSION, record) as LayerRecord;
    if (below !== null && !ID.test(below)) throw fail('machine-failed', `${record} is damaged: it lies on nothing that is known`);
    return { version: VERSION, below };
  }
}
