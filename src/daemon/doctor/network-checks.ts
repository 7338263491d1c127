/** The guest's network, layer by layer, against what the host's network gave it. */
import { Resolver } from 'node:dns/promises';
import type { Layer } from '../../core/diagnosis.ts';
import { broken, nothing, warning, well, type Check, type Finding } from '../../drivers/check.ts';
import type { Look } from '../../guest/look/look.ts';
import type { Patient } from './patient.ts';

type Judged = (id: Layer, title: string, needs: readonly string[], judge: (look: Look) => Finding) => Check;

export function networkChecks(patient: Patient, seen: Judged): readonly Check[] {
  const { mac, network, name, mending } = patient;
  const linkOf = (look: Look): Look['links'][number] | undefined => look.links.find((each) => each.mac === mac.toLowerCase());
  const dns = seen('dns', 'name resolution', ['way-in', 'home-network', 'link', 'address'], ({ dns: servers }) => {
    if (servers.length === 0) return broken('/etc/resolv.conf names no name server', `name one: the host's network offers ${network.dns}`, mending('dns', network.dns));
    const silent = servers.filter(({ answer }) => answer === 'silent').map(({ server }) => server);
    if (servers.every(({ answer }) => answer === 'unasked')) return nothing(`${servers.map(({ server }) => server).join(', ')}; the guest has nothing to ask them with`);
    if (silent.length === servers.length) return broken(`${silent.join(', ')} ${silent.length > 1 ? 'do' : 'does'} not answer`, `see what the guest's /etc/resolv.conf names: the host's network offers ${network.dns}`, mending('dns', network.dns));
    if (silent.length > 0) return warning(`${silent.join(', ')} of ${servers.length} does not answer`, 'take it out of the guest\'s resolver: each name waits for it');
    return well(`${servers.map(({ server }) => server).join(', ')} answers`);
  });
  return [
    seen('link', 'its network card', ['way-in'], (look) => {
      const link = linkOf(look);
      if (!link) return broken(`the default interface (${mac}) is gone: its driver is not loaded, or it was removed`, 'load its driver in the guest: sudo modprobe virtio_net', mending('driver'));
      if (!link.up) return broken(`${link.name} is down`, `set it up: holdfast exec ${name} -- sudo ip link set ${link.name} up`, mending('linkUp', link.name));
      if (!link.carrier) return broken(`${link.name} has no carrier`, `its plug is pulled on the host's side; a start anew plugs it in: holdfast stop ${name}, then holdfast start ${name}`);
      return well(`${link.name} is up`);
    }),
    seen('address', 'its address, against the lease', ['way-in', 'home-network', 'link'], (look) => address(look, patient, linkOf(look)?.name ?? '')),
    seen('route', 'its default route', ['way-in', 'link', 'address'], (look) => {
      const link = linkOf(look)?.name ?? '';
      if (look.network === undefined) return nothing('the guest has no `ip` to ask');
      const [route] = look.network.routes;
      if (route !== undefined) return well(route);
      return broken('it has none: nothing beyond its own subnet is reached', `take a lease anew: holdfast exec ${name} -- sudo networkctl reconfigure ${link}`, mending('lease', link));
    }),
    {
      ...dns,
      async run(signal) {
        const finding = await dns.run(signal);
        if (finding.status !== 'broken' || await hostResolves()) return finding;
        return warning(`${finding.seen}; nor does this host's own name server`, 'look at the host\'s network first');
      },
    },
  ];
}

function address(look: Look, { network, name, mending }: Patient, link: string): Finding {
  if (look.network === undefined) return nothing('the guest has no `ip` to ask');
  const here = look.network.addresses.filter((each) => each.link === link);
  const right = here.find((each) => each.address === network.guest);
  if (right) return well(`${link} has ${network.guest} (${right.dynamic ? 'leased' : 'static'}), which the host uses`);
  const renew = `take a lease anew: holdfast exec ${name} -- sudo networkctl reconfigure ${link}`;
  if (here.length === 0) return broken(`${link} has no IPv4 address; the host's network has ${network.guest} for it`, renew, mending('lease', link));
  const seen = `${link} has ${here.map((each) => each.address).join(', ')}; the host's network gave it ${network.guest}`;
  if (here.every(({ dynamic }) => dynamic)) return broken(seen, renew, mending('lease', link));
  // Somebody wrote that down, and may want it so.
  return broken(seen, 'somebody made it static: look at /etc/netplan in the guest, take the file away and run netplan apply; nothing needs doing for control');
}

/** The root's name servers: any answer, a refusal too, shows that there is a resolver. */
async function hostResolves(): Promise<boolean> {
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  return await resolver.resolveNs('.').then(() => true, (error: NodeJS.ErrnoException) => !['ETIMEOUT', 'ECONNREFUSED', 'ECANCELLED'].includes(error.code ?? ''));
}
