/** Templates on disk: a directory each, renamed into place when it is whole. */
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, HoldfastError } from '../../../core/errors.ts';
import { removeDirectory } from '../../../host/remove-directory.ts';
import { requireVersion } from '../state-file.ts';
import { writeWhole } from '../../../host/write-whole.ts';
import { shapeKey, type TemplateShape } from './shape.ts';

/** Of the guest that was frozen; its keys lie beside. */
export interface TemplateIdentity {
  readonly name: string;
  readonly instanceId: string;
  readonly mac: string;
  readonly machineId: string;
}

export interface TemplateRecord {
  readonly version: 1;
  readonly shape: TemplateShape;
  readonly identity: TemplateIdentity;
  /** Of its disk, as a guest sees it. */
  readonly diskBytes: number;
  readonly createdAt: string;
  /** Of each file, so that a truncated one is found before a guest is made of it. */
  readonly sizes: Readonly<Record<'disk' | 'ram' | 'state', number>>;
}

export interface TemplateFiles {
  readonly directory: string;
  readonly disk: string;
  readonly ram: string;
  readonly state: string;
  readonly keys: string;
  readonly record: string;
}

export interface Template {
  readonly key: string;
  readonly record: TemplateRecord;
  readonly files: TemplateFiles;
  readonly lastUsedAt: Date;
  /** What it takes on disk. */
  readonly bytes: number;
}

const NAME = /^[0-9a-f]{16}$/;

export function templateFiles(directory: string): TemplateFiles {
  const at = (name: string): string => join(directory, name);
  return { directory, disk: at('disk.qcow2'), ram: at('ram'), state: at('state'), keys: at('keys'), record: at('template.json') };
}

export class TemplateStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @returns undefined when there is none for this shape  @throws machine-failed when there was one that is damaged: it is gone then */
  async find(shape: TemplateShape): Promise<Template | undefined> {
    const key = shapeKey(shape);
    try {
      return await this.#read(key);
    } catch (error) {
      // A newer Holdfast's is no damage: it forks of it again when it is back.
      if (!isTooNew(error)) await this.remove(key);
      throw error;
    }
  }

  /** Whole ones; a damaged one is left out. */
  async all(): Promise<Template[]> {
    const names = (await readdir(this.#directory).catch(() => [])).filter((name) => NAME.test(name));
    const found = await Promise.all(names.map((name) => this.#read(name).catch(() => undefined)));
    return found.filter((template) => template !== undefined);
  }

  /** Where a new one's files are put together: on the same file system, and not taken for a template. */
  async stage(shape: TemplateShape): Promise<TemplateFiles> {
    const directory = join(this.#directory, `${shapeKey(shape)}.making`);
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o711 });
    return templateFiles(directory);
  }

  /** The staged files become the template of this shape, in place of an older one. @throws home-too-new in place of a newer Holdfast's */
  async commit(staged: TemplateFiles, record: Omit<TemplateRecord, 'version' | 'sizes'>): Promise<Template> {
    const sizes = { disk: await sizeOf(staged.disk), ram: await sizeOf(staged.ram), state: await sizeOf(staged.state) };
    await writeWhole(staged.record, `${JSON.stringify({ version: 1, ...record, sizes } satisfies TemplateRecord, null, 2)}\n`);
    const key = shapeKey(record.shape);
    await this.#read(key).catch((error: unknown) => { if (isTooNew(error)) throw error; });
    await this.remove(key);
    await rename(staged.directory, join(this.#directory, key));
    const made = await this.#read(key);
    if (made === undefined) throw fail('machine-failed', `the template ${key} is gone as soon as it was made`);
    return made;
  }

  /** Guests that were forked of it go on: what is mapped stays until they end. */
  async remove(key: string): Promise<void> {
    if (!NAME.test(key)) throw new TypeError(`no template: ${key}`);
    await removeDirectory(join(this.#directory, key));
  }

  async used(template: Template): Promise<void> {
    const now = new Date();
    await utimes(template.files.record, now, now).catch(() => undefined);
  }

  /** What an interrupted making or removal left. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#directory).catch(() => [])) {
      if (!NAME.test(name)) await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  async #read(key: string): Promise<Template | undefined> {
    const files = templateFiles(join(this.#directory, key));
    const text = await readFile(files.record, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const record = recordIn(text, key);
    for (const part of ['disk', 'ram', 'state'] as const) {
      if (await sizeOf(files[part]).catch(() => -1) !== record.sizes[part]) throw fail('machine-failed', `the template's ${part} file is damaged`);
    }
    const ram = await stat(files.ram);
    return { key, record, files, lastUsedAt: (await stat(files.record)).mtime, bytes: ram.blocks * 512 + record.sizes.disk + record.sizes.state };
  }
}

function recordIn(text: string, key: string): TemplateRecord {
  const record = requireVersion(text, 1, 'the template\'s record') as TemplateRecord;
  if (typeof record.shape !== 'object' || record.shape === null || shapeKey(record.shape) !== key) throw fail('machine-failed', 'the template\'s record is damaged');
  if (typeof record.sizes !== 'object' || record.sizes === null) throw fail('machine-failed', 'the template\'s record is damaged');
  return record;
}

function isTooNew(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'home-too-new';
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}
