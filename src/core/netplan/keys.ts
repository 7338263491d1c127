/**
 * The keys of netplan's definitions and what kind of value each has, as its generators take them (docs/netplan.md says how that was
 * found out). A key that is not here is refused.
 */
import type { DefinitionType } from './definition.ts';
import type { Rules } from './versions.ts';

/**
 * `opaque` is read and not looked into; `reference` names another definition. `ip4` and `ip6` are addresses without prefix.
 * Lists append to what earlier files gave; `members` make the named definitions members of this one.
 */
export type KeyKind =
  | 'bool' | 'uint' | 'text' | 'ip4' | 'ip6' | 'ip' | 'token' | 'mac' | 'permanent-mac' | 'name' | 'renderer' | 'reference' | 'domains-use'
  | 'addresses' | 'routes' | 'routing-policy' | 'ips' | 'texts' | 'drivers' | 'members' | 'path-costs' | 'port-priorities' | 'tos' | 'tunnel-key' | 'opaque'
  | { readonly oneOf: readonly string[] }
  | { readonly anyOf: readonly string[] }
  | { readonly keys: KeyTable };

export interface KeyTable {
  readonly [key: string]: KeyKind;
}

const OVERRIDES: KeyTable = {
  'use-dns': 'bool', 'use-domains': 'domains-use', 'use-hostname': 'bool', 'use-mtu': 'bool', 'use-ntp': 'bool', 'use-routes': 'bool',
  'send-hostname': 'bool', 'hostname': 'text', 'route-metric': 'uint',
};

const EVERY: KeyTable = {
  'renderer': 'renderer',
  'accept-ra': 'bool',
  'activation-mode': { oneOf: ['manual', 'off'] },
  'addresses': 'addresses',
  'critical': 'bool',
  'dhcp-identifier': { oneOf: ['duid', 'mac'] },
  'dhcp4': 'bool',
  'dhcp4-overrides': { keys: OVERRIDES },
  'dhcp6': 'bool',
  'dhcp6-overrides': { keys: OVERRIDES },
  'gateway4': 'ip4',
  'gateway6': 'ip6',
  'hairpin': 'bool',
  'ignore-carrier': 'bool',
  'ipv6-address-generation': { oneOf: ['eui64', 'stable-privacy'] },
  'ipv6-address-token': 'token',
  'ipv6-mtu': 'uint',
  'ipv6-privacy': 'bool',
  'link-local': { anyOf: ['ipv4', 'ipv6'] },
  'macaddress': 'mac',
  'mtu': 'uint',
  'nameservers': { keys: { addresses: 'ips', search: 'texts' } },
  'neigh-suppress': 'bool',
  'networkmanager': 'opaque',
  'openvswitch': 'opaque',
  'optional': 'bool',
  'optional-addresses': { anyOf: ['ipv4-ll', 'ipv6-ra', 'dhcp4', 'dhcp6', 'static'] },
  'port-mac-learning': 'bool',
  'ra-overrides': { keys: { 'use-dns': 'bool', 'use-domains': 'domains-use', 'table': 'uint' } },
  'routes': 'routes',
  'routing-policy': 'routing-policy',
};

const CARD: KeyTable = {
  ...EVERY,
  'match': { keys: { name: 'name', macaddress: 'permanent-mac', driver: 'drivers' } },
  'set-name': 'text',
  'emit-lldp': 'bool',
  'wakeonlan': 'bool',
  'wakeonwlan': 'opaque',
  'receive-checksum-offload': 'bool',
  'transmit-checksum-offload': 'bool',
  'tcp-segmentation-offload': 'bool',
  'tcp6-segmentation-offload': 'bool',
  'generic-segmentation-offload': 'bool',
  'generic-receive-offload': 'bool',
  'large-receive-offload': 'bool',
};

const BRIDGE_PARAMETERS: KeyTable = {
  'ageing-time': 'text', 'aging-time': 'text', 'forward-delay': 'text', 'hello-time': 'text', 'max-age': 'text',
  'path-cost': 'path-costs', 'port-priority': 'port-priorities', 'priority': 'uint', 'stp': 'bool',
};

const BOND_PARAMETERS: KeyTable = {
  'ad-select': 'text', 'all-members-active': 'bool', 'all-slaves-active': 'bool', 'arp-all-targets': 'text', 'arp-interval': 'text',
  'arp-ip-targets': 'ips', 'arp-validate': 'text', 'down-delay': 'text', 'fail-over-mac-policy': 'text', 'gratuitious-arp': 'uint',
  'gratuitous-arp': 'uint', 'lacp-rate': 'text', 'learn-packet-interval': 'text', 'mii-monitor-interval': 'text', 'min-links': 'uint',
  'mode': { oneOf: ['balance-rr', 'active-backup', 'balance-xor', 'broadcast', '802.3ad', 'balance-tlb', 'balance-alb', 'balance-tcp', 'balance-slb'] },
  'packets-per-member': 'uint', 'packets-per-slave': 'uint', 'primary': 'reference', 'primary-reselect-policy': 'text', 'resend-igmp': 'uint',
  'transmit-hash-policy': 'text', 'up-delay': 'text',
};

export const TUNNEL_MODES = ['ipip', 'gre', 'sit', 'isatap', 'vti', 'ip6ip6', 'ipip6', 'ip6gre', 'vti6', 'gretap', 'ip6gretap', 'wireguard', 'vxlan'] as const;

const TUNNEL: KeyTable = {
  ...EVERY,
  'mode': { oneOf: TUNNEL_MODES }, 'local': 'ip', 'remote': 'ip', 'ttl': 'uint', 'key': 'tunnel-key', 'keys': 'tunnel-key',
  'mark': 'uint', 'port': 'uint', 'peers': 'opaque', 'id': 'uint', 'link': 'reference', 'type-of-service': 'tos', 'mac-learning': 'bool',
  'ageing': 'uint', 'aging': 'uint', 'limit': 'uint', 'arp-proxy': 'bool', 'notifications': 'opaque', 'short-circuit': 'bool', 'checksums': 'opaque',
  'extensions': 'opaque', 'port-range': 'opaque', 'flow-label': 'uint', 'do-not-fragment': 'bool',
};

export const KEYS: Readonly<Record<DefinitionType, KeyTable>> = {
  'ethernets': {
    ...CARD,
    'auth': 'opaque', 'link': 'reference', 'virtual-function-count': 'uint', 'embedded-switch-mode': { oneOf: ['switchdev', 'legacy'] },
    'delay-virtual-functions-rebind': 'bool', 'infiniband-mode': { oneOf: ['datagram', 'connected'] },
  },
  'wifis': { ...CARD, 'auth': 'opaque', 'access-points': 'opaque', 'regulatory-domain': 'text' },
  'modems': {
    ...CARD,
    'apn': 'text', 'auto-config': 'bool', 'device-id': 'text', 'network-id': 'text', 'number': 'text', 'password': 'text', 'pin': 'text',
    'sim-id': 'text', 'sim-operator-id': 'text', 'username': 'text',
  },
  'bridges': { ...EVERY, interfaces: 'members', parameters: { keys: BRIDGE_PARAMETERS } },
  'bonds': { ...EVERY, interfaces: 'members', parameters: { keys: BOND_PARAMETERS } },
  'vlans': { ...EVERY, id: 'uint', link: 'reference' },
  'vrfs': { ...EVERY, interfaces: 'members', table: 'uint' },
  'tunnels': TUNNEL,
  'dummy-devices': EVERY,
  // Whether the other end is defined is looked at later: NetworkManager is left to find it.
  'virtual-ethernets': { ...EVERY, peer: 'text' },
  'nm-devices': { ...EVERY, match: 'opaque' },
};

export const ROUTE_KEYS: KeyTable = {
  'to': 'text', 'via': 'text', 'from': 'text', 'metric': 'uint', 'table': 'uint', 'mtu': 'uint', 'on-link': 'bool',
  'type': { oneOf: ['unicast', 'anycast', 'blackhole', 'broadcast', 'local', 'multicast', 'nat', 'prohibit', 'throw', 'unreachable', 'xresolve'] },
  'scope': { oneOf: ['global', 'link', 'host'] }, 'congestion-window': 'uint', 'advertised-receive-window': 'uint', 'advertised-mss': 'uint',
};

export const POLICY_KEYS: KeyTable = { from: 'text', to: 'text', table: 'uint', priority: 'uint', mark: 'uint', 'type-of-service': 'tos' };

export const ADDRESS_KEYS: KeyTable = { lifetime: { oneOf: ['forever', '0'] }, label: 'text' };

/** Keys that a version did not know yet. */
const LATER = ['hairpin', 'port-mac-learning', 'ra-overrides', 'advertised-mss'] as const;

export function kindOf(table: KeyTable, key: string, rules: Rules): KeyKind | undefined {
  const later = LATER.find((name) => name === key);
  if (later !== undefined && !rules.has(later)) return undefined;
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
