/** The fake guest's programs: enough to test everything above a guest, and nothing that touches the host. */

export interface Guest {
  readonly hostname: string;
  readonly user: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Everything up to the end of the standard input, piece by piece. */
  readonly input: AsyncIterable<string>;
  readonly signal: AbortSignal;
}

type Program = (args: readonly string[], guest: Guest, io: Io) => number | Promise<number>;

const PROGRAMS: Readonly<Record<string, Program>> = {
  true: () => 0,
  false: () => 1,
  echo: (args, _guest, io) => say(io, args.join(' ')),
  hostname: (_args, guest, io) => say(io, guest.hostname),
  pwd: (_args, guest, io) => say(io, guest.cwd),
  id: (_args, guest, io) => say(io, guest.user),
  whoami: (_args, guest, io) => say(io, guest.user),
  printenv: ([name], guest, io) => {
    if (name === undefined) return say(io, Object.entries(guest.env).map((pair) => pair.join('=')).join('\n'));
    const value = guest.env[name];
    return value === undefined ? 1 : say(io, value);
  },
  async cat(_args, _guest, io) {
    for await (const piece of io.input) io.out(piece);
    return 0;
  },
  sleep: ([seconds], _guest, io) => new Promise((resolve) => {
    const timer = setTimeout(resolve, Number(seconds) * 1000, 0);
    io.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve(0);
    });
  }),
  sh: ([flag, script], guest, io) => (flag === '-c' ? runLine(script ?? '', guest, io) : shell(guest, io)),
};

/** @returns the exit code; 127 for what is not there, as a shell says */
export async function runProgram(command: readonly string[], guest: Guest, io: Io): Promise<number> {
  const [name = 'sh', ...args] = command;
  const program = Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined;
  if (program !== undefined) return program(args, guest, io);
  io.err(`${name}: command not found\n`);
  return 127;
}

async function runLine(line: string, guest: Guest, io: Io): Promise<number> {
  const words = line.trim().split(/\s+/).filter((word) => word !== '');
  if (words[0] === 'exit') return Number(words[1] ?? 0) & 0xff;
  return words.length === 0 ? 0 : runProgram(words, guest, io);
}

async function shell(guest: Guest, io: Io): Promise<number> {
  let held = '';
  for await (const piece of io.input) {
    const lines = (held + piece).split(/[\r\n]/);
    held = lines.pop() ?? '';
    for (const line of lines) {
      if (/^\s*exit\b/.test(line)) return runLine(line, guest, io);
      await runLine(line, guest, { ...io, input: (async function* () { /* the shell's own */ })() });
    }
  }
  return 0;
}

function say(io: Io, line: string): number {
  io.out(`${line}\n`);
  return 0;
}
