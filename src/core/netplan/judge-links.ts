/** The other interfaces: what they lose, what keeps the next boot waiting, and what cannot be told. */
import { sameIp } from './address.ts';
import type { Change } from './compare.ts';
import { networkOf } from './given-addresses.ts';
import { placed, type Finding, type Verdict } from './plan.ts';
import type { PredictedLink } from './prediction.ts';

export function otherLinkFindings(change: Change): Finding[] {
  const { after, before, carriers } = change;
  const others = after.links.filter(({ name }) => !carriers.after.names.has(name));
  return [
    ...after.links.flatMap(passedOver),
    ...others.flatMap((link) => ofLink(change, link)),
    ...before.links.filter(({ exists, kind, name }) => exists && kind === 'virtual' && !after.links.some((link) => link.name === name)).map((link) => gone(link)),
  ];
}

function finding(link: PredictedLink, code: string, verdict: Verdict, reason: string, remedy: string | null, place = link.place): Finding {
  return { code, verdict, ...placed(place), family: null, interface: link.name, reason, remedy };
}

function passedOver(link: PredictedLink): Finding[] {
  return link.passedOver.map((id) => finding(link, 'passed-over', 'safe', `${id} matches ${link.name} too, and is passed over: ${link.definition ?? ''} comes first by its name`, 'let each interface be matched by one definition'));
}

function ofLink(change: Change, link: PredictedLink): Finding[] {
  if (link.managedBy === 'unknown') return link.unknown.map(({ reason, place }) => finding(link, 'not-modelled', 'unknown', reason, null, place));
  return [...losses(change, link), ...waits(change, link)];
}

/** Compared with what the guest has: files that were not applied yet count for nothing. */
function losses({ before, facts }: Change, link: PredictedLink): Finding[] {
  const was = before.links.find(({ name }) => name === link.name);
  const now = facts.links.find(({ name }) => name === link.name);
  if (!now || now.kind !== 'ethernet' || was?.managedBy !== 'networkd') return [];
  const lost = now.addresses.filter(({ scope, address, how, family }) =>
    scope === 'global' && how !== 'link-local' && how !== 'unknown'
    && !link.addresses.some((each) => (each.address !== null ? sameIp(each.address, address) : each.family === family)));
  return lost.map(({ address, family }) => ({ ...finding(link, 'extra-address-lost', 'caution', `${link.name} will have ${address} no more`, null), family }));
}

/** systemd-networkd-wait-online holds up a boot for two minutes, while a link that is not optional is not configured. */
function waits({ after, facts }: Change, link: PredictedLink): Finding[] {
  const definition = after.definitions.find(({ id }) => id === link.definition);
  if (!definition || !link.exists || definition.optional || definition.activationMode !== null || link.kind !== 'ethernet') return [];
  const network = networkOf(link.mac, facts);
  const noServer = definition.dhcp4 && network !== null && !network.dhcp4;
  return noServer ? [finding(link, 'boot-waits', 'caution', `${link.name} asks for an address by DHCP, and there is no server on its network: each boot waits two minutes for it`, 'optional: true', definition.places['dhcp4'] ?? link.place)] : [];
}

function gone(link: PredictedLink): Finding {
  return finding(link, 'stays-behind', 'safe', `${link.name} is in no file any more; it stays until the next boot or until netplan apply takes it away`, null, null);
}
