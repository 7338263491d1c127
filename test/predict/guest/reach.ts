/** Whether the host reaches an address of a guest: anything there answers, if only by a refusal. */
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TRIES = 2;
/** Emulated, an answer may take longer than a second; the kernel gives up a neighbour that does not answer after three. */
const TRY_MS = 4_000;

/** @param bridge  the interface behind which the guest is */
export async function reaches(bridge: string, address: string): Promise<boolean> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    // What was remembered of who answered is forgotten.
    await run('ip', ['neighbour', 'delete', address, 'dev', bridge]).catch(() => undefined);
    if (await answers(address)) return true;
  }
  return false;
}

function answers(host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port: 22 });
  const timer = setTimeout(() => { resolve(false); }, TRY_MS);
  socket.once('connect', () => { resolve(true); }).once('error', ({ code }: NodeJS.ErrnoException) => { resolve(code === 'ECONNREFUSED'); });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}
