/**
 * Template memory that nobody can write to, for a QEMU (before 8.2) that cannot open its memory's file without the right
 * to: a sealed memfd. It may be opened for writing and mapped private, but neither written, nor mapped shared for
 * writing, nor made shorter (memfd_create(2), F_ADD_SEALS). Node cannot make one; perl, which the image tools bring, can.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, type FileHandle } from 'node:fs/promises';
import { fail } from '../../../core/errors.ts';
import type { Template } from './store.ts';

const MEMFD_CREATE: Readonly<Record<string, number>> = { x64: 319, arm64: 279 };
const DEADLINE_MS = 60_000;

/** Copies the file page by page, leaves out holes and zeros, seals, says the descriptor, and waits until it has been taken. */
const MAKER = String.raw`
use strict;
my ($number, $path) = @ARGV;
my $name = "holdfast-template";
my $fd = syscall($number + 0, $name, 2);
die "memfd_create: $!\n" if $fd < 0;
open(my $memory, "+<&=", $fd) or die "memfd: $!\n";
open(my $file, "<:raw", $path) or die "$path: $!\n";
truncate($memory, -s $file) or die "truncate: $!\n";
my ($page, $most, $at) = (4096, 256 * 4096, 0);
my $zeros = "\0" x $page;
while (defined(my $from = sysseek($file, $at, 3))) {  # SEEK_DATA
  $at = sysseek($file, $from, 4);  # SEEK_HOLE
  sysseek($file, $from, 0);
  for (my $here = $from + 0; $here < $at; ) {
    my $got = sysread($file, my $buffer, $most < $at - $here ? $most : $at - $here);
    die "read: $!\n" unless $got;
    for (my $i = 0; $i < $got; $i += $page) {
      my $piece = substr($buffer, $i, $page);
      next if $piece eq substr($zeros, 0, length $piece);
      sysseek($memory, $here + $i, 0) or die "seek: $!\n";
      (syswrite($memory, $piece) // -1) == length $piece or die "write: $!\n";
    }
    $here += $got;
  }
}
fcntl($memory, 1033, 1 | 2 | 4 | 8) or die "seal: $!\n";
$| = 1;
print "$fd\n";
1 while sysread(STDIN, my $nothing, 1);
`;

/** One that is in use: it stays open until that is over, whatever becomes of its template. */
export interface SealedMemory extends AsyncDisposable {
  readonly fd: number;
}

interface Made {
  readonly handle: Promise<FileHandle>;
  users: number;
}

export type Sealable = Pick<Template, 'key'> & { readonly record: Pick<Template['record'], 'createdAt'>; readonly files: Pick<Template['files'], 'ram'> };

/** One that is made anew in place of a damaged one has its key, and other memory. */
const makingOf = ({ key, record: { createdAt } }: Sealable): string => `${key} ${createdAt}`;

export class SealedMemories implements AsyncDisposable {
  /** Kept open: without a fork that has it mapped, the memory would be gone. */
  readonly #made = new Map<string, Made>();

  /** One for each making of a template. @throws tool-missing, machine-failed */
  async use(template: Sealable): Promise<SealedMemory> {
    const making = makingOf(template);
    const made = this.#made.get(making) ?? { handle: make(template.files.ram), users: 0 };
    this.#made.set(making, made);
    made.users += 1;
    try {
      const { fd } = await made.handle;
      return { fd, [Symbol.asyncDispose]: () => this.#leave(making, made) };
    } catch (error) {
      if (this.#made.get(making) === made) this.#made.delete(making);
      throw error;
    }
  }

  async keepOnly(templates: readonly Sealable[]): Promise<void> {
    const kept = new Set(templates.map(makingOf));
    for (const [making, made] of this.#made) {
      if (kept.has(making)) continue;
      this.#made.delete(making);
      if (made.users === 0) await (await made.handle).close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keepOnly([]);
  }

  async #leave(making: string, made: Made): Promise<void> {
    made.users -= 1;
    if (made.users === 0 && this.#made.get(making) !== made) await (await made.handle).close();
  }
}

async function make(ramPath: string): Promise<FileHandle> {
  const number = MEMFD_CREATE[process.arch];
  if (process.platform !== 'linux' || number === undefined) throw fail('machine-failed', 'template memory cannot be sealed on this host');
  const maker = spawn('perl', ['-e', MAKER, String(number), ramPath], { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } });
  const timer = setTimeout(() => maker.kill('SIGKILL'), DEADLINE_MS);
  try {
    await once(maker, 'spawn').catch((error: unknown) => {
      throw fail('tool-missing', 'perl is not installed', { hint: 'install it, or QEMU 8.2 or newer: apt-get install perl-base', cause: error });
    });
    let complaint = '';
    maker.stderr.setEncoding('utf8').on('data', (text: string) => { complaint = (complaint + text).slice(-300); });
    const said = await firstLine(maker.stdout.setEncoding('latin1'));
    if (!/^\d{1,4}$/.test(said)) throw fail('machine-failed', `template memory could not be sealed: ${complaint.trim() || 'no reason was given'}`);
    return await open(`/proc/${maker.pid}/fd/${said}`, 'r');
  } finally {
    clearTimeout(timer);
    maker.stdin.on('error', () => undefined).end();
  }
}

async function firstLine(stream: AsyncIterable<string>): Promise<string> {
  let held = '';
  for await (const piece of stream) {
    held += piece;
    const end = held.indexOf('\n');
    if (end >= 0) return held.slice(0, end);
  }
  return held;
}
