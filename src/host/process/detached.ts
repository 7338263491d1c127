/**
 * Starts a process that outlives this one: a session of its own, no pipes to us, what it complains about in a file.
 * Its rights are set before it starts.
 */
import { spawn } from 'node:child_process';
import { open, readFile, stat, truncate } from 'node:fs/promises';
import { fail } from '../../core/errors.ts';
import { processStartTime, type ProcessIdentity } from './identity.ts';
import { spawnFailure } from './run.ts';

export interface DetachedRequest {
  readonly tool: string;
  readonly args: readonly string[];
  readonly package: string;
  /** Takes stdout and stderr; emptied first. */
  readonly complaintsPath: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Open files that it gets as its descriptors from 3 on. */
  readonly files?: readonly number[];
}

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Detached {
  readonly identity: ProcessIdentity;
  /** Known only while the process that started it lives. */
  readonly exited: Promise<ExitStatus>;
}

/** @throws tool-missing, no-rights, machine-failed */
export async function startDetached(request: DetachedRequest): Promise<Detached> {
  // Appending, so that the file can be emptied while the process holds it.
  await using complaints = await open(request.complaintsPath, 'a', 0o600);
  await complaints.truncate(0);
  const child = spawn(request.tool, [...request.args], {
    detached: true,
    stdio: ['ignore', complaints.fd, complaints.fd, ...(request.files ?? [])],
    cwd: request.cwd ?? '/',
    ...(request.env === undefined ? {} : { env: request.env }),
    ...(request.uid === undefined ? {} : { uid: request.uid }),
    ...(request.gid === undefined ? {} : { gid: request.gid }),
  });
  child.unref();
  const exited = new Promise<ExitStatus>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(spawnFailure(request, error)));
  });
  const pid = child.pid ?? 0;
  const startTime = await processStartTime(pid);
  if (startTime === undefined) {
    throw fail('machine-failed', `${request.tool} ended at once: ${(await lastComplaint(request.complaintsPath)) ?? 'it said nothing'}`);
  }
  return { identity: { pid, startTime }, exited };
}

/** Of the file's end only: whoever writes it is not trusted to be brief. */
export async function complaintsTail(path: string, maxBytes = 16 * 1024): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } catch {
    return '';
  }
}

export async function lastComplaint(path: string): Promise<string | undefined> {
  const lines = (await complaintsTail(path)).split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.at(-1)?.slice(0, 300);
}

/** Keeps the file short; its last words are what matters and the next ones are still to come. */
export async function boundComplaints(path: string, maxBytes: number): Promise<void> {
  const size = await stat(path).then((found) => found.size, () => 0);
  if (size > maxBytes) await truncate(path, 0);
}

/** A pid file's content. */
export async function readPidFile(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return /^\s*[1-9]\d{0,9}\s*$/.test(text) ? Number(text) : undefined;
}
