/** The fake driver's templates: a file for each, so that what becomes of one when a daemon dies can be tested. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import type { TemplateInfo, Templates, TemplateWish, Work } from '../driver.ts';

export class FakeTemplates implements Templates {
  readonly #directory: string;
  readonly #version: () => Promise<string>;

  constructor(directory: string, version: () => Promise<string>) {
    this.#directory = directory;
    this.#version = version;
  }

  async find(wish: TemplateWish): Promise<string | undefined> {
    const key = await this.#keyOf(wish);
    const text = await readFile(this.#path(key), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    if (text.startsWith('{')) return key;
    await this.remove(key);
    throw fail('machine-failed', 'the template is damaged');
  }

  async make(wish: TemplateWish, _timezone: string, { signal, progress }: Work): Promise<string> {
    progress('Making the template');
    if (signal.aborted) throw fail('cancelled', 'making a template was cancelled', { cause: signal.reason });
    const key = await this.#keyOf(wish);
    const now = new Date().toISOString();
    const info: TemplateInfo = { key, imageDigest: wish.imageDigest, cpus: wish.cpus, memoryBytes: wish.memoryBytes, accelerator: 'fake', createdAt: now, lastUsedAt: now, bytes: 1 };
    await mkdir(this.#directory, { recursive: true });
    await writeFile(`${this.#path(key)}.making`, JSON.stringify(info));
    await rename(`${this.#path(key)}.making`, this.#path(key));
    return key;
  }

  async all(): Promise<TemplateInfo[]> {
    const names = (await readdir(this.#directory).catch(() => [])).filter((name) => name.endsWith('.json'));
    return await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(this.#directory, name), 'utf8')) as TemplateInfo));
  }

  async remove(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  async tidy(): Promise<void> {
    for (const name of await readdir(this.#directory).catch(() => [])) if (!name.endsWith('.json')) await rm(join(this.#directory, name));
  }

  /** Nothing of its is ever too old, or too much. */
  prune(): Promise<void> {
    return Promise.resolve();
  }

  /** @throws machine-failed when it is gone or damaged */
  async require(key: string): Promise<void> {
    const text = await readFile(this.#path(key), 'utf8').catch(() => '');
    if (!text.startsWith('{')) throw fail('machine-failed', `the template ${key} is gone or damaged`);
  }

  async #keyOf({ imageDigest, cpus, memoryBytes }: TemplateWish): Promise<string> {
    return createHash('sha256').update(JSON.stringify([imageDigest, cpus, memoryBytes, await this.#version()])).digest('hex').slice(0, 16);
  }

  #path(key: string): string {
    return join(this.#directory, `${key}.json`);
  }
}
