/** The way for a user's own ssh client: a stream to the doorman's socket in the guest, behind which an sshd of its own starts. */
import type { Duplex } from 'node:stream';
import type { GuestShell } from './shell.ts';
import { findBanner, STALE_LIMIT } from './ssh/banner.ts';
import type { Deadlines } from './ssh/deadlines.ts';
import { printable, ReachFailure } from './ssh/failure.ts';
import { orAbort, seconds, timeLimit } from './ssh/time-limit.ts';

/** As in hf_door.py. */
export const SSH_SOCKET = '/run/holdfast/ssh.sock';

/** @param socket  the doorman's, in the guest  @returns a stream that begins with sshd's banner  @throws ReachFailure saying which step it was, exec-failed */
export async function openUserSsh(shell: GuestShell, socket: string, { doorman, banner }: Deadlines, signal: AbortSignal): Promise<Duplex> {
  if (!shell.connect) throw new ReachFailure('connect', 'the way there cannot carry a user\'s own ssh');
  const stream = await shell.connect(socket, signal);
  try {
    await fromBanner(stream, { doorman, banner }, signal);
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** Takes what comes before the banner; the banner is the next that is read. */
async function fromBanner(stream: Duplex, deadlines: Pick<Deadlines, 'doorman' | 'banner'>, signal: AbortSignal): Promise<void> {
  let held: Buffer = Buffer.alloc(0);
  let greeted = false;
  for (;;) {
    const piece = await nextPiece(stream, greeted ? deadlines.banner : deadlines.doorman, greeted, signal);
    held = Buffer.concat([held, piece]);
    for (let found = findBanner(held); found.kind !== 'more'; found = findBanner(held)) {
      if (found.kind === 'error') throw new ReachFailure('sshd', `sshd could not be started in the guest: ${printable(found.reason)}`);
      if (found.kind === 'banner') return stream.unshift(held.subarray(found.at));
      greeted = true;
      held = held.subarray(found.end);
    }
    if (held.length > STALE_LIMIT) throw new ReachFailure('sshd', 'what answered in the guest is no sshd');
  }
}

async function nextPiece(stream: Duplex, ms: number, greeted: boolean, signal: AbortSignal): Promise<Buffer> {
  using limit = timeLimit(ms, signal);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const look = (): void => {
    const piece = stream.read() as Buffer | null;
    if (piece !== null) resolve(piece);
  };
  const over = (): void => reject(new ReachFailure('sshd', greeted ? 'sshd ended at once in the guest' : 'its doorman hung up: it may have as many of these connections as it takes'));
  stream.on('readable', look).once('end', over).once('close', over);
  try {
    look();
    return await orAbort(promise, limit.signal);
  } catch (error) {
    if (limit.expired) throw new ReachFailure(greeted ? 'sshd' : 'doorman', `${greeted ? 'its doorman answered, but sshd did not' : 'its doorman took the connection and said nothing'} within ${seconds(ms)}`);
    throw error;
  } finally {
    stream.off('readable', look).off('end', over).off('close', over);
  }
}
