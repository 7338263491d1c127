/** The fake guest's programs: enough to test everything above a guest, and nothing that touches the host. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountScript, serveMount } from './mounts.ts';
import { treat } from './ailments.ts';
import type { FakeNetwork } from './network.ts';
import type { Faults } from './protocol.ts';

export interface Guest {
  readonly hostname: string;
  readonly user: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its machine's, where its faults are. */
  readonly directory: string;
  readonly network: FakeNetwork;
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
  /** To a file in its machine's directory, for a test to read. */
  wall: (args, guest) => {
    appendFileSync(join(guest.directory, 'wall'), `${args.join(' ')}\n`);
    return 0;
  },
  sleep: ([seconds], _guest, io) => new Promise((resolve) => {
    const timer = setTimeout(resolve, Number(seconds) * 1000, 0);
    io.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve(0);
    });
  }),
  sudo: (args, guest, io) => runProgram(args.filter((arg, at) => !(arg.startsWith('-') && args.slice(0, at).every((before) => before.startsWith('-')))), guest, io),
  /** Serves nothing, and is there until its input ends. */
  sshfs: (args, guest, io) => serveMount(args.at(-1) ?? '', guest.directory, io),
  /** Of /etc/netplan only, as the next two. */
  async tee([path = ''], { network }, io) {
    network.edit(path, await all(io.input));
    return 0;
  },
  rm: ([path = ''], { network }) => {
    network.edit(path, undefined);
    return 0;
  },
  /** What a netplan file says. */
  'netplan-file': ([path = ''], { network }, io) => {
    const text = network.read(path);
    if (text === undefined) return 1;
    io.out(text);
    return 0;
  },
  netplan: (_args, { network }, io) => {
    const why = network.apply();
    if (why === undefined) return 0;
    io.err(`${why}\n`);
    return 1;
  },
  /** Holdfast's own programs in the guest. */
  '/usr/bin/python3': async ([, file = '', command = ''], { network, directory }, io) => {
    const wish = JSON.parse(await all(io.input) || '{}') as Readonly<Record<string, unknown>>;
    if (file.endsWith('/netguard.py')) {
      const answer = network.guard(command, wish);
      return say(io, JSON.stringify(answer)) || Number('refused' in answer);
    }
    return file === '-c' ? say(io, JSON.stringify((wish['probes'] as readonly { address: string }[]).map(({ address }) => (unanswered(directory).includes(address) ? 'it does not answer' : null)))) : 1;
  },
  sh: ([flag, script = '', zero = '', ...rest], guest, io) => (zero.startsWith('holdfast-') ? mountScript(zero, rest, guest.directory, (line) => say(io, line)) : flag === '-c' ? treat(script, guest.directory, (text) => io.out(text)) ?? runLine(script, guest, io) : shell(guest, io)),
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

async function all(input: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of input) text += piece;
  return text;
}

function unanswered(directory: string): readonly string[] {
  try {
    return (JSON.parse(readFileSync(join(directory, 'faults.json'), 'utf8')) as Faults).unanswered ?? [];
  } catch {
    return [];
  }
}

function say(io: Io, line: string): number {
  io.out(`${line}\n`);
  return 0;
}
