/**
 * What was found out about accelerators on this host, so that it is found out once. Keyed by what the finding depends
 * on: a new QEMU, kernel or processor is tried anew. The file is a cache: lost or broken, everything is tried again.
 */
import { readFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import type { Accelerator } from '../command-line/input.ts';
import { writeWhole } from '../../../host/write-whole.ts';

/** `proven`: a guest's kernel ran on it. `refused`: none did, where emulation then carried the same guest. */
export interface Verdict {
  readonly verdict: 'proven' | 'refused';
  readonly reason: string;
  readonly at: string;
}

interface Entry {
  readonly verdicts: Partial<Record<Accelerator, Verdict>>;
  /** Notices that users of this host have seen. */
  readonly told: readonly string[];
}

type Entries = Record<string, Entry>;
const EMPTY: Entry = { verdicts: {}, told: [] };

export class AcceleratorMemory {
  readonly #path: string;
  readonly #now: () => Date;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, now: () => Date = () => new Date()) {
    this.#path = path;
    this.#now = now;
  }

  async verdict(key: string, accelerator: Accelerator): Promise<Verdict | undefined> {
    return ((await this.#read())[key] ?? EMPTY).verdicts[accelerator];
  }

  async remember(key: string, accelerator: Accelerator, verdict: Verdict['verdict'], reason: string): Promise<void> {
    await this.#change(key, (entry) => entry.verdicts[accelerator]?.verdict === verdict ? entry
      : { ...entry, verdicts: { ...entry.verdicts, [accelerator]: { verdict, reason, at: this.#now().toISOString() } } });
  }

  /** So that the next start tries it again. */
  async forget(key: string, accelerator: Accelerator): Promise<void> {
    await this.#change(key, (entry) => {
      const { [accelerator]: known, ...verdicts } = entry.verdicts;
      return known === undefined ? entry : { ...entry, verdicts };
    });
  }

  /** @returns true the first time */
  async tellOnce(key: string, notice: string): Promise<boolean> {
    let first = false;
    await this.#change(key, (entry) => {
      first = !entry.told.includes(notice);
      return first ? { ...entry, told: [...entry.told, notice].slice(-20) } : entry;
    });
    return first;
  }

  async #change(key: string, change: (entry: Entry) => Entry): Promise<void> {
    this.#writing = this.#writing.catch(() => undefined).then(async () => {
      const entries = await this.#read();
      const before = entries[key] ?? EMPTY;
      const after = change(before);
      if (after !== before) await writeWhole(this.#path, `${JSON.stringify({ version: 1, hosts: { ...entries, [key]: after } }, null, 2)}\n`);
    });
    await this.#writing;
  }

  async #read(): Promise<Entries> {
    try {
      const content = JSON.parse(await readFile(this.#path, 'utf8')) as { version?: unknown; hosts?: Entries };
      return content.version === 1 && content.hosts !== undefined ? content.hosts : {};
    } catch {
      return {};
    }
  }
}

/** The machine-id is in it because a home may lie on a shared disk. */
export async function hostKey(qemuVersion: string): Promise<string> {
  const machineId = (await readFile('/etc/machine-id', 'utf8').catch(() => 'no machine-id')).trim();
  return [`qemu ${qemuVersion}`, `${process.platform} ${release()}`, cpus()[0]?.model ?? 'unknown processor', machineId].join('; ');
}
