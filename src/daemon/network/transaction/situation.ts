/** How a guest's network stands: asked of the guest itself while it runs, else as it was last seen. */
import { fail } from '../../../core/errors.ts';
import type { GuestFacts, GuestLink, GuestRoute } from '../../../core/netplan/facts.ts';
import type { RunningMachine } from '../../../drivers/driver.ts';
import type { NetworkReport } from '../../../guest/report.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import { factsOf } from './facts.ts';
import type { GuestLook, GuestNetwork } from './guest-network.ts';
import { netguardOf } from './netguard-of.ts';

export interface Situation {
  readonly from: 'guest' | 'report';
  readonly at: string;
  readonly look: GuestLook;
  readonly facts: GuestFacts;
}

const REACH_MS = 30_000;

/** @throws wrong-state, guest-unreachable */
export async function guestNetwork(supervisor: Supervisor, signal: AbortSignal): Promise<GuestNetwork> {
  const machine = requireAnswering(supervisor);
  const { shell } = await machine.guest.reach('control', { deadlineMs: REACH_MS, signal });
  return netguardOf(shell);
}

/** @throws wrong-state  it does not run, or is paused */
export function requireAnswering(supervisor: Supervisor): RunningMachine {
  const { machine, name, state } = supervisor;
  if (machine && !machine.isPaused && machine.end === undefined) return machine;
  throw fail('wrong-state', `${name} is ${machine?.isPaused ? 'paused' : state}: its network can be changed while it runs`, {
    hint: `what a change would do: holdfast net plan ${name} <file>; ${machine?.isPaused ? 'let it go on first' : `start it: holdfast start ${name}`}`,
  });
}

export async function lookAt(house: House, supervisor: Supervisor, guest: GuestNetwork, signal: AbortSignal): Promise<Situation> {
  const look = await guest.look(signal);
  const at = new Date().toISOString();
  house.history.see(supervisor.id, at, JSON.stringify({ ...look, armed: null } satisfies GuestLook));
  return { from: 'guest', at, look, facts: await factsOf(house, supervisor, look) };
}

/** The guest's word where it runs, and what was last seen of it otherwise. @throws wrong-state when nothing ever was, guest-unreachable */
export async function situation(house: House, supervisor: Supervisor, signal: AbortSignal): Promise<Situation> {
  if (supervisor.state === 'Deleted') throw fail('instance-deleted', `${supervisor.name} is deleted`, { hint: `recover it first: holdfast recover ${supervisor.name}` });
  if (supervisor.machine && !supervisor.machine.isPaused && supervisor.state !== 'Crashed') return await lookAt(house, supervisor, await guestNetwork(supervisor, signal), signal);
  const seen = house.history.seen(supervisor.id);
  const files = house.history.standing(supervisor.id)?.files;
  if (seen === undefined && files === undefined) {
    throw fail('wrong-state', `nothing is known of ${supervisor.name}'s network: it has not been seen running`, { hint: `start it: holdfast start ${supervisor.name}` });
  }
  const last = seen === undefined ? unseen(supervisor) : { ...unseen(supervisor), ...JSON.parse(seen.json) as Partial<GuestLook> };
  // What was changed since by hand has been reported, with nobody looking.
  const look = { ...last, files: [...(files ?? []), ...last.files.filter(({ path }) => files === undefined || !path.startsWith('/etc/'))] };
  return { from: 'report', at: seen?.at ?? supervisor.record.observed.at, look, facts: await factsOf(house, supervisor, look) };
}

function unseen(supervisor: Supervisor): GuestLook {
  const { spec } = supervisor.record.instance;
  const card = (mac: string, slot: number): GuestLink => ({
    name: `enp${slot + 1}s0`, mac, permanentMac: mac, driver: 'virtio_net', kind: 'ethernet', up: true, carrier: true, mtu: null, addresses: [], dns: [],
  });
  return {
    files: [], links: [card(spec.mac, 0), ...(spec.cards ?? []).map(({ mac, slot }) => card(mac, slot))], routes: [], netplanVersion: null, systemdVersion: null,
    renderers: { networkd: true, networkManager: false }, foreignNetworkFiles: [], armed: null,
  };
}

/** Of a machine that ends: what it said last of its links, which is all that there will be while it is stopped. */
export function rememberReport(house: House, supervisor: Supervisor, report: NetworkReport): void {
  const before = house.history.seen(supervisor.id);
  const last = before === undefined ? unseen(supervisor) : JSON.parse(before.json) as GuestLook;
  const links = report.links.map((link): GuestLink => {
    const known = last.links.find(({ mac, name }) => mac === link.mac && name === link.name);
    return {
      name: link.name, mac: link.mac === '' ? null : link.mac, permanentMac: known?.permanentMac ?? (link.mac === '' ? null : link.mac), driver: link.driver ?? known?.driver ?? null,
      kind: known?.kind ?? kindOf(link), up: link.up, carrier: link.carrier, mtu: known?.mtu ?? null, dns: known?.dns ?? [],
      addresses: link.addresses.map((address) => ({
        address: address.address, prefix: address.prefix, family: address.family, scope: address.scope, validForS: null,
        how: known?.addresses.find((each) => each.address === address.address)?.how ?? (address.scope === 'link' ? 'link-local' : 'unknown'),
      })),
    };
  });
  const routes = report.defaultRoutes.map(({ family, via, link, metric }): GuestRoute => ({ family, to: 'default', via, link, metric, how: 'unknown' }));
  house.history.see(supervisor.id, new Date().toISOString(), JSON.stringify({ ...last, links, routes } satisfies GuestLook));
}

function kindOf({ name, driver }: NetworkReport['links'][number]): GuestLink['kind'] {
  if (name === 'lo') return 'loopback';
  return driver !== null && /^(?:virtio_net|e1000e?|8139cp|vmxnet3|fake)$/.test(driver) ? 'ethernet' : 'virtual';
}
