/** Saves and loads a machine's device state by QEMU's migration stream; memory that is shared with a file stays out of it. */
import { createWriteStream } from 'node:fs';
import { chown, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { fail } from '../../../core/errors.ts';
import type { QmpClient } from '../qmp/client.ts';

const LOOK_MS = 10;
const DEADLINE_MS = 60_000;
/** No limit worth the name: it goes into a file on this host. */
const BYTES_PER_SECOND = 1e12;

/** The machine must be stopped; it stays so. @param socketPath  where its QEMU may connect  @throws machine-failed, no-space */
export async function saveState(monitor: QmpClient, path: string, socketPath: string, uid: number | null): Promise<void> {
  await rm(socketPath, { force: true });
  const { promise: connected, resolve } = Promise.withResolvers<Socket>();
  const server = createServer(resolve);
  await new Promise<void>((listening, reject) => { server.once('error', reject).listen(socketPath, listening); });
  try {
    if (uid !== null) await chown(socketPath, uid, uid);
    await ignoreShared(monitor);
    await monitor.execute('migrate-set-parameters', { 'max-bandwidth': BYTES_PER_SECOND });
    await monitor.execute('migrate', { uri: `unix:${socketPath}` });
    const written = connected.then((socket) => pipeline(socket, createWriteStream(path, { mode: 0o600, flush: true })));
    written.catch(() => undefined);
    await completed(monitor);
    await written;
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw fail('no-space', `a machine's state could not be saved: ${(error as Error).message}`, { cause: error });
    throw error;
  } finally {
    void connected.then((socket) => socket.destroy());
    server.close();
    await rm(socketPath, { force: true });
  }
}

/** Into a QEMU that was started to wait for it; its processors are held afterwards. @throws machine-failed */
export async function loadState(monitor: QmpClient, descriptor: number): Promise<void> {
  await ignoreShared(monitor);
  await monitor.execute('migrate-incoming', { uri: `fd:${descriptor}` });
  for (const until = performance.now() + DEADLINE_MS; ;) {
    const { status } = await monitor.execute('query-status');
    if (status === 'paused' || status === 'prelaunch') return;
    if (status !== 'inmigrate') throw fail('machine-failed', `QEMU did not load the machine's state: it is ${status}`);
    await pause(until);
  }
}

async function ignoreShared(monitor: QmpClient): Promise<void> {
  await monitor.execute('migrate-set-capabilities', { capabilities: [{ capability: 'x-ignore-shared', state: true }] });
}

async function completed(monitor: QmpClient): Promise<void> {
  for (const until = performance.now() + DEADLINE_MS; ;) {
    const { status, 'error-desc': reason } = await monitor.execute('query-migrate');
    if (status === 'completed') return;
    if (status === 'failed' || status === 'cancelled') throw fail('machine-failed', `QEMU could not save the machine's state: ${reason ?? status}`);
    await pause(until);
  }
}

async function pause(until: number): Promise<void> {
  if (performance.now() > until) throw fail('machine-failed', `the machine's state was not moved within ${DEADLINE_MS / 1000} s`);
  await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
}
