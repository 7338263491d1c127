/** Questions to whoever sits at the terminal. A pipe is read where a value is wanted, and says no where consent is. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Context } from './command.ts';

type Terminal = Pick<Context, 'stdin' | 'stdout' | 'stderr' | 'isTTY' | 'signal'>;

/** One reader for all questions of a command: what came ahead of its question is not lost between two. */
export interface Asking extends Disposable {
  /** @param hidden  what is typed is not shown  @returns undefined when the input ended, or was left by Ctrl-C */
  ask(question: string, hidden?: boolean): Promise<string | undefined>;
}

export function asking({ stdin, stdout, stderr, isTTY, signal }: Terminal): Asking {
  let muted = false;
  // Where errors go into a file the person is asked all the same, and what he types is shown by nobody but us.
  const screen = isTTY.stderr || !isTTY.stdin ? stderr : isTTY.stdout ? stdout : undefined;
  const shown = new Writable({
    write(chunk: Buffer, _encoding, done) {
      // At once: what waited for its turn would be muted with what is typed.
      if (!muted) screen?.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: stdin, output: shown, terminal: isTTY.stdin });
  const ended = new AbortController();
  const waiting: string[] = [];
  let next: ((line: string) => void) | undefined;
  lines.on('line', (line) => {
    if (next) next(line);
    else waiting.push(line);
  });
  lines.once('close', () => ended.abort());
  // In raw mode the terminal sends no SIGINT; readline sees the key.
  lines.once('SIGINT', () => lines.close());
  signal.addEventListener('abort', () => lines.close(), { once: true });
  return {
    async ask(question, hidden = false) {
      if (isTTY.stdin) {
        lines.setPrompt(question);
        lines.prompt();
      }
      muted = hidden;
      try {
        return waiting.shift() ?? await new Promise<string | undefined>((resolve) => {
          next = resolve;
          if (ended.signal.aborted) resolve(undefined);
          ended.signal.addEventListener('abort', () => resolve(undefined), { once: true });
        });
      } finally {
        next = undefined;
        muted = false;
        if (hidden && isTTY.stdin) screen?.write('\n');
      }
    },
    [Symbol.dispose]: () => lines.close(),
  };
}

/** @returns whether somebody said yes; nobody does where there is no terminal */
export async function confirmed(terminal: Terminal, question: string): Promise<boolean> {
  if (!terminal.isTTY.stdin) return false;
  using asked = asking(terminal);
  return /^y(?:es)?$/i.test((await asked.ask(`${question} [y/N] `))?.trim() ?? '');
}
