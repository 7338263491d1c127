/** What was found so far, one line of JSON each: a run that is broken off goes on from there. */
import { appendFile, readFile } from 'node:fs/promises';

export type Part = 'live' | 'reboots' | 'host' | 'changes' | 'sequences' | 'lanes' | 'templates' | 'floods' | 'doctor' | 'upgrades';

export interface Mark {
  readonly part: Part;
  readonly name: string;
  /** Of the part's table. */
  readonly lines: readonly string[];
  readonly held: boolean;
  readonly accelerator?: string | undefined;
  /** ISO 8601. */
  readonly at: string;
}

export class Marks {
  readonly #path: string | undefined;
  readonly #marks: Mark[];

  private constructor(path: string | undefined, marks: Mark[]) {
    this.#path = path;
    this.#marks = marks;
  }

  /** @param path  nothing is kept without one */
  static async open(path: string | undefined): Promise<Marks> {
    const text = path === undefined ? '' : await readFile(path, 'utf8').catch(() => '');
    return new Marks(path, text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Mark));
  }

  has(part: Part, name: string): boolean {
    return this.#marks.some((mark) => mark.part === part && mark.name === name);
  }

  hasPart(part: Part): boolean {
    return this.#marks.some((mark) => mark.part === part);
  }

  async add(mark: Omit<Mark, 'at'>): Promise<void> {
    const whole = { ...mark, at: new Date().toISOString() };
    this.#marks.push(whole);
    process.stdout.write(`${mark.lines.join('\n')}\n`);
    if (this.#path !== undefined) await appendFile(this.#path, `${JSON.stringify(whole)}\n`);
  }

  lines(part: Part): string {
    return this.#marks.filter((mark) => mark.part === part).flatMap((mark) => mark.lines).join('\n');
  }

  get passed(): number { return this.#marks.filter(({ held }) => held).length; }
  get failed(): number { return this.#marks.length - this.passed; }
  get accelerator(): string { return this.#marks.find(({ accelerator }) => accelerator !== undefined)?.accelerator ?? 'unknown'; }
  /** From the first day to the last. */
  get days(): readonly string[] { return [...new Set(this.#marks.map(({ at }) => at.slice(0, 10)))].toSorted(); }
}
