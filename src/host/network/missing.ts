/** Looks over a network that is to be up, with all that somebody may flush, set down or switch off: what is missing, in words for the log. */
import { FIRST_ZONE, networkOf, type HomeNetwork, type ZoneNetwork } from '../../core/network/home-network.ts';
import { ruleset, type NetworkCard } from '../../core/network/ruleset.ts';
import { shapeOf } from '../../core/network/ruleset-shape.ts';
import type { ZoneName } from '../../core/zones.ts';
import { bridgeOf, type AttachedCard } from './attachments.ts';
import { bridgeAddresses } from './bridge.ts';
import type { HostLink } from './links.ts';
import { nftTable } from './tools.ts';

/** As the log takes it. */
export type Tell = (cause: string, message: string, remedy?: string) => void;

/** One thing, in words, and whom it concerns: everybody on the home's network, a zone, or a card. */
export interface Missing {
  readonly what: string;
  readonly zone?: ZoneName;
  readonly card?: AttachedCard;
}

export interface Wanted {
  readonly network: HomeNetwork;
  /** Of these zones the network is up. */
  readonly zones: readonly ZoneNetwork[];
  /** These of them have rules: whose subnet the host uses for something else has none. */
  readonly ruled: readonly ZoneNetwork[];
  readonly own: readonly NetworkCard[];
  readonly cards: readonly AttachedCard[];
  readonly links: readonly HostLink[];
  serves(zone: ZoneNetwork): Promise<boolean>;
  forwards(): Promise<boolean>;
}

/** Two tables and a few files are read for it. @throws tool-missing, machine-failed */
export async function missingOf({ network, zones, ruled, own, cards, links, serves, forwards }: Wanted): Promise<readonly Missing[]> {
  const missing: Missing[] = [];
  for (const zone of zones) {
    const whose = zone.zone === FIRST_ZONE ? '' : ` of ${zone.zone}`;
    const lacks = (what: string): number => missing.push({ what: `${what}${whose}`, zone: zone.zone });
    if (!(await serves(zone))) lacks('its dnsmasq');
    const bridge = links.find(({ name, up }) => name === zone.bridge && up);
    if (bridge === undefined) lacks('its bridge');
    else if (!bridgeAddresses(zone).every((address) => bridge.addresses.includes(address))) lacks('its bridge\'s addresses');
  }
  const loaded = [...shapeOf(await nftTable('inet', network.table)), ...shapeOf(await nftTable('bridge', network.table))].toSorted();
  if (loaded.join() !== shapeOf(ruleset({ ...network, zones: ruled }, own)).join()) missing.push({ what: 'its firewall rules' });
  if (!(await forwards())) missing.push({ what: 'the host\'s forwarding' });
  return [...missing, ...loose(network, cards, links).map((card) => ({ what: offItsBridge(card), card }))];
}

/** What of it cards of these addresses feel. */
export function concerning(missing: readonly Missing[], network: HomeNetwork, addresses: readonly string[]): readonly Missing[] {
  const zones = addresses.map((address) => networkOf(network, address)?.zone);
  return missing.filter(({ zone, card }) => (zone === undefined || zones.includes(zone)) && (card === undefined || (card.address !== null && addresses.includes(card.address))));
}

/** How it is told. */
export function offItsBridge({ tap }: AttachedCard): string {
  return `the bridge of ${tap}`;
}

/** Those whose tap is there, and not on its bridge, or down. Where there is no such bridge nothing can be done about them: see `astray`. */
export function loose(network: HomeNetwork, cards: readonly AttachedCard[], links: readonly HostLink[]): readonly AttachedCard[] {
  return cards.filter((card) => {
    const bridge = bridgeOf(network, card);
    return links.some(({ name }) => name === bridge) && isLoose(card, bridge, links);
  });
}

/** Its tap is there, and not on this bridge, or down. */
export function isLoose({ tap }: AttachedCard, bridge: string, links: readonly HostLink[]): boolean {
  return links.some(({ name, master, up }) => name === tap && (master !== bridge || !up));
}

/** Those whose tap is there, and their bridge is none of the home's, and is not. */
export function astray(cards: readonly AttachedCard[], links: readonly HostLink[]): readonly (AttachedCard & { readonly bridge: string })[] {
  const isThere = (link: string): boolean => links.some(({ name }) => name === link);
  return cards.flatMap((card) => (card.bridge !== null && isThere(card.tap) && !isThere(card.bridge) ? [{ ...card, bridge: card.bridge }] : []));
}
