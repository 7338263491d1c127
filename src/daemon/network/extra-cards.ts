/** Specifies further cards of an instance: a slot, a MAC that nobody has, an address where Holdfast gives them. */
import { fail } from '../../core/errors.ts';
import type { ExtraCard, Instance } from '../../core/instance.ts';
import type { FixedAddress } from '../../core/network/fixed-address.ts';
import type { NetworkWish } from '../../core/network/network-option.ts';
import { freshMac } from '../instances/identity.ts';
import type { House } from '../instances/house.ts';
import { homeSubnet, type Place } from './home-subnet.ts';
import { bridgeFor } from './networks.ts';
import { reserveAddress, reserveFixed } from './reserve.ts';

const LAST_SLOT = 7;

/** A wish whose network was found. */
export interface CardWish {
  readonly network: string | null;
  /** Of the host's, that is to be put into that bridge first. */
  readonly ethernet?: string | undefined;
  /** Of the home's own network that it is on, for its address. */
  readonly subnet: string | null;
  readonly mode: 'auto' | 'manual';
  readonly mac: string | undefined;
  readonly fixed: FixedAddress | undefined;
}

/** @param place  of the instance that is to have the cards  @param agreed  to bridges of ethernets  @throws not-supported, not-found, bad-argument, consent-needed, no-rights */
export async function checkWishes(house: House, place: Place, wishes: readonly NetworkWish[], agreed = false): Promise<CardWish[]> {
  return await Promise.all(wishes.map(async ({ name, mode, mac, fixed }) => {
    const { network, ethernet } = await bridgeFor(house, name, agreed);
    return { network, ethernet, subnet: network === null ? await homeSubnet(house.network, place) : null, mode, mac, fixed };
  }));
}

/**
 * @param own  cards that the instance has already, or is about to get
 * @param taken  all instances, this one included where it is recorded
 * @throws refused when a MAC is another's, not-supported when there is no slot left
 */
export function specifyCard({ network, subnet, mode, mac, fixed }: CardWish, own: readonly ExtraCard[], taken: readonly Instance[]): ExtraCard {
  const all = [...taken.flatMap(({ spec }) => [spec.mac, ...(spec.cards ?? []).map((card) => card.mac)]), ...own.map((card) => card.mac)];
  if (mac !== undefined && all.includes(mac)) throw fail('refused', `the MAC address ${mac} is another card's already`, { hint: 'leave it out, and one is made up' });
  const slot = Array.from({ length: LAST_SLOT }, (_, index) => index + 1).find((each) => !own.some((card) => card.slot === each));
  if (slot === undefined) throw fail('not-supported', `an instance has at most ${LAST_SLOT} cards besides its default one`);
  return {
    slot, mac: mac ?? freshMac(new Set(all)), network, mode, seeded: false, ...(fixed === undefined ? {} : { fixed }),
    address: subnet === null ? null : reserveFixed(subnet, fixed?.address, taken, own) ?? reserveAddress(subnet, taken, own),
  };
}

/** What can be told before there is an image: the rest, such as its own default card, comes with the specification. @throws as specifyCard */
export function requireRoom(wishes: readonly CardWish[], taken: readonly Instance[]): void {
  specifyCards(wishes, taken, { mac: freshMac(new Set(wishes.flatMap(({ mac }) => mac ?? []))), address: undefined });
}

/** @returns what the specification of a new instance has of them: nothing where there is none */
export function specifyCards(wishes: readonly CardWish[], taken: readonly Instance[], first: { readonly mac: string; readonly address: string | undefined }): { cards?: readonly ExtraCard[] } {
  if (wishes.length === 0) return {};
  // Its own default card counts as taken.
  const mine: ExtraCard = { slot: 0, mac: first.mac, network: null, mode: 'auto', address: first.address ?? null, seeded: true };
  const cards = wishes.reduce<ExtraCard[]>((made, wish) => [...made, specifyCard(wish, [mine, ...made], taken)], []);
  return { cards };
}
