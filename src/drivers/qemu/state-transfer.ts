/**
 * Saves and loads a machine's state: the one place that knows the forms it can have, for templates, suspended machines
 * and live snapshots.
 *
 * - `device-stream`: QEMU's migration stream without memory that is shared with a file (x-ignore-shared): templates.
 * - `stream`: the stream with memory; pages of zeros take no room. Through a descriptor, since QEMU before 8.2 has no files.
 * - `mapped`: memory at fixed places in a sparse file (mapped-ram, QEMU 9.0): read back as fast as the disk is.
 */
import { createWriteStream } from 'node:fs';
import { chown, open, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { fail } from '../../core/errors.ts';
import type { MachineEnd } from '../driver.ts';
import type { QmpClient } from './qmp/client.ts';

export type MemoryFormat = 'stream' | 'mapped';

export interface Save {
  readonly kind: 'device-stream' | MemoryFormat;
  readonly path: string;
  /** Where its QEMU may connect to; in a directory that it can change nothing in. */
  readonly socketPath: string;
  readonly uid: number | null;
  readonly memoryBytes: number;
}

export type Load = { readonly memoryBytes: number } & (
  | { readonly kind: 'device-stream' | 'stream'; readonly descriptor: number }
  | { readonly kind: 'mapped'; readonly path: string });

/** A machine that is to be saved, or has been. */
export interface SavedMachine {
  readonly monitor: QmpClient;
  /** As far as it was seen: a guest that panicked has ended, and its process runs on. */
  readonly end: MachineEnd | undefined;
}

const LOOK_MS = 10;
const LEAST_DEADLINE_MS = 300_000;
/** Of a slow disk. */
const LEAST_BYTES_PER_SECOND = 20e6;
/** The guest's disk is flushed when it is stopped, and the monitor is silent meanwhile. */
const FLUSH_MS = 300_000;
/** What query-migrate says where nothing is moved, or no more. */
const OVER: ReadonlySet<string> = new Set(['none', 'completed', 'failed', 'cancelled']);
/** QEMU's own word for a guest that has crashed. */
const CRASHED: ReadonlySet<string> = new Set(['guest-panicked', 'internal-error']);
/** No limit worth the name: it goes into a file on this host. */
const BYTES_PER_SECOND = 1e12;

export function memoryFormat(version: string): MemoryFormat {
  return isAtLeast(version, 9, 0) ? 'mapped' : 'stream';
}

/** @param version  as QEMU says it: 7.2.22 */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  if (Number.isNaN(a)) throw fail('machine-failed', `QEMU's version cannot be read: ${version}`);
  return a > major || (a === major && b >= minor);
}

export async function holdStill(monitor: QmpClient, deadlineMs = FLUSH_MS): Promise<void> {
  await monitor.execute('stop', undefined, deadlineMs);
}

/**
 * After a save, whatever came of it. One that is still going on would stop the guest again when it is done. A guest that crashed
 * meanwhile stays as it is, to be looked at.
 */
export async function goOn(machine: SavedMachine): Promise<void> {
  const { monitor } = machine;
  // Where that fails a guest that goes on now and is stopped later is no worse than one that stands still now.
  await endSave(monitor).catch(() => undefined);
  if (!(await hasCrashed(machine, monitor))) await monitor.execute('cont', undefined, FLUSH_MS);
}

/**
 * Once it stands still: its last words may be heard only then.
 * @param what  is to be done to it: after `cannot be`  @throws machine-failed
 */
export async function requireUncrashed(name: string, what: string, machine: SavedMachine): Promise<void> {
  if (!(await hasCrashed(machine, machine.monitor))) return;
  const why = machine.end !== undefined && 'reason' in machine.end ? `: ${machine.end.reason}` : '';
  throw fail('machine-failed', `${name} cannot be ${what}: it crashed meanwhile${why}`, { hint: `its console: holdfast logs ${name}; start it again: holdfast start ${name}` });
}

/** QEMU's word is there also where nobody listened when it happened; of a panic that was read off the console QEMU knows nothing. */
async function hasCrashed(machine: SavedMachine, monitor: QmpClient): Promise<boolean> {
  const { status } = await monitor.execute('query-status', undefined, FLUSH_MS);
  return CRASHED.has(status) || machine.end !== undefined;
}

async function endSave(monitor: QmpClient): Promise<void> {
  const isOver = async () => OVER.has((await monitor.execute('query-migrate', undefined, FLUSH_MS)).status ?? 'none');
  if (await isOver()) return;
  await monitor.execute('migrate_cancel', undefined, FLUSH_MS);
  for (const until = performance.now() + FLUSH_MS; !(await isOver());) await pause(until);
}

/** The machine must be stopped; it stays so. @throws machine-failed, no-space */
export async function saveState(monitor: QmpClient, save: Save): Promise<void> {
  // Of a daemon that was killed over it.
  await endSave(monitor);
  await prepare(monitor, save.kind);
  await monitor.execute('migrate-set-parameters', { 'max-bandwidth': BYTES_PER_SECOND });
  if (save.kind === 'mapped') await toFile(monitor, save);
  else await throughSocket(monitor, save);
}

/** Into a QEMU that was started to wait for it; its processors are held afterwards. @throws machine-failed */
export async function loadState(monitor: QmpClient, load: Load): Promise<void> {
  await prepare(monitor, load.kind);
  await monitor.execute('migrate-incoming', { uri: load.kind === 'mapped' ? `file:${load.path}` : `fd:${load.descriptor}` });
  for (const until = deadline(load.memoryBytes); ;) {
    const { status } = await monitor.execute('query-status');
    if (status === 'paused' || status === 'prelaunch') return;
    if (status !== 'inmigrate') throw fail('machine-failed', `QEMU did not load the machine's state: it is ${status}`);
    await pause(until);
  }
}

async function prepare(monitor: QmpClient, kind: Save['kind']): Promise<void> {
  // Said in either case: a machine that began as a fork has it on, and both ends must agree.
  const capabilities = [{ capability: 'x-ignore-shared', state: kind === 'device-stream' }, ...(kind === 'mapped' ? [{ capability: 'mapped-ram', state: true }] : [])];
  await monitor.execute('migrate-set-capabilities', { capabilities });
}

async function toFile(monitor: QmpClient, { path, uid, memoryBytes }: Save): Promise<void> {
  {
    await using file = await open(path, 'w', 0o600);
    if (uid !== null) await file.chown(uid, uid);
  }
  await monitor.execute('migrate', { uri: `file:${path}` });
  await completed(monitor, memoryBytes);
}

async function throughSocket(monitor: QmpClient, { path, socketPath, uid, memoryBytes }: Save): Promise<void> {
  await rm(socketPath, { force: true });
  const { promise: connected, resolve } = Promise.withResolvers<Socket>();
  const server = createServer(resolve);
  await new Promise<void>((listening, reject) => { server.once('error', reject).listen(socketPath, listening); });
  const written = connected.then((socket) => pipeline(socket, createWriteStream(path, { mode: 0o600, flush: true, highWaterMark: 1 << 20 })));
  written.catch(() => undefined);
  try {
    if (uid !== null) await chown(socketPath, uid, uid);
    await monitor.execute('migrate', { uri: `unix:${socketPath}` });
    await Promise.race([completed(monitor, memoryBytes), written.then(() => completed(monitor, memoryBytes))]);
    await written;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw fail('no-space', `the machine's state could not be saved: ${message}`, { hint: 'free some disk space and try again', cause: error });
    throw error;
  } finally {
    void connected.then((socket) => socket.destroy());
    server.close();
    await rm(socketPath, { force: true });
  }
}

async function completed(monitor: QmpClient, memoryBytes: number): Promise<void> {
  for (const until = deadline(memoryBytes); ;) {
    const { status, 'error-desc': reason } = await monitor.execute('query-migrate');
    if (status === 'completed') return;
    if (status === 'failed' || status === 'cancelled') throw fail('machine-failed', `QEMU could not save the machine's state: ${reason ?? status}`);
    await pause(until);
  }
}

/** As performance.now() counts. */
function deadline(memoryBytes: number): number {
  return performance.now() + LEAST_DEADLINE_MS + memoryBytes / LEAST_BYTES_PER_SECOND * 1000;
}

async function pause(until: number): Promise<void> {
  if (performance.now() > until) throw fail('machine-failed', 'the machine\'s state was not moved in time', { hint: 'the host\'s disk is very slow, or busy: try again when it is less so' });
  await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
}
