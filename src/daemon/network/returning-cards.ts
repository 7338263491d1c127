/** Cards that come back with a snapshot: an address or a MAC that another instance has by now stays that one's, and the card gets a fresh one. */
import type { ExtraCard, InstanceSpec } from '../../core/instance.ts';
import { freshMac } from '../instances/identity.ts';
import type { House } from '../instances/house.ts';
import type { Supervisor } from '../supervisor.ts';
import { homeSubnet } from './home-subnet.ts';
import { givenAddresses, reserveAddress } from './reserve.ts';

export interface Returning {
  /** The snapshot's, with the cards as they can be now. */
  readonly spec: InstanceSpec;
  /** Of cards that are not what they were. */
  readonly notices: readonly string[];
}

/**
 * @param then  of the snapshot
 * @returns what decides it, in the turn in which that is recorded: until then others may be given something
 * @throws not-supported, as what is returned, when there is no address left
 */
export async function returningCards(house: House, { id, record }: Supervisor, then: InstanceSpec): Promise<() => Returning> {
  const { zone, name, spec: { mac, network } } = record.instance;
  const subnets = new Map(await Promise.all((then.cards ?? []).map(async ({ slot, address }) =>
    [slot, address === null ? null : await homeSubnet(house.network, { zone, address })] as const)));
  return () => {
    const others = house.registry.everybodys.filter((each) => each.id !== id).map((each) => each.record.instance);
    const addresses = givenAddresses(others, []);
    const macs = new Set(others.flatMap(({ spec }) => [spec.mac, ...(spec.cards ?? []).map((card) => card.mac)]));
    const first: ExtraCard = { slot: 0, mac, network: null, mode: 'auto', address: network?.address ?? null, seeded: true };
    const own = [first, ...then.cards ?? []];
    const notices: string[] = [];
    const keptOrFresh = (card: ExtraCard): ExtraCard => {
      const subnet = subnets.get(card.slot) ?? null;
      const made = withMac(card, macs.has(card.mac) ? freshMac(new Set([...macs, ...own.map((each) => each.mac)])) : card.mac);
      const fitting = card.address === null || !addresses.has(card.address) ? made : withAddress(made, subnet === null ? null : reserveAddress(subnet, others, own));
      own.push(fitting);
      if (fitting.mac !== card.mac) notices.push(`the MAC address ${card.mac} of card ${card.slot} of ${name} is another instance's by now: it has ${fitting.mac} from its next boot on`);
      if (fitting.address !== card.address) notices.push(`the address ${card.address ?? ''} of card ${card.slot} of ${name} is another instance's by now: it has ${fitting.address ?? 'none'} from its next boot on`);
      return fitting;
    };
    return { spec: then.cards === undefined ? then : { ...then, cards: then.cards.map(keptOrFresh) }, notices };
  };
}

/** Where saved memory comes back too: what it has of such a card is the other instance's to say, and on the home's network nobody else can. */
export function mutedUntilBoot(name: string, { notices }: Returning): readonly string[] {
  return notices.length === 0 ? [] : [`the saved memory of ${name} still has what is another instance's by now, so that card has no network until ${name} boots; when it is started: holdfast restart ${name}`];
}

/** The seed configured a card of the earlier MAC: this one is for a file of Holdfast's own. */
function withMac(card: ExtraCard, mac: string): ExtraCard {
  return mac === card.mac ? card : { ...card, mac, seeded: false };
}

/** A static address that was another name for it goes with it. */
function withAddress({ fixed, ...card }: ExtraCard, address: string | null): ExtraCard {
  const stays = fixed !== undefined && !fixed.address.startsWith(`${card.address ?? ''}/`);
  return { ...card, address, ...(stays ? { fixed } : {}) };
}
