/** Runs a short-lived tool to its end: argv without a shell, a deadline, bounded output, one place that words its failures. */
import { spawn } from 'node:child_process';
import { fail } from '../../core/errors.ts';

export interface RunRequest {
  readonly tool: string;
  readonly args: readonly string[];
  /** Debian's package that brings the tool, named when it is missing. */
  readonly package: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** For each of stdout and stderr; a tool that says more is ended. */
  readonly maxOutputBytes?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  /** Exit codes, besides 0, that are an answer and no failure. */
  readonly passCodes?: readonly number[];
}

/** One that was killed is gone by then, and its pipes with it; a tool that the kernel does not let go of, or a child of its own that holds them, may stay. */
const LET_GO_MS = 5_000;

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** @throws tool-missing, no-space, too-slow, cancelled, machine-failed (it ended with another code than 0) */
export async function run(request: RunRequest): Promise<RunResult> {
  const { tool, args, signal } = request;
  const limit = request.maxOutputBytes ?? 1024 * 1024;
  if (signal?.aborted) throw fail('cancelled', `${tool} was not run: cancelled`, { cause: signal.reason });
  const child = spawn(tool, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    ...(request.env === undefined ? {} : { env: request.env }),
    ...(request.uid === undefined ? {} : { uid: request.uid }),
    ...(request.gid === undefined ? {} : { gid: request.gid }),
  });
  let stopped: 'deadline' | 'abort' | 'output' | undefined;
  const ended = Promise.withResolvers<[number | null, NodeJS.Signals | null]>();
  let patience: NodeJS.Timeout | undefined;
  const stop = (why: 'deadline' | 'abort' | 'output') => {
    stopped ??= why;
    child.kill('SIGKILL');
    patience ??= setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      ended.resolve([null, 'SIGKILL']);
    }, LET_GO_MS);
  };
  const stdout = collect(child.stdout, limit, () => stop('output'));
  const stderr = collect(child.stderr, limit, () => stop('output'));
  const timer = setTimeout(() => stop('deadline'), request.deadlineMs);
  const onAbort = () => stop('abort');
  signal?.addEventListener('abort', onAbort, { once: true });
  child.once('error', (error) => ended.reject(spawnFailure(request, error)));
  child.once('close', (exit, by) => ended.resolve([exit, by]));
  try {
    const [code, killedBy] = await ended.promise;
    if (stopped === 'abort') throw fail('cancelled', `${tool} was cancelled`, { cause: signal?.reason });
    if (stopped === 'deadline') {
      throw fail('too-slow', `${tool} did not end within ${request.deadlineMs / 1000} s`, { hint: 'this host is very busy, or one of its disks does not answer (dmesg): try again when it does' });
    }
    if (stopped === 'output') throw fail('machine-failed', `${tool} wrote more than ${limit} bytes and was ended`);
    if (code === 0 || (code !== null && request.passCodes?.includes(code))) return { stdout: stdout(), stderr: stderr() };
    const said = reasonIn(stderr()) ?? (killedBy ? `killed by ${killedBy}` : `exit code ${code}`);
    if (/No space left on device/i.test(stderr())) throw fail('no-space', `${tool}: ${said}`, { hint: 'free some disk space and try again' });
    throw fail('machine-failed', `${tool} failed: ${said}`);
  } finally {
    clearTimeout(timer);
    clearTimeout(patience);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Where a tool shows what it stumbled over (nft: the line, and arrows below it), its reason stands above that. */
function reasonIn(stderr: string): string | undefined {
  const last = lastLine(stderr);
  return last !== undefined && /^[\s^~]+$/.test(last) ? stderr.split('\n').find((line) => /\berror\b/i.test(line))?.trim() ?? last : last;
}

export function lastLine(text: string): string | undefined {
  return text.split('\n').map((line) => line.trim()).findLast((line) => line !== '');
}

export function spawnFailure(request: { tool: string; package: string }, error: Error): Error {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') {
    return fail('tool-missing', `${request.tool} is not installed`, { hint: `install it: apt-get install ${request.package}`, cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM') return fail('no-rights', `${request.tool} may not be run: ${error.message}`, { cause: error });
  return fail('machine-failed', `${request.tool} could not be run: ${error.message}`, { cause: error });
}

function collect(stream: NodeJS.ReadableStream, limit: number, tooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) tooMuch();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
