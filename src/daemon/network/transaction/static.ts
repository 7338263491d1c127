/** Way 1: a static address on a second interface, which is plugged in when there is none; the default one stays as it is. */
import type { WireNetworkChange } from '../../../api/network-schemas.ts';
import { fail } from '../../../core/errors.ts';
import type { ExtraCard } from '../../../core/instance.ts';
import { contains, parseNetwork, showIp } from '../../../core/netplan/address.ts';
import { fixedDefinition, requireFixed, type FixedAddress } from '../../../core/network/fixed-address.ts';
import { cardFile, cardId, staticFile } from '../../../core/network/our-files.ts';
import { OWN_NETWORK } from '../../../core/network/network-option.ts';
import type { House } from '../../instances/house.ts';
import type { Supervisor } from '../../supervisor.ts';
import { checkWishes, specifyCard, type CardWish } from '../extra-cards.ts';
import { bringBridges } from '../host-bridges.ts';
import { bridgeFor } from '../networks.ts';
import { placeOf, plugIn, takeOut } from '../plug.ts';
import type { FileChanges } from './guest-network.ts';
import { predicted } from './plan.ts';
import type { Prepared } from './prepare.ts';
import type { Situation } from './situation.ts';

const APPEAR_MS = 30_000;

/** @throws bad-argument, not-found, not-supported, consent-needed */
export async function preparingStatic(house: House, supervisor: Supervisor, request: WireNetworkChange): Promise<Prepared> {
  const wish = requireFixed(request.address ?? '', request.gateway, request.dns ?? []);
  const there = await chosen(house, supervisor, request);
  if (there !== undefined) {
    return { before: async () => await holdAddress(house, supervisor, there, wish), undo: async () => await giveBack(house, supervisor, there), changes: fixing(supervisor, there, wish) };
  }
  if (!house.driver.abilities.hotPlug) throw fail('not-supported', `${supervisor.name} has one network card, and the driver ${house.driver.name} does not add any`);
  const [network] = await checkWishes(house, placeOf(supervisor), [{ name: request.network ?? OWN_NETWORK, mode: 'manual' }], request.makeBridge);
  if (network === undefined) throw new TypeError('a wish went missing');
  const { name } = supervisor;
  let card = specify(house, supervisor, network, wish);
  const { slot } = card;
  return {
    kept: { slot },
    before: async (task) => {
      task.progress(`Adding a network card to ${name}`);
      // Meanwhile another may have been given its address: what is free is chosen and recorded in one turn.
      card = specify(house, supervisor, network, wish);
      if (card.slot !== slot) throw fail('wrong-state', `another network card was added to ${name} meanwhile`, { hint: 'do it again' });
      await plugIn(house, supervisor, card, { before: undefined, prepare: async () => await bringBridges(house, network.ethernet === undefined ? [] : [network.ethernet], task) });
      await supervisor.until(() => supervisor.machine?.guest.reports.network?.links.some(({ mac }) => mac === card.mac) ?? false, `the new network card ${card.mac} of ${name} did not appear in its guest within ${APPEAR_MS / 1000} s`, APPEAR_MS, task.signal);
    },
    // Where it did not come so far, there is nothing of it.
    undo: async () => { if (supervisor.record.instance.spec.cards?.some(({ mac }) => mac === card.mac)) await takeOut(house, supervisor, slot); },
    changes: (stands) => fixing(supervisor, card, wish)(stands),
  };
}

function specify(house: House, { record }: Supervisor, network: CardWish, wish: FixedAddress): ExtraCard {
  const specified = specifyCard(network, record.instance.spec.cards ?? [], house.registry.everybodys.map((each) => each.record.instance));
  return { ...specified, address: reservable(house, specified, wish, network.subnet) };
}

/** @returns undefined when one is to be added */
async function chosen(house: House, supervisor: Supervisor, { nic, network, makeBridge }: WireNetworkChange): Promise<ExtraCard | undefined> {
  const on = nic === undefined && network !== undefined ? await bridgeFor(house, network, makeBridge) : undefined;
  // Those that it has after the wait.
  const { name, record: { instance: { spec: { mac: first, cards = [] } } } } = supervisor;
  if (nic === undefined) return on === undefined ? cards[0] : cards.find((card) => card.network === on.network);
  if (nic === '0' || nic.toLowerCase() === first) {
    throw fail('bad-argument', `card ${nic} is the default one of ${name}, which the host knows by its address`, { hint: `it can be static at the address that it has: holdfast net pin ${name}` });
  }
  const found = cards.find(({ slot, mac }) => String(slot) === nic || mac === nic.toLowerCase());
  if (found === undefined) throw fail('not-found', `${name} has no card ${nic}`, { hint: `see which it has: holdfast net list ${name}` });
  return found;
}

/** On the home's network a static address is reserved for its card, so that nobody else is ever given it. */
function reservable(house: House, card: Pick<ExtraCard, 'network' | 'address' | 'mac'>, wish: FixedAddress, subnet: string | null): string | null {
  const [own, address] = [subnet === null ? undefined : parseNetwork(subnet), parseNetwork(wish.address)];
  if (card.network !== null || own === undefined || address === undefined || !contains(own, address)) return card.address;
  const wanted = showIp(address);
  const others = house.registry.everybodys.flatMap(({ record: { instance: { spec } } }) => [{ mac: spec.mac, address: spec.network?.address ?? null }, ...(spec.cards ?? [])]);
  // Whose it is, is told with the plan.
  return others.some((each) => each.address === wanted && each.mac !== card.mac) ? card.address : wanted;
}

async function holdAddress(house: House, supervisor: Supervisor, card: ExtraCard, wish: FixedAddress): Promise<void> {
  const subnet = card.network === null && card.address !== null ? (await house.network?.layout(card.address))?.subnet ?? null : null;
  const address = reservable(house, card, wish, subnet);
  if (address !== card.address) await plugIn(house, supervisor, { ...card, address }, { before: card });
}

async function giveBack(house: House, supervisor: Supervisor, card: ExtraCard): Promise<void> {
  const now = supervisor.record.instance.spec.cards?.find(({ slot }) => slot === card.slot);
  if (now !== undefined && now.address !== card.address) await plugIn(house, supervisor, card, { before: now });
}

function fixing({ name }: Pick<Supervisor, 'name'>, { mac, slot }: ExtraCard, wish: FixedAddress): (stands: Situation) => FileChanges {
  return (stands) => {
    const link = stands.look.links.find((each) => each.mac === mac || each.permanentMac === mac);
    if (link === undefined) throw fail('wrong-state', `the network card ${mac} of ${name} is not seen in its guest`, { hint: `is its driver loaded? holdfast net show ${name}` });
    const path = staticFile(mac);
    // Without our own, which may be from before.
    const others = stands.look.files.filter((file) => file.path !== path);
    const own = predicted(others, stands).links.find((each) => each.name === link.name);
    const content = cardFile(own?.definition ?? cardId(mac), fixedDefinition(mac, slot, wish), 'Written by "holdfast net static".');
    return { write: [{ path, mode: 0o600, uid: 0, gid: 0, content }], setAside: [] };
  };
}
