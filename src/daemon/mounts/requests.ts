/** Mounts and unmounts as they are asked for. What is mounted is recorded with the instance, so it is there again at each start. */
import type { WireMountWish, WireOperation } from '../../api/schemas.ts';
import { fail } from '../../core/errors.ts';
import { parseIdPair, requireDistinctIds, type IdPair } from '../../core/mounts/id-maps.ts';
import { nativePair, requireRoomForNative } from '../../core/mounts/native.ts';
import { mountsDisabled, requireTarget, targetFor, type Mount } from '../../core/mounts/mount.ts';
import { checkSource, primaryGroup } from '../../host/sftp/serve-mount.ts';
import { requireWithoutGroups } from './without-groups.ts';
import type { House } from '../instances/house.ts';
import type { Supervisor } from '../supervisor.ts';
import { areMountsAllowed } from './mount-keeper.ts';
import { mountsOf, performMounts, requireFree, requireNotRunning, type MountRequest, type UnmountRequest } from './perform.ts';

/** Of an instance that does not run; that of a guest which does is known. */
const DEFAULT_USER = 'ubuntu';

/** @throws instance-not-found, instance-deleted, bad-argument, wrong-state (already mounted), not-supported */
export async function mount(house: House, name: string, wish: WireMountWish): Promise<WireOperation> {
  const supervisor = requireInstance(house, name);
  if (process.platform !== 'linux') throw fail('not-supported', 'mounts are there on Linux hosts only so far', { hint: 'copy what is needed: holdfast transfer' });
  if (!areMountsAllowed(house)) throw mountsDisabled();
  if (wish.type === 'native') requireNotRunning(supervisor);
  const wanted = await checkWish(house, supervisor, wish);
  if (supervisor.occupation) throw supervisor.busy(supervisor.occupation);
  const request: MountRequest = { mount: wanted };
  return house.engine.begin({
    kind: 'mount', instanceName: name, instanceId: supervisor.id, request, owner: house.owner,
    body: (task) => performMounts(house, supervisor, request, task),
  });
}

/** @param target  undefined: all of them. @throws instance-not-found, not-found */
export function unmount(house: House, name: string, target: string | undefined): WireOperation {
  const supervisor = requireInstance(house, name);
  const place = target === undefined ? undefined : targetFor(target, homeOf(supervisor)) ?? target;
  const gone = mountsOf(supervisor).filter((each) => place === undefined || each.target === place);
  if (place !== undefined && gone.length === 0) throw fail('not-found', `path "${place}" is not mounted in '${name}'`, { hint: `what is: holdfast info ${name}` });
  requireFree(supervisor, gone);
  if (supervisor.occupation) throw supervisor.busy(supervisor.occupation);
  const request: UnmountRequest = { targets: gone.map((each) => each.target) };
  return house.engine.begin({
    kind: 'umount', instanceName: name, instanceId: supervisor.id, request, owner: house.owner,
    body: (task) => performMounts(house, supervisor, request, task),
  });
}

async function checkWish(house: House, supervisor: Supervisor, { source: given, target: wished, uidMap, gidMap, type }: WireMountWish): Promise<Mount> {
  if (!given.startsWith('/') || /[\0\n]/.test(given)) throw fail('bad-argument', `Source path "${given}" is not absolute`);
  const source = given.replace(/(?<=.)\/+$/, '');
  const target = requireTarget(wished, source, homeOf(supervisor));
  if (mountsOf(supervisor).some((each) => each.target === target)) throw fail('wrong-state', `"${target}" is already mounted in '${supervisor.name}'`, { hint: `take it away first: holdfast umount ${supervisor.name}:${target}` });
  const uid = house.owner;
  const person = { uid, gid: await primaryGroup(uid) };
  if (type === 'native') return await checkNativeWish(house, supervisor, { source, target, person, uids: pairsOf('UID', uidMap), gids: pairsOf('GID', gidMap) });
  const uids = pairsOf('UID', uidMap) ?? [{ host: person.uid, guest: 'default' as const }];
  const gids = pairsOf('GID', gidMap) ?? [{ host: person.gid, guest: 'default' as const }];
  for (const pairs of [uids, gids]) requireDistinctIds(pairs);
  await checkSource(house.mounts.sftpScript, { source, person, maps: { uids: [], gids: [] } });
  return { source, target, uids, gids, person };
}

async function checkNativeWish({ driver, mounts }: House, supervisor: Supervisor, { source, target, person, ...given }: Pick<Mount, 'source' | 'target' | 'person'> & { readonly uids: readonly IdPair[] | undefined; readonly gids: readonly IdPair[] | undefined }): Promise<Mount> {
  if (!driver.checkNative) throw fail('not-supported', `the driver ${driver.name} has no native mounts`, { hint: 'leave --type out' });
  requireRoomForNative(supervisor.name, mountsOf(supervisor));
  const mount: Mount = { source, target, person, uids: [nativePair('UID', given.uids, person.uid)], gids: [nativePair('GID', given.gids, person.gid)], native: true };
  await checkSource(mounts.sftpScript, { source, person, maps: { uids: [], gids: [] } });
  await requireWithoutGroups(mount);
  await driver.checkNative(mount);
  return mount;
}

function pairsOf(what: string, words: readonly string[] | undefined): IdPair[] | undefined {
  if (words === undefined || words.length === 0) return undefined;
  return words.map((word) => {
    const pair = parseIdPair(word);
    if (!pair) throw fail('bad-argument', `Invalid ${what} map given: ${word}`, { hint: 'it is <host id>:<instance id>' });
    return pair;
  });
}

function requireInstance(house: House, name: string): Supervisor {
  const supervisor = house.registry.find(name);
  if (!supervisor) throw fail('instance-not-found', `instance '${name}' does not exist`, { hint: 'see which there are: holdfast list' });
  if (supervisor.state === 'Deleted') throw fail('instance-deleted', `instance '${name}' is deleted`, { hint: `bring it back first: holdfast recover ${name}` });
  return supervisor;
}

function homeOf({ machine }: Supervisor): string {
  const user = machine?.guest.user ?? DEFAULT_USER;
  return user === 'root' ? '/root' : `/home/${user}`;
}
