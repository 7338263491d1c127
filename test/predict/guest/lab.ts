/** A guest for judge B: on a bridge of the home's, with a second card there, and a third on a bridge where nobody gives addresses. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { homeNetwork } from '../../../src/core/network/home-network.ts';
import type { NetplanFile } from '../../../src/core/netplan/facts.ts';
import { waitFor, type TestHome } from '../../real/home.ts';
import type { GuestShape, Lan } from '../cases/guest-shape.ts';
import { shapeOf, type Plugged } from './facts.ts';
import { startHelper, type GuestHelper, type Seen } from './helper.ts';

export interface Lab extends AsyncDisposable {
  readonly helper: GuestHelper;
  readonly guest: GuestShape;
  /** As they were at its launch. */
  readonly files: readonly NetplanFile[];
  readonly before: Seen;
  readonly versions: { readonly netplan: string; readonly systemd: string };
  /** The host's end of the default card's network. */
  readonly bridge: string;
}

const run = promisify(execFile);

interface MachineCard {
  readonly mac: string;
  readonly address: string | null;
  readonly name: string | null;
  readonly bridge: string | null;
}

/** @param name  of the instance, which is purged at the end */
export async function openLab(home: TestHome, name: string): Promise<Lab> {
  const quiet = await makeQuietBridge();
  const close = async (helper?: GuestHelper): Promise<void> => {
    await helper?.[Symbol.asyncDispose]();
    await home.run(['delete', '--purge', name], { timeoutMs: 120_000 });
    await run('ip', ['link', 'delete', quiet.bridge]);
  };
  let helper: GuestHelper | undefined;
  try {
    await home.must(['launch', '--name', name, '--network', 'holdfast', '--network', `name=${quiet.bridge},mode=manual`], { timeoutMs: 900_000 });
    await waitFor(`${name} to have both addresses`, async () => (await home.info(name)).ipv4.length === 2, 180_000);
    const { plugged, bridge } = await pluggedInto(home, name, quiet.lan);
    helper = await startHelper(home.directory, name);
    const began = helper;
    // A fork's services, and its second family, come up for a while after its first address is there.
    let before = await began.look();
    await waitFor(`${name}'s network to be quiet`, async () => {
      const earlier = JSON.stringify(before.links.map(({ addresses, ...link }) => [link, addresses.map(({ address, tentative }) => [address, tentative])]));
      await began.settle([], 5, 5);
      before = await began.look();
      return earlier === JSON.stringify(before.links.map(({ addresses, ...link }) => [link, addresses.map(({ address, tentative }) => [address, tentative])]));
    }, 120_000);
    const { files } = await began.remember();
    const { stdout } = await home.must(['exec', name, '--', 'dpkg-query', '-W', '-f', '${Version} ', 'netplan.io', 'systemd']);
    const [netplan = '', systemd = ''] = stdout.trim().split(' ');
    return {
      helper: began, files, before, bridge, guest: shapeOf(before, plugged),
      versions: { netplan: netplan.replace(/-.*/, ''), systemd: systemd.replace(/-.*/, '') },
      [Symbol.asyncDispose]: () => close(began),
    };
  } catch (error) {
    await close(helper);
    throw error;
  }
}

/** The host is in it, and nobody gives addresses. Its name and network are its own, so that two labs do not meet. */
async function makeQuietBridge(): Promise<{ bridge: string; lan: Lan }> {
  const [a = 0, b = 0, c = 0, d = 0] = randomBytes(4);
  const bridge = `hfq-${Buffer.from([a, b, c, d]).toString('hex')}`;
  const lan: Lan = { subnet4: `10.${200 + (a % 40)}.${b}.0/24`, prefix6: null, host4: `10.${200 + (a % 40)}.${b}.1`, dhcp4: false };
  await run('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await run('ip', ['address', 'add', `${lan.host4}/24`, 'dev', bridge]);
  await run('ip', ['link', 'set', bridge, 'up']);
  return { bridge, lan };
}

async function pluggedInto(home: TestHome, name: string, quiet: Lan): Promise<{ plugged: Plugged[]; bridge: string }> {
  const directory = join(home.directory, 'network');
  const { key, subnet } = JSON.parse(await readFile(join(directory, 'network.json'), 'utf8')) as { key: string; subnet: string };
  const [zone] = homeNetwork(key, { zone1: subnet }, true).zones;
  if (zone === undefined) throw new TypeError('zone1 has a network');
  const { bridge, prefix6 } = zone;
  const own: Lan = { subnet4: subnet, prefix6, host4: subnet.replace(/\.0\/24$/, '.1'), dhcp4: true };
  for (const file of await readdir(join(directory, 'machines'))) {
    const cards = JSON.parse(await readFile(join(directory, 'machines', file), 'utf8')) as MachineCard[];
    if (!cards.some((card) => card.name === name)) continue;
    const plugged = cards.map(({ mac, address, bridge }): Plugged => (bridge === null
      ? { mac, lan: own, auto: true, spare: address ?? '' } : { mac, lan: quiet, auto: false, spare: quiet.subnet4.replace(/\.0\/24$/, '.20') }));
    return { plugged, bridge };
  }
  throw new Error(`${name} has no cards`);
}
