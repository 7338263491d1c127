/** What netplan wrote, read without knowing how it came about: systemd.network(5), systemd.link(5) and NetworkManager's keyfiles. */
import { basename } from 'node:path';
import { last, parseIni, values, type Section } from './ini.ts';
import { distinct, familyOf, plainAddress, plainNetwork, routeLine, type Settings } from './settings.ts';

export interface NetworkFile {
  readonly id: string;
  readonly sections: readonly Section[];
  readonly settings: Settings;
}

export interface Rendered {
  /** In the order in which networkd asks them. */
  readonly networks: readonly NetworkFile[];
  /** Which links are renamed, and to what. */
  readonly links: readonly { readonly id: string; readonly sections: readonly Section[] }[];
  /** Names of links that are made, with their kind. */
  readonly made: readonly string[];
  /** Definitions that NetworkManager has. */
  readonly networkManager: readonly string[];
}

const ID = /^10-netplan-(.*)\.(network|link|netdev)$/;

export function readRendered(files: ReadonlyMap<string, string>): Rendered {
  const ofNetworkd = [...files].filter(([path]) => path.startsWith('systemd/network/')).map(([path, text]) => {
    const [, id = '', kind = ''] = ID.exec(basename(path)) ?? [];
    return { id, kind, name: basename(path), sections: parseIni(text) };
  }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const ofKind = (wanted: string) => ofNetworkd.filter(({ kind }) => kind === wanted);
  return {
    networks: ofKind('network').map(({ id, sections }) => ({ id, sections, settings: settingsOf(sections) })),
    links: ofKind('link'),
    made: ofKind('netdev').map(({ sections }) => `${last(sections, 'NetDev', 'Kind')} ${last(sections, 'NetDev', 'Name')}`).toSorted(),
    networkManager: [...files.keys()].flatMap((path) => /^NetworkManager\/system-connections\/netplan-(.*)\.nmconnection$/.exec(path)?.[1] ?? []).toSorted(),
  };
}

function settingsOf(sections: readonly Section[]): Settings {
  const network = (key: string): string[] => values(sections, 'Network', key);
  const dhcp = last(sections, 'Network', 'DHCP') ?? 'no';
  const ra = last(sections, 'Network', 'IPv6AcceptRA');
  const linkLocal = last(sections, 'Network', 'LinkLocalAddressing') ?? 'ipv6';
  const [member] = ['Bridge', 'Bond', 'VRF'].flatMap((as) => network(as).map((master) => `${as.toLowerCase()} ${master}`));
  return {
    dhcp4: dhcp === 'yes' || dhcp === 'ipv4', dhcp6: dhcp === 'yes' || dhcp === 'ipv6', acceptRa: ra === undefined ? null : ra === 'yes' || ra === 'true',
    linkLocal: { yes: '4,6', no: '', ipv4: '4', ipv6: '6' }[linkLocal] ?? linkLocal,
    addresses: distinct([...network('Address').map((address) => addressLine(address, null, false)), ...entriesOf(sections, 'Address').map((entry) =>
      addressLine(entry.get('Address') ?? '', entry.get('Label') ?? null, entry.get('PreferredLifetime') === '0'))]),
    routes: distinct([...network('Gateway').map((via) => routeLine({ ...NO_ROUTE, to: 'default', via })), ...entriesOf(sections, 'Route').map((entry) => {
      const said = (key: string): string | null => entry.get(key) ?? null;
      return routeLine({
        to: said('Destination') ?? 'default', via: said('Gateway'), metric: said('Metric'), table: said('Table'), type: said('Type'), source: said('PreferredSource'),
        onLink: /^(?:true|yes)$/.test(said('GatewayOnLink') ?? said('GatewayOnlink') ?? ''), scope: said('Scope'), mtu: said('MTUBytes'),
      });
    })]),
    rules: distinct(entriesOf(sections, 'RoutingPolicyRule').map((entry) => [...entry].map(([key, value]) => `${key}=${value}`).toSorted().join(' '))),
    dns: distinct(network('DNS').map(plainAddress)), search: distinct(network('Domains').flatMap((line) => line.split(/\s+/))),
    mtu: last(sections, 'Link', 'MTUBytes') ?? '', macAddress: (last(sections, 'Link', 'MACAddress') ?? '').toLowerCase(),
    activation: { manual: 'manual', 'always-down': 'off' }[last(sections, 'Link', 'ActivationPolicy') ?? ''] ?? 'up',
    memberOf: member ?? '', vlans: distinct(network('VLAN')), dhcpOptions: dhcpOptions(sections, dhcp),
  };
}

const NO_ROUTE = { metric: null, table: null, type: null, source: null, onLink: false, scope: null, mtu: null };

/** What is said of DHCP in whichever of its sections, in words that netplan's keys have too. */
function dhcpOptions(sections: readonly Section[], dhcp: string): string {
  if (dhcp === 'no') return '';
  const said = (key: string): string | undefined => ['DHCP', 'DHCPv4', 'DHCPv6'].map((name) => last(sections, name, key)).find((value) => value !== undefined);
  const metric = said('RouteMetric');
  const off = (key: string): boolean => said(key) === 'false' || said(key) === 'no';
  return [
    ...(metric === undefined ? [] : [`metric ${metric}`]), ...(off('UseRoutes') ? ['no routes'] : []), ...(off('UseDNS') ? ['no dns'] : []),
    ...(said('ClientIdentifier') === 'mac' ? ['by mac'] : []), ...(said('CriticalConnection') === 'true' || last(sections, 'Network', 'KeepConfiguration') !== undefined ? ['critical'] : []),
  ].join(', ');
}

function entriesOf(sections: readonly Section[], name: string): ReadonlyMap<string, string>[] {
  return sections.filter((section) => section.name === name).map(({ entries }) => new Map(entries));
}

export function addressLine(address: string, label: string | null, deprecated: boolean): string {
  return [plainNetwork(address, familyOf(address)), ...(label === null ? [] : [`label ${label}`]), ...(deprecated ? ['deprecated'] : [])].join(' ');
}
