/** Reads a kernel's last words off a serial console: text as it comes, escape sequences and overlong lines included. */
import { stripVTControlCharacters } from 'node:util';
import { plainLine } from '../../../core/plain-text.ts';

const MAX_LINE = 1024;
/** The kernel begins a line with its clock, unless printk.time is off. Anchored: the words quoted elsewhere are no panic. */
const CLOCK = String.raw`^(?:\[\s*\d+\.\d+\](?:\[[^\]]*\])?\s)?`;
const PANIC = new RegExp(`${CLOCK}Kernel panic - not syncing: (.{1,200})`);
const OOPS = new RegExp(`${CLOCK}((?:int3|Oops|BUG|general protection fault|invalid opcode|stack segment|divide error)\\b[^[]{0,80}\\[#\\d+\\])`);
/** What only a kernel says, and no firmware or boot loader. */
const KERNEL = new RegExp(String.raw`^\[\s*\d+\.\d{6}\]|^Linux version \d|^Run \S+ as init process`);

/** How a line begins that can be one of them, or an escape sequence before it: a guest may fill its console with others. */
const BEGINS = new RegExp(String.raw`^[[KLRiOBgsd\u001b\u009b]`);
/** `BUG[#1]` */
const SHORTEST = 7;

export interface ConsoleSigns {
  /** A kernel runs: said once. */
  kernel(): void;
  /** It panicked, in its own words. */
  panic(reason: string): void;
}

export class PanicWatch {
  #line = '';
  #lastOops: string | undefined;
  #sawKernel = false;
  readonly #signs: ConsoleSigns;

  constructor(signs: ConsoleSigns) {
    this.#signs = signs;
  }

  push(chunk: Buffer): void {
    const pieces = chunk.toString('latin1').split(/[\r\n]+/);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) this.#endOfLine();
      if (this.#line.length < MAX_LINE) this.#line += piece.slice(0, MAX_LINE - this.#line.length);
    }
  }

  #endOfLine(): void {
    const raw = this.#line;
    this.#line = '';
    if (raw.length < SHORTEST || !BEGINS.test(raw)) return;
    const line = plainLine(stripVTControlCharacters(raw));
    if (!this.#sawKernel && KERNEL.test(line)) {
      this.#sawKernel = true;
      this.#signs.kernel();
    }
    this.#lastOops = OOPS.exec(line)?.[1] ?? this.#lastOops;
    const panic = PANIC.exec(line)?.[1];
    if (panic === undefined) return;
    this.#signs.panic(`Kernel panic - not syncing: ${panic.trim()}${this.#lastOops === undefined ? '' : ` (after ${this.#lastOops.trim()})`}`);
    this.#lastOops = undefined;
  }
}
