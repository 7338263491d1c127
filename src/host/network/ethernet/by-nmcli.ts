/** By NetworkManager, where it has the ethernet: profiles in its memory that say the same of the bridge, gone after a restart of the host. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../../core/errors.ts';
import { backLines } from '../../../core/network/ethernet/moves.ts';
import { apartIn, bridgeProfile, portProfile, profileNames, readProfile } from '../../../core/network/ethernet/nm-profiles.ts';
import { writeWhole } from '../../write-whole.ts';
import { nmcli } from '../tools.ts';
import { carryOut } from './look.ts';
import type { Job, Way } from './way.ts';

const UUID = /^[0-9a-f-]{36}$/;
const PARTS = 'connection,ipv4,ipv6';

export const byNmcli: Way = {
  withinMs: 30_000,
  async into(job) {
    const uuid = (await nmcli('--terse', '--get-values', 'GENERAL.CON-UUID', 'device', 'show', job.ethernet)).trim();
    if (!UUID.test(uuid)) throw fail('not-supported', `NetworkManager has no profile active on ${job.ethernet}`);
    const profile = readProfile(`${await nmcli('--terse', '--escape', 'no', '--fields', PARTS, 'connection', 'show', 'uuid', uuid)}\n${await eapOf(uuid)}`);
    const why = apartIn(profile);
    if (why !== undefined) throw fail('not-supported', `NetworkManager's profile for ${job.ethernet} cannot be carried over to a bridge: ${why}`);
    await writeWhole(fileOf(job), uuid);
    await nmcli('connection', 'add', 'save', 'no', ...bridgeProfile(job, job.had, profile));
    await nmcli('connection', 'add', 'save', 'no', ...portProfile(job));
    // The bridge comes up with its port.
    await nmcli('--wait', '25', 'connection', 'up', 'id', profileNames(job).port);
  },
  async back(job) {
    const { bridge, port } = profileNames(job);
    const uuid = (await readFile(fileOf(job), 'utf8').catch(() => '')).trim();
    for (const name of [port, bridge]) await nmcli('connection', 'delete', 'id', name).catch(() => undefined);
    await carryOut([`link set dev ${job.ethernet} nomaster`, `link delete dev ${job.bridge}`], job.directory, true);
    // Where another home has made it, it chooses the profile by itself.
    const again = UUID.test(uuid) ? ['connection', 'up', 'uuid', uuid, 'ifname', job.ethernet] : ['device', 'connect', job.ethernet];
    const heard = await nmcli('--wait', '8', ...again).then(() => true, () => false);
    if (!heard) await carryOut(backLines(job, job.had, false), job.directory, true);
    await rm(fileOf(job), { force: true });
  },
};

/** A profile without it has no such part, and nmcli fails. */
async function eapOf(uuid: string): Promise<string> {
  return await nmcli('--terse', '--escape', 'no', '--fields', '802-1x', 'connection', 'show', 'uuid', uuid).catch(() => '');
}

/** Which profile the ethernet had. */
function fileOf({ directory, bridge }: Job): string {
  return join(directory, `${bridge}.profile`);
}
