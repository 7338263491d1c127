/** What this library does not model, by definition: nothing may be promised about a link that has one of these. */
import type { Definition } from './definition.ts';
import type { GuestFacts } from './facts.ts';
import type { PredictedLink } from './prediction.ts';

/** Read and not looked into, yet without any effect on addresses and routes. */
const HARMLESS = new Set(['wakeonwlan', 'networkmanager']);

const REASONS: Readonly<Record<string, string>> = {
  'openvswitch': 'Open vSwitch is not modelled',
  'auth': 'whether the network lets this card in (802.1X) is not modelled',
  'access-points': 'Wi-Fi is not modelled',
};

export function whyUnknown(definition: Definition, { renderers, foreignNetworkFiles }: GuestFacts): PredictedLink['unknown'] {
  const { id, type, place, places, memberOf, addresses, dhcp4, dhcp6 } = definition;
  const found: { reason: string; place: Definition['place'] | null }[] = [];
  const say = (reason: string, at: Definition['place'] | null = place): void => void found.push({ reason, place: at });
  if (definition.renderer === 'NetworkManager' && renderers.networkManager) say(`what NetworkManager does with ${id} is not modelled`, places['renderer'] ?? place);
  if (definition.renderer === 'sriov') say(`a VLAN of a virtual function (${id}) is not modelled`);
  if (type === 'wifis' || type === 'modems' || type === 'nm-devices') say(`${type} are not modelled`);
  for (const { key, place: at } of definition.unmodelled) {
    if (!HARMLESS.has(key) && !(type === 'wifis' && key === 'access-points')) say(REASONS[key] ?? `${key} is not modelled`, at);
  }
  if (id.includes('/')) say(`where the files of a definition with a slash in its id (${id}) end up is not modelled`);
  if (memberOf?.as === 'vrf') say(`${id} is in a VRF: what reaches it there is not modelled`);
  if (memberOf?.as === 'bridge' && (addresses.length > 0 || dhcp4 || dhcp6)) say(`${id} is a port of the bridge ${memberOf.id}, and yet has addresses of its own: whether they work is not modelled`, places['addresses'] ?? places['dhcp4'] ?? place);
  if (foreignNetworkFiles.length > 0) say(`${foreignNetworkFiles[0] ?? ''} comes before netplan's files, and what it matches is not known`, null);
  return found;
}
