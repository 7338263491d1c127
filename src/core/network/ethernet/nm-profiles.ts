/** NetworkManager's profiles for a bridge that is configured as its ethernet was: what `nmcli` says of the ethernet's, as words for `nmcli connection add`. */
import type { Pair } from './moves.ts';
import type { Picture } from './picture.ts';

export interface ProfileNames {
  readonly bridge: string;
  readonly port: string;
}

export function profileNames({ bridge }: Pair): ProfileNames {
  return { bridge: `holdfast-${bridge}`, port: `holdfast-${bridge}-port` };
}

/** The metric is apart: NetworkManager has another one for bridges. */
const CARRIED = [
  ...['method', 'dns', 'dns-search', 'dns-options', 'dns-priority', 'addresses', 'gateway', 'routes', 'route-table', 'routing-rules', 'ignore-auto-routes', 'ignore-auto-dns', 'dhcp-timeout', 'dhcp-send-hostname', 'dhcp-hostname', 'never-default', 'may-fail']
    .flatMap((name) => [`ipv4.${name}`, `ipv6.${name}`]),
  'ipv4.dhcp-client-id', 'ipv4.dhcp-fqdn', 'ipv4.dhcp-vendor-class-identifier', 'ipv6.ip6-privacy', 'ipv6.addr-gen-mode', 'ipv6.token', 'ipv6.dhcp-duid',
  'connection.zone', 'connection.mdns', 'connection.llmnr', 'connection.dns-over-tls',
];

/** @param said  `name:value` on each line, unescaped */
export function readProfile(said: string): ReadonlyMap<string, string> {
  return new Map(said.split('\n').flatMap((line) => {
    const at = line.indexOf(':');
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
  }));
}

/** @returns what keeps it from being carried over */
export function apartIn(profile: ReadonlyMap<string, string>): string | undefined {
  if ([...profile].some(([name, value]) => name === '802-1x.eap' && value !== '')) return 'it says who it is to its switch (802.1X)';
  return [...profile].some(([name, value]) => ['connection.master', 'connection.controller'].includes(name) && value !== '') ? 'its profile has it in another device' : undefined;
}

export function bridgeProfile(pair: Pair, { mac, routes }: Picture, profile: ReadonlyMap<string, string>): string[] {
  const metric = (family: 4 | 6): string | undefined => /(?:^| )metric (\d+)(?: |$)/.exec(routes.find((route) => route.family === family && (route.to === '0.0.0.0/0' || route.to === '::/0'))?.words.join(' ') ?? '')?.[1];
  const [four, six] = [metric(4), metric(6)];
  return [
    'type', 'bridge', 'con-name', profileNames(pair).bridge, 'ifname', pair.bridge, 'connection.autoconnect', 'no', 'bridge.stp', 'no', 'bridge.mac-address', mac,
    ...[...profile].filter(([name, value]) => CARRIED.includes(name) && value !== '').flat(),
    ...(four === undefined ? [] : ['ipv4.route-metric', four]), ...(six === undefined ? [] : ['ipv6.route-metric', six]),
  ];
}

export function portProfile(pair: Pair): string[] {
  return ['type', 'ethernet', 'con-name', profileNames(pair).port, 'ifname', pair.ethernet, 'connection.autoconnect', 'no', 'connection.master', pair.bridge, 'connection.slave-type', 'bridge'];
}
