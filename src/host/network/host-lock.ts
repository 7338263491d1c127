/** One at a time on the whole host, whichever home's daemon: a name that the kernel gives once, and takes back with the process. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../core/errors.ts';

/** Abstract, so that no file is left; of one network namespace, as links and forwarding are. In words, how it is told. */
const NAMES = {
  ethernets: ['\0holdfast-ethernets', 'its network cards'],
  forwarding: ['\0holdfast-forwarding', 'its forwarding'],
} as const;
const WITHIN_MS = 60_000;
const LOOK_MS = 100;

/** @throws instance-busy  somebody has it for too long */
export async function hostLock(what: keyof typeof NAMES): Promise<Disposable> {
  const [name, words] = NAMES[what];
  for (const until = performance.now() + WITHIN_MS; performance.now() < until; await sleep(LOOK_MS)) {
    const server = createServer((socket) => socket.destroy());
    server.listen(name);
    // once() rejects where it is taken.
    if (await once(server, 'listening').then(() => true, () => false)) return { [Symbol.dispose]: () => void server.close() };
  }
  throw fail('instance-busy', `another Holdfast of this host is at work on ${words}`, { hint: 'try again when it is done' });
}
