/** Brings one mount into a guest that runs: our server of files at one end of a channel, the guest's sshfs at the other. */
import { pipeline } from 'node:stream';
import { fail } from '../../core/errors.ts';
import { resolveIds } from '../../core/mounts/id-maps.ts';
import type { Mount } from '../../core/mounts/mount.ts';
import type { RunningMachine } from '../../drivers/driver.ts';
import { beginMount, installSshfs, prepareTarget, untilMounted } from '../../guest/mounts.ts';
import { serveMount } from '../../host/sftp/serve-mount.ts';

const REACH_MS = 30_000;
const MOST_STDERR = 2000;

export interface Attached extends AsyncDisposable {
  /** Resolves when it is no more, with the reason. */
  readonly ended: Promise<string>;
}

interface Attaching {
  /** Of the instance. */
  readonly name: string;
  readonly machine: RunningMachine;
  readonly mount: Mount;
  readonly sftpScript: string;
  readonly progress: (stage: string) => void;
  readonly signal: AbortSignal;
}

/** @throws guest-unreachable, exec-failed, cancelled */
export async function attach({ name, machine, mount, sftpScript, progress, signal }: Attaching): Promise<Attached> {
  const { target, source, person } = mount;
  const limits = { deadlineMs: REACH_MS, signal };
  const { shell: root } = await machine.guest.reach('control', limits);
  const { user } = machine.guest;
  let ids = await prepareTarget(root, target, user, signal);
  if (!ids) {
    progress(`Installing sshfs in ${name}`);
    await installSshfs(root, name, signal);
    ids = await prepareTarget(root, target, user, signal);
  }
  if (!ids) throw fail('exec-failed', `${name} has no sshfs, which mounts need`);
  const { shell } = await machine.guest.reach('bulk', limits);
  const session = await beginMount(shell, target, ids, signal);
  const server = serveMount(sftpScript, { source, person, maps: { uids: resolveIds(mount.uids, ids.uid), gids: resolveIds(mount.gids, ids.gid) } });
  const [toHost, toGuest] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  pipeline(session.stdout, server.stdin, () => toHost.resolve());
  pipeline(server.stdout, session.stdin, () => toGuest.resolve());
  let said = '';
  session.stderr.on('data', (piece: Buffer) => { said = (said + piece.toString()).slice(-MOST_STDERR); });
  const exit = session.exit.then(() => said.trim().split('\n').at(-1) || 'sshfs in the guest ended', (error: unknown) => (error instanceof Error ? error.message : String(error)));
  const ended = Promise.race([exit, toHost.promise.then(() => exit), toGuest.promise.then(() => 'the server of its files ended')]);
  const attached: Attached = {
    ended,
    async [Symbol.asyncDispose]() {
      server[Symbol.dispose]();
      await session[Symbol.asyncDispose]();
    },
  };
  try {
    await Promise.race([untilMounted(root, target, signal), ended.then((why) => { throw fail('exec-failed', `${source} could not be mounted in ${name}: ${why}`); })]);
    return attached;
  } catch (error) {
    await attached[Symbol.asyncDispose]();
    throw error;
  }
}
