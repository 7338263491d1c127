/** For users' own ssh clients: a stream into an instance, and the key that opens what is at its end. */
import type { WireSshAccess } from '../../api/schemas.ts';
import type { StreamServerControl } from '../../api/stream-frames.ts';
import { fail } from '../../core/errors.ts';
import type { House } from '../instances/house.ts';
import type { OpenStream } from '../http/stream-socket.ts';
import { readyMachine } from './ready-machine.ts';

/** Up to sshd's banner: an ssh client has no patience of its own and waits for ever. */
const REACH_MS = 30_000;

/** @throws as readyMachine, guest-unreachable */
export async function proxyTo(house: House, name: string, tell: (message: StreamServerControl) => void, signal: AbortSignal): Promise<OpenStream> {
  const { machine, leftMs } = await readyMachine(house, name, () => REACH_MS, tell, signal);
  return await machine.guest.openSsh({ deadlineMs: leftMs, signal });
}

/** @throws instance-not-found, instance-deleted, not-supported */
export async function sshAccess(house: House, name: string): Promise<WireSshAccess> {
  const { id, state, machine } = house.registry.require(name);
  if (state === 'Deleted') throw fail('instance-deleted', `${name} is deleted`, { hint: `recover it first: holdfast recover ${name}` });
  if (!house.driver.sshKeys) throw fail('not-supported', `machines of the driver ${house.driver.name} cannot be reached by an ssh client of your own`, { hint: `a shell: holdfast shell ${name}` });
  const { user, privateKey, hostPublic } = await house.driver.sshKeys(id);
  return { id, name, user: machine?.guest.user ?? user, privateKey, hostKey: hostPublic.split(' ').slice(0, 2).join(' ') };
}
