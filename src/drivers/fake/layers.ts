/** What a fake machine's disk holds (its guest's network files, and the mark of a test), copied whole. */
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/errors.ts';
import { exists } from '../../host/exists.ts';

const MEMORY = 'memory';
const ON_DISK = ['network.json', 'mark'];

export class FakeLayers {
  readonly #directory: string;
  readonly #machine: (id: string) => string;

  constructor(directory: string, machine: (id: string) => string) {
    this.#directory = directory;
    this.#machine = machine;
  }

  /** @param live  its memory as well: it is a suspended machine when it is put back */
  async take(layer: string, machine: string, live = false): Promise<void> {
    const at = join(this.#directory, layer);
    if (await exists(at)) return;
    await mkdir(`${at}.tmp`, { recursive: true });
    await copy(this.#machine(machine), `${at}.tmp`);
    if (live) await writeFile(join(`${at}.tmp`, MEMORY), '');
    await rename(`${at}.tmp`, at);
  }

  async put(layer: string, machine: string): Promise<boolean> {
    const at = join(this.#directory, layer);
    if (!(await exists(at))) throw fail('machine-failed', `the layer ${layer} is gone`);
    await copy(at, this.#machine(machine));
    return await exists(join(at, MEMORY));
  }

  /** A machine has its own copy. */
  async sweep(kept: ReadonlySet<string>): Promise<void> {
    const there = await readdir(this.#directory).catch(() => [] as string[]);
    for (const name of there.filter((each) => !kept.has(each))) await rm(join(this.#directory, name), { recursive: true });
  }
}

async function copy(from: string, to: string): Promise<void> {
  for (const name of ON_DISK) {
    if (await exists(join(from, name))) await copyFile(join(from, name), join(to, name));
    else await rm(join(to, name), { force: true });
  }
}
