/** The networks that `networks` lists, and the one that a wish means. */
import type { WireNetwork } from '../../api/schemas.ts';
import type { WireNewNetwork } from '../../api/network-schemas.ts';
import { fail } from '../../core/errors.ts';
import { bridgeNameFor } from '../../core/network/ethernet/moves.ts';
import { hostAddress } from '../../core/network/home-network.ts';
import type { ClosedNetwork } from '../../core/network/own-networks.ts';
import { BRIDGED, OWN_NETWORK } from '../../core/network/network-option.ts';
import { ZONES } from '../../core/zones.ts';
import type { House } from '../instances/house.ts';
import { wishBridge } from './host-bridges.ts';

export interface ListedNetworks {
  readonly networks: WireNetwork[];
  /** Why bridges and cards that the host has are not among them. */
  readonly leftOut?: string;
}

/** Those that a card can be put on by whoever asks, and wired cards that a bridge would do it for. */
export async function listNetworks(house: House): Promise<ListedNetworks> {
  const { network } = house;
  if (network === undefined) return { networks: [] };
  const why = await network.whyNot();
  const all = (await network.bridgeable()).filter(({ type }) => type !== 'radio');
  const isOpen = await openTo(house);
  const hosts = why === undefined ? all.filter(({ name, type, bridge }) => isOpen(name, type === 'bridge' ? name : bridge)) : [];
  const own = why === undefined
    ? [{ name: OWN_NETWORK, type: 'bridge', description: `Holdfast's own network, behind the host's addresses: ${(await Promise.all(ZONES.map(async (zone) => await network.subnet(zone)))).join(', ')}` }] : [];
  const made = (await network.ownNetworks()).map(wireNetwork);
  const networks = [...hosts, ...made, ...own].map((entry) => ('description' in entry ? entry : { name: entry.name, type: entry.type, description: describe(entry) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { networks, ...(hosts.length === all.length ? {} : { leftOut: why ?? 'over the network only what was chosen there for instances is open: holdfast set local.bridged-network=<name>' }) };
}

function wireNetwork({ name, subnet, ...more }: ClosedNetwork): WireNetwork {
  return { name, type: 'bridge' in more ? 'bridge' : 'switch', description: `Made by Holdfast, closed${subnet === null ? '; the host is not on it' : `: ${subnet}, where the host is ${hostAddress({ subnet })}`}` };
}

/** @throws bad-argument, not-supported */
export async function createNetwork({ network }: House, { name, subnet }: WireNewNetwork): Promise<WireNetwork> {
  if (network === undefined) throw fail('not-supported', 'this driver has no networks');
  return wireNetwork(await network.createNetwork(name, subnet));
}

/** @throws not-found, wrong-state */
export async function deleteNetwork({ network, registry }: House, name: string): Promise<void> {
  if (network === undefined) throw fail('not-supported', 'this driver has no networks');
  const user = registry.everybodys.find(({ record }) => record.instance.spec.cards?.some((card) => card.network === name));
  if (user !== undefined) throw fail('wrong-state', `the network ${name} cannot be removed: ${user.name} has a card on it`, { hint: `take it out first: holdfast net list ${user.name}, then: holdfast net detach` });
  const bridges = network.ethernets;
  if (bridges !== undefined && (await bridges.names()).includes(name)) await bridges.release((each) => each !== name);
  else await network.deleteNetwork(name);
}

function describe({ type, members, bridge }: { readonly type: string; readonly members: readonly string[]; readonly bridge: string | undefined }): string {
  if (type === 'ethernet') return bridge === undefined ? 'Wired network card' : `Wired network card, in the bridge ${bridge}`;
  return members.length === 0 ? 'Bridge without a card of the host' : `Bridge of ${members.join(', ')}`;
}

export interface FoundNetwork {
  /** The bridge; null for the home's own network. */
  readonly network: string | null;
  /** Of the host's, to be put into that bridge first. */
  readonly ethernet?: string;
}

/** @param agreed  to a bridge of an ethernet  @throws not-supported, not-found, refused, consent-needed, no-rights */
export async function bridgeFor(house: House, wished: string, agreed = false): Promise<FoundNetwork> {
  const { network, settings } = house;
  const name = wished === BRIDGED ? settings.get('local.bridged-network') ?? '' : wished;
  if (name === '') {
    throw fail('refused', 'no network is chosen for "bridged"', { hint: 'choose one: holdfast set local.bridged-network=<name>; see: holdfast networks' });
  }
  if (network !== undefined && (await network.ownNetworks()).some((each) => each.name === name)) return { network: name };
  const why = network === undefined ? 'this driver has no networks' : await network.whyNot();
  if (network === undefined || why !== undefined) throw fail('not-supported', `no card can be put on ${name}: ${why ?? ''}`);
  if (name === OWN_NETWORK || name === network.bridge) return { network: null };
  const found = (await network.bridgeable()).find((each) => each.name === name);
  // It is made again when a machine needs it.
  if (found === undefined && (await network.ethernets?.names())?.includes(name)) return { network: name };
  if (found === undefined) throw fail('not-found', `Invalid network: ${name} is none that an instance can be put on`, { hint: 'see which there are: holdfast networks' });
  const bridge = found.type === 'bridge' ? found.name : found.bridge;
  if (bridge !== undefined) return { network: await requireOpen(house, name, bridge) };
  if (found.type === 'radio') throw fail('not-supported', `${name} is a radio card, which cannot be in a bridge: its access point takes frames of its own address only`, { hint: 'take a wired one, or a bridge: holdfast networks' });
  return { network: await wishBridge(house, name, agreed), ethernet: name };
}

/** @param name  by which he wished for it  @throws no-rights */
export async function requireOpen(house: House, name: string, bridge: string): Promise<string> {
  if ((await openTo(house))(name, bridge)) return bridge;
  if ((await house.network?.ownNetworks())?.some((each) => each.name === bridge)) return bridge;
  throw fail('no-rights', `${name} is the host's: over the network cards are put only on what was chosen there for instances`, { hint: `have it chosen there: holdfast set local.bridged-network=${name}; see also: holdfast networks` });
}

/** What the host has for others than instances is not for who comes in over the network. @returns whether he may have a card there: by a bridge or what is in it; one that is in none is open once a bridge of it was agreed to */
async function openTo({ network, settings, remote }: House): Promise<(name: string, bridge: string | undefined) => boolean> {
  if (!remote) return () => true;
  const [chosen, made] = [settings.get('local.bridged-network'), await network?.ethernets?.names() ?? []];
  return (name, bridge) => (bridge === undefined ? made.includes(bridgeNameFor(name)) : chosen === name || chosen === bridge || made.includes(bridge));
}
