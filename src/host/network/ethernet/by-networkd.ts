/**
 * By systemd-networkd, where it has the ethernet: it is given files in /run that say the same of the bridge, so that it goes on
 * renewing what it renews, and that are gone after a restart of the host.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../../core/errors.ts';
import { backLines } from '../../../core/network/ethernet/moves.ts';
import { networkdFiles, networkdNames, stacked } from '../../../core/network/ethernet/networkd-files.ts';
import { writeWhole } from '../../write-whole.ts';
import { hostLinks } from '../links.ts';
import { networkctl } from '../tools.ts';
import { carryOut } from './look.ts';
import type { Job, Way } from './way.ts';

const FILES = '/run/systemd/network';
const STATE = '/run/systemd/netif';
/** Where a drop-in may lie; the first that has one of a name has it. */
const DROP_INS = ['/etc/systemd/network', '/run/systemd/network', '/usr/local/lib/systemd/network', '/usr/lib/systemd/network', '/lib/systemd/network'];
const APPEAR_MS = 10_000;
const LOOK_MS = 50;

export const byNetworkd: Way = {
  // A lease may have to be asked for anew.
  withinMs: 30_000,
  async into(job) {
    const index = (await readFile(`/sys/class/net/${job.ethernet}/ifindex`, 'utf8')).trim();
    const sources = await sourcesOf(job, index);
    const word = stacked(sources);
    if (word !== undefined) throw fail('not-supported', `systemd-networkd has ${word}= for ${job.ethernet}, which cannot be carried over to a bridge`);
    const lease = await readFile(`${STATE}/leases/${index}`, 'utf8').catch(() => '');
    await mkdir(FILES, { recursive: true });
    // networkd is another user.
    for (const { name, text } of networkdFiles(job, job.had.mac, sources, /^CLIENTID=([0-9a-f]+)$/m.exec(lease)?.[1])) await writeWhole(join(FILES, name), text, 0o644);
    await networkctl('reload');
    for (const until = performance.now() + APPEAR_MS; !(await hostLinks()).some(({ name }) => name === job.bridge); await sleep(LOOK_MS)) {
      if (performance.now() > until) throw fail('machine-failed', `systemd-networkd did not make ${job.bridge}`);
    }
  },
  async back(job) {
    for (const name of networkdNames(job)) await rm(join(FILES, name), { force: true });
    // It knows its files before the link is free again.
    const heard = await networkctl('reload').then(() => true, () => false);
    await carryOut([`link set dev ${job.ethernet} nomaster`, `link delete dev ${job.bridge}`], job.directory, true);
    if (heard) await networkctl('reconfigure', job.ethernet);
    else await carryOut(backLines(job, job.had, false), job.directory, true);
  },
};

async function sourcesOf({ ethernet }: Job, index: string): Promise<string[]> {
  const state = await readFile(`${STATE}/links/${index}`, 'utf8').catch(() => '');
  const path = /^NETWORK_FILE=(.+)$/m.exec(state)?.[1];
  if (path === undefined) throw fail('not-supported', `systemd-networkd does not say by which file it configures ${ethernet}`);
  const dropIns = new Map<string, string>();
  for (const directory of DROP_INS) {
    for (const name of await readdir(join(directory, `${basename(path)}.d`)).catch(() => [] as string[])) {
      if (name.endsWith('.conf') && !dropIns.has(name)) dropIns.set(name, join(directory, `${basename(path)}.d`, name));
    }
  }
  const paths = [path, ...[...dropIns.keys()].toSorted().map((name) => dropIns.get(name) ?? '')];
  return await Promise.all(paths.map((each) => readFile(each, 'utf8')));
}
